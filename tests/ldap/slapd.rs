//! slapd, started by the test in a folder of its own.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::ca::{Ca, HOST, Identity};
use crate::support::{self, Ended, Run, Running, own_addresses};

pub const READER: &str = "cn=reader,dc=example,dc=test";
pub const PASSWORD: &str = "c0rrect horse/battery";
pub const BASE: &str = "ou=people,dc=example,dc=test";

/// How it is set up, beyond what every test wants.
#[derive(Default)]
pub struct Setup<'a> {
    /// None: it has no TLS.
    pub identity: Option<&'a Identity>,
    /// Whose client certificates it takes.
    pub ca: Option<&'a Ca>,
    /// Lines of slapd.conf before its database.
    pub lines: &'a str,
    /// Entries below [`BASE`], as LDIF.
    pub people: &'a str,
}

pub struct Slapd {
    /// StartTLS.
    pub plain: SocketAddr,
    /// TLS from the first byte.
    pub secure: SocketAddr,
    folder: PathBuf,
    // In this order: what runs in the folder ends before the folder goes.
    _running: Running,
    _temporary: TempDir,
}

impl Slapd {
    pub fn start(setup: &Setup<'_>) -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path().to_owned();
        let path = |name: &str| folder.join(name).display().to_string();
        fs::create_dir(path("db")).unwrap();
        let mut tls = String::new();
        if let Some(identity) = setup.identity {
            fs::write(path("cert.pem"), &identity.chain).unwrap();
            fs::write(path("key.pem"), &identity.key).unwrap();
            let (cert, key) = (path("cert.pem"), path("key.pem"));
            write!(tls, "TLSCertificateFile {cert}\nTLSCertificateKeyFile {key}\n").unwrap();
        }
        if let Some(ca) = setup.ca {
            writeln!(tls, "TLSCACertificateFile {}", ca.file().display()).unwrap();
        }
        let config = format!(
            "include /etc/ldap/schema/core.schema\n\
             include /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\n\
             modulepath /usr/lib/ldap\n\
             moduleload back_mdb\n\
             pidfile {pid}\n\
             authz-regexp \"^cn=reader$\" {READER}\n\
             authz-regexp \"cn=peercred,cn=external,cn=auth\" {READER}\n\
             {tls}{lines}\n\
             database mdb\n\
             suffix dc=example,dc=test\n\
             rootdn cn=admin,dc=example,dc=test\n\
             directory {db}\n\
             maxsize 268435456\n\
             dbnosync\n\
             index objectClass eq\n\
             access to attrs=userPassword by anonymous auth\n\
             access to * by users read by anonymous auth\n",
            pid = path("pid"),
            db = path("db"),
            lines = setup.lines,
        );
        let people = format!(
            "dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\n\
             o: Example\ndc: example\n\n\
             dn: {READER}\nobjectClass: organizationalRole\n\
             objectClass: simpleSecurityObject\ncn: reader\nuserPassword: {PASSWORD}\n\n\
             dn: {BASE}\nobjectClass: organizationalUnit\nou: people\n\n{}",
            setup.people
        );
        fs::write(path("slapd.conf"), config).unwrap();
        fs::write(path("people.ldif"), people).unwrap();
        let mut load = support::command("slapadd");
        load.args(["-q", "-f", &path("slapd.conf"), "-l", &path("people.ldif")]);
        support::run(&mut load).fine();
        let [plain, secure] = own_addresses();
        let socket = folder.join("socket");
        let encoded = socket.display().to_string().replace('/', "%2F");
        let urls = format!("ldap://{plain}/ ldaps://{secure}/ ldapi://{encoded}/");
        let mut command = support::command("slapd");
        // In the foreground.
        command.args(["-d", "0", "-f", &path("slapd.conf"), "-h", &urls]);
        let mut running = Running::start(&mut command, folder.join("log"));
        for address in [plain, secure] {
            running.until(|| TcpStream::connect(address).ok());
        }
        running.until(|| UnixStream::connect(&socket).ok());
        Self { plain, secure, folder, _running: running, _temporary: temporary }
    }

    /// With what `rest` says of base, attributes, scope and filter.
    pub fn starttls(&self, rest: &str) -> Ask {
        Ask::new("ldap", self.plain, rest)
    }

    pub fn ldaps(&self, rest: &str) -> Ask {
        Ask::new("ldaps", self.secure, rest)
    }

