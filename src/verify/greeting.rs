//! A greeting that does not belong to the protocol.

use crate::codes;

use super::step::Problem;
use super::wire::shown;

/// The problem for a greeting that does not belong to the protocol.
pub fn foreign_greeting(line: &str) -> Problem {
    // A TLS record: handshake or alert, version 3.x (RFC 8446 §5.1).
    let bytes = line.as_bytes();
    if matches!(bytes, [0x15 | 0x16, 3, ..]) {
        return Problem::new(codes::PLAIN_PORT_SPEAKS_TLS);
    }
    let upper = line.to_ascii_uppercase();
    let looks = [
        ("+OK", "POP3"),
        ("* OK", "IMAP"),
        ("SSH-", "SSH"),
        ("HTTP/", "HTTP"),
        ("220 ", "SMTP or FTP"),
        ("220-", "SMTP or FTP"),
    ];
    let detail = match looks.iter().find(|(start, _)| upper.starts_with(start)) {
        Some((_, name)) => format!("{name} answers on that port"),
        None => "the greeting is of no mail protocol".to_owned(),
    };
    Problem::with(codes::WRONG_PROTOCOL, detail).seen(shown(line))
}
