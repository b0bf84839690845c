//! Postfix as a submission server, with Dovecot to ask about passwords and to deliver to.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::ca::Identity;
use super::dovecot::Dovecot;
use super::{Running, own_addresses};

pub struct Postfix {
    /// STARTTLS, as on 587.
    pub submission: SocketAddr,
    /// TLS from the first byte, as on 465.
    pub submissions: SocketAddr,
    _running: Running,
    _temporary: TempDir,
}

/// What Postfix's own master.cf has, as far as a submission server uses it, without chroot.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

impl Postfix {
    pub fn start(identity: &Identity, dovecot: &Dovecot) -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path();
        let path = |name: &str| folder.join(name).display().to_string();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["etc", "queue", "data"] {
            fs::create_dir(path(name)).unwrap();
        }
        super::run(super::command("chown").args(["postfix", &path("data")])).fine();
        fs::write(path("cert.pem"), &identity.chain).unwrap();
        fs::write(path("key.pem"), &identity.key).unwrap();
        let base = path("");
        let (auth, lmtp) = (dovecot.auth(), dovecot.lmtp());
        let main = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {base}queue\n\
             data_directory = {base}data\n\
             command_directory = /usr/sbin\n\
             daemon_directory = /usr/lib/postfix/sbin\n\
             inet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\n\
             myhostname = mail.example.test\n\
             mydestination =\n\
             alias_maps =\n\
             virtual_mailbox_domains = example.test\n\
             virtual_transport = lmtp:unix:{lmtp}\n\
             default_transport = error:no mail leaves this machine\n\
             maillog_file = {base}maillog\n\
             maillog_file_prefixes = {base}\n\
             message_size_limit = 1000000\n\
             smtpd_tls_cert_file = {base}cert.pem\n\
             smtpd_tls_key_file = {base}key.pem\n\
             smtpd_tls_auth_only = yes\n\
             smtpd_sasl_auth_enable = yes\n\
             smtpd_sasl_type = dovecot\n\
             smtpd_sasl_path = {auth}\n\
             smtpd_sasl_security_options = noanonymous\n\
             smtpd_relay_restrictions = permit_sasl_authenticated, reject\n",
            auth = auth.display(),
            lmtp = lmtp.display()
        );
        fs::write(path("etc/main.cf"), main).unwrap();
        let [submission, submissions] = own_addresses();
        let master = format!(
            "{submission} inet n - n - - smtpd\n  -o smtpd_tls_security_level=encrypt\n\
             {submissions} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n{SERVICES}"
        );
        fs::write(path("etc/master.cf"), master).unwrap();
        super::run(super::command("postfix").args(["-c", &path("etc"), "check"])).fine();
        let mut command = std::process::Command::new("/usr/lib/postfix/sbin/master");
        command.args(["-c", &path("etc"), "-d"]).env("MAIL_CONFIG", path("etc"));
        let mut running = Running::start(&mut command, folder.join("log"));
        for address in [submission, submissions] {
            running.until(|| TcpStream::connect(address).ok());
        }
        Self { submission, submissions, _running: running, _temporary: temporary }
    }
}
