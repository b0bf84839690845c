//! Every socket outside `serve` is opened here: names, connections, TLS, HTTP, DNS.
//!
//! Blocking, with a deadline on everything: a test of a server is a conversation, and a thread each
//! is the plainest way to hold many of them at once.

mod certificate;
mod connect;
mod dns;
#[cfg(feature = "verify")]
mod http;
#[cfg(feature = "verify")]
mod listen;
mod overrides;
mod strict_tls;
mod tcp;
mod tls;

pub use certificate::Certificate;
pub use connect::{ConnectError, connect, connect_first};
pub use dns::{Dns, DnsError, Srv};
#[cfg(feature = "verify")]
pub use http::{Answer, HttpError, LARGEST_BODY, Request};
#[cfg(feature = "verify")]
pub use listen::{Asked, Listener};
pub use overrides::Override;
pub use strict_tls::{Identity, StrictTls};
pub use tcp::{Tcp, Transport};
pub use tls::{ChainVerdict, Handshake, Secured, Seen, Tls, TlsError};

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Instant;

/// What every connection of a run has in common.
pub struct Net {
    pub dns: Dns,
    pub tls: Tls,
    overrides: Vec<Override>,
}

/// Why connections cannot be made at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the certificates of --ca {path}: {why}")]
    Ca { path: String, why: String },
    #[error("no certificate authorities to trust: {0}")]
    Roots(String),
    #[error("cannot ask DNS: {0}")]
    Dns(String),
}

impl Net {
    /// `ca` is trusted besides the system's authorities; `dns` is asked instead of the system's
    /// servers; an override's host is not asked for at all.
    pub fn new(
        ca: Option<&Path>,
        dns: Option<SocketAddr>,
        overrides: Vec<Override>,
    ) -> Result<Self, Error> {
        Ok(Self { dns: Dns::new(dns)?, tls: Tls::new(ca)?, overrides })
    }

    /// Where a host is: its overrides, itself where it is an address, else what DNS says.
    ///
    /// Never empty.
    pub fn resolve(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
    ) -> Result<Vec<SocketAddr>, DnsError> {
        let fixed: Vec<SocketAddr> = self
            .overrides
            .iter()
            .filter(|o| o.port == port && o.host.eq_ignore_ascii_case(host))
            .flat_map(|o| o.addresses.iter().copied())
            .collect();
        if !fixed.is_empty() {
            return Ok(fixed);
        }
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let addresses = self.dns.addresses(host, deadline)?;
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}
