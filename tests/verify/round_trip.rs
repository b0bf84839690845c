//! A message out and back: through scripted servers that break it, and through real ones.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailwright::internals::model::SocketType;
use mailwright::internals::net::{HostOverride, Net};
use mailwright::internals::verify::{self, Options, RoundTripSetup, StepSequence};

use crate::harness::{STEP, Test};
use crate::support::PATIENCE;
use crate::support::ca::{Ca, HOST};
use crate::support::peer::{Conn, Peer};

const ADDRESS: &str = "ann@example.test";
const PASSWORD: &str = "c0rrect horse/battery";

/// Messages, by unique id, as they would stand in a POP3 answer; none is one that was deleted.
type Mailbox = Arc<Mutex<Vec<Option<String>>>>;

/// Two messages that are somebody's and must stay.
fn mailbox() -> Mailbox {
    let old = "Subject: old\r\n\r\nold\r\n".to_owned();
    Arc::new(Mutex::new(vec![Some(old.clone()), Some(old)]))
}

fn smtp(ca: &Ca, mailbox: &Mailbox, deliver: fn(String) -> Option<String>) -> Peer {
    let mailbox = Arc::clone(mailbox);
    Peer::tls(ca.good().server(), move |conn| {
        conn.say("220 ready\r\n");
        while let Some(line) = conn.hear() {
            match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => conn.say("250-mail\r\n250 AUTH PLAIN\r\n"),
                "AUTH" => {
                    conn.say("334 \r\n");
                    conn.hear();
                    conn.say("235 ok\r\n");
                }
                "DATA" => {
                    conn.say("354 go\r\n");
                    let message = message(conn);
                    mailbox.lock().unwrap().extend(deliver(message).map(Some));
                    conn.say("250 queued\r\n");
                }
                "QUIT" => return,
                _ => conn.say("250 ok\r\n"),
            }
        }
    })
}

/// What comes until the dot, still dot-stuffed.
fn message(conn: &mut Conn) -> String {
    let mut text = String::new();
    while let Some(line) = conn.hear() {
        if line == "." {
            break;
        }
        text.push_str(&line);
        text.push_str("\r\n");
    }
    text
}

fn pop3(ca: &Ca, mailbox: &Mailbox) -> Peer {
    let mailbox = Arc::clone(mailbox);
    Peer::tls(ca.good().server(), move |conn| {
        conn.say("+OK ready\r\n");
        let mut deleted = Vec::new();
        while let Some(line) = conn.hear() {
            let mut words = line.split(' ');
            let command = words.next().unwrap_or_default();
            let number: usize = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
            let mut all = mailbox.lock().unwrap();
            match command {
                "CAPA" => conn.say("+OK\r\nUIDL\r\nTOP\r\nSASL PLAIN\r\n.\r\n"),
                "AUTH" => {
                    conn.say("+ \r\n");
                    conn.hear();
                    conn.say("+OK\r\n");
                }
                "UIDL" => {
                    let present = all.iter().enumerate().filter(|(_, m)| m.is_some());
                    let list: String =
                        present.map(|(at, _)| format!("{} id{at}\r\n", at + 1)).collect();
                    conn.say(&format!("+OK\r\n{list}.\r\n"));
                }
                "TOP" | "RETR" => {
                    let text = all[number - 1].clone().unwrap();
                    conn.say(&format!("+OK\r\n{text}.\r\n"));
                }
                "DELE" => {
                    deleted.push(number);
                    conn.say("+OK\r\n");
                }
                "QUIT" => {
                    for number in &deleted {
                        all[number - 1] = None;
                    }
                    conn.say("+OK\r\n");
                    return;
                }
                _ => conn.say("+OK 2 100\r\n"),
            }
        }
    })
}

/// Through these two servers, with a message that arrives at once.
fn travel(ca: &Ca, outgoing: &Peer, incoming: Test<'_>) -> StepSequence {
    travel_within(PATIENCE, ca, outgoing, incoming)
}

