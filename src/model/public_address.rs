//! Under which host and folder people reach the server that publishes settings.

use std::fmt;
use std::str::FromStr;

use super::{Hostname, Invalid};

/// First labels of the hosts where clients ask for the settings of a domain.
pub const CONFIG_HOST_LABELS: [&str; 3] = ["autoconfig", "autodiscover", "ua-auto-config"];

/// The folder on a host that a proxy forwards to the server: `/mail-setup`, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathPrefix(String);

/// Bytes of a prefix.
const LONGEST: usize = 200;

impl PathPrefix {
    /// Checks a prefix such as `/mail-setup` or `/help/mail/`.
    ///
    /// # Errors
    ///
    /// It does not begin with a slash, or a part of it would be escaped or resolved in a URL.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let folder = text.trim_end_matches('/');
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let is_name = |part: &str| {
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_plain)
        };
        match folder.strip_prefix('/') {
            Some(parts) if folder.len() <= LONGEST && parts.split('/').all(is_name) => {
                Ok(Self(folder.to_owned()))
            }
            _ => Err(Invalid::new(format!(
                "\"{}\" is not a folder on a web server; write it as /mail-setup, with letters, \
                 digits, \"-\", \".\", \"_\" and \"~\"",
                text.escape_debug()
            ))),
        }
    }

    /// The path without the prefix. Proxies either keep the prefix or remove it, so a path without
    /// the prefix stays as it is.
    pub fn strip<'a>(&self, path: &'a str) -> &'a str {
        let rest = path.strip_prefix(self.0.as_str()).filter(|rest| rest.starts_with('/'));
        rest.unwrap_or(path)
    }

    /// Whether the path is the folder without its last slash, so that relative links on its page
    /// would lead elsewhere.
    pub fn is_folder(&self, path: &str) -> bool {
        !self.0.is_empty() && self.0 == path
    }

    /// The prefix without a slash at its end; empty if there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PathPrefix {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::new(text)
    }
}

/// Where people reach the server: a URL over TLS without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress {
    /// The host.
    pub host: Hostname,
    /// The folder on that host.
    pub path: PathPrefix,
}

impl fmt::Display for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}{}", self.host, self.path.as_str())
    }
}

/// What the operator of a server says about its public address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerAddress {
    /// The host of all providers that name none of their own.
    pub host: Option<Hostname>,
    /// The folder on each of these hosts.
    pub path: PathPrefix,
}

impl ServerAddress {
    /// Where people of a provider reach the server. `own` is the host that the provider names.
    /// `None` if neither names one: then each domain has hosts of its own, such as `autoconfig.`.
    pub fn of(&self, own: Option<&Hostname>) -> Option<PublicAddress> {
        let host = own.or(self.host.as_ref())?.clone();
        Some(PublicAddress { host, path: self.path.clone() })
    }

    /// Whether this is the host of all providers, in any case.
    pub fn is_host(&self, host: &str) -> bool {
        self.host.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(host))
    }
}

/// Reads the setting `publicHost`.
///
/// # Errors
///
/// It is not a host name with a dot.
pub fn public_host(text: &str) -> Result<Hostname, Invalid> {
    let host = Hostname::new(text)?;
    match host.is_qualified() {
        true => Ok(host),
        false => Err(Invalid::new(format!(
            "\"{host}\" has no domain; write it in full, such as setup.example.com"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_removed_whether_or_not_the_proxy_kept_it() {
        let prefix = PathPrefix::new("/mail-setup/").unwrap();
        assert_eq!(prefix.as_str(), "/mail-setup");
        for (path, inner) in [
            ("/mail-setup/", "/"),
            ("/mail-setup/ann@a.example.mobileconfig", "/ann@a.example.mobileconfig"),
            ("/", "/"),
            ("/mail/config-v1.1.xml", "/mail/config-v1.1.xml"),
            ("/mail-setups/", "/mail-setups/"),
            ("/Mail-Setup/", "/Mail-Setup/"),
        ] {
            assert_eq!(prefix.strip(path), inner, "{path}");
            assert!(!prefix.is_folder(path), "{path}");
        }
        assert!(prefix.is_folder("/mail-setup"));
        for path in ["/x", "/", ""] {
            assert_eq!(PathPrefix::default().strip(path), path);
            assert!(!PathPrefix::default().is_folder(path), "{path}");
        }
    }

    #[test]
    fn a_prefix_that_a_browser_would_change_is_refused() {
        for text in ["", "/", "mail", "/a//b", "/a/../b", "/a b", "/ä", "/a?b", "/a%20b", "/."] {
            assert!(PathPrefix::new(text).is_err(), "{text}");
        }
        assert_eq!(PathPrefix::new("/help/mail").unwrap().as_str(), "/help/mail");
    }

    #[test]
    fn a_providers_own_host_comes_before_the_servers() {
        let host = |name: &str| Hostname::new(name).unwrap();
        let path = PathPrefix::new("/mail-setup").unwrap();
        let server = ServerAddress { host: Some(host("setup.hoster.example")), path };
        let of = |own: Option<&Hostname>| server.of(own).unwrap().to_string();
        assert_eq!(of(None), "https://setup.hoster.example/mail-setup");
        assert_eq!(of(Some(&host("mail.a.example"))), "https://mail.a.example/mail-setup");
        assert_eq!(ServerAddress::default().of(None), None);
        assert!(server.is_host("Setup.Hoster.example") && !server.is_host("a.example"));
    }

    #[test]
    fn a_public_host_has_a_domain() {
        assert!(public_host("setup.example.com").is_ok());
        for text in ["localhost", "https://setup.example.com", "setup.example.com/x", ""] {
            assert!(public_host(text).is_err(), "{text}");
        }
    }
}
