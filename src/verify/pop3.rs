//! POP3 (RFC 1939, CAPA of RFC 2449, STLS of RFC 2595, AUTH of RFC 5034).

use crate::codes::{self, Code};
use crate::net::Transport;

use super::capabilities::Capabilities;
use super::greeting::foreign_greeting;
use super::sasl::{Exchange, SignInRefusal};
use super::step::Problem;
use super::wire::{Wire, shown};

/// Returns the greeting, and its timestamp for APOP if there is one (RFC 1939 §7).
pub fn greeting<T: Transport>(wire: &mut Wire<T>) -> Result<(String, Option<String>), Problem> {
    let line = wire.line()?;
    if is_ok(&line) {
        let stamp = line.find('<').and_then(|start| {
            let end = line[start..].find('>')?;
            let stamp = &line[start..=start + end];
            stamp.contains('@').then(|| stamp.to_owned())
        });
        return Ok((line, stamp));
    }
    if !line.starts_with("-ERR") {
        return Err(foreign_greeting(&line));
    }
    Err(Problem::new(response_code(&line).unwrap_or(codes::POP3_GREETING_ERROR)).seen(shown(&line)))
}

/// The meaning of the response code in brackets of an `-ERR` (RFC 2449 §8, RFC 3206). What `AUTH`
/// means depends on the mechanism; `login.rs` decides it.
pub fn response_code(line: &str) -> Option<Code> {
    let (start, end) = (line.find('[')?, line.find(']')?);
    match line.get(start + 1..end)?.to_ascii_uppercase().as_str() {
        "IN-USE" => Some(codes::MAILBOX_LOCKED),
        "LOGIN-DELAY" => Some(codes::LOGIN_DELAY),
        "SYS/TEMP" => Some(codes::TEMPORARY_FAILURE),
        "SYS/PERM" => Some(codes::PERMANENT_FAILURE),
        _ => None,
    }
}

/// Asks for CAPA. A server that does not know the command is not an error.
pub fn capabilities<T: Transport>(
    wire: &mut Wire<T>,
    stamp: Option<&str>,
) -> Result<Capabilities, Problem> {
    wire.send("CAPA")?;
    let first = wire.line()?;
    let mut found = Capabilities { apop: stamp.is_some(), ..Capabilities::default() };
    if !is_ok(&first) {
        return match first.starts_with("-ERR") {
            true => Ok(found),
            false => Err(Problem::new(codes::REPLY_MALFORMED).seen(shown(&first))),
        };
    }
    found.known = true;
    for line in wire.lines(|line| line == ".")? {
        let line = line.to_ascii_uppercase();
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("SASL") => found.mechanisms.extend(words.map(str::to_owned)),
            Some("USER") => found.own_login = true,
            Some(word) if word != "." => found.words.push(word.to_owned()),
            _ => {}
        }
    }
    Ok(found)
}

pub fn starttls<T: Transport>(wire: &mut Wire<T>) -> Result<(), Problem> {
    wire.send("STLS")?;
    let line = wire.line()?;
    if is_ok(&line) {
        Ok(())
    } else {
        Err(Problem::new(codes::STARTTLS_REFUSED).seen(shown(&line)))
    }
}

/// Signs in with SASL, without an initial response: every server accepts that, and Microsoft's
/// accepts nothing else. The inner result is the server's answer.
pub fn authenticate<T: Transport>(
    wire: &mut Wire<T>,
    exchange: &mut Exchange<'_>,
) -> Result<Result<(), SignInRefusal>, Problem> {
    wire.send(&format!("AUTH {}", exchange.name()))?;
    loop {
        let line = wire.line()?;
        if let Some(challenge) = line.strip_prefix('+').filter(|_| !is_ok(&line)) {
            let answer = exchange.answer(challenge.trim())?;
            wire.send_secret("(secret)", &answer)?;
        } else if is_ok(&line) {
            return exchange.finish().map(Ok);
        } else {
            return Ok(Err(exchange.refused(line)));
        }
    }
}

/// Signs in with USER and PASS.
pub fn user<T: Transport>(
    wire: &mut Wire<T>,
    user: &str,
    password: &str,
) -> Result<Result<(), SignInRefusal>, Problem> {
    wire.send(&format!("USER {user}"))?;
    let line = wire.line()?;
    if !is_ok(&line) {
        return Ok(Err(SignInRefusal::new(line)));
    }
    wire.send_secret("PASS (secret)", &format!("PASS {password}"))?;
    let line = wire.line()?;
    Ok(if is_ok(&line) { Ok(()) } else { Err(SignInRefusal::new(line)) })
}

/// Signs in with APOP (RFC 1939 §7).
pub fn apop<T: Transport>(
    wire: &mut Wire<T>,
    user: &str,
    digest: &str,
) -> Result<Result<(), SignInRefusal>, Problem> {
    wire.send_secret(&format!("APOP {user} (secret)"), &format!("APOP {user} {digest}"))?;
    let line = wire.line()?;
    Ok(if is_ok(&line) { Ok(()) } else { Err(SignInRefusal::new(line)) })
}

/// The number of messages, and their total size in octets.
pub fn stat<T: Transport>(wire: &mut Wire<T>) -> Result<(u64, u64), Problem> {
    wire.send("STAT")?;
    let line = wire.line()?;
    if !is_ok(&line) {
        return Err(Problem::with(codes::COMMAND_REFUSED, "STAT is refused").seen(shown(&line)));
    }
    let mut numbers = line.split_ascii_whitespace().skip(1).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(messages)), Some(Ok(octets))) => Ok((messages, octets)),
        _ => Err(Problem::new(codes::REPLY_MALFORMED).seen(shown(&line))),
    }
}

pub fn is_ok(line: &str) -> bool {
    line == "+OK" || line.starts_with("+OK ")
}
