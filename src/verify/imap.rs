//! IMAP (RFC 9051 and RFC 3501).

use crate::codes;
use crate::net::Transport;

use super::capabilities::Capabilities;
use super::greeting::foreign_greeting;
use super::sasl::{Exchange, SignInRefusal};
use super::step::Problem;
use super::wire::{Wire, shown};

/// Makes the tags of one connection, a new one for each command.
#[derive(Debug, Default)]
pub struct Tags(u32);

impl Tags {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("a{}", self.0)
    }
}

/// A complete answer: the untagged lines, and the tagged line without its tag.
pub struct ImapReply {
    pub untagged: Vec<String>,
    pub status: String,
}

impl ImapReply {
    pub fn is_ok(&self) -> bool {
        let word = self.status.split(' ').next().unwrap_or_default();
        word.eq_ignore_ascii_case("OK")
    }
}

/// Reads the greeting. `BYE` and greetings of other protocols are errors.
pub fn greeting<T: Transport>(wire: &mut Wire<T>) -> Result<String, Problem> {
    let line = wire.line()?;
    let upper = line.to_ascii_uppercase();
    if upper.starts_with("* OK") || upper.starts_with("* PREAUTH") {
        return Ok(line);
    }
    if upper.starts_with("* BYE") {
        return Err(Problem::new(codes::IMAP_GREETING_BYE).seen(shown(&line)));
    }
    Err(foreign_greeting(&line))
}

/// Sends a command and reads its complete answer.
pub fn command<T: Transport>(
    wire: &mut Wire<T>,
    tags: &mut Tags,
    command: &str,
) -> Result<ImapReply, Problem> {
    let tag = tags.next();
    wire.send(&format!("{tag} {command}"))?;
    finish(wire, &tag)
}

fn finish<T: Transport>(wire: &mut Wire<T>, tag: &str) -> Result<ImapReply, Problem> {
    let prefix = format!("{tag} ");
    let mut lines = wire.lines(|line| line.starts_with(&prefix))?;
    let status = lines.pop().unwrap_or_default()[prefix.len()..].to_owned();
    Ok(ImapReply { untagged: lines, status })
}

/// Asks for CAPABILITY. Signing in with LOGIN is possible unless the server says LOGINDISABLED.
pub fn capabilities<T: Transport>(
    wire: &mut Wire<T>,
    tags: &mut Tags,
) -> Result<Capabilities, Problem> {
    let reply = command(wire, tags, "CAPABILITY")?;
    if !reply.is_ok() {
        let problem = Problem::with(codes::COMMAND_REFUSED, "CAPABILITY is refused");
        return Err(problem.seen(shown(&reply.status)));
    }
    let mut found = Capabilities { known: true, own_login: true, ..Capabilities::default() };
    for line in &reply.untagged {
        let line = line.to_ascii_uppercase();
        let Some(words) = line.strip_prefix("* CAPABILITY ") else { continue };
        for word in words.split_ascii_whitespace() {
            match word.strip_prefix("AUTH=") {
                Some(mechanism) => found.mechanisms.push(mechanism.to_owned()),
                None if word == "LOGINDISABLED" => found.own_login = false,
                None => found.words.push(word.to_owned()),
            }
        }
    }
    if found.words.is_empty() {
        return Err(Problem::with(codes::REPLY_MALFORMED, "the answer to CAPABILITY names none")
            .seen(shown(&reply.status)));
    }
    Ok(found)
}

pub fn starttls<T: Transport>(wire: &mut Wire<T>, tags: &mut Tags) -> Result<(), Problem> {
    let reply = command(wire, tags, "STARTTLS")?;
    match reply.is_ok() {
        true => Ok(()),
        false => Err(Problem::new(codes::STARTTLS_REFUSED).seen(shown(&reply.status))),
    }
}

/// Signs in with SASL, without an initial response. The inner result is the server's answer.
pub fn authenticate<T: Transport>(
    wire: &mut Wire<T>,
    tags: &mut Tags,
    exchange: &mut Exchange<'_>,
) -> Result<Result<(), SignInRefusal>, Problem> {
    let tag = tags.next();
    let prefix = format!("{tag} ");
    wire.send(&format!("{tag} AUTHENTICATE {}", exchange.name()))?;
    loop {
        let lines = wire.lines(|line| line.starts_with('+') || line.starts_with(&prefix))?;
        let last = lines.last().map_or("", String::as_str);
        if let Some(status) = last.strip_prefix(&prefix) {
            if is_ok(status) {
                return exchange.finish().map(Ok);
            }
            return Ok(Err(exchange.refused(status.to_owned())));
        }
        let answer = exchange.answer(last[1..].trim())?;
        wire.send_secret("(secret)", &answer)?;
    }
}

/// Signs in with the LOGIN command. User name and password are literals, which can hold any text.
pub fn login<T: Transport>(
    wire: &mut Wire<T>,
    tags: &mut Tags,
    user: &str,
    password: &str,
) -> Result<Result<(), SignInRefusal>, Problem> {
    let tag = tags.next();
    wire.send(&format!("{tag} LOGIN {{{}}}", user.len()))?;
    for (secret, text) in [(false, user), (true, password)] {
        let prefix = format!("{tag} ");
        let lines = wire.lines(|line| line.starts_with('+') || line.starts_with(&prefix))?;
        if let Some(status) = lines.last().and_then(|line| line.strip_prefix(&prefix)) {
            return Ok(Err(SignInRefusal::new(status.to_owned())));
        }
        match secret {
            true => wire.send_secret("(secret)", text)?,
            false => wire.send(&format!("{text} {{{}}}", password.len()))?,
        }
    }
    let reply = finish(wire, &tag)?;
    Ok(if reply.is_ok() { Ok(()) } else { Err(SignInRefusal::new(reply.status)) })
}

fn is_ok(status: &str) -> bool {
    status.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case("OK"))
}

/// Sends a command whose answer contains one literal (RFC 9051 §4.3), and returns that literal.
pub fn literal<T: Transport>(
    wire: &mut Wire<T>,
    tags: &mut Tags,
    command: &str,
) -> Result<(Option<Vec<u8>>, ImapReply), Problem> {
    let tag = tags.next();
    let prefix = format!("{tag} ");
    wire.send(&format!("{tag} {command}"))?;
    let mut octets = None;
    loop {
        let line = wire.line()?;
        if let Some(status) = line.strip_prefix(&prefix) {
            return Ok((octets, ImapReply { untagged: Vec::new(), status: status.to_owned() }));
        }
        let length = line.strip_suffix('}').and_then(|l| l.rsplit_once('{')?.1.parse().ok());
        if let Some(length) = length {
            octets = Some(wire.octets(length)?);
        }
    }
}
