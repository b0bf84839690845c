//! The content of a file, in the terms of the model.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::{Authentication, ServerType, SocketType};

/// The content of a file, as far as it is about mail accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadConfig {
    /// The provider's id or the profile's identifier, if the format has one.
    pub id: Option<String>,
    /// The name for users.
    pub display_name: Option<String>,
    /// The domains of the users' addresses.
    pub domains: Vec<String>,
    /// The address of the account, if the file is for a single account.
    pub address: Option<String>,
    /// The short name for users.
    pub display_short_name: Option<String>,
    /// Whether the provider also serves its customers' own domains.
    pub custom_domains: bool,
    /// Base domains of the MX hosts, if the format separates them from the users' domains.
    pub mx_domains: Vec<String>,
    /// The address of the web mail.
    pub web_mail: Option<String>,
    /// Pages where users have to enable access first.
    pub enable: Vec<ReadPage>,
    /// Pages with instructions.
    pub documentation: Vec<ReadPage>,
    /// The OAuth2 endpoints, if the file has them.
    pub oauth2: Option<ReadOAuth2>,
    /// In the order of the file.
    pub servers: Vec<ReadServer>,
    /// Content that `ReadConfig` has no field for, described for people.
    pub lost: Vec<String>,
    /// Other values for checks: the full path of each value, and the value.
    pub values: Vec<(String, String)>,
}

impl ReadConfig {
    /// Adds the content of another file about the same mailboxes, for example the incoming servers
    /// if this file names only the outgoing one. Where both have a value, this one's stays.
    pub fn join(&mut self, other: Self) {
        fn more<T: PartialEq>(list: &mut Vec<T>, other: Vec<T>) {
            for item in other {
                if !list.contains(&item) {
                    list.push(item);
                }
            }
        }
        let own = std::mem::take(self);
        *self = Self {
            id: own.id.or(other.id),
            display_name: own.display_name.or(other.display_name),
            address: own.address.or(other.address),
            display_short_name: own.display_short_name.or(other.display_short_name),
            custom_domains: own.custom_domains || other.custom_domains,
            web_mail: own.web_mail.or(other.web_mail),
            oauth2: own.oauth2.or(other.oauth2),
            ..own
        };
        more(&mut self.domains, other.domains);
        more(&mut self.mx_domains, other.mx_domains);
        more(&mut self.enable, other.enable);
        more(&mut self.documentation, other.documentation);
        more(&mut self.servers, other.servers);
        more(&mut self.lost, other.lost);
        self.values.extend(other.values);
    }
}

/// A page of the provider, with its texts by language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadPage {
    /// The address of the page.
    pub url: String,
    /// Language tag → its texts, in the order of the file.
    pub texts: BTreeMap<String, Vec<String>>,
}

/// The OAuth2 endpoints of the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOAuth2 {
    /// The issuer's name (RFC 8414 section 2).
    pub issuer: Option<String>,
    /// The authorization endpoint.
    pub auth_url: Option<String>,
    /// The token endpoint.
    pub token_url: Option<String>,
    /// One list of scopes for all protocols.
    pub scope: Vec<String>,
}

/// A server as a file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadServer {
    /// The protocol.
    pub server_type: ServerType,
    /// The host name, as written.
    pub hostname: String,
    /// The TCP port.
    pub port: u16,
    /// What the file's value can mean. Apple has one flag for implicit TLS and STARTTLS; the port
    /// decides; if it does not, both are listed.
    pub socket_type: Vec<SocketType>,
    /// In the order of the file. If the client's keyword covers several methods, all of them.
    pub authentication: Vec<Authentication>,
    /// As written, including placeholders. `None` if the client asks the user or guesses.
    pub username: Option<String>,
    /// Whether messages stay on the server, if the file says so.
    pub leave_messages_on_server: Option<bool>,
    /// `None` also if messages stay without a time limit.
    pub days_to_leave_messages_on_server: Option<u32>,
    /// The URL, for server types that use HTTP.
    pub url: Option<String>,
    /// The byte range of the server in the text.
    pub span: Range<usize>,
}
