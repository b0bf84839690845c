//! Pebble, the test authority of the makers of Let's Encrypt, on addresses of this test's own.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::support::ca::{Ca, Identity};
use crate::support::{Running, command, own_addresses};
use crate::trust::Trust;

/// Leaves the test when Debian's package pebble is not there.
macro_rules! needs_pebble {
    () => {
        for name in ["pebble", "pebble-challtestsrv"] {
            if $crate::support::program(name).is_none() {
                return $crate::support::skip("pebble");
            }
        }
    };
}

/// Where everything of one authority is; it is not running yet.
pub struct Place {
    /// Whose certificate Pebble itself has; its files are in the same folder.
    own: Ca,
    acme: SocketAddr,
    management: SocketAddr,
    /// Says that every name is at this test's own address.
    pub names: SocketAddr,
    names_management: SocketAddr,
    /// Where it looks for a name's TLS, and for its plain HTTP.
    pub tls: SocketAddr,
    pub http: SocketAddr,
    /// How long its certificates live, in seconds.
    pub life: u32,
    /// The key IDs and HMAC keys of accounts at its own site. With any, every account needs one.
    pub external_accounts: Vec<(&'static str, &'static str)>,
}

/// The authority, and the names that it asks for: every name is at this test's own address.
pub struct Pebble {
    server: Running,
    _names: Running,
    names_management: SocketAddr,
    trust: Trust,
}

impl Place {
    pub fn new() -> Self {
        let [acme, management, names, names_management, tls, http] = own_addresses();
        let own = Ca::new();
        let Identity { chain, key } = own.naming(&[&acme.ip().to_string()]);
        for (file, text) in [("cert.pem", chain), ("key.pem", key)] {
            std::fs::write(own.folder().join(file), text).expect("a file");
        }
        Self {
            own,
            acme,
            management,
            names,
            names_management,
            tls,
            http,
            life: 90 * 86_400,
            external_accounts: Vec::new(),
        }
    }

    /// Its own address, and the certificates of that.
    pub fn acme(&self) -> (SocketAddr, &Ca) {
        (self.acme, &self.own)
    }

    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.acme)
    }

    /// The certificate that the directory's is judged by.
    pub fn ca(&self) -> String {
        self.own.file().display().to_string()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.own.folder().join(file)
    }

    pub fn start(&self) -> Pebble {
        self.start_with(self.start_names())
    }

    /// Starts only what says where names lead.
    pub fn start_names(&self) -> Running {
        let own = self.acme.ip().to_string();
        let (names, management) = (self.names.to_string(), self.names_management.to_string());
        let mut server = Running::start(
            command("pebble-challtestsrv")
                .args(["-dns01", &names, "-management", &management])
                .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
                .args(["-defaultIPv4", &own, "-defaultIPv6", ""]),
            self.path("names.log"),
        );
        server.until(|| TcpStream::connect(self.names).ok());
        server
    }

    pub fn start_with(&self, names_server: Running) -> Pebble {
        let keys: BTreeMap<_, _> = self.external_accounts.iter().copied().collect();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": self.acme.to_string(),
            "managementListenAddress": self.management.to_string(),
            "certificate": self.path("cert.pem"),
            "privateKey": self.path("key.pem"),
            "httpPort": self.http.port(),
            "tlsPort": self.tls.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": !keys.is_empty(),
            "externalAccountMACKeys": keys,
            "certificateValidityPeriod": self.life,
        }});
        std::fs::write(self.path("pebble.json"), config.to_string()).expect("a file");
        let names = self.names.to_string();
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
        let trust = Trust::of([self.own.root()]);
        let name = self.management.ip().to_string();
        let (answer, _) = trust.get(self.management, &name, "/roots/0").expect("its root");
        let roots = CertificateDer::pem_slice_iter(&answer.body).map(|der| der.expect("PEM"));
        Pebble {
            server,
            _names: names_server,
            names_management: self.names_management,
            trust: Trust::of(roots),
        }
    }
}

impl Pebble {
    /// How many orders it has had.
    pub fn orders(&self) -> usize {
        self.server.log().matches("Added order ").count()
    }

    /// Lets a name lead to an address.
    pub fn lead(&self, name: &str, address: &str) {
        let body = serde_json::json!({ "host": name, "addresses": [address] }).to_string();
        let mut stream = TcpStream::connect(self.names_management).expect("its management");
        write!(
            stream,
            "POST /add-a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    pub fn log(&self) -> String {
        self.server.log()
    }

    pub fn trust(&self) -> Trust {
        self.trust.clone()
    }
}
