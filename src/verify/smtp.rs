//! SMTP submission (RFC 6409, RFC 5321, AUTH of RFC 4954, STARTTLS of RFC 3207).

use crate::codes::{self, Code};
use crate::net::Transport;

use super::capabilities::Capabilities;
use super::greeting::foreign_greeting;
use super::sasl::{Exchange, SignInRefusal};
use super::step::Problem;
use super::wire::{Wire, shown};

/// A reply: its code of three digits, and the text of all lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpReply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl SmtpReply {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The reply in one line, as the server sent it.
    pub fn words(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" "))
    }
}

/// The client's name in EHLO. An address literal is valid for any client (RFC 5321 §4.1.3). Some
/// servers look a name up; this one needs no lookup.
const CLIENT: &str = "[127.0.0.1]";

/// Reads a reply of one or several lines.
pub fn reply<T: Transport>(wire: &mut Wire<T>) -> Result<SmtpReply, Problem> {
    let lines = wire.lines(|line| line.as_bytes().get(3) != Some(&b'-'))?;
    parse(&lines).ok_or_else(|| {
        Problem::new(codes::REPLY_MALFORMED).seen(shown(lines.last().map_or("", String::as_str)))
    })
}

fn parse(lines: &[String]) -> Option<SmtpReply> {
    let code = lines.last()?.get(..3)?;
    let number: u16 = code.parse().ok().filter(|n| (200..600).contains(n))?;
    let mut texts = Vec::new();
    for line in lines {
        let rest = line.strip_prefix(code)?;
        if !rest.is_empty() && !rest.starts_with([' ', '-']) {
            return None;
        }
        texts.push(rest.get(1..).unwrap_or_default().to_owned());
    }
    Some(SmtpReply { code: number, lines: texts })
}

/// Reads the greeting. 421, 554 and greetings of other protocols are errors.
pub fn greeting<T: Transport>(wire: &mut Wire<T>) -> Result<String, Problem> {
    let lines = wire.lines(|line| line.as_bytes().get(3) != Some(&b'-'))?;
    let Some(reply) = parse(&lines) else {
        return Err(foreign_greeting(lines.first().map_or("", String::as_str)));
    };
    match reply.code {
        220 => Ok(reply.words()),
        421 => Err(Problem::new(codes::SMTP_GREETING_421).seen(shown(&reply.words()))),
        554 => Err(Problem::new(codes::SMTP_GREETING_554).seen(shown(&reply.words()))),
        _ => Err(foreign_greeting(&reply.words())),
    }
}

/// Sends a command and reads its answer.
pub fn command<T: Transport>(wire: &mut Wire<T>, command: &str) -> Result<SmtpReply, Problem> {
    wire.send(command)?;
    reply(wire)
}

/// Sends EHLO.
pub fn capabilities<T: Transport>(wire: &mut Wire<T>) -> Result<Capabilities, Problem> {
    let reply = command(wire, &format!("EHLO {CLIENT}"))?;
    if !reply.is_ok() {
        return Err(
            Problem::with(codes::COMMAND_REFUSED, "EHLO is refused").seen(shown(&reply.words()))
        );
    }
    let mut found = Capabilities { known: true, ..Capabilities::default() };
    // The first line is the server's name.
    for line in reply.lines.iter().skip(1) {
        let line = line.to_ascii_uppercase();
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("AUTH") => found.mechanisms.extend(words.map(str::to_owned)),
            Some("SIZE") => {
                found.size = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
            }
            // "AUTH=LOGIN" is for Outlook Express; servers also send the line with a space.
            Some(word) if !word.starts_with("AUTH=") => found.words.push(word.to_owned()),
            _ => {}
        }
    }
    Ok(found)
}

pub fn starttls<T: Transport>(wire: &mut Wire<T>) -> Result<(), Problem> {
    let reply = command(wire, "STARTTLS")?;
    match reply.code {
        220 => Ok(()),
        _ => Err(Problem::new(codes::STARTTLS_REFUSED).seen(shown(&reply.words()))),
    }
}

/// Signs in with SASL, without an initial response. The inner result is the server's answer.
pub fn authenticate<T: Transport>(
    wire: &mut Wire<T>,
    exchange: &mut Exchange<'_>,
) -> Result<Result<(), SignInRefusal>, Problem> {
    wire.send(&format!("AUTH {}", exchange.name()))?;
    loop {
        let reply = reply(wire)?;
        match reply.code {
            334 => {
                let challenge = reply.lines.join("");
                let answer = exchange.answer(challenge.trim())?;
                wire.send_secret("(secret)", &answer)?;
            }
            235 => return exchange.finish().map(Ok),
            _ => return Ok(Err(exchange.refused(reply.words()))),
        }
    }
}

/// Sends a message. The lines of `text` end with CRLF.
pub fn send<T: Transport>(
    wire: &mut Wire<T>,
    capabilities: &Capabilities,
    from: &str,
    to: &str,
    text: &str,
) -> Result<(), Problem> {
    let mut options = String::new();
    if capabilities.has("SMTPUTF8") && !(from.is_ascii() && to.is_ascii()) {
        options.push_str(" SMTPUTF8");
    }
    if let Some(limit) = capabilities.size {
        if u64::try_from(text.len()).is_ok_and(|length| length > limit) {
            let detail = format!("the server takes messages up to {limit} octets");
            return Err(Problem::with(codes::MESSAGE_TOO_BIG, detail));
        }
        options.push_str(&format!(" SIZE={}", text.len()));
    }
    expect(command(wire, &format!("MAIL FROM:<{from}>{options}"))?, 250, codes::SENDER_REFUSED)?;
    expect(command(wire, &format!("RCPT TO:<{to}>"))?, 250, codes::RECIPIENT_REFUSED)?;
    expect(command(wire, "DATA")?, 354, codes::MESSAGE_REFUSED)?;
    for line in text.strip_suffix("\r\n").unwrap_or(text).split("\r\n") {
        // Dot-stuffing (RFC 5321 §4.5.2).
        let dot = if line.starts_with('.') { "." } else { "" };
        wire.send(&format!("{dot}{line}"))?;
    }
    wire.send(".")?;
    expect(reply(wire)?, 250, codes::MESSAGE_REFUSED)
}

/// Accepts the wanted code, else says what the reply means. A size limit and greylisting have codes
/// of their own.
fn expect(reply: SmtpReply, code: u16, otherwise: Code) -> Result<(), Problem> {
    // 251: the recipient is not local, but the server forwards.
    if reply.code == code || (code == 250 && reply.code == 251) {
        return Ok(());
    }
    let words = reply.words();
    let code = match reply.code {
        421 => codes::SMTP_GREETING_421,
        450 | 451 => codes::GREYLISTED,
        552 => codes::MESSAGE_TOO_BIG,
        _ if words.contains("5.3.4") || words.contains("5.2.3") => codes::MESSAGE_TOO_BIG,
        _ => otherwise,
    };
    Err(Problem::new(code).seen(shown(&words)))
}
