//! Messages about a directory that cannot be read: what failed, why, and what to do.

use std::fmt::Write as _;
use std::io;

use ldap3::LdapResult;
use rustls::{AlertDescription, Error as RustlsError};

use super::entry::plain;
use super::starttls::StartTlsError;
use crate::net::{CertificateRecord, ChainVerdict, ConnectError, DnsError};

/// Limit for a server's own text in a message, in characters.
const LONGEST: usize = 300;

/// The request that an answer belongs to.
pub(super) struct LdapRequest<'a> {
    pub what: LdapOperation<'a>,
    pub signed_in: bool,
}

pub(super) enum LdapOperation<'a> {
    SignIn { name: &'a str },
    External,
    Search { base: &'a str, entries: u64 },
}

pub(super) fn unresolved(host: &str, why: &DnsError) -> String {
    format!("{host} is not found: {why}; is the name right, and --dns needed?")
}

pub(super) fn unreachable(tried: &[(std::net::SocketAddr, ConnectError)]) -> String {
    let list: Vec<_> = tried.iter().map(|(address, why)| format!("{address}: {why}")).collect();
    format!("cannot be reached ({}); are host and port right?", list.join("; "))
}

pub(super) fn no_starttls(refused: &StartTlsError) -> String {
    match refused {
        StartTlsError::Answer(code, words) => format!(
            "the directory refuses StartTLS{}; nothing is sent to it in plain text. ldaps:// is TLS \
             from the first byte, mostly at port 636",
            said(*code, words)
        ),
        StartTlsError::HungUp => {
            "the other side hung up when it was asked for StartTLS; is this port one \
                            for ldaps://?"
                .to_owned()
        }
        StartTlsError::TimedOut => {
            "no answer to StartTLS in time (--timeout); is this port one for ldaps://?".to_owned()
        }
        StartTlsError::NotLdap(bytes) => {
            let line = bytes.split(|b| *b == b'\r' || *b == b'\n').next().unwrap_or_default();
            let words = plain(&String::from_utf8_lossy(line), 80);
            format!("no directory answers there, but \"{words}\"; is the port right?")
        }
        StartTlsError::Injected => {
            "bytes came in plain text behind the answer to StartTLS: somebody \
                              between changes what is sent; do not use this connection"
                .to_owned()
        }
        StartTlsError::Io(why) => format!("cannot ask for StartTLS: {why}"),
    }
}

/// A handshake that failed; `seen` is the server's certificate, if one arrived.
pub(super) fn no_tls(error: &io::Error, seen: Option<&CertificateRecord>, host: &str) -> String {
    if let Some(why) = seen.filter(|seen| !seen.trusted()).map(|seen| untrusted(seen, host)) {
        return why;
    }
    match rustls_error(error) {
        Some(RustlsError::AlertReceived(alert)) => alerted(*alert),
        Some(RustlsError::InvalidMessage(_)) => {
            "what answers there is no TLS; ldaps:// is TLS from the first byte, mostly at port 636, \
             and ldap:// begins with StartTLS, mostly at port 389"
                .to_owned()
        }
        Some(other) => format!("the TLS handshake failed: {other}"),
        None if is_hang_up(error) => "the other side hung up during the TLS handshake; is the port \
                                      right, and has the directory a certificate?"
            .to_owned(),
        None => format!("the TLS handshake failed: {error}"),
    }
}

fn alerted(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "the directory wants a certificate of yours: --ldap-cert and --ldap-key".to_owned()
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::AccessDenied => {
            format!("the directory does not take the certificate of --ldap-cert ({alert:?})")
        }
        other => format!("the directory broke the TLS connection off: {other:?}"),
    }
}

