//! Faults that are seldom seen, and the promise that every code is what some test sees.

use std::fs;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mailwright::internals::codes;
use mailwright::internals::model::{Authentication, SocketType};
use mailwright::internals::verify::{Mechanism, StepOutcome};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};

use crate::harness::{Test, same_codes};
use crate::output::provider;
use crate::support::ca::{Ca, HOST};
use crate::support::peer::{Conn, Peer};
use crate::support::{Run, root};

const CAPA: (&str, &str) =
    ("CAPA", "+OK\r\nUIDL\r\nUSER\r\nSASL PLAIN CRAM-MD5 SCRAM-SHA-256\r\n.\r\n");

fn pop3(conn: &mut Conn) {
    conn.say("+OK ready\r\n");
    conn.answer(&[CAPA]);
}

#[test]
fn a_certificate_that_ends_in_three_days_is_a_warning() {
    let ca = Ca::new();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let soon = date_time_ymd(1970, 1, 1) + now + Duration::from_secs(3 * 86_400 + 3_600);
    let peer = Peer::tls(ca.with(|params| params.not_after = soon).server(), pop3);
    let report = Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).run();
    assert!(report.works(), "{report:#?}");
    assert_eq!(report.certificate_days, Some(3));
    let warned: Vec<_> = report
        .steps
        .iter()
        .filter(|step| step.outcome == StepOutcome::Warning)
        .filter_map(|step| step.code.map(|code| code.name))
        .collect();
    assert_eq!(warned, ["certificate-expires-soon"]);
}

#[test]
fn a_certificate_that_is_not_for_servers_is_invalid() {
    let ca = Ca::new();
    let identity = ca.with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let peer = Peer::tls(identity.server(), pop3);
    Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).fails(&["certificate-invalid"]);
}

#[test]
fn a_tls_handshake_that_never_ends_and_one_that_breaks_off_are_told_apart() {
    let silent = Peer::new(Conn::wait);
    Test::pop3(SocketType::Ssl, silent.address)
        .within(Duration::from_millis(500))
        .fails(&["tls-timeout"]);
    let hangs_up = Peer::new(|conn| {
        conn.octets(100);
    });
    Test::pop3(SocketType::Ssl, hangs_up.address).fails(&["tls-handshake-failed"]);
    // A fatal alert, "handshake failure" (RFC 8446 §6).
    let alert = Peer::new(|conn| {
        conn.octets(100);
        conn.bytes(&[0x15, 3, 3, 0, 2, 2, 40]);
        conn.wait();
    });
    Test::pop3(SocketType::Ssl, alert.address).fails(&["tls-handshake-failed"]);
}

#[test]
fn a_server_that_refuses_the_first_command_of_all_is_named() {
    let ca = Ca::new();
    let smtp = Peer::tls(ca.good().server(), |conn| {
        conn.say("220 ready\r\n");
        conn.answer(&[("EHLO", "502 5.5.2 what?\r\n")]);
    });
    Test::smtp(SocketType::Ssl, smtp.address).trusting(&ca).fails(&["command-refused"]);
    let imap = Peer::tls(ca.good().server(), |conn| {
        conn.say("* OK ready\r\n");
        conn.answer(&[("CAPABILITY", "{tag} NO not today\r\n")]);
    });
    Test::imap(SocketType::Ssl, imap.address).trusting(&ca).fails(&["command-refused"]);
}

