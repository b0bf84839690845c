//! What can be wrong in the dialogue before anybody signs in.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailwright::internals::model::{Authentication, SocketType};
use mailwright::internals::verify::StepOutcome;

use crate::harness::{STEP, Test};
use crate::support::PATIENCE;
use crate::support::ca::Ca;
use crate::support::peer::{Conn, Peer};

/// A server that says only this.
fn says(text: &'static str) -> Peer {
    Peer::new(move |conn| {
        conn.say(text);
        conn.wait();
    })
}

#[test]
fn a_greeting_that_never_comes_ends_at_the_deadline() {
    let peer = Peer::new(|conn| conn.wait());
    Test::pop3(SocketType::Plain, peer.address)
        .within(Duration::from_millis(500))
        .fails(&["greeting-timeout"]);
}

/// Half of the time is over when the program asks by a second connection whether TLS is meant.
#[test]
fn a_greeting_that_comes_late_is_one() {
    let (asked, until_asked) = mpsc::channel();
    let until_asked = Mutex::new(Some(until_asked));
    let peer = Peer::new(move |conn| {
        let first = until_asked.lock().unwrap().take();
        let Some(until_asked) = first else {
            // It is not: this one just ends.
            return asked.send(()).expect("the first connection waits");
        };
        until_asked.recv_timeout(PATIENCE).expect("a second connection");
        conn.say("+OK late\r\n");
        conn.answer(&[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]);
    });
    Test::pop3(SocketType::Plain, peer.address).within(Duration::from_secs(2)).works();
}

#[test]
fn greetings_that_refuse_have_their_own_names() {
    let pop3 = |text| Test::pop3(SocketType::Plain, says(text).address);
    let smtp = |text| says(text);
    let peer = says("-ERR go away\r\n");
    let report = Test::pop3(SocketType::Plain, peer.address).fails(&["pop3-greeting-error"]);
    assert_eq!(report.steps.last().unwrap().seen.as_deref(), Some("-ERR go away"));
    let _ = pop3;
    let peer = smtp("554 5.7.1 no service for you\r\n");
    Test::smtp(SocketType::Plain, peer.address).fails(&["smtp-greeting-554"]);
    let peer = smtp("421 4.3.2 try later\r\n");
    Test::smtp(SocketType::Plain, peer.address).fails(&["smtp-greeting-421"]);
    let peer = says("* BYE too busy\r\n");
    Test::imap(SocketType::Plain, peer.address).fails(&["imap-greeting-bye"]);
    let peer = says("-ERR [SYS/TEMP] come back\r\n");
    Test::pop3(SocketType::Plain, peer.address).fails(&["temporary-failure"]);
}

