//! Advice: a client accepts the file, but it surprises its user.
//!
//! The readers report what a client drops or guesses, and also judge our own output. Advice is only
//! for files of others, where a setting may be intentional.

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
use crate::import::{Defect, Examination, ReadServer, Reader};
use crate::model::{ServerType, SocketType};

/// All advice about a file that was read.
pub fn advise(reader: Reader, text: &str, examined: &Examination) -> Vec<Defect> {
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

/// Collected advice.
#[derive(Default)]
struct AdviceList(Vec<Defect>);

impl AdviceList {
    fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(Defect { code, message: message.into(), span: span.clone() });
    }
}

/// Ports with implicit TLS, and their protocol (RFC 8314).
const IMPLICIT: [(u16, ServerType); 3] =
    [(993, ServerType::Imap), (995, ServerType::Pop3), (465, ServerType::Smtp)];
/// Ports that start in plain text and use STARTTLS.
const UPGRADED: [(u16, ServerType); 4] = [
    (143, ServerType::Imap),
    (110, ServerType::Pop3),
    (587, ServerType::Smtp),
    (25, ServerType::Smtp),
];

/// Whether the socket type contradicts the port, if the port is a known one.
fn against_port(server: &ReadServer) -> bool {
    let known = |ports: &[(u16, ServerType)]| ports.iter().any(|(port, _)| *port == server.port);
    match server.socket_type[..] {
        [SocketType::Ssl] => known(&UPGRADED),
        [SocketType::Starttls | SocketType::Plain] => known(&IMPLICIT),
        _ => false,
    }
}

/// The protocol that the port belongs to, if it is not the server's.
fn port_of_another(server: &ReadServer) -> Option<ServerType> {
    let mut known = IMPLICIT.iter().chain(&UPGRADED).filter(|(port, _)| *port == server.port);
    known.find(|(_, owner)| *owner != server.server_type).map(|(_, owner)| *owner)
}

/// Whether this is a Microsoft server that refuses every password: Outlook.com since 2024-09-16,
/// POP3 and IMAP of Exchange Online since October 2022. Only OAuth2 remains, which a format that
/// knows only passwords cannot express.
fn password_refused(hostname: &str) -> bool {
    hostname == "outlook.office365.com"
        || ["smtp-mail.outlook.com", "pop-mail.outlook.com", "imap-mail.outlook.com", "live.com"]
            .into_iter()
            .any(|parent| is_within(hostname, parent))
}

/// Whether a host is `parent` or below it.
fn is_within(hostname: &str, parent: &str) -> bool {
    hostname.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether the host is this machine, so that there is no network in between.
fn is_local(hostname: &str) -> bool {
    hostname == "localhost" || hostname == "::1" || hostname.starts_with("127.")
}

/// Whether this is a placeholder that the user forgot to replace, in files for programs without
/// placeholders.
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
