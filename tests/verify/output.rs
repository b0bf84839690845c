//! What the program prints, in every format, and what it never prints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::ca::{Ca, HOST};
use crate::support::peer::{Conn, Peer};
use crate::support::{Ended, Run};

const PASSWORD: &str = "c0rrect-h0rse/battery";

const PROVIDER: &str = r#"
[emailProvider]
id = "example.test"
displayName = "Example"
displayShortName = "Example"
domains = ["example.test"]
source = "test"

[[incomingServer]]
type = "pop3"
hostname = "mail.example.test"
alternativeHostnames = ["pop.example.test"]
port = 995
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
source = "test"

[[outgoingServer]]
type = "smtp"
hostname = "mail.example.test"
port = 465
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
source = "test"
"#;

/// The same with POP3 or with IMAP.
pub fn provider(protocol: &str) -> String {
    match protocol {
        "imap" => PROVIDER.replace("\"pop3\"", "\"imap\"").replace("995", "993"),
        _ => PROVIDER.to_owned(),
    }
}

/// Echoes what it hears, so that a secret comes back in every form.
fn pop3(conn: &mut Conn) {
    conn.say("+OK ready\r\n");
    while let Some(line) = conn.hear() {
        let plain = STANDARD.decode(&line).unwrap_or_default();
        let plain = String::from_utf8_lossy(&plain).replace('\0', " ");
        match line.as_str() {
            "CAPA" => conn.say("+OK\r\nUIDL\r\nSASL PLAIN\r\n.\r\n"),
            "AUTH PLAIN" => conn.say("+ \r\n"),
            "QUIT" => return,
            _ => conn.say(&format!("-ERR [AUTH] {line} is {plain}, no password of ann's\r\n")),
        }
    }
}

fn smtp(conn: &mut Conn) {
    conn.say("220 ready\r\n");
    let ehlo = ("EHLO", "250-mail\r\n250 AUTH PLAIN\r\n");
    conn.answer(&[ehlo, ("AUTH", "334 \r\n"), ("QUIT", ""), ("", "235 2.7.0 welcome\r\n")]);
}

struct Servers {
    ca: Ca,
    pop3: Peer,
    smtp: Peer,
    run: Run,
}

impl Servers {
    fn new() -> Self {
        let ca = Ca::new();
        let identity = ca.good().server();
        let pop3 = Peer::tls(identity.clone(), pop3);
        let smtp = Peer::tls(identity, smtp);
        let run = Run::new().write("example.test.toml", PROVIDER).env("PW", PASSWORD);
        Self { ca, pop3, smtp, run }
    }

    fn verify(&self, more: &[&str]) -> Ended {
        let ca = self.ca.file().display().to_string();
        let at = [
            format!("{HOST}:995:{}", self.pop3.address),
            format!("{HOST}:465:{}", self.smtp.address),
            "pop.example.test:995:127.0.0.1:1".to_owned(),
        ];
        let mut args = vec!["verify", "example.test.toml", "--ca", &ca];
        for resolve in &at {
            args.extend(["--resolve", resolve]);
        }
        args.extend(more);
        self.run.args(&args)
    }
}