/// Through these two servers; the message is waited for as long as this.
fn travel_within(arrival: Duration, ca: &Ca, outgoing: &Peer, incoming: Test<'_>) -> StepSequence {
    let mut outgoing = Test::smtp(SocketType::Ssl, outgoing.address);
    outgoing.probe.port = mailwright::internals::model::Port::new(465).unwrap();
    let at = |test: &Test<'_>| HostOverride {
        host: HOST.to_owned(),
        port: test.probe.port.get(),
        addresses: vec![test.address],
    };
    let net = Net::new(Some(&ca.file()), None, vec![at(&outgoing), at(&incoming)]).unwrap();
    let credentials = incoming.password(ADDRESS, PASSWORD);
    let options = Options::new(STEP, credentials.credentials.clone());
    let journey = RoundTripSetup {
        outgoing: &outgoing.probe,
        incoming: &credentials.probe,
        address: ADDRESS,
        arrival,
    };
    verify::round_trip(&net, &options, &journey)
}

fn codes(trip: &StepSequence) -> Vec<(&'static str, &'static str)> {
    trip.steps.iter().map(|s| (s.step, s.code.map_or("", |code| code.name))).collect()
}

#[test]
fn a_message_goes_out_and_comes_back_and_only_that_is_deleted() {
    let (ca, mailbox) = (Ca::new(), mailbox());
    let outgoing = smtp(&ca, &mailbox, Some);
    let incoming = pop3(&ca, &mailbox);
    let trip = travel(&ca, &outgoing, Test::pop3(SocketType::Ssl, incoming.address));
    let all = [("send", ""), ("arrive", ""), ("unharmed", ""), ("delete", "")];
    assert_eq!(codes(&trip), all, "{trip:#?}");
    let left: Vec<_> = mailbox.lock().unwrap().iter().map(Option::is_some).collect();
    assert_eq!(left, [true, true, false]);
    let deleted = incoming.heard().iter().filter(|line| line.starts_with("DELE")).count();
    assert_eq!(deleted, 1);
    // The line that is a dot went out doubled, and one single dot ended the text.
    let dots = |what: &str| outgoing.heard().iter().filter(|line| *line == what).count();
    assert_eq!((dots(".."), dots(".")), (1, 1));
}

#[test]
fn a_message_that_never_arrives_is_named_in_time() {
    let (ca, mailbox) = (Ca::new(), mailbox());
    let incoming = pop3(&ca, &mailbox);
    let outgoing = smtp(&ca, &mailbox, |_| None);
    let brief = Duration::from_millis(300);
    let trip = travel_within(brief, &ca, &outgoing, Test::pop3(SocketType::Ssl, incoming.address));
    assert_eq!(codes(&trip), [("send", ""), ("arrive", "message-not-arrived")], "{trip:#?}");
    assert!(!incoming.heard().iter().any(|line| line.starts_with("DELE")));
    assert_eq!(mailbox.lock().unwrap().len(), 2);
}

#[test]
fn a_message_that_arrives_changed_is_named_and_deleted_all_the_same() {
    let (ca, mailbox) = (Ca::new(), mailbox());
    // A server that takes one dot too many away.
    let outgoing = smtp(&ca, &mailbox, |text| Some(text.replace("\r\n...", "\r\n..")));
    let incoming = pop3(&ca, &mailbox);
    let trip = travel(&ca, &outgoing, Test::pop3(SocketType::Ssl, incoming.address));
    let all = [("send", ""), ("arrive", ""), ("unharmed", "message-changed"), ("delete", "")];
    assert_eq!(codes(&trip), all, "{trip:#?}");
    assert_eq!(mailbox.lock().unwrap()[2], None);
}

/// An SMTP server that answers this to a command that begins so.
fn refusing(ca: &Ca, command: &'static str, answer: &'static str) -> Peer {
    Peer::tls(ca.good().server(), move |conn| {
        conn.say("220 ready\r\n");
        let mut in_text = false;
        while let Some(line) = conn.hear() {
            if in_text && line != "." {
                continue;
            }
            if line.starts_with(command) {
                in_text = false;
                conn.say(answer);
            } else if line.starts_with("EHLO") {
                conn.say("250-mail\r\n250 AUTH PLAIN\r\n");
            } else if line.starts_with("AUTH") {
                conn.say("334 \r\n");
                conn.hear();
                conn.say("235 ok\r\n");
            } else if line == "DATA" {
                in_text = true;
                conn.say("354 go\r\n");
            } else {
                conn.say("250 ok\r\n");
            }
        }
    })
}

