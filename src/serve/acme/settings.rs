//! How certificates are ordered.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::serve::network::Network;

/// The kinds of challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeKind {
    /// On a TLS listener that the authority reaches at port 443.
    TlsAlpn,
    /// On a plain listener that the authority reaches at port 80.
    Http,
}

/// How to use the authority.
#[derive(Debug, Clone)]
pub struct AcmeSettings {
    /// The URL of the authority's directory.
    pub directory: String,
    /// `mailto:` addresses for messages of the authority.
    pub contacts: Vec<String>,
    /// The folder for certificates and keys.
    pub cache: PathBuf,
    /// A CA certificate to trust for the directory, instead of the system's.
    pub trust: Option<PathBuf>,
    /// The challenges to use, in this order; at least one.
    pub kinds: Vec<ChallengeKind>,
    /// The size of the order budget, and how much of it is refilled in an hour.
    pub orders_an_hour: u32,
    /// Networks that names may lead to besides this machine.
    pub allowed: Vec<Network>,
    /// The DNS server that says where names lead, instead of the system's.
    pub dns: Option<SocketAddr>,
    /// The URL of a program that decides whether a name may have a certificate.
    pub ask: Option<String>,
}
