//! Turns what a TLS handshake showed into steps.

use crate::codes;
use crate::net::{ChainVerdict, Handshake, TlsError};

use super::step::Problem;

/// Days before expiry from which a warning is given. A renewal should have happened by then: Let's
/// Encrypt's own advice is 30 days before the end.
const SOON: i64 = 14;

/// Why there is no TLS connection.
pub fn failure(error: &TlsError, after_starttls: bool) -> Problem {
    match error {
        // After the server's go-ahead, nothing but TLS may come.
        TlsError::SpeaksPlain(text) if after_starttls => {
            Problem::new(codes::STARTTLS_INJECTION).seen(text.clone())
        }
        TlsError::SpeaksPlain(text) => {
            Problem::new(codes::TLS_PORT_SPEAKS_PLAIN).seen(text.clone())
        }
        TlsError::TooOld => Problem::new(codes::TLS_TOO_OLD),
        TlsError::TimedOut => Problem::new(codes::TLS_TIMEOUT),
        TlsError::Closed => Problem::with(
            codes::TLS_HANDSHAKE_FAILED,
            "the server hung up during the TLS handshake",
        ),
        TlsError::Failed(why) if why.is_empty() => Problem::new(codes::CONNECTION_FAILED),
        TlsError::Failed(why) => {
            Problem::with(codes::TLS_HANDSHAKE_FAILED, format!("the TLS handshake failed: {why}"))
        }
    }
}

/// Judges key and chain of the certificate, not its host name or dates.
pub fn chain(seen: &Handshake) -> Result<String, Problem> {
    let leaf = seen.leaf();
    if let Some(weak) = &leaf.weak {
        let detail = format!("the certificate has {weak}");
        return Err(Problem::with(codes::CERTIFICATE_WEAK_KEY, detail));
    }
    match &seen.verdict {
        ChainVerdict::Trusted => Ok(format!("issued by {}", leaf.issuer)),
        _ if leaf.self_signed => {
            let detail = format!("the certificate is self-signed ({})", leaf.subject);
            Err(Problem::with(codes::CERTIFICATE_SELF_SIGNED, detail))
        }
        ChainVerdict::UnknownIssuer => match &leaf.ca_issuers {
            Some(url) if seen.chain.len() == 1 => Err(Problem::with(
                codes::CERTIFICATE_MISSING_INTERMEDIATE,
                format!("the server sends its own certificate alone; the issuer's is at {url}"),
            )),
            _ => {
                let last = seen.chain.last().unwrap_or(leaf);
                let detail = format!("nobody here knows the authority \"{}\"", last.issuer);
                Err(Problem::with(codes::CERTIFICATE_UNKNOWN_CA, detail))
            }
        },
        ChainVerdict::Other(why) => {
            let detail = format!("the certificate is not valid for a server: {why}");
            Err(Problem::with(codes::CERTIFICATE_INVALID, detail))
        }
    }
}

pub fn host_name(seen: &Handshake, host: &str) -> Result<String, Problem> {
    if seen.names_host {
        return Ok(format!("the certificate is for {host}"));
    }
    let names = match seen.leaf().names.as_slice() {
        [] => "no host name at all (a common name does not count, RFC 9525)".to_owned(),
        names => names.join(", "),
    };
    let detail = format!("the certificate is not for {host}, but for {names}");
    Err(Problem::with(codes::CERTIFICATE_WRONG_NAME, detail))
}

/// The days that are left, or what is wrong with the dates. A certificate that expires soon is a
/// warning.
pub fn validity(seen: &Handshake) -> Result<String, Problem> {
    let leaf = seen.leaf();
    let left = leaf.days_left(seen.now);
    if seen.now < leaf.not_before {
        let detail = format!("the certificate is valid only from {}", leaf.first_day);
        return Err(Problem::with(codes::CERTIFICATE_NOT_YET_VALID, detail));
    }
    if seen.now > leaf.not_after {
        let detail = format!("the certificate expired on {}", leaf.last_day);
        return Err(Problem::with(codes::CERTIFICATE_EXPIRED, detail));
    }
    let detail = format!("{left} days left, until {}", leaf.last_day);
    // A certificate that is valid for a week is not late on its second day.
    let life = (leaf.not_after - leaf.not_before) / 86_400;
    match left < SOON.min(life / 3) {
        true => Err(Problem::with(codes::CERTIFICATE_EXPIRES_SOON, detail)),
        false => Ok(detail),
    }
}
