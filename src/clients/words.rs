//! Translates the neutral keywords into a client's own.

use std::collections::BTreeMap;

use crate::model::{Authentication, Hostname, Port, ServerType, SocketType, Word};

use super::host_rule::HostRule;

/// The client's field → neutral keyword → the client's keyword.
type FieldKeywords<W> = BTreeMap<String, BTreeMap<W, String>>;

/// What a client can express about one kind of server.
#[derive(Debug, Default)]
pub struct Words {
    pub server_type: FieldKeywords<ServerType>,
    pub socket_type: FieldKeywords<SocketType>,
    pub authentication: FieldKeywords<Authentication>,
    /// Whether a server may have several authentication methods.
    pub all_authentications: bool,
    /// The client replaces placeholders itself.
    pub expands_username: bool,
    pub expands_hostname: bool,
    /// The hosts for which the client supports OAuth2; `None` means all.
    pub oauth2_hosts: Option<Vec<HostRule>>,
    /// On these ports the client uses this socket type, whatever its keyword says.
    pub port_decides: BTreeMap<SocketType, Vec<u16>>,
    /// The only ports that the client supports; empty means all.
    pub only_ports: Vec<u16>,
    /// The only user name patterns that the client uses, whatever the file says; empty means all.
    pub only_usernames: Vec<String>,
}

/// A server in the client's terms: field → keyword.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerKeywords {
    /// Those of type and socketType.
    pub words: BTreeMap<String, String>,
    /// The authentication methods that the client supports, in the provider's order, each with its
    /// keywords.
    pub authentication: Vec<(Authentication, BTreeMap<String, String>)>,
    /// What had to be left out, and why.
    pub dropped: Vec<Inexpressible>,
}

/// Why a client cannot use a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inexpressible {
    Type(ServerType),
    SocketType(SocketType),
    Authentication(Authentication),
    /// The client supports OAuth2 only for other hosts.
    OAuth2Host(String),
    /// The client uses another socket type on this port, or cannot express the port.
    Port(Port, SocketType),
    /// The client derives another user name from the address.
    Username(String),
}

impl std::fmt::Display for Inexpressible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Type(word) => write!(f, "has no word for {word}"),
            Self::SocketType(word) => write!(f, "has no word for socketType \"{word}\""),
            Self::Authentication(word) => write!(f, "has no word for authentication \"{word}\""),
            Self::Port(port, word) => write!(f, "cannot have {word} on port {port}"),
            Self::Username(name) => write!(f, "cannot have the user name \"{name}\""),
            Self::OAuth2Host(host) => write!(f, "knows no OAuth2 for {host}"),
        }
    }
}

impl Words {
    /// Whether this applies to servers of that type.
    pub fn covers(&self, server_type: ServerType) -> bool {
        !self.server_type.is_empty()
            && self.server_type.values().all(|words| words.contains_key(&server_type))
    }

    /// Whether the client can sign in with such a user name.
    pub fn takes_username(&self, pattern: &str) -> bool {
        self.only_usernames.is_empty() || self.only_usernames.iter().any(|one| one == pattern)
    }

    /// Expresses a server in the client's keywords.
    ///
    /// # Errors
    /// All reasons why the client cannot use the server.
    pub fn express(
        &self,
        server_type: ServerType,
        socket_type: SocketType,
        port: Port,
        hostname: Option<&Hostname>,
        authentication: &[Authentication],
    ) -> Result<ServerKeywords, Vec<Inexpressible>> {
        let mut words = BTreeMap::new();
        if !self.covers(server_type) || !pick(&self.server_type, server_type, &mut words) {
            return Err(vec![Inexpressible::Type(server_type)]);
        }
        if !pick(&self.socket_type, socket_type, &mut words) {
            return Err(vec![Inexpressible::SocketType(socket_type)]);
        }
        let means = self.port_decides.iter().find(|(_, ports)| ports.contains(&port.get()));
        let otherwise = means.is_some_and(|(means, _)| *means != socket_type);
        if otherwise || !(self.only_ports.is_empty() || self.only_ports.contains(&port.get())) {
            return Err(vec![Inexpressible::Port(port, socket_type)]);
        }
        let mut expressed = ServerKeywords { words, ..ServerKeywords::default() };
        for &word in authentication {
            let mut words = BTreeMap::new();
            let unknown_host = word == Authentication::OAuth2
                && self.oauth2_hosts.as_ref().is_some_and(|rules| {
                    !hostname.is_some_and(|host| rules.iter().any(|r| r.matches(host)))
                });
            if !pick(&self.authentication, word, &mut words) {
                expressed.dropped.push(Inexpressible::Authentication(word));
            } else if unknown_host {
                let host =
                    hostname.map_or("a host name with a placeholder".into(), ToString::to_string);
                expressed.dropped.push(Inexpressible::OAuth2Host(host));
            } else if self.all_authentications || expressed.authentication.is_empty() {
                expressed.authentication.push((word, words));
            }
        }
        if expressed.authentication.is_empty() {
            return Err(expressed.dropped);
        }
        Ok(expressed)
    }
}

