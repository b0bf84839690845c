//! Finds one message in a mailbox, and deletes nothing else.

use crate::codes;
use crate::net::Transport;

use super::imap;
use super::message::{HEADER, TestMessage};
use super::pop3::is_ok;
use super::session::{MailProtocol, MailSession};
use super::step::Problem;
use super::wire::{Wire, shown};

/// What a POP3 mailbox contained before the message was sent: unique ids (RFC 1939 §7), or the
/// number of messages if the server has no unique ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailboxSnapshot {
    ids: Vec<String>,
    count: usize,
}

/// Where the message is: a POP3 message number of this session, or an IMAP UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLocation(u64);

/// Records what the mailbox contains. IMAP can search and needs no record.
pub fn before<T: Transport>(session: &mut MailSession<T>) -> Result<MailboxSnapshot, Problem> {
    match session.protocol {
        MailProtocol::Pop3 => {
            let listed = list(&mut session.wire)?;
            let count = listed.len();
            Ok(MailboxSnapshot {
                ids: listed.into_iter().filter_map(|(_, id)| id).collect(),
                count,
            })
        }
        MailProtocol::Imap | MailProtocol::Smtp => Ok(MailboxSnapshot::default()),
    }
}

/// Looks for the message once, without waiting.
pub fn find<T: Transport>(
    session: &mut MailSession<T>,
    message: &TestMessage,
    before: &MailboxSnapshot,
) -> Result<Option<MessageLocation>, Problem> {
    match session.protocol {
        MailProtocol::Pop3 => {
            for (number, id) in list(&mut session.wire)? {
                let old = match &id {
                    Some(id) => before.ids.contains(id),
                    None => usize::try_from(number).is_ok_and(|n| n <= before.count),
                };
                if !old && message.is_in(&headers(&mut session.wire, number)?) {
                    return Ok(Some(MessageLocation(number)));
                }
            }
            Ok(None)
        }
        MailProtocol::Imap | MailProtocol::Smtp => {
            fine(session, "SELECT INBOX")?;
            let search = format!("UID SEARCH HEADER {HEADER} {}", message.mark);
            let lines = fine(session, &search)?;
            let numbers = lines.iter().find_map(|line| {
                let upper = line.to_ascii_uppercase();
                upper.strip_prefix("* SEARCH").map(str::to_owned)
            });
            let uid = numbers.and_then(|n| n.split_ascii_whitespace().last()?.parse().ok());
            Ok(uid.map(MessageLocation))
        }
    }
}

/// The whole message, as lines without their ends.
pub fn fetch<T: Transport>(
    session: &mut MailSession<T>,
    at: MessageLocation,
) -> Result<Vec<String>, Problem> {
    match session.protocol {
        MailProtocol::Pop3 => {
            session.wire.send(&format!("RETR {}", at.0))?;
            let first = session.wire.line()?;
            match is_ok(&first) {
                true => body(&mut session.wire),
                false => Err(Problem::new(codes::FETCH_FAILED).seen(shown(&first))),
            }
        }
        MailProtocol::Imap | MailProtocol::Smtp => {
            // With PEEK, reading changes nothing.
            let command = format!("UID FETCH {} BODY.PEEK[]", at.0);
            let (octets, reply) = imap::literal(&mut session.wire, &mut session.tags, &command)?;
            let Some(octets) = octets.filter(|_| reply.is_ok()) else {
                return Err(Problem::new(codes::FETCH_FAILED).seen(shown(&reply.status)));
            };
            let text = String::from_utf8_lossy(&octets).replace("\r\n", "\n");
            Ok(text.split('\n').map(str::to_owned).collect())
        }
    }
}

