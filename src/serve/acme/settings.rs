//! How certificates are ordered.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::serve::network::Network;

/// The kinds of challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeKind {
    /// On a TLS listener that the authority reaches at port 443.
    TlsAlpn,
    /// On a plain listener that the authority reaches at port 80.
    Http,
}

/// External account binding. RFC 8555 section 7.3.4
#[derive(Clone)]
pub struct ExternalAccount {
    pub key_id: String,
    /// The HMAC key, decoded.
    pub key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAccount").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// How to use the authority.
#[derive(Debug, Clone)]
pub struct AcmeSettings {
    /// The URL of the authority's directory.
    pub directory: String,
    /// The account at the authority's own site that the ACME account belongs to.
    pub external_account: Option<ExternalAccount>,
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