/// Everything that is wrong with a certificate, worded as in `verify`.
fn untrusted(seen: &CertificateRecord, host: &str) -> String {
    let leaf = seen.leaf();
    let mut wrong: Vec<String> = Vec::new();
    match &seen.verdict {
        ChainVerdict::Trusted => {}
        _ if leaf.self_signed => wrong.push(format!(
            "its certificate is self-signed ({}); --ca FILE trusts it",
            plain(&leaf.subject, LONGEST)
        )),
        ChainVerdict::UnknownIssuer => {
            let issuer = plain(&seen.chain.last().unwrap_or(leaf).issuer, LONGEST);
            wrong.push(format!(
                "nobody here knows the authority \"{issuer}\" of its certificate; --ca FILE names \
                 the certificate of a private one"
            ));
        }
        ChainVerdict::Other(why) => wrong.push(format!("its certificate is not valid: {why}")),
    }
    if !seen.names_host {
        let names = match leaf.names.as_slice() {
            [] => "no host name at all (a common name does not count, RFC 9525)".to_owned(),
            names => plain(&names.join(", "), LONGEST),
        };
        wrong.push(format!("its certificate is not for {host}, but for {names}"));
    }
    if seen.now > leaf.not_after {
        wrong.push(format!("its certificate expired on {}", leaf.last_day));
    }
    if seen.now < leaf.not_before {
        wrong.push(format!("its certificate is valid only from {}", leaf.first_day));
    }
    wrong.extend(leaf.weak.as_ref().map(|weak| format!("its certificate has {weak}")));
    wrong.join("; ")
}

/// A connection that ended too early.
pub(super) fn lost(error: Option<&io::Error>, entries: u64) -> String {
    let why = match error.map(|error| (error, rustls_error(error))) {
        None => "the directory closed the connection".to_owned(),
        // In TLS 1.3 a server judges the client's certificate after the handshake seems complete.
        Some((_, Some(RustlsError::AlertReceived(alert)))) => alerted(*alert),
        Some((error, None)) if is_hang_up(error) => {
            "the connection to the directory broke".to_owned()
        }
        Some((error, _)) => format!("the connection to the directory broke: {error}"),
    };
    match entries {
        0 => why,
        _ => format!("{why} after {entries} entries; run it again"),
    }
}

pub(super) fn timed_out(what: &str) -> String {
    format!("no answer in time {what}; --timeout gives it longer")
}

/// A result other than success.
pub(super) fn answer(asked: &LdapRequest<'_>, result: &LdapResult) -> String {
    let LdapResult { rc, text, matched, refs, .. } = result;
    let said = said(*rc, text);
    let hint = match asked.signed_in {
        true => "",
        false => "; nobody is signed in, --ldap-bind does that",
    };
    match (&asked.what, rc) {
        (LdapOperation::SignIn { name }, 49) => match sub_code(text) {
            Some(why) => format!("cannot sign in as {}: {why}{said}", plain(name, LONGEST)),
            None => format!(
                "cannot sign in as {}: name or password is wrong{said}",
                plain(name, LONGEST)
            ),
        },
        (LdapOperation::SignIn { name }, 34) => format!(
            "cannot sign in as {}: it is no distinguished name, such as \
             cn=reader,dc=example,dc=com{said}",
            plain(name, LONGEST)
        ),
        (LdapOperation::SignIn { name }, _) => {
            format!("cannot sign in as {}: {}{said}", plain(name, LONGEST), meaning(*rc))
        }
        (LdapOperation::External, 7) => format!(
            "the directory does not offer SASL EXTERNAL, so that a certificate or a socket signs \
             nobody in{said}"
        ),
        (LdapOperation::External, 49) => {
            format!("the directory knows nobody by this certificate or user{said}")
        }
        (LdapOperation::External, _) => {
            format!("cannot sign in with SASL EXTERNAL: {}{said}", meaning(*rc))
        }
        (LdapOperation::Search { base, .. }, 32) => {
            let there = match matched.is_empty() {
                true => String::new(),
                false => format!("; what there is of it is {}", plain(matched, LONGEST)),
            };
            format!("there is no {base}{there}{hint}{said}", base = plain(base, LONGEST))
        }
        (LdapOperation::Search { base, .. }, 34) => {
            format!("\"{}\" is no distinguished name{said}", plain(base, LONGEST))
        }
        (LdapOperation::Search { entries, .. }, 11) => format!(
            "the directory lets this reader not have so much, or not in pages, and stopped after \
             {entries} entries{hint}{said}"
        ),
        (LdapOperation::Search { entries, .. }, 4) => format!(
            "the directory gives no more than it has given, {entries} entries; let it give this \
             reader more (OpenLDAP: limits … size.prtotal=unlimited), or ask for fewer with a \
             filter or a base further down{hint}{said}"
        ),
        (LdapOperation::Search { entries, .. }, 3) => {
            format!("the directory took too long and stopped after {entries} entries{said}")
        }
        (LdapOperation::Search { .. }, 10) => {
            let to =
                refs.first().map_or_else(String::new, |to| format!(" ({})", plain(to, LONGEST)));
            format!("the directory refers to another server{to}; name that one{said}")
        }
        // Active Directory says "a successful bind must be completed", Samba "without
        // authentication".
        (LdapOperation::Search { .. }, 1) if !asked.signed_in => {
            format!("the directory tells nothing to who has not signed in{hint}{said}")
        }
        (LdapOperation::Search { .. }, 8 | 13 | 48 | 50 | 53) => {
            format!("the directory refuses the search: {}{hint}{said}", meaning(*rc))
        }
        (LdapOperation::Search { entries, .. }, _) => {
            format!("the search ended after {entries} entries: {}{said}", meaning(*rc))
        }
    }
}

