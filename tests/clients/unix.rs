//! Do the programs of the terminal take their files, and understand what we meant?
//!
//! Each is asked to show its settings; none is let near a server. The commands that print passwords
//! are run by the programs, so what arrives in them shows whether the quoting holds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::{self, Bundle};

/// TLS from the first byte.
const IMPLICIT: [&str; 3] = [
    "imap imap.example.net 993 SSL password-cleartext",
    "pop3 pop.example.net 995 SSL password-cleartext",
    "smtp smtp.example.net 465 SSL password-cleartext",
];

/// TLS after STARTTLS or STLS.
const UPGRADED: [&str; 3] = [
    "imap imap.example.net 143 STARTTLS password-cleartext",
    "pop3 pop.example.net 110 STARTTLS password-cleartext",
    "smtp smtp.example.net 587 STARTTLS password-cleartext",
];

const ANN: &str = "ann@example.net";

/// A legal address, each of whose characters means something to a shell or to one of the formats.
const HOSTILE: &str = "o'ann$HOME`id`%s#{x}@example.net";

#[test]
fn fetchmail_shows_the_server_as_planned() {
    needs!("fetchmail");
    for (servers, port, tls) in [(IMPLICIT, "995", "TRUE"), (UPGRADED, "110", "FALSE")] {
        let account = Account::new("unix-mail-fetchmail", "fetchmailrc", "pop3", servers, ANN);
        let shown = fetchmail(&account);
        for line in [
            "\"pollname\":\"pop.example.net\",",
            "\"protocol\":\"POP3\",",
            &format!("\"service\":\"{port}\","),
            &format!("\"remote\":\"{ANN}\","),
            &format!("'ssl':{tls},"),
            // Without 'ssl' any protocol here makes STLS a must.
            "\"sslproto\":\"tls1.2+\",",
            "'sslcertck':TRUE,",
            "'keep':TRUE,",
        ] {
            assert!(shown.lines().any(|shown| shown.trim() == line), "no {line} in {shown}");
        }
    }
}

#[test]
fn fetchmail_takes_a_hostile_user_name_as_it_is() {
    needs!("fetchmail");
    let account = Account::new("unix-mail-fetchmail", "fetchmailrc", "imap", IMPLICIT, HOSTILE);
    let shown = fetchmail(&account);
    assert!(shown.contains(&format!("\"remote\":\"{HOSTILE}\",")), "{shown}");
}

#[test]
fn mpop_shows_the_server_as_planned() {
    needs!("mpop");
    for (servers, port, starttls) in [(IMPLICIT, "995", "off"), (UPGRADED, "110", "on")] {
        for address in [ANN, HOSTILE] {
            let account = Account::new("unix-mail-mpop", "mpoprc", "pop3", servers, address);
            let mut mpop = support::command("mpop");
            mpop.arg("--pretend").arg("-C").arg(&account.file).env("HOME", account.home());
            let said = support::run(&mut mpop).fine();
            let shown = support::pairs(&said.stdout, "=");
            assert_eq!(shown["host"], "pop.example.net");
            assert_eq!(shown["port"], port);
            assert_eq!(shown["user"], address);
            assert_eq!(shown["password"], "*", "{said:?}");
            assert_eq!((&*shown["tls"], &*shown["tls_starttls"]), ("on", starttls));
            assert_eq!(shown["tls_certcheck"], "on");
            assert_eq!(shown["keep"], "on");
            assert_eq!(account.address_in_the_password_command(), address);
        }
    }
}

#[test]
fn msmtp_shows_the_server_as_planned() {
    needs!("msmtp");
    for (servers, port, starttls) in [(IMPLICIT, "465", "off"), (UPGRADED, "587", "on")] {
        for address in [ANN, HOSTILE] {
            let account = Account::new("unix-mail-msmtp", "msmtprc", "pop3", servers, address);
            let mut msmtp = support::command("msmtp");
            msmtp.arg("--pretend").arg("-C").arg(&account.file).arg("bob@example.org");
            let said = support::run(msmtp.env("HOME", account.home())).fine();
            let shown = support::pairs(&said.stdout, "=");
            assert_eq!(shown["host"], "smtp.example.net");
            assert_eq!(shown["port"], port);
            assert_eq!((&*shown["user"], &*shown["from"]), (address, address));
            assert_eq!(shown["password"], "*", "{said:?}");
            assert_eq!((&*shown["tls"], &*shown["tls_starttls"]), ("on", starttls));
            assert_eq!(shown["tls_certcheck"], "on");
            assert_eq!(account.address_in_the_password_command(), address);
        }
    }
}

