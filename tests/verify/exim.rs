//! Exim as a submission server, with Dovecot to ask about passwords and to deliver to.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::support::ca::Identity;
use crate::support::dovecot::Dovecot;
use crate::support::{self, Running, own_addresses};

pub struct Exim {
    /// STARTTLS, as on 587.
    pub submission: SocketAddr,
    /// TLS from the first byte, as on 465.
    pub submissions: SocketAddr,
    _running: Running,
    _temporary: TempDir,
}

impl Exim {
    /// Needs root, to become the user whose name Debian built into it.
    pub fn start(identity: &Identity, dovecot: &Dovecot) -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path();
        let path = |name: &str| folder.join(name).display().to_string();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(path("spool")).unwrap();
        fs::write(path("cert.pem"), &identity.chain).unwrap();
        fs::write(path("key.pem"), &identity.key).unwrap();
        let [submission, submissions] = own_addresses();
        let base = path("");
        // Not setuid, it could not become root again to deliver; a socket is all that it delivers to.
        let main = format!(
            "primary_hostname = mail.example.test\n\
             spool_directory = {base}spool\n\
             log_file_path = {base}spool/%slog\n\
             pid_file_path = {base}pid\n\
             keep_environment =\n\
             deliver_drop_privilege\n\
             local_interfaces = {listen}\n\
             daemon_smtp_ports = {} : {tls}\n\
             tls_on_connect_ports = {tls}\n\
             tls_advertise_hosts = *\n\
             tls_certificate = {base}cert.pem\n\
             tls_privatekey = {base}key.pem\n\
             auth_advertise_hosts = ${{if def:tls_in_cipher {{*}}}}\n\
             message_size_limit = 1000000\n\
             acl_smtp_mail = mail\n\
             acl_smtp_rcpt = recipient\n",
            submission.port(),
            tls = submissions.port(),
            listen = submission.ip(),
        );
        let begin = "begin acl\n\
             mail:\n require encrypted = *\n accept\n\
             recipient:\n require authenticated = *\n accept\n";
        let deliver = format!(
            "begin routers\n\
             dovecot:\n driver = accept\n domains = example.test\n transport = dovecot\n\
             begin transports\n\
             dovecot:\n driver = lmtp\n socket = {}\n\
             begin authenticators\n",
            dovecot.lmtp().display()
        );
        let auth = dovecot.auth();
        let authenticators: String = dovecot
            .mechanisms
            .split(' ')
            .map(|mechanism| {
                format!(
                    "{}:\n driver = dovecot\n public_name = {}\n\
                     server_socket = {auth}\n server_set_id = $auth1\n",
                    mechanism.replace('-', "_"),
                    mechanism.to_uppercase(),
                    auth = auth.display()
                )
            })
            .collect();
        fs::write(path("exim.conf"), format!("{main}{begin}{deliver}{authenticators}")).unwrap();
        let mut command = support::command("exim");
        command.args(["-C", &path("exim.conf"), "-bdf"]);
        support::run(support::command("chown").args(["Debian-exim", &path("spool")])).fine();
        let mut running = Running::start(&mut command, folder.join("log"));
        for address in [submission, submissions] {
            running.until(|| TcpStream::connect(address).ok());
        }
        Self { submission, submissions, _running: running, _temporary: temporary }
    }
}
