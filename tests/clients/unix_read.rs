//! Do the readers of msmtp's, mpop's and getmail's files see what the programs see?
//!
//! Over every file of the rules in `tests/fixtures/check`, and some more: the program refuses where
//! the reader says so, and shows the servers that the reader has read. Nothing is let near a server,
//! and a command for a password is replaced by one that prints a word.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mailwright::internals::check::advice::advise;
use mailwright::internals::check::encoding::encoding;
use mailwright::internals::import::{Defect, ReadServer, Reader, recognise};
use mailwright::internals::model::{Authentication, SocketType};
use tempfile::TempDir;

use crate::support::{self, Ended};

/// Quotes, tabs, `defaults`, accounts made from others, and ports that nobody wrote.
const SENDING: [&str; 5] = [
    "defaults\ntls on\ntls_trust_file\naccount default\nhost smtp.example.com\n",
    "# one\n\tdefaults\n tls \"on\"\naccount a\n\thost\t\"smtp.example.com\"\nuser \" a b \"\nauth\n\
     account b:a\nuser \"b\"\"\ndefaults\ntls_starttls off\naccount c : a , b\naccount default : c\n",
    "host smtp.example.com\nport 0x24B\nfrom ann@example.com\n",
    "account default\nhost 192.0.2.1\ntls\ntls_nostarttls\nauth xoauth2\nuser ann#1 # two\n",
    "account \"a b\"\nhost SMTP.example.com\nport +025\ntls on\nauth scram-sha-1\nuser '\naccount default:a b",
];

const FETCHING: [&str; 3] = [
    "defaults\nkeep\ndelivery mbox \"~/a b\"\naccount a\nhost pop.example.com\nuser \"ann\"\n\
     account b : a\ntls on\ntls_starttls off\naccount default : b\nuser bob\n",
    "account default\nhost pop.example.com\ntls on\nuser x\ndelivery\tmaildir ~/Mail\nskipsize 0x10k\n",
    "account default\n host pop.example.com\n port 1995\n auth apop\n user x\n delivery mda cat\nkeep off",
];

const GETTING: [&str; 3] = [
    "[retriever]\n type : SimpleIMAPSSLRetriever\n SERVER = imap.example.com\n username = a % b\n\
     \n[destination]\ntype=Maildir\npath=~/Mail/\n[options]\nread_all=No\ndelete_after = 1_0\n",
    "; x\n[destination]\ntype = Maildir\npath = $HOME/Mail/\n[retriever] # x\n\
     type = SimplePOP3Retriever\nserver = 192.0.2.1\nport = '0110' # x\nusername: a = b\n",
    "[options]\ndelete: ON\n[retriever]\ntype: SimplePOP3SSLRetriever\nserver: pop.example.com\n\
     password_command: (\n    \"/bin/echo\",\n\n    # x\n    'x')\nusername:x\n[destination]\n\
     type: Maildir\npath: ~/Mail/\n",
];

#[test]
fn msmtp_sees_what_its_reader_sees() {
    needs!("msmtp");
    for file in files(".msmtprc", &SENDING) {
        line_by_line("msmtp", Reader::Msmtp, &file);
    }
}

#[test]
fn mpop_sees_what_its_reader_sees() {
    needs!("mpop");
    for file in files(".mpoprc", &FETCHING) {
        line_by_line("mpop", Reader::Mpop, &file);
    }
}

