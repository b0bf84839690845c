//! Samba as a domain controller of Active Directory, in a network of its own: its ports are fixed.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::slapd::Ask;
use crate::support::ca::Ca;
use crate::support::{self, Run, Running, alone};

const ADMINISTRATOR: &str = "Administrator@corp.example.test";
const PASSWORD: &str = "c0rrect-Horse-battery";

/// More people than go into two pages, one whose account is disabled, one without a mailbox, and a
/// group that has one.
const FILL: &str = r#"
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
config, password = sys.argv[1:]
lp = LoadParm()
lp.load(config)
db = SamDB(session_info=system_session(), lp=lp)
people = "CN=Users,DC=corp,DC=example,DC=test"
db.transaction_start()
for n in range(1100):
    db.add_ldif(f"""dn: CN=user{n},{people}
objectClass: user
sAMAccountName: user{n}
userPrincipalName: user{n}@corp.example.test
displayName: User {n}
mail: user{n}@outlook.com
userAccountControl: 544
""")
db.add_ldif(f"""dn: CN=left,{people}
objectClass: user
sAMAccountName: left
userPrincipalName: left@corp.example.test
mail: left@outlook.com
userAccountControl: 514
""")
db.add_ldif(f"""dn: CN=service,{people}
objectClass: user
sAMAccountName: service
userAccountControl: 544
""")
db.add_ldif(f"""dn: CN=staff,{people}
objectClass: group
sAMAccountName: staff
mail: staff@outlook.com
""")
db.transaction_commit()
db.setpassword("(sAMAccountName=left)", password)
db.disable_account("(sAMAccountName=left)")
"#;

struct Samba {
    _running: Running,
    _temporary: TempDir,
}

impl Samba {
    fn start(ca: &Ca) -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path().to_owned();
        let path = |name: &str| folder.join(name).display().to_string();
        let identity = ca.good();
        fs::write(path("cert.pem"), &identity.chain).unwrap();
        fs::write(path("key.pem"), &identity.key).unwrap();
        support::run(Command::new("chmod").args(["600", &path("key.pem")])).fine();
        let mut provision = support::command("samba-tool");
        provision.args(["domain", "provision", "--realm=CORP.EXAMPLE.TEST", "--domain=CORP"]);
        provision.args(["--server-role=dc", "--dns-backend=NONE", "--host-name=dc1"]);
        provision.args(["--host-ip=127.0.0.1", "--adminpass", PASSWORD]);
        provision.args(["--targetdir", &path("dc")]);
        // Without attributes that the file system may not have.
        provision.arg(format!("--option=posix:eadb={}", path("eadb.tdb")));
        support::run(&mut provision).fine();
        // Only what a directory needs.
        let config = path("dc/etc/smb.conf");
        let text = fs::read_to_string(&config).unwrap();
        let lines = text.lines().filter(|line| !line.contains("server services"));
        let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
        let own = format!(
            "[global]\n\tserver services = ldap, rpc, kdc, cldap\n\tinterfaces = lo\n\
             \tbind interfaces only = yes\n\tlog file = {}\n\
             \ttls certfile = {}\n\ttls keyfile = {}\n\ttls cafile = {}\n",
            path("log.%m"),
            path("cert.pem"),
            path("key.pem"),
            ca.file().display()
        );
        fs::write(&config, lines.replacen("[global]\n", &own, 1)).unwrap();
        // Debian's own Python, which has Samba's modules.
        let mut fill = Command::new("/usr/bin/python3");
        fill.args(["-B", "-c", FILL, &config, PASSWORD]);
        support::run(&mut fill).fine();
        let mut command = support::command("samba");
        command.args(["--interactive", "--model=single", "-s", &config]);
        let mut running = Running::start(&mut command, folder.join("log"));
        for port in [389, 636] {
            running.until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        }
        Self { _running: running, _temporary: temporary }
    }
}

#[test]
fn a_domain_controller_is_read_like_active_directory() {
    needs!("samba", "samba-tool");
    for file in ["/usr/lib/python3/dist-packages/samba", "/usr/share/samba/setup/provision.ldif"] {
        if !Path::new(file).exists() {
            return support::skip("samba-ad-provision");
        }
    }
    if !support::is_root() {
        return support::skip("root");
    }
    alone("samba::a_domain_controller_is_read_like_active_directory", || {
        let ca = Ca::new();
        let _samba = Samba::start(&ca);
        let run = Run::new();
        let ask = |scheme: &str, port: u16, name: &str, password: &str| {
            let ask = Ask::new(scheme, (Ipv4Addr::LOCALHOST, port).into(), "").trusting(&ca);
            ask.by_name(name, password)
        };
        for (scheme, port, name) in
            [("ldaps", 636, ADMINISTRATOR), ("ldap", 389, "CORP\\Administrator")]
        {
            let all = ask(scheme, port, name, PASSWORD).and(&["--dry-run"]).works(&run);
            for words in ["taken for Active Directory", "files for 1100 users", "not followed: 1"] {
                assert!(all.stderr.contains(words), "no {words:?} in {}", all.stderr);
            }
        }
        let one = ask("ldaps", 636, ADMINISTRATOR, PASSWORD);
        let one = one.below("CN=user7,CN=Users,DC=corp,DC=example,DC=test");
        let said = one.and(&["--format", "json"]).works(&run);
        let said: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(said["users"], 1, "{said}");
        let path = "out/outlook.com/user7@outlook.com/unix-mail-msmtp/msmtprc";
        let file = fs::read_to_string(run.path(path)).unwrap();
        assert!(!file.contains("corp.example"), "{file}");
        ask("ldaps", 636, ADMINISTRATOR, "wrong").fails(&["name or password is wrong", "data 52e"]);
        let left = ask("ldaps", 636, "left@corp.example.test", PASSWORD);
        left.fails(&["the account is disabled", "data 533"]);
        let nobody = Ask::new("ldaps", (Ipv4Addr::LOCALHOST, 636).into(), "").trusting(&ca);
        nobody.fails(&["tells nothing to who has not signed in", "--ldap-bind does that"]);
        let base = ask("ldaps", 636, ADMINISTRATOR, PASSWORD).below("dc=other");
        base.fails(&["there is no dc=other"]);
    });
}
