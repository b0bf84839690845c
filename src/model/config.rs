//! What one mail provider offers: the root of the model.

use std::collections::BTreeMap;

use super::{
    Authentication, Hostname, HostnamePattern, Port, Protocol, ServerType, SocketType, Text,
    UsernamePattern,
};

/// A text per language; keys are language tags such as `en` or `de` (BCP 47).
pub type Localized = BTreeMap<String, Text>;

/// Steps to follow, in order, per language.
pub type LocalizedSteps = BTreeMap<String, Vec<Text>>;

/// One mail provider: its domains, its servers and what its users must know.
///
/// draft-ietf-mailmaint-autoconfig, "clientConfig". Fields that the draft lacks (refused methods,
/// app passwords, scopes per protocol) follow the draft's naming style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// `emailProvider@id`.
    pub id: Hostname,
    /// The name for users.
    pub display_name: Text,
    /// The short name for users.
    pub display_short_name: Text,
    /// The domains in its users' addresses; never empty.
    pub domains: Vec<Hostname>,
    /// Where its mail is delivered: base domains of the MX hosts.
    pub mx_domains: Vec<Hostname>,
    /// The protocol that files set up if the user chose none; `None` means both.
    pub default_protocol: Option<Protocol>,
    /// In the provider's order of preference.
    pub incoming: Vec<Server>,
    /// In the provider's order of preference.
    pub outgoing: Vec<Server>,
    /// Options that users must switch on before a client can sign in.
    pub enable: Vec<Enable>,
    /// Pages with instructions.
    pub documentation: Vec<Documentation>,
    /// The address of the web mail.
    pub web_mail: Option<Text>,
    /// Authentication methods that servers advertise or once accepted, and now refuse.
    pub refuses: Vec<Refusal>,
    /// Where users create an app password, if their own password does not work in clients.
    pub app_password: Option<AppPassword>,
    /// Where clients get OAuth2 tokens, if the provider has them.
    pub oauth2: Option<OAuth2>,
}

/// The direction of mail through a server, seen from the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serve", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Side {
    /// POP3, IMAP and others: from the server to the user.
    Incoming,
    /// SMTP: from the user to the server.
    Outgoing,
}

impl Side {
    /// The draft's element.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Incoming => "incomingServer",
            Side::Outgoing => "outgoingServer",
        }
    }
}

/// One server.
///
/// draft-ietf-mailmaint-autoconfig, "incomingServer" and "outgoingServer"
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The protocol.
    pub server_type: ServerType,
    /// The host name, which may have placeholders.
    pub hostname: HostnamePattern,
    /// Other names that reach the same service.
    pub alternative_hostnames: Vec<Hostname>,
    /// The TCP port.
    pub port: Port,
    /// How the connection is secured.
    pub socket_type: SocketType,
    /// In the provider's order of preference; never empty.
    pub authentication: Vec<Authentication>,
    /// The form of the user name.
    pub username: UsernamePattern,
    /// For protocols over HTTP.
    pub url: Option<Text>,
    /// Only for POP3.
    pub pop3: Pop3Options,
}

/// What a POP3 client does with messages that it has fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pop3Options {
    /// On by default: a POP3 client that deletes fetched messages empties the inbox on the server.
    pub leave_messages_on_server: bool,
    /// `None`: forever.
    pub days_to_leave_messages_on_server: Option<u16>,
}

impl Default for Pop3Options {
    fn default() -> Self {
        Self { leave_messages_on_server: true, days_to_leave_messages_on_server: None }
    }
}

/// An option that users must first switch on at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enable {
    /// For which server types; empty means all.
    pub types: Vec<ServerType>,
    /// The page with the option.
    pub visit_url: Text,
    /// The steps through the provider's menus.
    pub instruction: LocalizedSteps,
}

/// A page of the provider for its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documentation {
    /// The address of the page.
    pub url: Text,
    /// What is on the page.
    pub descr: Localized,
}

/// An authentication method that clients offer but the provider refuses, now or always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The method.
    pub authentication: Authentication,
    /// For which server types; empty means all.
    pub types: Vec<ServerType>,
    /// An ISO date, e.g. `2024-09-16`.
    pub since: Option<Text>,
    /// The source of this knowledge.
    pub source: Text,
    /// What works instead, as text for users.
    pub instead: Localized,
}

impl Refusal {
    /// Whether the provider refuses this method at this type of server.
    pub fn covers(&self, server: ServerType, authentication: Authentication) -> bool {
        self.authentication == authentication
            && (self.types.is_empty() || self.types.contains(&server))
    }
}

/// A password for one client, created on the provider's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// The page where it is created.
    pub url: Text,
    /// Whether the provider refuses the user's own password.
    pub required: bool,
    /// What users have to know.
    pub note: Localized,
}

/// Where clients get OAuth2 tokens.
///
/// draft-ietf-mailmaint-autoconfig, "oAuth2". Scopes are per protocol, because Microsoft's differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    /// The issuer's name (RFC 8414 section 2).
    pub issuer: Text,
    /// The authorization endpoint.
    pub auth_url: Text,
    /// The token endpoint.
    pub token_url: Text,
    /// The device authorization endpoint (RFC 8628).
    pub device_auth_url: Option<Text>,
    /// The scopes to ask for, per protocol.
    pub scope: BTreeMap<ServerType, Vec<Text>>,
}

impl ClientConfig {
    /// The protocol that files set up: the requested one, else the provider's default, else both.
    pub fn protocol(&self, requested: Option<Protocol>) -> Protocol {
        requested.or(self.default_protocol).unwrap_or(Protocol::Both)
    }

    /// The servers of one side.
    pub fn servers(&self, side: Side) -> &[Server] {
        match side {
            Side::Incoming => &self.incoming,
            Side::Outgoing => &self.outgoing,
        }
    }

    /// The provider's refusal of this authentication method, if there is one.
    pub fn refusal(&self, server: ServerType, authentication: Authentication) -> Option<&Refusal> {
        self.refuses.iter().find(|refusal| refusal.covers(server, authentication))
    }

    /// The languages for which the provider's own texts are complete, in alphabetical order.
    ///
    /// English is always included.
    pub fn languages(&self) -> Vec<String> {
        let mut languages: Vec<String> = match self.enable.first() {
            Some(enable) => enable.instruction.keys().cloned().collect(),
            None => match self.app_password.as_ref() {
                Some(app_password) => app_password.note.keys().cloned().collect(),
                None => self
                    .documentation
                    .first()
                    .map(|d| d.descr.keys().cloned().collect())
                    .unwrap_or_default(),
            },
        };
        if !languages.iter().any(|l| l == "en") {
            languages.push("en".to_owned());
        }
        languages.sort();
        languages
    }
}