#[test]
fn another_protocols_greeting_is_named() {
    for (text, name) in [
        ("* OK IMAP4rev1\r\n", "IMAP"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        ("HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        ("220 mail ESMTP\r\n", "SMTP"),
    ] {
        let peer = says(text);
        let report = Test::pop3(SocketType::Plain, peer.address).fails(&["wrong-protocol"]);
        assert!(report.steps.last().unwrap().detail.contains(name), "{report:#?}");
    }
}

#[test]
fn a_line_of_a_megabyte_without_an_end_is_not_read_to_its_end() {
    let peer = Peer::new(|conn| {
        conn.say("+OK ready\r\n");
        conn.hear();
        conn.bytes(&vec![b'A'; 1_000_000]);
        conn.wait();
    });
    let report = Test::pop3(SocketType::Plain, peer.address).fails(&["line-too-long"]);
    assert!(report.steps.last().unwrap().seen.as_ref().unwrap().len() < 200);
}

#[test]
fn an_answer_of_one_byte_a_second_is_told_from_none() {
    let slow = Peer::new(|conn| {
        conn.say("+OK ready\r\n");
        conn.hear();
        conn.drip("+OK capabilities follow\r\n", Duration::from_millis(300));
    });
    Test::pop3(SocketType::Plain, slow.address)
        .within(Duration::from_secs(1))
        .fails(&["reply-too-slow"]);
    let silent = says("+OK ready\r\n");
    Test::pop3(SocketType::Plain, silent.address)
        .within(Duration::from_millis(500))
        .fails(&["reply-timeout"]);
}

#[test]
fn a_server_that_hangs_up_half_way_is_named() {
    let peer = Peer::new(|conn| {
        conn.say("+OK ready\r\n");
        conn.hear();
        conn.say("+OK\r\nUID");
    });
    let report = Test::pop3(SocketType::Plain, peer.address).fails(&["hung-up"]);
    assert_eq!(report.steps.last().unwrap().seen.as_deref(), Some("UID"));
}

#[test]
fn a_server_that_is_slow_within_the_time_of_each_step_works() {
    const PAUSE: Duration = Duration::from_millis(250);
    let ca = Ca::new();
    let answers = Arc::new(AtomicU32::new(0));
    let (config, given) = (ca.good().server(), Arc::clone(&answers));
    let peer = Peer::tls(config, move |conn| {
        let say = |conn: &mut Conn, text: &str| {
            std::thread::sleep(PAUSE);
            given.fetch_add(1, Ordering::SeqCst);
            conn.say(text);
        };
        say(conn, "+OK ready\r\n");
        while let Some(line) = conn.hear() {
            match line.split(' ').next().unwrap_or_default() {
                "CAPA" => say(conn, "+OK\r\nUIDL\r\nSASL PLAIN\r\n.\r\n"),
                "AUTH" => say(conn, "+ \r\n"),
                "STAT" => say(conn, "+OK 0 0\r\n"),
                _ => say(conn, "+OK\r\n"),
            }
        }
    });
    let step = PAUSE * 4;
    let test = Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).within(step);
    test.altogether(STEP).password("ann", "secret").works();
    // Together they took longer than one step may.
    assert!(PAUSE * answers.load(Ordering::SeqCst) > step, "{answers:?} answers");
}

#[test]
fn an_answer_that_is_none_of_the_protocols_is_malformed() {
    let peer = Peer::new(|conn| {
        conn.say("220 ready\r\n");
        conn.hear();
        conn.say("what?\r\n");
        conn.wait();
    });
    Test::smtp(SocketType::Plain, peer.address).fails(&["reply-malformed"]);
}

#[test]
fn control_characters_of_a_server_never_reach_a_terminal() {
    let peer = says("-ERR \x1b[2Jboo\x07\r\n");
    let report = Test::pop3(SocketType::Plain, peer.address).fails(&["pop3-greeting-error"]);
    let words = format!("{:?} {:?}", report.steps.last().unwrap().seen, report.transcript);
    assert!(!words.contains("\\u{1b}") && !words.contains('\x1b'), "{words}");
}

#[test]
fn what_is_declared_is_held_against_what_is_offered() {
    let server = || {
        Peer::new(|conn| {
            conn.say("+OK ready <1.2@mail>\r\n");
            conn.answer(&[("CAPA", "+OK\r\nTOP\r\nSASL PLAIN CRAM-MD5\r\n.\r\n")]);
        })
    };
    let codes = |declared: &[Authentication]| {
        let peer = server();
        let report = Test::pop3(SocketType::Plain, peer.address).declaring(declared).run();
        let with_codes = report.steps.iter().filter_map(|s| Some((s.code?.name, s.outcome)));
        with_codes.collect::<Vec<_>>()
    };
    use Authentication::{OAuth2, PasswordCleartext, PasswordEncrypted};
    let uidl = ("uidl-missing", StepOutcome::Warning);
    assert_eq!(codes(&[PasswordCleartext, PasswordEncrypted]), [uidl]);
    assert_eq!(
        codes(&[PasswordCleartext]),
        [uidl, ("authentication-undeclared", StepOutcome::Note)]
    );
    assert_eq!(
        codes(&[OAuth2, PasswordCleartext, PasswordEncrypted]),
        [uidl, ("authentication-missing", StepOutcome::Warning)]
    );
    assert_eq!(codes(&[OAuth2]), [uidl, ("authentication-not-offered", StepOutcome::Failed)]);
}