    pub fn socket(&self, rest: &str) -> Ask {
        let path = self.folder.join("socket").display().to_string().replace('/', "%2F");
        Ask { url: format!("ldapi://{path}/{rest}"), ..Ask::new("ldapi", self.plain, rest) }
    }

    /// What ldapsearch says to the same, without pages.
    pub fn unpaged(&self) -> Ended {
        let path = self.folder.join("socket").display().to_string().replace('/', "%2F");
        let mut command = support::command("ldapsearch");
        command.args(["-x", "-LLL", "-H", &format!("ldapi://{path}"), "-D", READER]);
        command.args(["-w", PASSWORD, "-b", BASE, "(objectClass=inetOrgPerson)", "mail"]);
        support::run(&mut command)
    }
}

/// A run of `generate --users ldap…`.
pub struct Ask {
    url: String,
    args: Vec<String>,
    password: String,
}

impl Ask {
    /// [`HOST`] is where this address is.
    pub fn new(scheme: &str, at: SocketAddr, rest: &str) -> Self {
        let port = at.port();
        let url = format!("{scheme}://{HOST}:{port}/{rest}");
        let args = ["--target", "unix-mail-msmtp", "--resolve"].map(str::to_owned);
        let args = args.into_iter().chain([format!("{HOST}:{port}:{at}")]).collect();
        Self { url, args, password: PASSWORD.to_owned() }
    }

    pub fn and(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    pub fn trusting(self, ca: &Ca) -> Self {
        let file = ca.file().display().to_string();
        self.and(&["--ca", &file])
    }

    pub fn signed_in(self) -> Self {
        self.by_name(READER, PASSWORD)
    }

    pub fn by_name(mut self, name: &str, password: &str) -> Self {
        self.password = password.to_owned();
        self.and(&["--ldap-bind", name, "--ldap-password-from", "env:DIRECTORY_PASSWORD"])
    }

    /// With another base than its first.
    pub fn below(mut self, rest: &str) -> Self {
        self.url.truncate(self.url.rfind('/').unwrap() + 1);
        self.url += rest;
        self
    }

    /// Goes to another place under the same name.
    pub fn through(mut self, at: SocketAddr) -> Self {
        let last = self.args.iter().position(|arg| arg == "--resolve").unwrap() + 1;
        let (host, rest) = self.args[last].split_once(':').unwrap();
        let (port, _) = rest.split_once(':').unwrap();
        self.args[last] = format!("{host}:{port}:{at}");
        self
    }

    /// Under another name.
    pub fn called(mut self, host: &str) -> Self {
        self.url = self.url.replace(HOST, host);
        self.args.iter_mut().for_each(|arg| *arg = arg.replace(HOST, host));
        self
    }

    pub fn command(&self, run: &Run) -> std::process::Command {
        let args = ["generate", "--users", &self.url].map(str::to_owned);
        let args: Vec<&str> = args.iter().chain(&self.args).map(String::as_str).collect();
        let mut command = run.command(&args);
        command.env("DIRECTORY_PASSWORD", &self.password);
        command
    }

    pub fn run(&self, run: &Run) -> Ended {
        support::run(&mut self.command(run))
    }

    /// It works, and says this.
    #[track_caller]
    pub fn works(&self, run: &Run) -> Ended {
        self.run(run).fine()
    }

    /// It cannot run, says these words, and writes nothing.
    #[track_caller]
    pub fn fails(&self, words: &[&str]) -> Ended {
        let run = Run::new();
        let said = self.run(&run);
        assert_eq!(said.code, Some(2), "{said:#?}");
        for words in words {
            assert!(said.stderr.contains(words), "no {words:?} in: {}", said.stderr);
        }
        assert!(said.stderr.lines().count() == 1, "{}", said.stderr);
        assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
        assert!(!run.path("out").exists(), "something was written");
        said
    }
}

/// So many people, as LDIF.
pub fn people(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        write!(
            text,
            "dn: uid=user{n},{BASE}\nobjectClass: inetOrgPerson\nuid: user{n}\n\
             cn: User {n}\nsn: Number {n}\nmail: user{n}@outlook.com\n\n"
        )
        .unwrap();
    }
    text
}

/// One person with further lines.
pub fn person(uid: &str, lines: &str) -> String {
    format!(
        "dn: uid={uid},{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\n\
         {lines}\n\n"
    )
}
