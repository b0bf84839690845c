//! What is only advice: a client takes the file, and its user is surprised.
//!
//! The readers hold what a client drops or guesses, and are judges of what we write; advice is for
//! files of others, where a setting can be meant so.

mod autoconfig;
mod autodiscover;
mod connection;
mod fetchmail;
mod getmail;
mod k9s;
mod mobileconfig;
mod msmtp;
mod prefs;
mod prf;
mod qr;
mod reg;

use std::ops::Range;

use crate::codes::Code;
use crate::import::msmtp::Program;
use crate::import::{Defect, Examined, ReadServer, Reader};
use crate::model::{ServerType, SocketType};

/// Everything worth saying about a file that was read.
pub fn advise(reader: Reader, text: &str, examined: &Examined) -> Vec<Defect> {
    match reader {
        Reader::Autoconfig => autoconfig::advise(text, examined),
        Reader::Autodiscover => autodiscover::advise(text, examined),
        Reader::Fetchmail => fetchmail::advise(text, examined),
        Reader::Getmail => getmail::advise(text, examined),
        Reader::K9s => k9s::advise(text, examined),
        Reader::Mobileconfig => mobileconfig::advise(text, examined),
        Reader::Mpop => msmtp::advise(text, examined, Program::Mpop),
        Reader::Msmtp => msmtp::advise(text, examined, Program::Msmtp),
        Reader::Prefs => prefs::advise(text, examined),
        Reader::Prf => prf::advise(text, examined),
        Reader::QrPayload => qr::advise(text, examined),
        Reader::Reg => reg::advise(text, examined),
    }
}

/// What is worth saying, collected.
#[derive(Default)]
struct Found(Vec<Defect>);

impl Found {
    fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(Defect { code, message: message.into(), span: span.clone() });
    }
}

/// TLS from the first byte, and whose port it is (RFC 8314).
const IMPLICIT: [(u16, ServerType); 3] =
    [(993, ServerType::Imap), (995, ServerType::Pop3), (465, ServerType::Smtp)];
/// Plain text first, then STARTTLS.
const UPGRADED: [(u16, ServerType); 4] = [
    (143, ServerType::Imap),
    (110, ServerType::Pop3),
    (587, ServerType::Smtp),
    (25, ServerType::Smtp),
];

/// Whether TLS begins otherwise than at this port, as far as the port is known.
fn against_port(server: &ReadServer) -> bool {
    let known = |ports: &[(u16, ServerType)]| ports.iter().any(|(port, _)| *port == server.port);
    match server.socket_type[..] {
        [SocketType::Ssl] => known(&UPGRADED),
        [SocketType::Starttls | SocketType::Plain] => known(&IMPLICIT),
        _ => false,
    }
}

/// The other protocol whose port this is.
fn port_of_another(server: &ReadServer) -> Option<ServerType> {
    let mut known = IMPLICIT.iter().chain(&UPGRADED).filter(|(port, _)| *port == server.port);
    known.find(|(_, owner)| *owner != server.server_type).map(|(_, owner)| *owner)
}

/// Whether a server of Microsoft refuses every password: those of Outlook.com since 2024-09-16,
/// POP3 and IMAP of Exchange Online since October 2022. What is left is OAuth2, which a file that
/// only knows passwords cannot say.
fn password_refused(hostname: &str) -> bool {
    hostname == "outlook.office365.com"
        || ["smtp-mail.outlook.com", "pop-mail.outlook.com", "imap-mail.outlook.com", "live.com"]
            .into_iter()
            .any(|parent| is_within(hostname, parent))
}

/// Whether a host is this one or has a name below it.
fn is_within(hostname: &str, parent: &str) -> bool {
    hostname.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A host that no network lies before.
fn is_local(hostname: &str) -> bool {
    hostname == "localhost" || hostname == "::1" || hostname.starts_with("127.")
}

/// What somebody was to replace by a value of their own, in files for programs that replace nothing.
fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 10] = [
        "your_",
        "your-",
        "your.name",
        "yourname",
        "youruser",
        "yourpass",
        "yourdomain",
        "changeme",
        "change-me",
        "change_me",
    ];
    let lower = value.to_lowercase();
    let within = |mark: char| {
        let mut parts = value.split(mark).skip(1).peekable();
        std::iter::from_fn(|| parts.next().filter(|_| parts.peek().is_some())).any(|part| {
            part.len() > 2 && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    let bracketed = value.starts_with('<') && value.ends_with('>');
    let templated = value.contains("{{") || value.contains("${");
    within('%') || bracketed || templated || WORDS.iter().any(|w| lower.contains(w))
}
