//! One dialogue with a server, in any of the three protocols.

use std::time::Instant;

use crate::model::{Secret, ServerType};
use crate::net::Transport;

use super::capabilities::Capabilities;
use super::sasl::{Exchange, Mechanism, SignInRefusal, apop_digest};
use super::step::Problem;
use super::wire::{Transcript, Wire};
use super::{imap, pop3, smtp};

/// A protocol that can be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailProtocol {
    Pop3,
    Imap,
    Smtp,
}

impl MailProtocol {
    pub fn of(server: ServerType) -> Option<Self> {
        match server {
            ServerType::Pop3 => Some(Self::Pop3),
            ServerType::Imap => Some(Self::Imap),
            ServerType::Smtp => Some(Self::Smtp),
            _ => None,
        }
    }
}

/// The state of one dialogue.
pub struct MailSession<T> {
    pub wire: Wire<T>,
    pub protocol: MailProtocol,
    pub tags: imap::Tags,
    /// The timestamp for APOP.
    stamp: Option<String>,
}

impl<T: Transport> MailSession<T> {
    pub fn new(protocol: MailProtocol, transport: T, transcript: Transcript) -> Self {
        let wire = Wire::new(transport, transcript);
        Self { wire, protocol, tags: imap::Tags::default(), stamp: None }
    }

    pub fn set_deadline(&mut self, at: Instant) {
        self.wire.set_deadline(at);
    }

    /// Reads the server's greeting.
    pub fn greeting(&mut self) -> Result<String, Problem> {
        match self.protocol {
            MailProtocol::Pop3 => {
                let (line, stamp) = pop3::greeting(&mut self.wire)?;
                self.stamp = stamp;
                Ok(line)
            }
            MailProtocol::Imap => imap::greeting(&mut self.wire),
            MailProtocol::Smtp => smtp::greeting(&mut self.wire),
        }
    }

    /// The timestamp for APOP. It stays valid after STARTTLS, which brings no new greeting.
    pub fn stamp(&mut self) -> &mut Option<String> {
        &mut self.stamp
    }

    pub fn capabilities(&mut self) -> Result<Capabilities, Problem> {
        match self.protocol {
            MailProtocol::Pop3 => pop3::capabilities(&mut self.wire, self.stamp.as_deref()),
            MailProtocol::Imap => imap::capabilities(&mut self.wire, &mut self.tags),
            MailProtocol::Smtp => smtp::capabilities(&mut self.wire),
        }
    }

    pub fn starttls(&mut self) -> Result<(), Problem> {
        match self.protocol {
            MailProtocol::Pop3 => pop3::starttls(&mut self.wire),
            MailProtocol::Imap => imap::starttls(&mut self.wire, &mut self.tags),
            MailProtocol::Smtp => smtp::starttls(&mut self.wire),
        }
    }

    /// Signs in. The inner result is the server's answer.
    pub fn login(
        &mut self,
        mechanism: Mechanism,
        user: &str,
        secret: &Secret,
        at: (&str, u16),
    ) -> Result<Result<(), SignInRefusal>, Problem> {
        let wire = &mut self.wire;
        match (mechanism, self.protocol) {
            (Mechanism::User, MailProtocol::Imap) => {
                imap::login(wire, &mut self.tags, user, secret.expose())
            }
            (Mechanism::User, _) => pop3::user(wire, user, secret.expose()),
            (Mechanism::Apop, _) => {
                let stamp = self.stamp.as_deref().unwrap_or_default();
                pop3::apop(wire, user, &apop_digest(stamp, secret))
            }
            _ => {
                let mut exchange = Exchange::new(mechanism, user, secret, at.0, at.1);
                match self.protocol {
                    MailProtocol::Pop3 => pop3::authenticate(wire, &mut exchange),
                    MailProtocol::Imap => imap::authenticate(wire, &mut self.tags, &mut exchange),
                    MailProtocol::Smtp => smtp::authenticate(wire, &mut exchange),
                }
            }
        }
    }

    /// A summary of the mailbox, if the protocol has a command for it: `3 messages, 4711 octets`.
    pub fn mailbox(&mut self) -> Result<Option<String>, Problem> {
        match self.protocol {
            MailProtocol::Pop3 => {
                let (messages, octets) = pop3::stat(&mut self.wire)?;
                Ok(Some(format!("{messages} messages, {octets} octets")))
            }
            MailProtocol::Imap | MailProtocol::Smtp => Ok(None),
        }
    }

    /// Says goodbye without waiting for an answer.
    pub fn quit(&mut self) {
        let _ = match self.protocol {
            MailProtocol::Imap => self.wire.send("z LOGOUT"),
            MailProtocol::Pop3 | MailProtocol::Smtp => self.wire.send("QUIT"),
        };
    }
}
