//! The StartTLS request and its answer (RFC 4511 §4.14).
//!
//! Sent by hand before the library gets the connection: the library would wait for its deadline if
//! the other side hangs up, and a port that is not a directory's is to be reported as such.

use std::io::{self, Read, Write};

use ldap3::asn1::{PL, StructureTag, parse_tag, parse_uint};

use crate::net::Tcp;

/// Message 1: an extended request with the OID 1.3.6.1.4.1.1466.20037.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
/// Tag of `ExtendedResponse`.
const RESPONSE: u64 = 24;
/// Limit for the answer, in bytes.
const LONGEST: usize = 16 * 1024;

/// Why TLS cannot begin.
pub(super) enum StartTlsError {
    /// The directory refuses: its result code and its own text.
    Answer(u32, String),
    HungUp,
    TimedOut,
    /// The first bytes of something that is not LDAP.
    NotLdap(Vec<u8>),
    /// Plain-text bytes after the answer; only an attacker in between can have sent them.
    Injected,
    Io(io::Error),
}

impl From<io::Error> for StartTlsError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::HungUp,
            _ => Self::Io(error),
        }
    }
}

/// Asks for StartTLS. Returns when the handshake may begin.
pub(super) fn ask(tcp: &mut Tcp) -> Result<(), StartTlsError> {
    tcp.write_all(REQUEST)?;
    tcp.flush()?;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match tcp.read(&mut piece)? {
            0 if bytes.is_empty() => return Err(StartTlsError::HungUp),
            0 => return Err(StartTlsError::NotLdap(bytes)),
            read => bytes.extend_from_slice(&piece[..read]),
        }
        // Every LDAP message is a SEQUENCE.
        if bytes[0] != 0x30 || bytes.len() > LONGEST {
            return Err(StartTlsError::NotLdap(bytes));
        }
        match parse_tag(&bytes) {
            Err(e) if e.is_incomplete() => {}
            Err(_) => return Err(StartTlsError::NotLdap(bytes)),
            Ok((rest, message)) => {
                let is_all = rest.is_empty();
                return match result(message) {
                    Some((0, _)) if is_all => Ok(()),
                    Some((0, _)) => Err(StartTlsError::Injected),
                    Some((code, words)) => Err(StartTlsError::Answer(code, words)),
                    None => Err(StartTlsError::NotLdap(bytes)),
                };
            }
        }
    }
}

fn result(message: StructureTag) -> Option<(u32, String)> {
    let PL::C(parts) = message.payload else { return None };
    let response = parts.into_iter().nth(1).filter(|part| part.id == RESPONSE)?;
    let PL::C(parts) = response.payload else { return None };
    let mut parts = parts.into_iter().map(|part| part.payload);
    let (Some(PL::P(code)), Some(PL::P(_)), Some(PL::P(words))) =
        (parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let (_, code) = parse_uint(&code).ok()?;
    Some((u32::try_from(code).ok()?, String::from_utf8_lossy(&words).into_owned()))
}