#[test]
fn each_no_of_the_outgoing_server_has_its_own_name() {
    for (command, answer, code) in [
        ("MAIL", "550 5.7.60 not as this sender\r\n", "sender-refused"),
        ("RCPT", "550 5.1.1 nobody of that name\r\n", "recipient-refused"),
        ("RCPT", "451 4.7.1 greylisted, come back in 5 minutes\r\n", "greylisted"),
        ("MAIL", "552 5.3.4 message size exceeds limit\r\n", "message-too-big"),
        (".", "552 5.3.4 too big after all\r\n", "message-too-big"),
        (".", "554 5.7.1 looks like spam\r\n", "message-refused"),
    ] {
        let (ca, mailbox) = (Ca::new(), mailbox());
        let outgoing = refusing(&ca, command, answer);
        let incoming = pop3(&ca, &mailbox);
        let trip = travel(&ca, &outgoing, Test::pop3(SocketType::Ssl, incoming.address));
        assert_eq!(codes(&trip), [("send", code)], "{trip:#?}");
        assert_eq!(trip.steps[0].seen.as_deref(), Some(answer.trim_end()));
    }
}

#[test]
fn a_message_that_is_listed_and_not_handed_out_is_named_and_deleted() {
    let (ca, mailbox) = (Ca::new(), mailbox());
    let outgoing = smtp(&ca, &mailbox, Some);
    let held = Arc::clone(&mailbox);
    let incoming = Peer::tls(ca.good().server(), move |conn| {
        conn.say("+OK ready\r\n");
        while let Some(line) = conn.hear() {
            let message = held.lock().unwrap().get(2).cloned().flatten();
            match line.split(' ').next().unwrap_or_default() {
                "CAPA" => conn.say("+OK\r\nUIDL\r\nTOP\r\nSASL PLAIN\r\n.\r\n"),
                "AUTH" => {
                    conn.say("+ \r\n");
                    conn.hear();
                    conn.say("+OK\r\n");
                }
                "UIDL" if message.is_some() => conn.say("+OK\r\n1 id7\r\n.\r\n"),
                "UIDL" => conn.say("+OK\r\n.\r\n"),
                "TOP" => conn.say(&format!("+OK\r\n{}.\r\n", message.unwrap())),
                "RETR" => conn.say("-ERR the store is broken\r\n"),
                _ => conn.say("+OK 0 0\r\n"),
            }
        }
    });
    let trip = travel(&ca, &outgoing, Test::pop3(SocketType::Ssl, incoming.address));
    let all = [("send", ""), ("arrive", ""), ("unharmed", "fetch-failed"), ("delete", "")];
    assert_eq!(codes(&trip), all, "{trip:#?}");
}

/// IMAP without UIDPLUS, whose mailbox has the message.
#[test]
fn without_uidplus_nothing_is_expunged_and_the_message_is_named() {
    let (ca, mailbox) = (Ca::new(), mailbox());
    let outgoing = smtp(&ca, &mailbox, Some);
    let held = Arc::clone(&mailbox);
    let incoming = Peer::tls(ca.good().server(), move |conn| {
        conn.say("* OK ready\r\n");
        while let Some(line) = conn.hear() {
            let (tag, command) = line.split_once(' ').unwrap();
            let found = held.lock().unwrap().get(2).cloned().flatten();
            if command == "CAPABILITY" {
                conn.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n");
            } else if command.starts_with("AUTHENTICATE") {
                conn.say("+ \r\n");
                conn.hear();
            } else if command.starts_with("UID SEARCH") {
                conn.say(if found.is_some() { "* SEARCH 77\r\n" } else { "* SEARCH\r\n" });
            } else if command.starts_with("UID FETCH 77 BODY.PEEK[]") {
                // A real mailbox holds it without the stuffed dots.
                let text = found.unwrap().replace("\r\n.", "\r\n");
                conn.say(&format!("* 3 FETCH (UID 77 BODY[] {{{}}}\r\n{text})\r\n", text.len()));
            }
            conn.say(&format!("{tag} OK\r\n"));
        }
    });
    let trip = travel(&ca, &outgoing, Test::imap(SocketType::Ssl, incoming.address));
    let all = [("send", ""), ("arrive", ""), ("unharmed", ""), ("delete", "message-not-deleted")];
    assert_eq!(codes(&trip), all, "{trip:#?}");
    assert!(trip.works(), "a message that stays is a warning");
    assert!(trip.steps[3].detail.contains("Rundlauf"), "{trip:#?}");
    let touched = |line: &String| line.contains("EXPUNGE") || line.contains("STORE");
    assert!(!incoming.heard().iter().any(touched), "{:?}", incoming.heard());
}

