//! Tests of dialogues with a server in memory.

use std::io::{self, Read, Write};
use std::time::Instant;

use proptest::prelude::*;

use crate::codes;
use crate::model::Secret;
use crate::net::Transport;

use super::message::TestMessage;
use super::rehearsal::ScriptedServer;
use super::sasl::Mechanism;
use super::session::{MailProtocol, MailSession};
use super::step::Problem;
use super::wire::Transcript;
use super::{mailbox, smtp};

fn session(protocol: MailProtocol, says: &str) -> MailSession<ScriptedServer> {
    MailSession::new(protocol, ScriptedServer::new(says.as_bytes()), Transcript::default())
}

/// Greeting, capabilities and sign-in. Returns what the server heard, the result and the
/// transcript.
fn sign_in(
    protocol: MailProtocol,
    mechanism: Mechanism,
    says: &str,
) -> (String, Result<bool, Problem>, Vec<String>) {
    let mut session = session(protocol, says);
    let secret = Secret::new("s3cret-w0rd".to_owned());
    let result = session.greeting().and_then(|_| {
        session.capabilities()?;
        let said = session.login(mechanism, "ann", &secret, ("mail.example.test", 995))?;
        Ok(said.is_ok())
    });
    let (script, _, transcript) = session.wire.into_parts();
    (String::from_utf8(script.heard).expect("we say text"), result, transcript.lines)
}

#[test]
fn a_server_that_does_not_stop_to_send_is_left() {
    let line = format!("* {}\r\n", "x".repeat(60_000));
    let lines = "* x\r\n".repeat(30_000);
    let listed = "x\r\n".repeat(3_000);
    for (protocol, says) in [
        (MailProtocol::Imap, format!("* OK hello\r\n{}", line.repeat(100))),
        (MailProtocol::Imap, format!("* OK hello\r\n{lines}")),
        (MailProtocol::Pop3, format!("+OK hello\r\n+OK\r\n{listed}")),
        (MailProtocol::Smtp, format!("220 {}", "x\r\n220-".repeat(30_000))),
    ] {
        let (_, result, transcript) = sign_in(protocol, Mechanism::Plain, &says);
        assert_eq!(result.unwrap_err().code, codes::REPLY_MALFORMED, "{protocol:?}");
        let kept: usize = transcript.iter().map(String::len).sum();
        assert!(kept < 5 * 1024 * 1024, "{protocol:?}: {kept} bytes of transcript");
    }
}

#[test]
fn pop3_signs_in_over_two_lines() {
    let says = "+OK hello\r\n+OK\r\nUIDL\r\nSASL XOAUTH2\r\n.\r\n+ \r\n+OK welcome\r\n";
    let (heard, result, transcript) = sign_in(MailProtocol::Pop3, Mechanism::Xoauth2, says);
    assert_eq!(result, Ok(true));
    let mut lines = heard.lines();
    assert_eq!(lines.next(), Some("CAPA"));
    assert_eq!(lines.next(), Some("AUTH XOAUTH2"));
    assert_eq!(lines.count(), 1);
    assert_eq!(transcript.iter().filter(|line| *line == "C: (secret)").count(), 1);
}

#[test]
fn imap_signs_in_with_literals_which_take_every_password() {
    let says = "* OK hello\r\n* CAPABILITY IMAP4rev1\r\na1 OK\r\n+ go\r\n+ go\r\na2 OK welcome\r\n";
    let (heard, result, transcript) = sign_in(MailProtocol::Imap, Mechanism::User, says);
    assert_eq!(result, Ok(true));
    assert_eq!(heard, "a1 CAPABILITY\r\na2 LOGIN {3}\r\nann {11}\r\ns3cret-w0rd\r\n");
    assert!(!transcript.join("\n").contains("s3cret"), "{transcript:?}");
}

