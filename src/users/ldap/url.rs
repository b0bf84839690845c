//! `ldaps://host/base?attributes?scope?filter`: where a directory is, and what to read from it.
//!
//! Follows RFC 4516 except for the scope: without one, the whole subtree is searched, as a list of
//! people needs. The RFC's own default is the base alone.

use std::fmt;
use std::path::PathBuf;

use crate::model::Hostname;

/// An LDAP URL: the directory and the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    pub server: DirectoryServer,
    /// Empty: the directory is asked for its own base.
    pub base: String,
    /// Empty: the preset's attributes.
    pub attributes: Vec<String>,
    pub scope: SearchScope,
    /// None: the preset's filter.
    pub filter: Option<String>,
    /// Extensions that are unknown and not critical, so they are ignored.
    pub passed_over: Vec<String>,
}

/// How the directory is reached. Without TLS, only a socket on this machine is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryServer {
    /// `ldaps://`: TLS from the first byte.
    Tls { host: String, port: u16 },
    /// `ldap://`: StartTLS before anything else (RFC 4511 §4.14).
    StartTls { host: String, port: u16 },
    /// `ldapi://`: a socket on this machine.
    Socket(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchScope {
    Base,
    One,
    Subtree,
}

const LDAP: u16 = 389;
const LDAPS: u16 = 636;
/// OpenLDAP's default socket.
const SOCKET: &str = "/var/run/slapd/ldapi";

impl fmt::Display for DirectoryServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port, usual) = match self {
            Self::Tls { host, port } => ("ldaps", host, *port, LDAPS),
            Self::StartTls { host, port } => ("ldap", host, *port, LDAP),
            Self::Socket(path) => return write!(f, "the directory at {}", path.display()),
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        write!(f, "{scheme}://{host}")?;
        if port == usual { Ok(()) } else { write!(f, ":{port}") }
    }
}

impl Url {
    /// Parses an LDAP URL. Any scheme other than `ldaps:` and `ldapi:` is read as `ldap:`.
    ///
    /// # Errors
    ///
    /// Says which part is wrong. A user name or password in the URL is an error too: others can see
    /// it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{}: {why}", shown(text));
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("no ldaps://"))?;
        if rest.contains('#') {
            return Err(wrong("a # in an LDAP URL is written %23"));
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let mut parts = rest.strip_prefix('/').unwrap_or(rest).splitn(5, '?');
        let mut part = || parts.next().unwrap_or_default();
        let (base, attributes, scope, filter, extensions) =
            (part(), part(), part(), part(), part());
        let decode = |what: &str, text: &str| {
            decode(text).map_err(|why| wrong(&format!("{what} of the URL: {why}")))
        };
        let base = decode("the base", base)?;
        if !base.is_empty() && !base.contains('=') {
            return Err(wrong(
                "the base is a distinguished name, such as ou=people,dc=example,dc=com",
            ));
        }
        let attributes = attributes.split(',').filter(|name| !name.is_empty() && *name != "*");
        let attributes = attributes.map(|name| decode("an attribute", name));
        let attributes = attributes.collect::<Result<Vec<_>, _>>()?;
        if let Some(name) = attributes.iter().find(|name| !is_attribute(name)) {
            return Err(wrong(&format!("\"{}\" is no name of an attribute", name.escape_debug())));
        }
        let scope = match scope.to_ascii_lowercase().as_str() {
            "" | "sub" => SearchScope::Subtree,
            "one" => SearchScope::One,
            "base" => SearchScope::Base,
            _ => return Err(wrong("the scope is none of base, one and sub")),
        };
        let filter = decode("the filter", filter)?;
        Ok(Self {
            server: server(scheme, authority).map_err(|why| wrong(&why))?,
            base,
            attributes,
            scope,
            filter: (!filter.is_empty()).then_some(filter),
            passed_over: passed_over(extensions).map_err(|why| wrong(&why))?,
        })
    }
}

fn server(scheme: &str, authority: &str) -> Result<DirectoryServer, String> {
    let scheme = scheme.to_ascii_lowercase();
    if scheme == "ldapi" {
        let path = decode(authority).map_err(|why| format!("the socket's path: {why}"))?;
        if !path.is_empty() && !path.starts_with('/') {
            return Err(format!(
                "{path} is no path of a socket; its / are written %2F, as ldapi://%2Frun%2Fldapi/"
            ));
        }
        return Ok(DirectoryServer::Socket(PathBuf::from(if path.is_empty() {
            SOCKET
        } else {
            &path
        })));
    }
    if authority.contains('@') {
        return Err("a URL that others can see has no place for a name and a password; \
                    --ldap-bind and --ldap-password-from do"
            .to_owned());
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(six) => six.split_once(']').ok_or("a [ that is not closed")?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some("") => None,
        Some(number) => Some(number.parse().ok().filter(|n| *n > 0u16)),
        None => Some(None),
    };
    let port = port.map(|port| port.ok_or("the port is no number from 1 to 65535")).transpose()?;
    if host.is_empty() {
        return Err("name the host, as ldaps://ldap.example.com/dc=example,dc=com".to_owned());
    }
    let host = match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => Hostname::new(host).map_err(|why| why.to_string())?.as_str().to_owned(),
    };
    Ok(match scheme.as_str() {
        "ldaps" => DirectoryServer::Tls { host, port: port.unwrap_or(LDAPS) },
        _ => DirectoryServer::StartTls { host, port: port.unwrap_or(LDAP) },
    })
}