#[test]
fn getmail_shows_the_server_as_planned() {
    needs!("getmail");
    for address in [ANN, HOSTILE] {
        let account = Account::new("unix-mail-getmail", "getmailrc", "pop3", IMPLICIT, address);
        let mut getmail = support::command("getmail");
        getmail.arg("--dump").arg("--rcfile").arg(&account.file);
        getmail.arg("--getmaildir").arg(account.home()).env("HOME", account.home());
        let said = support::run(&mut getmail).fine();
        for setting in [
            "retriever:  SimplePOP3SSLRetriever(",
            "server=\"pop.example.net\"",
            "port=\"995\"",
            &format!("username=\"{address}\""),
            "ca_certs=\"/etc/ssl/certs/ca-certificates.crt\"",
            "delete : False",
        ] {
            assert!(said.stdout.contains(setting), "no {setting} in {}", said.stdout);
        }
    }
}

#[test]
fn neomutt_shows_the_servers_as_planned() {
    needs!("neomutt");
    for (servers, folder, smtp) in [
        (IMPLICIT, "imaps://imap.example.net:993/", ("smtps", 465)),
        (UPGRADED, "imap://imap.example.net:143/", ("smtp", 587)),
    ] {
        for address in [ANN, HOSTILE] {
            let account = Account::new("unix-mail-neomutt", "neomuttrc", "imap", servers, address);
            let shown = neomutt(&account);
            let set =
                |name: &str| shown.lines().find_map(|l| l.strip_prefix(&format!("set {name} = ")));
            assert_eq!(set("folder"), Some(&*format!("\"{folder}\"")), "{shown}");
            assert_eq!(set("imap_user"), Some(&*format!("\"{address}\"")));
            assert_eq!(set("ssl_force_tls"), Some("yes"));
            let (scheme, port) = smtp;
            let url = set("smtp_url").unwrap_or_default();
            assert!(url.starts_with(&format!("\"{scheme}://")), "{url}");
            assert!(url.contains(&format!("@smtp.example.net:{port}/")), "{url}");
            assert_eq!(account.address_in_the_password_command(), address);
        }
    }
}

#[test]
fn neomutt_fetches_pop3_into_a_maildir() {
    needs!("neomutt");
    let account = Account::new("unix-mail-neomutt", "neomuttrc", "pop3", IMPLICIT, ANN);
    let shown = neomutt(&account);
    for line in [
        "set pop_host = \"pops://pop.example.net:995\"",
        "set pop_user = \"ann@example.net\"",
        "set pop_delete = no",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "no {line} in {shown}");
    }
}

/// One person's file for one program, with a password command that writes down what it was given.
struct Account {
    bundle: Bundle,
    file: PathBuf,
}

impl Account {
    #[track_caller]
    fn new(target: &str, file: &str, protocol: &str, servers: [&str; 3], address: &str) -> Self {
        let bundle = Bundle::new().with_file("own.toml", &support::provider("Example", &servers));
        let written = bundle.folder().join("given");
        let command = format!("printf %s {{address}} | tee {}", written.display());
        let maildir = bundle.folder().join("Mail");
        for folder in ["cur", "new", "tmp"] {
            fs::create_dir_all(maildir.join(folder)).expect("a Maildir");
        }
        let mut arguments = vec![address.to_owned()];
        arguments.extend(["--provider", "own.toml", "--protocol", protocol].map(Into::into));
        arguments.extend(["--target".into(), target.into()]);
        if target != "unix-mail-fetchmail" {
            arguments.extend(["--set".into(), format!("{target}.passwordCommand={command}")]);
        }
        if !["unix-mail-fetchmail", "unix-mail-msmtp"].contains(&target) {
            arguments.extend(["--set".into(), format!("{target}.maildir={}/", maildir.display())]);
        }
        let bundle = bundle.and(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let file = bundle.file(target, file);
        // As the manifest tells people to: these programs refuse a file that others can read.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("our own file");
        Self { bundle, file }
    }

    fn home(&self) -> &Path {
        self.bundle.folder()
    }

    #[track_caller]
    fn address_in_the_password_command(&self) -> String {
        fs::read_to_string(self.home().join("given")).expect("the program ran the command")
    }
}

#[track_caller]
fn fetchmail(account: &Account) -> String {
    let mut fetchmail = support::command("fetchmail");
    fetchmail.arg("--configdump").arg("-f").arg(&account.file).env("HOME", account.home());
    support::run(&mut fetchmail).fine().stdout
}

#[track_caller]
fn neomutt(account: &Account) -> String {
    let mut neomutt = support::command("neomutt");
    // -n: not the machine's own settings.
    neomutt.args(["-n", "-D", "-F"]).arg(&account.file).env("HOME", account.home());
    support::run(&mut neomutt).fine().stdout
}
