//! A dialogue with a server in memory, for tests and fuzzing: it says fixed bytes, whatever it
//! hears.

use std::io::{self, Cursor, Read, Write};
use std::time::Instant;

use crate::model::{Secret, ServerType};
use crate::net::Transport;

use super::message::TestMessage;
use super::sasl::Mechanism;
use super::session::{MailProtocol, MailSession};
use super::step::Problem;
use super::wire::Transcript;
use super::{mailbox, smtp};

/// Says fixed bytes, and records everything it hears.
pub struct ScriptedServer {
    says: Cursor<Vec<u8>>,
    pub heard: Vec<u8>,
}

impl ScriptedServer {
    pub fn new(says: &[u8]) -> Self {
        Self { says: Cursor::new(says.to_vec()), heard: Vec::new() }
    }
}

impl Read for ScriptedServer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // In small pieces, as a network may deliver it.
        let piece = buffer.len().min(7);
        self.says.read(&mut buffer[..piece])
    }
}

impl Write for ScriptedServer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for ScriptedServer {
    fn set_deadline(&mut self, _: Instant) {}
}

/// Everything that a test asks of a server, one after the other, whatever the answers are. Returns
/// what would be shown: the transcript and the problems.
pub fn rehearse(
    server: ServerType,
    mechanism: Mechanism,
    secret: &Secret,
    says: &[u8],
) -> Vec<String> {
    let Some(protocol) = MailProtocol::of(server) else { return Vec::new() };
    let mechanism = match (protocol, mechanism) {
        // Only POP3 has APOP, and SMTP has no command of its own.
        (MailProtocol::Imap | MailProtocol::Smtp, Mechanism::Apop)
        | (MailProtocol::Smtp, Mechanism::User) => Mechanism::Plain,
        _ => mechanism,
    };
    let script = ScriptedServer::new(says);
    let mut session = MailSession::new(protocol, script, Transcript::default());
    let result = ask_all(&mut session, mechanism, secret);
    session.quit();
    let (_, _, transcript) = session.wire.into_parts();
    let mut told = transcript.lines;
    if let Err(Problem { detail, seen, .. }) = result {
        told.push(detail);
        told.extend(seen);
    }
    told
}

fn ask_all(
    session: &mut MailSession<ScriptedServer>,
    mechanism: Mechanism,
    secret: &Secret,
) -> Result<(), Problem> {
    session.greeting()?;
    let capabilities = session.capabilities()?;
    // A refusal is no reason to stop here.
    let _ = session.starttls();
    let _ = session.login(mechanism, "ann", secret, ("mail.example.test", 993))?;
    let _ = session.mailbox();
    let message = TestMessage::new();
    if session.protocol == MailProtocol::Smtp {
        let text = message.wire("a@b.test", "c@d.test", "Mon, 30 Nov 2026 00:00:00 +0000");
        return smtp::send(&mut session.wire, &capabilities, "a@b.test", "c@d.test", &text);
    }
    let before = mailbox::before(session)?;
    if let Some(found) = mailbox::find(session, &message, &before)? {
        message.differences(&mailbox::fetch(session, found)?);
        mailbox::delete(session, found, message.subject())?;
    }
    Ok(())
}
