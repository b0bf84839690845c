//! A TLS handshake where certificates are fetched: the authority's own, or one that may have to wait.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::serve::ServerState;

use super::{Acme, challenges, now};

/// How long the first client that names a host waits for its certificate. Most clients wait for ten
/// seconds or longer; whoever goes before it is there finds it the next time.
const WAIT: Duration = Duration::from_secs(8);

impl Acme {
    /// None: the handshake has failed, or was the authority's.
    pub async fn accept<S>(
        &self,
        shared: &ServerState,
        config: Arc<ServerConfig>,
        stream: S,
    ) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
        let hello = start.client_hello();
        if is_validation(&hello) {
            // It looks at the certificate and goes. RFC 8737 section 3: no data is exchanged
            let mut stream = start.into_stream(self.challenges.config()).await.ok()?;
            let _ = stream.shutdown().await;
            return None;
        }
        let name = hello.server_name().map(str::to_ascii_lowercase);
        if let Some(name) = name {
            self.ensure(shared, &name).await;
        }
        start.into_stream(config).await.ok()
    }

    /// Sees to it that there is a certificate, if there may be one and it comes soon.
    async fn ensure(&self, shared: &ServerState, name: &str) {
        if self.files.as_ref().is_some_and(|files| files.of(name).is_some()) {
            return;
        }
        if let Some(one) = self.issued.get(name) {
            let now = now();
            if now < one.due {
                return;
            }
            if now < one.ends {
                // It is good for a while yet.
                self.ask(shared, name);
                return;
            }
        }
        let mut over = self.over.subscribe();
        if !self.ask(shared, name) {
            return;
        }
        let issued = async {
            while self.limiter().is_in_progress(name) {
                if over.changed().await.is_err() {
                    return;
                }
            }
        };
        // The name without its certificate is refused then; there is nothing else to do.
        let _ = tokio::time::timeout(WAIT, issued).await;
    }
}

/// RFC 8737 section 3: the one who validates offers that protocol, and no other.
fn is_validation(hello: &ClientHello<'_>) -> bool {
    let Some(mut protocols) = hello.alpn() else { return false };
    protocols.next() == Some(challenges::PROTOCOL) && protocols.next().is_none()
}
