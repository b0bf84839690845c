//! Opens every socket outside `serve`: names, connections, TLS, HTTP, DNS.
//!
//! Calls block, and each has a deadline. A server test is a conversation, and one thread per
//! conversation is the simplest way to hold many at once.

#[cfg(feature = "verify")]
mod address_scope;
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

#[cfg(feature = "verify")]
pub use address_scope::is_local_name;
pub use connect::{ConnectError, connect, connect_first};
#[cfg(feature = "acme")]
pub use dns::AsyncDns;
pub use dns::{Dns, DnsError, Srv};
#[cfg(feature = "verify")]
pub use http::{Answer, HttpError, HttpRequest};
#[cfg(feature = "verify")]
pub use listen::{Listener, PendingRequest};
pub use overrides::HostOverride;
pub use strict_tls::{Identity, StrictTls};
pub use tcp::{Tcp, Transport};
pub use tls::{CertificateRecord, ChainVerdict, Handshake, Tls, TlsError, TlsStream};

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Instant;

/// What all connections of a run share.
pub struct Net {
    /// Asks DNS.
    pub dns: Dns,
    /// Makes TLS handshakes.
    pub tls: Tls,
    overrides: Vec<HostOverride>,
    #[cfg(feature = "verify")]
    allow_private: bool,
}

/// Why no connection can be made at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("cannot read the certificates of --ca {path}: {why}")]
    Ca { path: String, why: String },
    #[error("no certificate authorities to trust: {0}")]
    Roots(String),
    #[error("cannot ask DNS: {0}")]
    Dns(String),
}

impl Net {
    /// `ca` is a PEM file of authorities that are trusted besides the system's. `dns` replaces the
    /// system's name servers. A host and port with an override is never looked up.
    ///
    /// # Errors
    ///
    /// Fails if `ca` or the system's certificates or name servers cannot be read.
    pub fn new(
        ca: Option<&Path>,
        dns: Option<SocketAddr>,
        overrides: Vec<HostOverride>,
    ) -> Result<Self, Error> {
        Ok(Self {
            dns: Dns::new(dns)?,
            tls: Tls::new(ca)?,
            overrides,
            #[cfg(feature = "verify")]
            allow_private: false,
        })
    }

    /// Lets requests for `HttpRequest::public_only` connect to private addresses too.
    #[cfg(feature = "verify")]
    #[must_use]
    pub fn allow_private(mut self, allow: bool) -> Self {
        self.allow_private = allow;
        self
    }

    /// Addresses of a host, never empty: its overrides, else the host itself if it is an IP
    /// address, else what DNS says.
    pub fn resolve(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
    ) -> Result<Vec<SocketAddr>, DnsError> {
        let fixed = self.overridden(host, port);
        if !fixed.is_empty() {
            return Ok(fixed);
        }
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let addresses = self.dns.addresses(host, deadline)?;
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// The addresses that the user chose for a host; empty if none.
    fn overridden(&self, host: &str, port: u16) -> Vec<SocketAddr> {
        self.overrides
            .iter()
            .filter(|o| o.port == port && o.host.eq_ignore_ascii_case(host))
            .flat_map(|o| o.addresses.iter().copied())
            .collect()
    }
}
