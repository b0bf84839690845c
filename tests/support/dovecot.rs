//! Dovecot, started by the test in a folder of its own.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tempfile::TempDir;

use super::ca::Identity;
use super::oidc::Oidc;
use super::{Running, own_addresses};

pub const USER: &str = "ann@example.test";
pub const PASSWORD: &str = "c0rrect horse/battery";

/// POP3 and IMAP with STARTTLS and TLS, submission, and a socket each for Postfix and Exim.
pub struct Dovecot {
    pub pop3: SocketAddr,
    pub pop3s: SocketAddr,
    pub imap: SocketAddr,
    pub imaps: SocketAddr,
    pub submission: SocketAddr,
    pub submissions: SocketAddr,
    /// What it offers to sign in with, in its own words.
    pub mechanisms: &'static str,
    folder: PathBuf,
    // In this order: what runs in the folder ends before the folder goes.
    _running: Running,
    _temporary: TempDir,
}

impl Dovecot {
    /// Needs root: it gives up its rights to users of its own.
    pub fn start(identity: &Identity) -> Self {
        Self::launch(identity, None)
    }

    /// One that takes the provider's tokens as well as passwords.
    pub fn with_oauth2(identity: &Identity, provider: &Oidc) -> Self {
        Self::launch(identity, Some(provider))
    }

    fn launch(identity: &Identity, provider: Option<&Oidc>) -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path().to_owned();
        let path = |name: &str| folder.join(name).display().to_string();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(path("mail")).unwrap();
        fs::set_permissions(path("mail"), fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(path("cert.pem"), &identity.chain).unwrap();
        fs::write(path("key.pem"), &identity.key).unwrap();
        fs::write(path("users"), format!("{USER}:{{PLAIN}}{PASSWORD}::::::\n")).unwrap();
        let mut mechanisms = "plain login cram-md5 scram-sha-256 apop";
        let mut tokens = String::new();
        if let Some(provider) = provider {
            mechanisms = "plain login cram-md5 scram-sha-256 apop xoauth2 oauthbearer";
            let args = path("oauth2");
            fs::write(&args, oauth2(provider)).unwrap();
            let own = "driver = oauth2\n mechanisms = xoauth2 oauthbearer";
            tokens = format!("passdb {{\n {own}\n args = {args}\n}}\n");
        }
        let addresses = own_addresses();
        let [pop3, pop3s, imap, imaps, submission, submissions] = addresses.map(|at| at.port());
        let listen = addresses[0].ip();
        let base = path("");
        let config = format!(
            "base_dir = {base}run\n\
             state_dir = {base}state\n\
             log_path = /dev/stderr\n\
             protocols = imap pop3 submission lmtp\n\
             listen = {listen}\n\
             ssl = yes\n\
             ssl_cert = <{base}cert.pem\n\
             ssl_key = <{base}key.pem\n\
             disable_plaintext_auth = yes\n\
             auth_mechanisms = {mechanisms}\n\
             auth_failure_delay = 0\n\
             hostname = mail.example.test\n\
             mail_location = maildir:{base}mail/%u\n\
             submission_relay_host = 127.0.0.1\n\
             {tokens}\
             passdb {{\n driver = passwd-file\n args = {base}users\n}}\n\
             userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={base}mail/%u\n}}\n\
             service anvil {{\n unix_listener anvil-auth-penalty {{\n mode = 0\n }}\n}}\n\
             service auth {{\n unix_listener {base}auth {{\n mode = 0666\n }}\n}}\n\
             service lmtp {{\n unix_listener {base}lmtp {{\n mode = 0666\n }}\n}}\n\
             service imap-login {{\n inet_listener imap {{\n port = {imap}\n }}\n\
             inet_listener imaps {{\n port = {imaps}\n ssl = yes\n }}\n}}\n\
             service pop3-login {{\n inet_listener pop3 {{\n port = {pop3}\n }}\n\
             inet_listener pop3s {{\n port = {pop3s}\n ssl = yes\n }}\n}}\n\
             service submission-login {{\n inet_listener submission {{\n port = {submission}\n }}\n\
             inet_listener submissions {{\n port = {submissions}\n ssl = yes\n }}\n}}\n"
        );
        fs::write(path("dovecot.conf"), config).unwrap();
        let mut command = super::command("dovecot");
        command.args(["-F", "-c", &path("dovecot.conf")]);
        let mut running = Running::start(&mut command, folder.join("log"));
        for address in addresses {
            running.until(|| TcpStream::connect(address).ok());
        }
        let [pop3, pop3s, imap, imaps, submission, submissions] = addresses;
        Self {
            pop3,
            pop3s,
            imap,
            imaps,
            submission,
            submissions,
            mechanisms,
            folder,
            _running: running,
            _temporary: temporary,
        }
    }

    /// For doveadm.
    pub fn config(&self) -> PathBuf {
        self.folder.join("dovecot.conf")
    }

    /// Where others ask whether a password is right.
    pub fn auth(&self) -> PathBuf {
        self.folder.join("auth")
    }

    /// Where mail is delivered.
    pub fn lmtp(&self) -> PathBuf {
        self.folder.join("lmtp")
    }
}

/// The settings of its oauth2 driver: it asks the provider about every token (RFC 7662).
fn oauth2(provider: &Oidc) -> String {
    format!(
        "introspection_mode = post\n\
         introspection_url = {}\n\
         tls_ca_cert_file = {}\n\
         username_attribute = sub\n\
         active_attribute = active\n\
         active_value = true\n",
        provider.introspection(),
        provider.ca().display()
    )
}
