//! Selects the certificate of a handshake: from files first, then from ACME.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::super::tls::Certificates;
use super::state::Acme;

/// Selects by server name. A client that sends none gets the first certificate from files, else the
/// server's own host.
#[derive(Debug)]
pub struct AcmeResolver(pub Arc<Acme>);

impl ResolvesServerCert for AcmeResolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Self(acme) = self;
        let fetched = |name: &str| acme.issued.get(name).map(|one| Arc::clone(&one.key));
        let files = acme.files.as_ref();
        let by_name = hello
            .server_name()
            .map(str::to_ascii_lowercase)
            .and_then(|name| files.and_then(|files| files.of(&name)).or_else(|| fetched(&name)));
        by_name.or_else(|| files.and_then(|files| files.first())).or_else(|| {
            match hello.server_name() {
                // A certificate for another name would only be rejected.
                Some(_) => None,
                None => fetched(acme.public_host.as_ref()?.as_str()),
            }
        })
    }
}

impl Acme {
    /// The TLS configuration of a listener.
    pub fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        Certificates::config(Arc::new(AcmeResolver(Arc::clone(self))), &[b"h2", b"http/1.1"])
    }
}
