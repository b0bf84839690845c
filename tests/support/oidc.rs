//! An OpenID provider, started by the test, and the person who signs in there with a browser.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rcgen::SanType;
use serde_json::json;
use tempfile::TempDir;

use super::ca::Ca;
use super::dovecot::USER;
use super::{Running, root};

/// The name in its certificate, for which every client has to be told the address.
pub const LOGIN: &str = "login.example.test";
/// The one client that people sign in with; it has no secret.
pub const CLIENT: &str = "mailwright-test";

/// How Dovecot asks whose a token is.
const RESOURCE_SERVER: (&str, &str) = ("dovecot", "s3cret-of-dovecot");

pub struct Oidc {
    /// Where [`LOGIN`] is, port 443 of it.
    pub address: SocketAddr,
    ca: PathBuf,
    issued: PathBuf,
    // In this order: what runs in the folder ends before the folder goes.
    _running: Running,
    _temporary: TempDir,
}

/// What is not there of what the provider needs, in the words of `needs!`.
pub fn missing() -> Option<&'static str> {
    let module = folder().join("node_modules/oidc-provider/package.json");
    match (super::program("node"), module.is_file()) {
        (None, _) => Some("node"),
        (_, false) => Some("oidc-provider"),
        _ => None,
    }
}

impl Oidc {
    pub fn start(ca: &Ca) -> Self {
        Self::with_tokens_for(ca, 600)
    }

    /// One whose access tokens are good for so many seconds.
    pub fn with_tokens_for(ca: &Ca, seconds: u32) -> Self {
        let identity = ca.with(|params| {
            // The number is for Dovecot, which asks no name server of ours.
            params.subject_alt_names = vec![
                SanType::DnsName(LOGIN.try_into().unwrap()),
                SanType::IpAddress([127, 0, 0, 1].into()),
            ];
        });
        let temporary = TempDir::new().unwrap();
        let path = |name: &str| temporary.path().join(name);
        std::fs::write(path("cert.pem"), &identity.chain).unwrap();
        std::fs::write(path("key.pem"), &identity.key).unwrap();
        std::fs::write(path("issued"), "").unwrap();
        let settings = json!({
            "host": LOGIN,
            "cert": path("cert.pem"),
            "key": path("key.pem"),
            "account": USER,
            "issued": path("issued"),
            "accessTokenTtl": seconds,
            "resourceServer": { "id": RESOURCE_SERVER.0, "secret": RESOURCE_SERVER.1 },
        });
        let mut command = super::command("node");
        command.arg(folder().join("provider.mjs")).arg(settings.to_string());
        let log = path("log");
        let mut running = Running::start(&mut command, log.clone());
        let port = running.until(|| {
            let log = std::fs::read_to_string(&log).ok()?;
            log.lines().find_map(|line| line.strip_prefix("port ")?.parse().ok())
        });
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            ca: ca.file(),
            issued: path("issued"),
            _running: running,
            _temporary: temporary,
        }
    }

    pub fn authorization(&self) -> String {
        format!("https://{LOGIN}/auth")
    }

    pub fn token_endpoint(&self) -> String {
        format!("https://{LOGIN}/token")
    }

    pub fn device_authorization(&self) -> String {
        format!("https://{LOGIN}/device/auth")
    }

    /// For `--resolve`.
    pub fn resolve(&self) -> String {
        format!("{LOGIN}:443:{}", self.address)
    }

    /// RFC 7662, by number and with the mail server's own name and secret in the address.
    pub fn introspection(&self) -> String {
        let (id, secret) = RESOURCE_SERVER;
        format!("https://{id}:{secret}@{}/token/introspection", self.address)
    }

    /// The authority that its certificate is from.
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// Enters the code of the device flow and says yes.
    #[track_caller]
    pub fn approve(&self, user_code: &str) {
        self.browser("approve", user_code);
    }

    /// Enters the code of the device flow and says no.
    #[track_caller]
    pub fn deny(&self, user_code: &str) {
        self.browser("deny", user_code);
    }

    /// Opens an address, signs in and says yes; the text of the page where it all ends.
    #[track_caller]
    pub fn browse(&self, url: &str) -> String {
        self.browser("open", url)
    }

    /// A token of the account, by a device flow that is none of ours.
    #[track_caller]
    pub fn token(&self) -> String {
        self.browser("token", "openid pop3 imap smtp").trim().to_owned()
    }

    /// Every token and code so far, and the verifiers that it was shown.
    pub fn secrets(&self) -> Vec<String> {
        let issued = std::fs::read_to_string(&self.issued).unwrap();
        issued.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn browser(&self, command: &str, argument: &str) -> String {
        let settings = json!({ "host": LOGIN, "port": self.address.port(), "ca": self.ca });
        let mut node = super::command("node");
        node.arg(folder().join("browser.mjs")).arg(settings.to_string()).args([command, argument]);
        super::run(&mut node).fine().stdout
    }
}

fn folder() -> PathBuf {
    root().join("tests/verify/oidc")
}
