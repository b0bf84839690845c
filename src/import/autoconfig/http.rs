//! Servers that are reached over HTTP. Their URL gives host, port and encryption.

use crate::format::Tree;
use crate::model::{Hostname, ServerType, SocketType};

/// Whether a server of this type has a URL instead of a host name.
pub(super) fn is_http(server_type: ServerType) -> bool {
    !matches!(server_type, ServerType::Imap | ServerType::Pop3 | ServerType::Smtp)
}

/// The elements that contain a URL; the last three are those of Exchange in format 1.1.
pub(super) const ADDRESSES: [&str; 4] = ["url", "ewsURL", "owaURL", "easURL"];

/// The parts of a URL. Thunderbird 153 reads them this way for exchange, ews and graph.
pub(super) struct Address {
    pub url: String,
    pub hostname: String,
    pub port: u16,
    pub socket_type: SocketType,
}

/// The parts of a server's URL, if it has one with http or https.
pub(super) fn address(element: &Tree) -> Option<Address> {
    let url = ADDRESSES.iter().find_map(|name| element.child(name))?.text().trim().to_owned();
    let (rest, port, socket_type) = match url.split_once("://")? {
        ("https", rest) => (rest, 443, SocketType::Ssl),
        ("http", rest) => (rest, 80, SocketType::Plain),
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, digits)) => (host, digits.parse().ok()?),
        None => (authority, port),
    };
    let hostname = Hostname::new(host).ok()?.to_string();
    Some(Address { url, hostname, port, socket_type })
}