/// Returns the extensions to ignore. None is supported: a critical one is refused (RFC 4516 §2.1),
/// and so is one that would sign in, because an option does that.
fn passed_over(extensions: &str) -> Result<Vec<String>, String> {
    let mut over = Vec::new();
    for extension in extensions.split(',').filter(|extension| !extension.is_empty()) {
        let name = extension.split('=').next().unwrap_or_default();
        let bare = name.strip_prefix('!').unwrap_or(name);
        if bare.eq_ignore_ascii_case("bindname") || bare.eq_ignore_ascii_case("x-bindpw") {
            return Err(format!(
                "{bare} stands in no URL here; --ldap-bind and --ldap-password-from sign in"
            ));
        }
        if bare != name {
            return Err(format!("the extension {name} is critical and not known here"));
        }
        over.push(shown(name));
    }
    Ok(over)
}

/// Whether this is an attribute's name or OID, with or without options (RFC 4512 §2.5).
pub(super) fn is_attribute(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';' | '_');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_part)
}

fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
            _ => return Err("a % without two hexadecimal digits; % itself is %25".to_owned()),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    match text.contains('\0') {
        true => Err("a NUL, which RFC 4514 writes \\00".to_owned()),
        false => Ok(text),
    }
}

/// The text for a message, shortened and escaped.
fn shown(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().take(LONGEST).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Url {
        Url::parse(text).unwrap_or_else(|why| panic!("{why}"))
    }

    fn why(text: &str) -> String {
        Url::parse(text).unwrap_err()
    }

    /// The examples of RFC 4516 §4 that name a host.
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let url = parse("ldap://ldap1.example.net/o=University%20of%20Michigan,c=US?postalAddress");
        let server = DirectoryServer::StartTls { host: "ldap1.example.net".to_owned(), port: 389 };
        assert_eq!((url.server, url.base), (server, "o=University of Michigan,c=US".to_owned()));
        assert_eq!(
            (url.attributes, url.scope),
            (vec!["postalAddress".to_owned()], SearchScope::Subtree)
        );
        let url = parse(
            "ldap://ldap1.example.net:6666/o=University%20of%20Michigan,c=US??sub?(cn=Babs%20Jensen)",
        );
        assert_eq!(url.server.to_string(), "ldap://ldap1.example.net:6666");
        assert_eq!(url.filter.as_deref(), Some("(cn=Babs Jensen)"));
        let url = parse("LDAP://ldap1.example.com/c=GB?objectClass?ONE");
        assert_eq!((url.scope, url.filter), (SearchScope::One, None));
        assert_eq!(
            parse("ldap://ldap2.example.com/o=Question%3f,c=US?mail").base,
            "o=Question?,c=US"
        );
        let url =
            parse("ldap://ldap3.example.com/o=Babsco,c=US???(four-octet=%5c00%5c00%5c00%5c04)");
        assert_eq!(url.filter.as_deref(), Some("(four-octet=\\00\\00\\00\\04)"));
        let url = parse("ldap://ldap.example.com/o=An%20Example%5C2C%20Inc.,c=US");
        assert_eq!(url.base, "o=An Example\\2C Inc.,c=US");
        let url = parse("ldap://h.example/??sub??e-bindname=cn=Manager%2cdc=example%2cdc=com");
        assert_eq!(url.passed_over, ["e-bindname"]);
        let critical = "ldap://h.example/??sub??!e-bindname=cn=Manager%2cdc=example%2cdc=com";
        assert!(why(critical).contains("!e-bindname is critical"));
        assert!(why("ldap:///o=University%20of%20Michigan,c=US").contains("name the host"));
    }

    #[test]
    fn a_server_is_named_in_every_way_that_a_url_has() {
        let server = |text: &str| parse(text).server.to_string();
        assert_eq!(server("ldaps://LDAP.Example.com"), "ldaps://ldap.example.com");
        assert_eq!(server("ldaps://ldap.example.com:636/"), "ldaps://ldap.example.com");
        assert_eq!(server("ldaps://[2001:db8::1]:1636?mail"), "ldaps://[2001:db8::1]:1636");
        assert_eq!(server("ldap://192.0.2.1"), "ldap://192.0.2.1");
        let socket = |text: &str| match parse(text).server {
            DirectoryServer::Socket(path) => path.display().to_string(),
            other => panic!("{other}"),
        };
        assert_eq!(socket("ldapi://%2Ftmp%2Fsock/dc=example"), "/tmp/sock");
        assert_eq!(socket("ldapi:///"), "/var/run/slapd/ldapi");
    }

    #[test]
    fn what_is_no_url_says_why() {
        for (text, words) in [
            ("ldaps://cn=admin:secret@h.example/dc=x", "--ldap-password-from"),
            ("ldaps://h.example/dc=x????x-bindpw=secret", "--ldap-password-from"),
            ("ldaps://h.example/dc=x????!bindname=cn=a", "--ldap-bind"),
            ("ldaps://h.example/example.com", "a distinguished name"),
            ("ldaps://h.example/dc=x??subtree", "none of base, one and sub"),
            ("ldaps://h.example/dc=%zz", "two hexadecimal digits"),
            ("ldaps://h.example/dc=%ff", "not UTF-8"),
            ("ldaps://h.example/dc=%00", "NUL"),
            ("ldaps://h.example/dc=x?ma%20il", "no name of an attribute"),
            ("ldaps://h.example:99999/dc=x", "the port"),
            ("ldaps://h_x.example/dc=x", "not a host name"),
            ("ldaps://[::1/dc=x", "not closed"),
            ("ldapi://tmp/dc=x", "%2F"),
            ("ldaps://h.example/dc=x#y", "%23"),
        ] {
            assert!(why(text).contains(words), "{text}: {}", why(text));
        }
    }
}