/// Deletes this message and no other. If it cannot be deleted alone, it stays, and that is the
/// error.
pub fn delete<T: Transport>(
    session: &mut MailSession<T>,
    at: MessageLocation,
    subject: &str,
) -> Result<String, Problem> {
    let stays = |why: &str| {
        let detail = format!("{why}; \"{subject}\" stays in the mailbox");
        Problem::with(codes::MESSAGE_NOT_DELETED, detail)
    };
    match session.protocol {
        MailProtocol::Pop3 => {
            for command in [format!("DELE {}", at.0), "QUIT".to_owned()] {
                session.wire.send(&command)?;
                let line = session.wire.line()?;
                if !is_ok(&line) {
                    return Err(stays("the server refuses to delete").seen(shown(&line)));
                }
            }
        }
        MailProtocol::Imap | MailProtocol::Smtp => {
            // EXPUNGE would also delete what others have marked; UID EXPUNGE deletes only this
            // message (RFC 4315). Dovecot announces it only after the sign-in.
            let capabilities = session.capabilities()?;
            if !(capabilities.has("UIDPLUS") || capabilities.has("IMAP4REV2")) {
                return Err(stays("the server has no UIDPLUS, so nothing can be deleted alone"));
            }
            for command in [
                format!("UID STORE {} +FLAGS.SILENT (\\Deleted)", at.0),
                format!("UID EXPUNGE {}", at.0),
            ] {
                let reply = imap::command(&mut session.wire, &mut session.tags, &command)?;
                if !reply.is_ok() {
                    let problem = stays("the server refuses to delete");
                    return Err(problem.seen(shown(&reply.status)));
                }
            }
        }
    }
    Ok("the message is deleted, nothing else".to_owned())
}

fn fine<T: Transport>(session: &mut MailSession<T>, command: &str) -> Result<Vec<String>, Problem> {
    let reply = imap::command(&mut session.wire, &mut session.tags, command)?;
    if reply.is_ok() {
        return Ok(reply.untagged);
    }
    let word = command.split(' ').next().unwrap_or_default();
    let problem = Problem::with(codes::COMMAND_REFUSED, format!("{word} is refused"));
    Err(problem.seen(shown(&reply.status)))
}

/// Message numbers of a POP3 mailbox, with their unique ids if the server has them.
fn list<T: Transport>(wire: &mut Wire<T>) -> Result<Vec<(u64, Option<String>)>, Problem> {
    for (command, with_ids) in [("UIDL", true), ("LIST", false)] {
        wire.send(command)?;
        let first = wire.line()?;
        if !is_ok(&first) {
            if with_ids {
                continue;
            }
            return Err(
                Problem::with(codes::COMMAND_REFUSED, "LIST is refused").seen(shown(&first))
            );
        }
        let parse = |line: &str| {
            let (number, rest) = line.split_once(' ')?;
            Some((number.parse().ok()?, with_ids.then(|| rest.trim().to_owned())))
        };
        return Ok(many(wire)?.iter().filter_map(|line| parse(line)).collect());
    }
    Ok(Vec::new())
}

/// The headers of a message, or all of it if the server has no TOP.
fn headers<T: Transport>(wire: &mut Wire<T>, number: u64) -> Result<Vec<String>, Problem> {
    for command in [format!("TOP {number} 0"), format!("RETR {number}")] {
        wire.send(&command)?;
        let first = wire.line()?;
        if is_ok(&first) {
            return body(wire);
        }
    }
    // The message is gone: another client may have fetched and deleted it.
    Ok(Vec::new())
}

/// A POP3 multi-line answer with dot-stuffing removed.
fn body<T: Transport>(wire: &mut Wire<T>) -> Result<Vec<String>, Problem> {
    let lines = many(wire)?;
    Ok(lines
        .into_iter()
        .map(|line| line.strip_prefix('.').map_or(line.clone(), str::to_owned))
        .collect())
}

/// A multi-line answer as received, without the final dot. A mailbox can be large, so only the
/// deadline limits it.
fn many<T: Transport>(wire: &mut Wire<T>) -> Result<Vec<String>, Problem> {
    let mut lines = Vec::new();
    loop {
        let line = wire.line()?;
        if line == "." {
            return Ok(lines);
        }
        lines.push(line);
    }
}