#[test]
fn getmail_sees_what_its_reader_sees() {
    needs!("getmail");
    let home = Home::new();
    for file in files(".getmailrc", &GETTING) {
        let Seen { servers, defects, advice, .. } = file.seen(Reader::Getmail);
        let is = |codes: &[&str]| defects.iter().any(|defect| codes.contains(&defect.code.name));
        // 6.18 says of these that they are unknown.
        if has(&advice, &["getmail-new-option", "getmail-xoauth2-pop3"]) {
            continue;
        }
        // These are looked at when it connects, and --dump does not.
        let later = |defect: &&Defect| {
            let names = ["ssl_version", "keyfile", "certfile"];
            names.into_iter().any(|name| defect.message.starts_with(name))
        };
        if defects.iter().any(|defect| later(&defect)) {
            continue;
        }
        let said = home.getmail(&file);
        let refused = is(&[
            "getmail-encoding",
            "getmail-maildir",
            "getmail-missing-option",
            "getmail-no-section",
            "getmail-syntax",
            "getmail-tuple",
            "getmail-twice",
            "getmail-unknown-type",
            "getmail-value",
        ]);
        let shows = said.stdout.contains("retriever:  ");
        assert_eq!(!shows, refused, "{}: {defects:?} {said:?}", file.name);
        let unknown = |defect: &Defect| {
            defect.code == "getmail-unknown-option" && !defect.message.ends_with("[options]")
        };
        let ignores = said.stderr.contains("ignoring unknown parameter");
        assert_eq!(ignores, defects.iter().any(unknown), "{}: {said:?}", file.name);
        if let Some(server) = servers.first().filter(|_| defects.is_empty()) {
            let shown = said.stdout.to_lowercase();
            let tls = server.socket_type == [SocketType::Ssl];
            let leaves = server.leave_messages_on_server == Some(true);
            let moves = shown.contains("move_on_delete=\"archive\"");
            for setting in [
                format!("{}{}retriever(", server.server_type, if tls { "ssl" } else { "" }),
                format!("server=\"{}\"", server.hostname),
                format!("port=\"{}\"", server.port),
                format!("delete : {}", !leaves || moves),
                format!("delete_after : {}", server.days_to_leave_messages_on_server.unwrap_or(0)),
                server.username.as_ref().map_or(String::new(), |u| format!("username=\"{u}\"")),
            ] {
                // Of days that nothing waits for the reader says none.
                let unsaid = (moves || !leaves) && setting.starts_with("delete_after");
                let found = shown.contains(&setting.to_lowercase());
                assert!(found || unsaid, "{}: no {setting} in {shown}", file.name);
            }
        }
    }
}

/// Runs msmtp or mpop for each account of a file.
#[track_caller]
fn line_by_line(program: &str, reader: Reader, file: &File) {
    let Seen { servers, defects, advice, text } = file.seen(reader);
    if has(&advice, &["msmtp-new-command"]) {
        return;
    }
    let refused = has(
        &defects,
        &[
            "msmtp-account-name",
            "msmtp-account-twice",
            "msmtp-encoding",
            "msmtp-line",
            "msmtp-no-account",
            "msmtp-port",
            "msmtp-unknown-command",
            "msmtp-unknown-parent",
            "msmtp-value",
        ],
    );
    let lacking =
        has(&defects, &["msmtp-no-delivery", "msmtp-no-host", "msmtp-no-port", "msmtp-tls-files"]);
    let home = Home::new();
    let mut names: Vec<String> = text.lines().filter_map(account).collect();
    if names.is_empty() {
        names.push("default".into());
    }
    let mut shows_one = false;
    for name in &names {
        let said = home.ask(program, file, name);
        if said.code != Some(0) {
            let is_said = refused || lacking || name == "common";
            assert!(is_said, "{}, {name}: {defects:?} {said:?}", file.name);
            continue;
        }
        shows_one = true;
        assert!(!refused, "{}, {name}: {defects:?} {said:?}", file.name);
        let shown = support::pairs(&said.stdout, " = ");
        if has(&defects, &["msmtp-hostname"]) || shown.get("protocol").is_some_and(|p| p == "lmtp")
        {
            continue;
        }
        let found = servers.iter().any(|server| is_shown(server, &shown));
        assert!(found, "{}, {name}: {servers:#?} {}", file.name, said.stdout);
    }
    assert_eq!(shows_one, !refused && !lacking, "{}: {defects:?}", file.name);
}

/// The name in a line that begins an account.
fn account(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("account")?.strip_prefix([' ', '\t'])?;
    let name = rest.split(':').next().unwrap_or_default().trim().trim_matches('"');
    (!name.is_empty() && !name.contains(',')).then(|| name.to_owned())
}

fn is_shown(server: &ReadServer, shown: &std::collections::BTreeMap<String, String>) -> bool {
    let shows = |name: &str, value: &str| shown.get(name).is_some_and(|shown| shown == value);
    let (tls, starttls) = match server.socket_type[..] {
        [SocketType::Ssl] => ("on", Some("off")),
        [SocketType::Starttls] => ("on", Some("on")),
        _ => ("off", None),
    };
    let way = match server.authentication[..] {
        [Authentication::None] => shows("auth", "none"),
        [Authentication::OAuth2] => shows("auth", "XOAUTH2") || shows("auth", "OAUTHBEARER"),
        _ => !shows("auth", "none"),
    };
    let keep = server
        .leave_messages_on_server
        .is_none_or(|leave| shows("keep", if leave { "on" } else { "off" }));
    let user = match &server.username {
        Some(user) => shows("user", user.trim()),
        None => shows("user", "(not set)") || shows("auth", "none"),
    };
    shown["host"].eq_ignore_ascii_case(&server.hostname)
        && shows("port", &server.port.to_string())
        && shows("tls", tls)
        && starttls.is_none_or(|starttls| shows("tls_starttls", starttls))
        && way
        && user
        && keep
}