#[test]
fn a_challenge_that_is_no_base64_is_malformed() {
    let ca = Ca::new();
    let peer = Peer::tls(ca.good().server(), |conn| {
        conn.say("+OK ready\r\n");
        conn.answer(&[CAPA, ("AUTH", "+ <not base64>\r\n")]);
    });
    Test::pop3(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .declaring(&[Authentication::PasswordEncrypted])
        .password("ann", "secret")
        .by(Mechanism::CramMd5)
        .fails(&["sasl-malformed"]);
}

#[test]
fn a_server_that_says_yes_without_knowing_the_password_is_not_believed() {
    let ca = Ca::new();
    let peer = Peer::tls(ca.good().server(), |conn| {
        conn.say("+OK ready\r\n");
        conn.hear();
        conn.say(CAPA.1);
        conn.hear();
        conn.say("+ \r\n");
        // Whoever it is knows how SCRAM goes, but not the password.
        let first = STANDARD.decode(conn.hear().unwrap()).unwrap();
        let first = String::from_utf8(first).unwrap();
        let nonce = first.split("r=").nth(1).unwrap();
        let challenge = STANDARD.encode(format!("r={nonce}more,s=c2FsdA==,i=4096"));
        conn.say(&format!("+ {challenge}\r\n"));
        conn.hear();
        conn.say(&format!("+ {}\r\n", STANDARD.encode("v=bm8gcHJvb2Y=")));
        conn.say("+OK welcome\r\n");
        conn.wait();
    });
    Test::pop3(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .declaring(&[Authentication::PasswordEncrypted])
        .password("ann", "secret")
        .fails(&["server-proof-wrong"]);
}

#[test]
fn many_slow_steps_meet_the_deadline_of_the_whole_server() {
    let ca = Ca::new();
    let slow = || std::thread::sleep(Duration::from_millis(150));
    let peer = Peer::tls(ca.good().server(), move |conn| {
        conn.say("+OK ready\r\n");
        while let Some(line) = conn.hear() {
            slow();
            match line.as_str() {
                "CAPA" => conn.say(CAPA.1),
                "AUTH PLAIN" => conn.say("+ \r\n"),
                // The mailbox is never told of, and a step alone would be waited for much longer.
                "STAT" => conn.wait(),
                _ => conn.say("+OK welcome\r\n"),
            }
        }
    });
    let test = Test::pop3(SocketType::Ssl, peer.address)
        .trusting(&ca)
        .altogether(Duration::from_secs(2))
        .declaring(&[Authentication::PasswordCleartext])
        .password("ann", "secret");
    same_codes(&test.run(), &["server-deadline"]);
}

#[test]
fn a_round_trip_needs_both_ways() {
    let ca = Ca::new();
    let pop3 = Peer::tls(ca.good().server(), |conn| {
        conn.say("+OK ready\r\n");
        conn.answer(&[CAPA, ("AUTH", "+ \r\n"), ("STAT", "+OK 0 0\r\n"), ("", "+OK\r\n")]);
    });
    let text = provider("pop3").replace("alternativeHostnames = [\"pop.example.test\"]\n", "");
    let run = Run::new().write("example.test.toml", &text).env("PW", "secret");
    let ca = ca.file().display().to_string();
    let at = [format!("{HOST}:995:{}", pop3.address), format!("{HOST}:465:127.0.0.1:1")];
    let args = [
        "verify",
        "example.test.toml",
        "--login",
        "ann@example.test",
        "--password-from",
        "env:PW",
        "--round-trip",
        "--ca",
        &ca,
        "--resolve",
        &at[0],
        "--resolve",
        &at[1],
    ];
    run.args(&args).code(1).prints("round-trip-impossible").prints("connection-refused");
}

/// In quotes, whether or not those are quoted themselves.
fn names(text: &str, code: &str) -> bool {
    ["\"", "\\\""].iter().any(|quote| text.contains(&format!("\"{code}{quote}")))
}

#[test]
fn every_code_is_what_some_test_sees() {
    let folder = root().join("tests/verify");
    let mut text = String::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    // A connection that fails without a name of its own is made in memory (src/verify/memory.rs).
    let unseen: Vec<_> = codes::all()
        .filter(|code| ["verify", "hosted"].contains(&code.family.name))
        .map(|code| code.name)
        .filter(|name| *name != "connection-failed" && !names(&text, name))
        .collect();
    assert!(unseen.is_empty(), "no test sees {unseen:?}");
}
