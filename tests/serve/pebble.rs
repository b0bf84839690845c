//! Pebble, the authority for tests of those who make Let's Encrypt, on addresses of this test's own; and
//! a client that believes it.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::host::{Answer, PATIENCE, read_answer};
use crate::programs::{Running, command};
use crate::support::own_addresses;

/// Where everything of one authority is; it is not running yet.
pub struct Place {
    folder: TempDir,
    acme: SocketAddr,
    management: SocketAddr,
    names: SocketAddr,
    names_management: SocketAddr,
    /// Where it looks for a name's TLS, and for its plain HTTP.
    pub tls: SocketAddr,
    pub http: SocketAddr,
    /// How long its certificates live, in seconds.
    pub life: u32,
}

/// The authority, and the names that it asks for: every name is at this test's own address.
pub struct Pebble {
    server: Running,
    _names: Running,
    roots: Arc<RootCertStore>,
}

impl Place {
    pub fn new() -> Self {
        let [acme, management, names, names_management, tls, http] = own_addresses();
        let folder = TempDir::new().expect("a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
        let own = own.expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![acme.ip().to_string()]).expect("an address");
        let certificate = params.signed_by(&key, &own).expect("a certificate");
        for (file, text) in [
            ("ca.pem", own.pem()),
            ("cert.pem", certificate.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(file), text).expect("a file");
        }
        Self { folder, acme, management, names, names_management, tls, http, life: 90 * 86_400 }
    }

    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.acme)
    }

    /// The certificate that the directory's is judged by.
    pub fn ca(&self) -> String {
        self.path("ca.pem").display().to_string()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn start(&self) -> Pebble {
        let config = serde_json::json!({ "pebble": {
            "listenAddress": self.acme.to_string(),
            "managementListenAddress": self.management.to_string(),
            "certificate": self.path("cert.pem"),
            "privateKey": self.path("key.pem"),
            "httpPort": self.http.port(),
            "tlsPort": self.tls.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": self.life,
        }});
        std::fs::write(self.path("pebble.json"), config.to_string()).expect("a file");
        let own = self.acme.ip().to_string();
        let (names, management) = (self.names.to_string(), self.names_management.to_string());
        let mut names_server = Running::start(
            command("pebble-challtestsrv")
                .args(["-dns01", &names, "-management", &management])
                .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
                .args(["-defaultIPv4", &own, "-defaultIPv6", ""]),
            self.path("names.log"),
        );
        names_server.until(|| TcpStream::connect(self.names).ok());
        let mut server = Running::start(
            command("pebble")
                .arg("-config")
                .arg(self.path("pebble.json"))
                .args(["-dnsserver", &names])
                // It validates as it always does, only without a pause before.
                .env_remove("PEBBLE_VA_ALWAYS_VALID")
                .env("PEBBLE_VA_NOSLEEP", "1")
                // Of its usual twentieth, three in a row come too often for a test.
                .env("PEBBLE_WFE_NONCEREJECT", "1"),
            self.path("pebble.log"),
        );
        server.until(|| TcpStream::connect(self.management).ok());
        server.until(|| TcpStream::connect(self.acme).ok());
        let own = CertificateDer::from_pem_file(self.path("ca.pem")).expect("it is ours");
        let trust = Trust::of([own]);
        let name = self.management.ip().to_string();
        let (answer, _) = trust.get(self.management, &name, "/roots/0").expect("its root");
        let roots = CertificateDer::pem_slice_iter(&answer.body).map(|der| der.expect("PEM"));
        Pebble { server, _names: names_server, roots: Trust::of(roots).0 }
    }
}

impl Pebble {
    /// How many orders it has had.
    pub fn orders(&self) -> usize {
        self.server.log().matches("Added order ").count()
    }

    pub fn log(&self) -> String {
        self.server.log()
    }

    pub fn trust(&self) -> Trust {
        Trust(Arc::clone(&self.roots))
    }
}

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

    /// Asks over TLS; gives the server's own certificate besides.
    pub fn get(
        &self,
        address: SocketAddr,
        host: &str,
        path: &str,
    ) -> Result<(Answer, Vec<u8>), String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(Arc::clone(&self.0))
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        let client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let stream = TcpStream::connect(address).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut stream = StreamOwned::new(client, stream);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
        let own = stream.conn.peer_certificates().and_then(|chain| chain.first());
        let own = own.expect("it is known by now").to_vec();
        let answer = read_answer(&mut BufReader::new(stream), false).ok_or("no answer")?;
        Ok((answer, own))
    }
}
