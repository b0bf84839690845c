//! A client over TLS that believes only the authorities that it is given.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::PATIENCE;
use crate::support::host::{Answer, read_answer};

/// A client that believes these authorities, at the time that it is.
#[derive(Clone)]
pub struct Trust(Arc<RootCertStore>);

impl Trust {
    pub fn of(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root).expect("a root");
        }
        Self(Arc::new(store))
    }

    /// How a client connects; one that keeps this resumes its sessions.
    pub fn config(&self) -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(Arc::clone(&self.0))
            .with_no_client_auth();
        Arc::new(config)
    }

    /// Whether a client that believes these alone takes the server that answers there.
    pub fn is_content(&self, address: SocketAddr, host: &str) -> bool {
        self.get(address, host, "/healthz").is_ok_and(|(answer, _)| answer.status == 200)
    }

    /// Asks over TLS; gives the server's own certificate besides.
    pub fn get(
        &self,
        address: SocketAddr,
        host: &str,
        path: &str,
    ) -> Result<(Answer, Vec<u8>), String> {
        let stream = TcpStream::connect(address).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut stream = secure(self.config(), stream, host);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
        let own = stream.conn.peer_certificates().and_then(|chain| chain.first());
        let own = own.expect("it is known by now").to_vec();
        let answer = read_answer(&mut BufReader::new(stream), false).ok_or("no answer")?;
        Ok((answer, own))
    }
}

/// TLS over a connection, with the handshake still to come.
pub fn secure(
    config: Arc<ClientConfig>,
    stream: TcpStream,
    host: &str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    StreamOwned::new(ClientConnection::new(config, name).expect("a client"), stream)
}