#[cfg(target_os = "linux")]
mod real {
    use std::net::SocketAddr;

    use super::*;
    use crate::exim::Exim;
    use crate::support::dovecot::{Dovecot, USER};
    use crate::support::postfix::Postfix;
    use crate::support::{self, Run, is_root};

    /// Subjects that a mailbox holds, by asking Dovecot itself.
    fn subjects(dovecot: &Dovecot) -> Vec<String> {
        let config = dovecot.config().display().to_string();
        let mut doveadm = support::command("doveadm");
        doveadm.args(["-c", &config, "fetch", "-u", USER, "hdr.subject", "all"]);
        let said = support::run(&mut doveadm).fine();
        said.stdout.lines().filter(|l| l.starts_with("hdr.subject")).map(str::to_owned).collect()
    }

    /// Through this server and back over POP3 and IMAP, beside mail that is somebody's.
    fn there_and_back(ca: &Ca, dovecot: &Dovecot, submissions: SocketAddr) {
        // One of them marked for deletion: an EXPUNGE would take it.
        let config = dovecot.config().display().to_string();
        let folder = tempfile::TempDir::new().unwrap();
        for subject in ["first", "second"] {
            let file = folder.path().join(subject);
            std::fs::write(&file, format!("Subject: {subject}\n\n{subject}\n")).unwrap();
            let mut save = support::command("doveadm");
            save.args(["-c", &config, "save", "-u", USER, &file.display().to_string()]);
            support::run(&mut save).fine();
        }
        let mut flag = support::command("doveadm");
        flag.args(["-c", &config, "flags", "add", "-u", USER, "\\Deleted", "subject", "second"]);
        support::run(&mut flag).fine();
        let before = subjects(dovecot);
        assert_eq!(before.len(), 2, "{before:?}");
        let run = Run::new().env("PW", PASSWORD);
        let ca_file = ca.file().display().to_string();
        for (protocol, at) in [("pop3", dovecot.pop3s), ("imap", dovecot.imaps)] {
            let run_folder = run.path("example.test.toml");
            std::fs::write(&run_folder, crate::output::provider(protocol)).unwrap();
            let port = if protocol == "pop3" { 995 } else { 993 };
            let resolve = [
                format!("{HOST}:{port}:{at}"),
                format!("{HOST}:465:{submissions}"),
                format!("pop.example.test:{port}:{at}"),
            ];
            let mut args = vec!["verify", "example.test.toml", "--ca", &ca_file];
            args.extend(["--protocol", protocol, "--login", USER, "--password-from", "env:PW"]);
            args.extend(["--round-trip", "--arrival", "30s", "--format", "json", "--transcript"]);
            for at in &resolve {
                args.extend(["--resolve", at]);
            }
            let ended = run.args(&args);
            let json: serde_json::Value = serde_json::from_str(&ended.stdout)
                .unwrap_or_else(|e| panic!("{e}: {} {}", ended.stdout, ended.stderr));
            let steps = json["roundTrip"]["steps"].as_array().expect("steps");
            let outcomes: Vec<_> = steps.iter().map(|s| s["outcome"].as_str().unwrap()).collect();
            assert_eq!(outcomes, ["passed"; 4], "{protocol}: {}", json["roundTrip"]);
            assert_eq!(subjects(dovecot), before, "{protocol}");
            assert!(!ended.stdout.contains(PASSWORD));
        }
    }

    #[test]
    fn through_postfix_and_dovecot_a_message_comes_back_and_nothing_else_is_touched() {
        needs!("dovecot", "postfix", "doveadm");
        if !is_root() {
            return support::skip("root");
        }
        let ca = Ca::new();
        let dovecot = Dovecot::start(&ca.good());
        let postfix = Postfix::start(&ca.good(), &dovecot);
        there_and_back(&ca, &dovecot, postfix.submissions);
    }

    #[test]
    fn through_exim_and_dovecot_a_message_comes_back_and_nothing_else_is_touched() {
        needs!("dovecot", "exim", "doveadm");
        if !is_root() {
            return support::skip("root");
        }
        let ca = Ca::new();
        let dovecot = Dovecot::start(&ca.good());
        let exim = Exim::start(&ca.good(), &dovecot);
        there_and_back(&ca, &dovecot, exim.submissions);
    }
}
