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
/// draft-ietf-mailmaint-autoconfig, "clientConfig"; what the draft has no word for (refused
/// methods, app passwords, scopes per protocol) stands beside it under names of the same make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// `emailProvider@id`.
    pub id: Hostname,
    pub display_name: Text,
    pub display_short_name: Text,
    /// What stands behind the `@` of its users; never empty.
    pub domains: Vec<Hostname>,
    /// Where its mail is delivered: base domains of MX hosts.
    pub mx_domains: Vec<Hostname>,
    /// What a file sets up when nobody chose; none means both.
    pub default_protocol: Option<Protocol>,
    /// In the provider's order of preference.
    pub incoming: Vec<Server>,
    pub outgoing: Vec<Server>,
    /// What users must switch on before a client gets in.
    pub enable: Vec<Enable>,
    pub documentation: Vec<Documentation>,
    pub web_mail: Option<Text>,
    /// Ways to sign in that a server advertises or once had and now refuses.
    pub refuses: Vec<Refusal>,
    /// Where users make the password that clients take, if it is not their own.
    pub app_password: Option<AppPassword>,
    pub oauth2: Option<OAuth2>,
}

/// Which way mail goes through a server, seen from the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serve", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    Incoming,
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
    pub server_type: ServerType,
    pub hostname: HostnamePattern,
    /// Other names that reach the same service.
    pub alternative_hostnames: Vec<Hostname>,
    pub port: Port,
    pub socket_type: SocketType,
    /// In the provider's order of preference; never empty.
    pub authentication: Vec<Authentication>,
    pub username: UsernamePattern,
    /// For types that are spoken over HTTP.
    pub url: Option<Text>,
    pub pop3: Pop3Options,
}

/// What a POP3 client does with messages it has fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pop3Options {
    /// Over POP3 a delete empties the main inbox, so this is on unless switched off.
    pub leave_messages_on_server: bool,
    /// None: for ever.
    pub days_to_leave_messages_on_server: Option<u16>,
}

impl Default for Pop3Options {
    fn default() -> Self {
        Self { leave_messages_on_server: true, days_to_leave_messages_on_server: None }
    }
}

/// What users must switch on at the provider first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enable {
    /// For which server types; empty means all.
    pub types: Vec<ServerType>,
    /// Where the switch is.
    pub visit_url: Text,
    /// The way through the provider's menus.
    pub instruction: LocalizedSteps,
}

/// A page of the provider for its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documentation {
    pub url: Text,
    pub descr: Localized,
}

/// A way to sign in that does not work any more (or never did), although clients offer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub authentication: Authentication,
    /// For which server types; empty means all.
    pub types: Vec<ServerType>,
    /// An ISO date, e.g. `2024-09-16`.
    pub since: Option<Text>,
    /// Where this is known from.
    pub source: Text,
    /// What works instead, for people.
    pub instead: Localized,
}

impl Refusal {
    pub fn covers(&self, server: ServerType, authentication: Authentication) -> bool {
        self.authentication == authentication
            && (self.types.is_empty() || self.types.contains(&server))
    }
}

/// A password made for one client at the provider's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    pub url: Text,
    /// Whether the user's own password is refused.
    pub required: bool,
    pub note: Localized,
}

/// Where tokens come from.
///
/// draft-ietf-mailmaint-autoconfig, "oAuth2"; scopes per protocol, because Microsoft's differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    pub issuer: Text,
    pub auth_url: Text,
    pub token_url: Text,
    /// RFC 8628.
    pub device_auth_url: Option<Text>,
    pub scope: BTreeMap<ServerType, Vec<Text>>,
}

impl ClientConfig {
    pub fn servers(&self, side: Side) -> &[Server] {
        match side {
            Side::Incoming => &self.incoming,
            Side::Outgoing => &self.outgoing,
        }
    }

    /// The refusal that this way to sign in meets, if any.
    pub fn refusal(&self, server: ServerType, authentication: Authentication) -> Option<&Refusal> {
        self.refuses.iter().find(|refusal| refusal.covers(server, authentication))
    }

    /// The languages that the provider's own texts are complete in, in alphabetical order.
    ///
    /// English is always among them.
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