/// The meaning of a result code (RFC 4511 appendix A.2).
fn meaning(code: u32) -> &'static str {
    match code {
        1 => "it cannot do that now",
        2 => "it takes that for a mistake in the protocol",
        7 => "it does not take this way to sign in",
        8 => "it wants a stronger way to sign in",
        13 => "it wants an encrypted connection",
        14 => "it wants to go on in a way that is not known here",
        48 => "it does not let this be done by nobody",
        50 => "the reader may not do that",
        51 => "it is busy; try again later",
        52 => "it is not available; try again later",
        53 => "it is not willing to",
        54 => "it went round in a circle",
        _ => "it gives an error",
    }
}

/// The result code and the server's own text.
fn said(code: u32, words: &str) -> String {
    let mut text = format!(" (result {code}");
    let words = plain(words.trim(), LONGEST);
    if !words.is_empty() {
        let _ = write!(text, ", \"{words}\"");
    }
    text + ")"
}

/// Why Active Directory refused a sign-in. The text contains a Win32 error code in hexadecimal
/// (MS-ERREF 2.2): `… AcceptSecurityContext error, data 52e, v3839`.
fn sub_code(text: &str) -> Option<&'static str> {
    let (_, rest) = text.split_once(" data ")?;
    let code = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    Some(match code.to_ascii_lowercase().as_str() {
        "525" => "there is no such user",
        "52e" => "name or password is wrong",
        "52f" => "the account is restricted",
        "530" => "the account may not sign in at this hour",
        "531" => "the account may not sign in from this machine",
        "532" => "the password has expired",
        "533" => "the account is disabled",
        "534" => "the account may not sign in this way",
        "701" => "the account has expired",
        "773" => "the password has to be changed first",
        "775" => "the account is locked",
        _ => return None,
    })
}

fn rustls_error(error: &io::Error) -> Option<&RustlsError> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rc: u32, text: &str) -> LdapResult {
        let (matched, text) = (String::new(), text.to_owned());
        LdapResult { rc, matched, text, refs: Vec::new(), ctrls: Vec::new() }
    }

    #[test]
    fn active_directory_says_in_a_number_why_nobody_may_sign_in() {
        let asked = LdapRequest {
            what: LdapOperation::SignIn { name: "ann@corp.example" },
            signed_in: false,
        };
        let said = |data: &str| {
            let text = format!(
                "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data \
                 {data}, v3839\0"
            );
            answer(&asked, &result(49, &text))
        };
        for (data, words) in [
            ("52e", "cannot sign in as ann@corp.example: name or password is wrong (result 49"),
            ("525", "there is no such user"),
            ("532", "the password has expired"),
            ("533", "the account is disabled"),
            ("773", "the password has to be changed first"),
            ("775", "the account is locked"),
            ("57", "name or password is wrong"),
        ] {
            assert!(said(data).contains(words), "{data}: {}", said(data));
        }
        assert!(said("775").ends_with("v3839\")"), "{}", said("775"));
    }

    #[test]
    fn an_answer_says_what_to_do() {
        let search = |rc, text: &str, signed_in| {
            let what = LdapOperation::Search { base: "dc=x", entries: 500 };
            answer(&LdapRequest { what, signed_in }, &result(rc, text))
        };
        assert!(search(32, "", false).contains("there is no dc=x; nobody is signed in"));
        assert!(!search(32, "", true).contains("--ldap-bind"));
        assert!(search(4, "", true).contains("500 entries; let it give this reader more"));
        let anonymous = "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this \
                         operation a successful bind must be completed on the connection.";
        assert!(search(1, anonymous, false).contains("who has not signed in; nobody is signed in"));
        assert!(
            search(53, "no\x1b[2J", true).contains("not willing to (result 53, \"no\\1B[2J\")")
        );
    }
}