fn has(defects: &[Defect], codes: &[&str]) -> bool {
    defects.iter().any(|defect| codes.contains(&defect.code.name))
}

struct File {
    name: String,
    bytes: Vec<u8>,
}

/// What the reader has to say.
struct Seen {
    text: String,
    servers: Vec<ReadServer>,
    defects: Vec<Defect>,
    advice: Vec<Defect>,
}

impl File {
    fn seen(&self, reader: Reader) -> Seen {
        let text = match recognise(&self.bytes) {
            Some((_, text)) => text,
            None => String::from_utf8_lossy(&self.bytes).into_owned(),
        };
        let examined = reader.examine(&text);
        let advice = advise(reader, &text, &examined);
        let mut defects = examined.defects;
        defects.append(encoding(reader, &self.bytes));
        Seen {
            text,
            servers: examined.config.servers,
            defects: defects.to_vec(),
            advice: advice.to_vec(),
        }
    }
}

/// The fixtures that end so, and these texts.
fn files(end: &str, more: &[&str]) -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    let paths =
        support::walk(&folder).into_iter().filter(|path| path.to_string_lossy().ends_with(end));
    let fixtures = paths.map(|path| File {
        name: path.display().to_string(),
        bytes: fs::read(&path).expect("a fixture"),
    });
    let more =
        more.iter().map(|text| File { name: format!("{text:?}"), bytes: text.as_bytes().into() });
    let files: Vec<File> = fixtures.chain(more).collect();
    assert!(files.len() > 30, "{} files end in {end}", files.len());
    files
}

/// A home with what the files name.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = TempDir::new().expect("a temporary folder");
        for folder in ["Mail/cur", "Mail/new", "Mail/tmp", ".getmail"] {
            fs::create_dir_all(home.path().join(folder)).expect("a folder");
        }
        for file in ["mbox", "mail", "bob.pem", "bob.key", "program"] {
            fs::write(home.path().join(file), "").expect("a file");
        }
        fs::write(home.path().join(".netrc"), "machine pop.example.com login ann password x\n")
            .expect("a file");
        private(&home.path().join(".netrc"));
        let program = home.path().join("program");
        fs::set_permissions(program, fs::Permissions::from_mode(0o700)).expect("our own file");
        Self(home)
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("rc");
        fs::write(&path, bytes).expect("a file");
        private(&path);
        path
    }

    #[track_caller]
    fn ask(&self, program: &str, file: &File, account: &str) -> Ended {
        let mut command = support::command(program);
        command.args(["--pretend", "--passwordeval=echo word", "-C"]).arg(self.file(&file.bytes));
        match program {
            "msmtp" => command.args(["-a", account, "bob@example.org"]),
            _ => command.args(["--", account]),
        };
        support::run(command.env("HOME", self.0.path()))
    }

    #[track_caller]
    fn getmail(&self, file: &File) -> Ended {
        let own = self.0.path().join("program").display().to_string();
        let mut bytes = file.bytes.clone();
        // Files that this machine need not have.
        if let Ok(text) = String::from_utf8(bytes.clone()) {
            let others = [
                "/etc/pki/tls/certs/ca-bundle.crt",
                "/etc/ssl/certs/ca-certificates.crt",
                "/usr/bin/maildrop",
                "/usr/bin/spamc",
                "/usr/bin/bogofilter",
            ];
            bytes = others.iter().fold(text, |text, other| text.replace(other, &own)).into();
        }
        let mut command = support::command("getmail");
        command.arg("--dump").arg("--rcfile").arg(self.file(&bytes));
        command.arg("--getmaildir").arg(self.0.path()).env("HOME", self.0.path());
        support::run(&mut command)
    }
}

/// As the programs want it of a file that may hold a password.
fn private(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("our own file");
}
