//! TLS handshakes with ACME: a handshake of the authority is a validation, and a client may have to
//! wait for the certificate.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::serve::ServerState;
use crate::serve::client_network::ClientNetwork;

use super::challenges;
use super::state::{Acme, now};

/// How long the first client of a host waits for the certificate. Most clients wait ten seconds or
/// longer; one that gives up finds the certificate the next time.
const WAIT: Duration = Duration::from_secs(8);

impl Acme {
    /// Completes a handshake of `client`, if it is known. `None` if it failed, or if it was a validation by the authority.
    pub async fn accept<S>(
        &self,
        shared: &ServerState,
        config: Arc<ServerConfig>,
        stream: S,
        client: Option<ClientNetwork>,
    ) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
        let hello = start.client_hello();
        if is_validation(&hello) {
            // The authority only looks at the certificate. RFC 8737 section 3: no data is exchanged
            let mut stream = start.into_stream(self.challenges.config()).await.ok()?;
            let _ = stream.shutdown().await;
            return None;
        }
        let name = hello.server_name().map(str::to_ascii_lowercase);
        if let Some(name) = name {
            self.ensure(shared, &name, client).await;
        }
        start.into_stream(config).await.ok()
    }

    /// Orders a certificate if the name may have one, and waits until it is there.
    async fn ensure(&self, shared: &ServerState, name: &str, client: Option<ClientNetwork>) {
        if self.files.as_ref().is_some_and(|files| files.of(name).is_some()) {
            return;
        }
        if let Some(one) = self.issued.get(name) {
            let now = now();
            if now < one.due() {
                return;
            }
            if now < one.ends {
                // The old certificate is still valid, so the client does not wait for the new one.
                self.ask(shared, name, client);
                return;
            }
        }
        let mut over = self.over.subscribe();
        if !self.ask(shared, name, client) {
            return;
        }
        let issued = async {
            while self.limiter().is_in_progress(name) {
                if over.changed().await.is_err() {
                    return;
                }
            }
        };
        // If it takes too long, the handshake fails for lack of a certificate.
        let _ = tokio::time::timeout(WAIT, issued).await;
    }
}

/// RFC 8737 section 3: the validating authority offers `acme-tls/1` and no other protocol.
fn is_validation(hello: &ClientHello<'_>) -> bool {
    let Some(mut protocols) = hello.alpn() else { return false };
    protocols.next() == Some(challenges::PROTOCOL) && protocols.next().is_none()
}