/// Adds the keyword of every field; false if a field has none.
fn pick<W: Word + Ord>(
    fields: &FieldKeywords<W>,
    word: W,
    into: &mut BTreeMap<String, String>,
) -> bool {
    for (field, words) in fields {
        match words.get(&word) {
            Some(clients) => into.insert(field.clone(), clients.clone()),
            None => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port() -> Port {
        Port::new(995).unwrap()
    }

    fn outlook() -> Words {
        let one = |field: &str, word: &str| (field.to_owned(), word.to_owned());
        let mut words = Words::default();
        let (field, word) = one("account", "I_Mail");
        words.server_type.insert(field, [(ServerType::Pop3, word)].into());
        let (field, word) = one("UseSSL", "1");
        words.socket_type.insert(field, [(SocketType::Ssl, word)].into());
        let (field, word) = one("UseSPA", "0");
        words.authentication.insert(field, [(Authentication::PasswordCleartext, word)].into());
        words
    }

    #[test]
    fn a_way_to_sign_in_without_a_word_falls_back_to_the_next() {
        let ways = [Authentication::OAuth2, Authentication::PasswordCleartext];
        let said =
            outlook().express(ServerType::Pop3, SocketType::Ssl, port(), None, &ways).unwrap();
        assert_eq!(said.authentication[0].0, Authentication::PasswordCleartext);
        assert_eq!(said.dropped, [Inexpressible::Authentication(Authentication::OAuth2)]);
    }

    #[test]
    fn a_missing_word_for_the_socket_type_rules_a_server_out() {
        let ways = [Authentication::PasswordCleartext];
        let said = outlook().express(ServerType::Pop3, SocketType::Starttls, port(), None, &ways);
        assert_eq!(said, Err(vec![Inexpressible::SocketType(SocketType::Starttls)]));
    }

    #[test]
    fn oauth2_for_an_unknown_host_is_not_said() {
        let mut words = outlook();
        words.authentication.insert("UseSPA".into(), [(Authentication::OAuth2, "x".into())].into());
        let host = Hostname::new("mail.example.com").unwrap();
        words.oauth2_hosts =
            Some(vec![HostRule { host: Hostname::new("outlook.com").unwrap(), exact: false }]);
        let said = words.express(
            ServerType::Pop3,
            SocketType::Ssl,
            port(),
            Some(&host),
            &[Authentication::OAuth2],
        );
        assert_eq!(said, Err(vec![Inexpressible::OAuth2Host("mail.example.com".into())]));
    }

    #[test]
    fn a_port_that_means_something_else_to_the_client_rules_a_server_out() {
        let mut words = outlook();
        words.port_decides.insert(SocketType::Starttls, vec![995]);
        let ways = [Authentication::PasswordCleartext];
        let said = words.express(ServerType::Pop3, SocketType::Ssl, port(), None, &ways);
        assert_eq!(said, Err(vec![Inexpressible::Port(port(), SocketType::Ssl)]));
        words.port_decides.clear();
        words.only_ports = vec![443];
        assert!(words.express(ServerType::Pop3, SocketType::Ssl, port(), None, &ways).is_err());
    }

    #[test]
    fn a_user_name_that_the_client_does_not_make_of_the_address_is_known() {
        let mut words = outlook();
        assert!(words.takes_username("%EMAILLOCALPART%"));
        words.only_usernames = vec!["%EMAILADDRESS%".into()];
        assert!(words.takes_username("%EMAILADDRESS%"));
        assert!(!words.takes_username("%EMAILLOCALPART%"));
    }
}