#[test]
fn a_provider_that_works_exits_0_and_says_which_name_to_use() {
    let servers = Servers::new();
    let ended = servers.verify(&[]).code(0);
    assert!(ended.stdout.contains("pop3 mail.example.test:995 SSL works"), "{}", ended.stdout);
    assert!(ended.stdout.contains("pop3: use mail.example.test; it works"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("2 of 2 servers work\n"), "{}", ended.stdout);
}

#[test]
fn json_has_a_step_a_line_and_its_code() {
    let servers = Servers::new();
    let ended = servers.verify(&["--format", "json"]).code(0);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["works"], true);
    assert_eq!(json["use"][0]["hostname"], HOST);
    let other = &json["servers"][1];
    assert_eq!(other["alternativeOf"], HOST);
    assert_eq!(other["works"], false);
    let steps = other["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["code"], "alternative-fails");
    let step = &steps[steps.len() - 2];
    assert_eq!((&step["step"], &step["outcome"]), (&"connect".into(), &"failed".into()));
    assert_eq!(step["code"], "connection-refused");
    assert!(step["help"].is_string() && step["seconds"].is_number());
    assert!(json["servers"][0].get("transcript").is_none());
}

#[test]
fn junit_is_xml_with_a_failure_for_each_failed_step() {
    let servers = Servers::new();
    let args = ["--login", "ann", "--password-from", "env:PW", "--format", "junit"];
    let ended = servers.verify(&args).code(1);
    let mut reader = quick_xml::Reader::from_str(&ended.stdout);
    let mut failures = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(e) if e.name().as_ref() == "failure" => failures += 1,
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(failures, 1, "{}", ended.stdout);
}

#[test]
fn no_output_has_a_secret_in_any_form() {
    let servers = Servers::new();
    for format in ["human", "json", "junit"] {
        let args =
            ["--login", "ann", "--password-from", "env:PW", "--transcript", "--format", format];
        let ended = servers.verify(&args).code(1);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(all.contains("wrong-password") && all.contains("***"), "{all}");
        assert!(!all.contains(PASSWORD), "{all}");
        for before in ["", "a", "ab", "\0ann\0"] {
            let coded = STANDARD.encode(format!("{before}{PASSWORD}"));
            let inner = &coded[before.len().div_ceil(3) * 4..coded.len() - 4];
            assert!(!all.contains(inner), "{inner} in {all}");
        }
    }
    // It was really sent and really came back.
    let sent = STANDARD.encode(format!("\0ann\0{PASSWORD}"));
    assert!(servers.pop3.heard().contains(&sent));
}

#[test]
fn wrong_arguments_exit_2_and_say_what_is_right() {
    let servers = Servers::new();
    let wrong: [(&[&str], &str); 5] = [
        (&["--login", "ann"], "--password-from prompt"),
        (&["--login", "ann", "--password-from", "env:PW", "--mechanism", "MAGIC"], "SCRAM-SHA-256"),
        (&["--ca", "nothing.pem"], "cannot be used multiple times"),
        (&["--resolve", "nonsense"], "HOST:PORT:ADDR"),
        (&["--timeout", "never"], "write seconds or minutes"),
    ];
    for (args, words) in wrong {
        let ended = servers.verify(args).code(2);
        assert!(ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
    }
    let run = Run::new().write("hello.txt", "hello");
    run.args(&["verify", "hello.txt"]).code(2).says("no format that can be read");
}

#[test]
fn a_finished_file_is_tested_as_a_client_reads_it() {
    let servers = Servers::new();
    let target = ["--target", "thunderbird"];
    servers
        .run
        .args(&[&["generate", "--provider", "example.test.toml"][..], &target].concat())
        .code(0);
    let ca = servers.ca.file().display().to_string();
    let (pop3, smtp) = (servers.pop3.address, servers.smtp.address);
    let resolve = [format!("{HOST}:995:{pop3}"), format!("{HOST}:465:{smtp}")];
    let file = "out/example.test/thunderbird/config-v1.1.xml";
    let args = ["verify", file, "--ca", &ca, "--resolve", &resolve[0], "--resolve", &resolve[1]];
    let ended = servers.run.args(&args).code(0);
    assert!(ended.stdout.contains("2 of 2 servers work"), "{}", ended.stdout);
}

#[test]
fn generate_verify_writes_only_what_works() {
    let servers = Servers::new();
    let ca = servers.ca.file().display().to_string();
    let (pop3, smtp) = (servers.pop3.address, servers.smtp.address);
    let resolve = [
        format!("{HOST}:995:{pop3}"),
        format!("{HOST}:465:{smtp}"),
        "pop.example.test:995:127.0.0.1:1".to_owned(),
        format!("{HOST}:465:127.0.0.1:1"),
    ];
    let args = |smtp: usize| {
        let mut args = vec!["generate", "--provider", "example.test.toml", "--verify", "--ca", &ca];
        for at in [0, smtp, 2] {
            args.extend(["--resolve", &resolve[at]]);
        }
        args.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |smtp: usize| {
        let args = args(smtp);
        servers.run.args(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    run(3).code(1).says("connection-refused").says("nothing was written");
    assert!(!servers.run.path("out").exists());
    let with = |smtp: usize, flags: [&'static str; 2]| {
        let args = args(smtp);
        let args: Vec<&str> = args.iter().map(String::as_str).chain(flags).collect();
        servers.run.args(&args)
    };
    with(1, ["-D", "alternative-fails"]).code(1).says("error[alternative-fails]");
    assert!(!servers.run.path("out").exists());
    with(3, ["-A", "connection-refused"]).code(0);
    with(3, ["-W", "connection-refused"]).code(0).says("warning[connection-refused]");
    run(1).code(0);
    assert!(servers.run.path("out/example.test/MANIFEST.json").exists());
}

#[test]
fn every_code_can_be_explained() {
    let run = Run::new();
    let list = run.args(&["explain"]).code(0).stdout;
    assert!(list.lines().count() > 50, "{list}");
    run.args(&["explain", "certificate-expired"]).code(0).prints("Renew it");
    run.args(&["explain", "certificate-expred"]).code(1).says("did you mean certificate-expired?");
}

#[test]
fn what_is_not_tested_is_reported_and_can_be_denied() {
    let exchange = r#"
[[incomingServer]]
type = "activeSync"
hostname = "mail.example.test"
port = 443
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
url = "https://mail.example.test/Microsoft-Server-ActiveSync"
source = "test"
"#;
    let of_person = provider("pop3").replace("mail.example.test", "%EMAILLOCALPART%.example.test");
    let run = Run::new()
        .write("example.test.toml", &format!("{}{exchange}", provider("pop3")))
        .write("person.test.toml", &of_person);
    let resolve = ["--resolve", "mail.example.test:995:127.0.0.1:1"];
    let more = ["--resolve", "mail.example.test:465:127.0.0.1:1", "-A", "connection-refused"];
    let verify = |file: &str, deny: &str| {
        let other = ["--resolve", "pop.example.test:995:127.0.0.1:1"];
        run.args(&[&["verify", file, "-D", deny][..], &resolve, &more, &other].concat())
    };
    verify("example.test.toml", "type-not-tested").code(1).says("error[type-not-tested]");
    verify("example.test.toml", "uidl-missing").code(0).says("note[type-not-tested]");
    run.args(&["verify", "person.test.toml"]).code(2).says("host-needs-address");
}

#[test]
fn a_file_without_a_server_or_with_a_defect_is_not_tested() {
    let run = Run::new().write("values.reg", "Windows Registry Editor Version 5.00\r\n").write(
        "broken.xml",
        "<clientConfig version=\"1.1\"><emailProvider id=\"x\"></clientConfig>",
    );
    run.args(&["verify", "values.reg"]).code(2).says("no-server");
    run.args(&["verify", "broken.xml"]).code(2).says("unreadable-file");
}