#[test]
fn smtp_signs_in_and_sends_with_doubled_dots() {
    let says = "220 hello\r\n250-mail\r\n250-SIZE 100000\r\n250 AUTH PLAIN\r\n334 \r\n235 ok\r\n";
    let (heard, result, _) = sign_in(MailProtocol::Smtp, Mechanism::Plain, says);
    assert_eq!(result, Ok(true));
    assert!(heard.starts_with("EHLO [127.0.0.1]\r\nAUTH PLAIN\r\n"), "{heard}");
    let mut session = session(
        MailProtocol::Smtp,
        "250-mail\r\n250 SIZE 100000\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n",
    );
    let capabilities = session.capabilities().unwrap();
    let text = "Subject: x\r\n\r\n.\r\n..\r\nend\r\n";
    smtp::send(&mut session.wire, &capabilities, "a@b.test", "c@d.test", text).unwrap();
    let heard = String::from_utf8(session.wire.into_parts().0.heard).unwrap();
    let body = "DATA\r\nSubject: x\r\n\r\n..\r\n...\r\nend\r\n.\r\n";
    assert!(heard.ends_with(body), "{heard}");
    assert!(heard.contains("MAIL FROM:<a@b.test> SIZE=26\r\nRCPT TO:<c@d.test>\r\n"), "{heard}");
}

/// A connection that fails with an error of the system.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the cable is out"))
    }
}

impl Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Broken {
    fn set_deadline(&mut self, _: Instant) {}
}

#[test]
fn an_error_of_the_system_is_told_in_its_words() {
    let mut session = MailSession::new(MailProtocol::Pop3, Broken, Transcript::default());
    let problem = session.greeting().unwrap_err();
    assert_eq!(
        (problem.code, problem.detail.as_str()),
        (codes::CONNECTION_FAILED, "the cable is out")
    );
}

/// Pieces of answers that lead deep into a dialogue.
const PIECES: [&str; 26] = [
    "+OK\r\n",
    "+OK <1.2@x>\r\n",
    "-ERR [AUTH] no\r\n",
    "-ERR [\r\n",
    "+ \r\n",
    "+ !\r\n",
    "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n",
    "UIDL\r\n",
    "SASL PLAIN SCRAM-SHA-256\r\n",
    ".\r\n",
    "1 id1\r\n",
    "220 x\r\n",
    "250-x\r\n",
    "250 AUTH PLAIN CRAM-MD5\r\n",
    "334 \r\n",
    "235\r\n",
    "354 go\r\n",
    "5\r\n",
    "* OK\r\n",
    "* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS\r\n",
    "a1 OK\r\n",
    "a2 OK\r\n",
    "* SEARCH 7\r\n",
    "* 1 FETCH (BODY[] {5}\r\n",
    "{99999999999999999999}\r\n",
    "\u{fffd}é\r",
];

proptest! {
    #[test]
    fn no_server_makes_us_panic_or_tell_a_secret(
        pieces in prop::collection::vec(
            prop_oneof![prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned), ".{0,20}"],
            0..16,
        ),
    ) {
        let says = pieces.concat();
        for protocol in [MailProtocol::Pop3, MailProtocol::Imap, MailProtocol::Smtp] {
            for mechanism in Mechanism::ALL {
                if protocol != MailProtocol::Pop3 && mechanism == Mechanism::Apop
                    || protocol == MailProtocol::Smtp && mechanism == Mechanism::User {
                    continue;
                }
                let (_, result, transcript) = sign_in(protocol, mechanism, &says);
                let told = format!("{result:?}{transcript:?}");
                prop_assert!(!told.contains("s3cret"), "{}", told);
            }
            let mut session = session(protocol, &says);
            let _ = session.starttls();
            let _ = session.mailbox();
            let message = TestMessage::new();
            if protocol != MailProtocol::Smtp
                && let Ok(before) = mailbox::before(&mut session)
                && let Ok(Some(found)) = mailbox::find(&mut session, &message, &before)
            {
                let _ = mailbox::fetch(&mut session, found);
                let _ = mailbox::delete(&mut session, found, message.subject());
            }
        }
    }
}
