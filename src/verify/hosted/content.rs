//! Reads a published file, and compares it with the settings.

use serde_json::Value;

use crate::codes;
use crate::finding::{Place, Severity, Source};
use crate::import::{Examination, ReadConfig, ReadServer, Reader, recognise};
use crate::model::{
    Authentication, ClientConfig, EmailAddress, Placeholder, Protocol, Server, ServerType, Side,
    SocketType,
};
use crate::net::Answer;

use super::super::step::Problem;
use super::super::wire::shown;
use super::places::ConfigKind;

/// How many defects of a published file are named.
const FEW: usize = 20;

/// What an answer contains.
#[derive(Debug)]
pub enum Content {
    /// Servers, as the client of this kind of file reads them.
    Config(Box<ReadConfig>),
    /// An Autodiscover redirect, or an answer of its second version, which does nothing else.
    Elsewhere(String),
    /// A signed profile that cannot be opened here.
    Signed,
    /// A PACC file.
    Pacc(Value),
    Wrong(Problem),
}

/// The settings that the published files are compared with.
pub struct ExpectedSettings<'a> {
    pub config: &'a ClientConfig,
    /// Which protocols are to be published.
    pub protocol: Protocol,
}

/// Reads an answer with status 200 as a file of this kind. `address` names it in messages.
pub fn content(kind: ConfigKind, answer: &Answer, address: &str) -> Content {
    match kind {
        ConfigKind::Json | ConfigKind::Pacc => json(kind, answer),
        // A signed envelope that we cannot open.
        ConfigKind::Profile
            if answer.body.first() == Some(&0x30) && recognise(&answer.body).is_none() =>
        {
            Content::Signed
        }
        ConfigKind::Autoconfig | ConfigKind::Autodiscover | ConfigKind::Profile => {
            file(kind, answer, address)
        }
    }
}

/// The text without what differs from address to address: the identifiers of a profile and its
/// parts, and its signature.
pub fn without_names(kind: ConfigKind, body: &[u8]) -> String {
    let raw = || String::from_utf8_lossy(body).into_owned();
    let mut text = match recognise(body) {
        Some((_, text)) if kind == ConfigKind::Profile => text.to_string(),
        _ => return raw(),
    };
    for key in ["<key>PayloadUUID</key>", "<key>PayloadIdentifier</key>"] {
        let mut parts = text.split(key);
        let mut left = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            left.push_str(key);
            left.push_str(part.split_once("</string>").map_or(part, |(_, rest)| rest));
        }
        text = left;
    }
    text
}

fn json(kind: ConfigKind, answer: &Answer) -> Content {
    let text = String::from_utf8_lossy(&answer.body);
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(json) if kind == ConfigKind::Pacc && json.get("protocols").is_some() => {
            Content::Pacc(json)
        }
        Ok(json) if kind == ConfigKind::Json => match json.get("Url").and_then(Value::as_str) {
            Some(url) => Content::Elsewhere(shown(url)),
            None => Content::Wrong(Problem::new(codes::AUTODISCOVER_ERROR).seen(shown(&text))),
        },
        Ok(_) => unreadable("there is no \"protocols\" in it", &text),
        Err(_) if is_page(&text) => Content::Wrong(Problem::new(codes::PUBLISHED_OTHER_PAGE)),
        Err(error) => unreadable(&error.to_string(), &text),
    }
}

fn file(kind: ConfigKind, answer: &Answer, address: &str) -> Content {
    let wanted = match kind {
        ConfigKind::Autoconfig => Reader::Autoconfig,
        ConfigKind::Autodiscover => Reader::Autodiscover,
        _ => Reader::Mobileconfig,
    };
    let text = String::from_utf8_lossy(&answer.body);
    let Some((reader, text)) = recognise(&answer.body).filter(|(reader, _)| *reader == wanted)
    else {
        return match is_page(&text) {
            true => Content::Wrong(Problem::new(codes::PUBLISHED_OTHER_PAGE)),
            false => unreadable("it is no file of this kind", &text),
        };
    };
    debug_assert_eq!(reader, wanted);
    if kind == ConfigKind::Autodiscover {
        if let Some(target) = inner(&text, "RedirectUrl").or_else(|| inner(&text, "RedirectAddr")) {
            return Content::Elsewhere(shown(target));
        }
        if let Some(code) = inner(&text, "ErrorCode") {
            let detail = format!("Autodiscover answers with the error {}", shown(code));
            let words = inner(&text, "Message").unwrap_or_default();
            return Content::Wrong(
                Problem::with(codes::AUTODISCOVER_ERROR, detail).seen(shown(words)),
            );
        }
    }
    let Examination { config, defects, .. } = wanted.examine(&text);
    // A defect that a client tolerates does not make the file unreadable.
    if !defects.iter().any(|defect| defect.code.severity == Severity::Error) {
        return Content::Config(Box::new(config));
    }
    let source = Source::new(address, text);
    let list: Vec<String> = defects
        .iter()
        .take(FEW)
        .map(|one| format!("{}: {}", Place::new(&source, one.span.clone()), one.message))
        .collect();
    Content::Wrong(Problem::with(codes::PUBLISHED_UNREADABLE, shown(&list.join("; "))))
}

fn unreadable(why: &str, text: &str) -> Content {
    let start: String = text.chars().take(80).collect();
    Content::Wrong(Problem::with(codes::PUBLISHED_UNREADABLE, why).seen(shown(&start)))
}

fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(200).collect::<String>().to_lowercase();
    start.starts_with("<!doctype html") || start.contains("<html")
}

/// The text of the first element of that name.
fn inner<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{name}>"))? + name.len() + 2;
    let end = text[start..].find(&format!("</{name}>"))? + start;
    Some(&text[start..end])
}

/// Compares a file with the settings. Returns the servers that only the file has, in words, and the
/// server types that only the settings have.
///
/// Autoconfig can hold every type; the other files describe one account, with one server each way.
pub fn differences(
    kind: ConfigKind,
    read: &ReadConfig,
    settings: &ExpectedSettings<'_>,
    address: &EmailAddress,
) -> (Vec<String>, Vec<String>) {
    let mut others = Vec::new();
    for server in read.servers.iter().filter(|server| is_mail(server.server_type)) {
        let side = match server.server_type {
            ServerType::Smtp => Side::Outgoing,
            _ => Side::Incoming,
        };
        let same_type =
            settings.config.servers(side).iter().filter(|s| s.server_type == server.server_type);
        let reasons: Vec<Vec<String>> =
            same_type.map(|wanted| unlike(server, wanted, address)).collect();
        match reasons.iter().min_by_key(|reasons| reasons.len()) {
            Some(reasons) if reasons.is_empty() => {}
            Some(reasons) => others.push(format!("{}: {}", name(server), reasons.join(", "))),
            None => others.push(format!("{}: the settings have none of this type", name(server))),
        }
    }
    let mut lacking = Vec::new();
    for side in [Side::Incoming, Side::Outgoing] {
        let servers = settings.config.servers(side).iter().map(|server| server.server_type);
        let wanted: Vec<ServerType> =
            servers.filter(|t| is_mail(*t) && settings.protocol.wants(*t)).collect();
        let there = |wanted: &ServerType| read.servers.iter().any(|s| s.server_type == *wanted);
        if kind != ConfigKind::Autoconfig && wanted.iter().any(there) {
            continue;
        }
        for word in wanted.iter().filter(|t| !there(t)).map(ServerType::to_string) {
            if !lacking.contains(&word) {
                lacking.push(word);
            }
        }
    }
    (others, lacking)
}

pub fn is_mail(server_type: ServerType) -> bool {
    matches!(server_type, ServerType::Pop3 | ServerType::Imap | ServerType::Smtp)
}

/// `pop3 mail.example.com:995 SSL`
pub fn name(server: &ReadServer) -> String {
    let sockets: Vec<_> = server.socket_type.iter().map(SocketType::to_string).collect();
    format!("{} {}:{} {}", server.server_type, server.hostname, server.port, sockets.join(" or "))
}

/// How a published server differs from the one in the settings.
fn unlike(read: &ReadServer, wanted: &Server, address: &EmailAddress) -> Vec<String> {
    let mut reasons = Vec::new();
    let hostname = resolved(&read.hostname, address);
    let own = wanted.hostname.resolve(address).map(|host| host.to_string()).unwrap_or_default();
    let others = wanted.alternative_hostnames.iter().map(ToString::to_string);
    if hostname != own && !others.clone().any(|other| other == hostname) {
        reasons.push(format!("the settings have {own}"));
    }
    if read.port != wanted.port.get() {
        reasons.push(format!("the settings have port {}", wanted.port));
    }
    if !read.socket_type.contains(&wanted.socket_type) {
        reasons.push(format!("the settings have {}", wanted.socket_type));
    }
    let list =
        |all: &[Authentication]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    // A file may list fewer methods than the settings, since not every client knows every method.
    let known = read.authentication.iter().any(|one| wanted.authentication.contains(one));
    if !read.authentication.is_empty() && !known {
        reasons.push(format!(
            "{} is published, the settings have {}",
            list(&read.authentication),
            list(&wanted.authentication)
        ));
    }
    let username = wanted.username.resolve(address);
    if let Some(read) = &read.username
        && resolved(read, address) != username
    {
        reasons.push(format!(
            "the user name is {}, in the settings {}",
            read,
            wanted.username.as_str()
        ));
    }
    reasons
}

/// Fills in the placeholders, as a client does.
fn resolved(text: &str, address: &EmailAddress) -> String {
    let mut text = text.to_owned();
    for placeholder in Placeholder::ALL {
        let value = match placeholder {
            Placeholder::EmailAddress => address.as_str(),
            Placeholder::EmailLocalPart => address.local_part(),
            Placeholder::EmailDomain => address.domain().as_str(),
        };
        text = text.replace(placeholder.as_str(), value);
    }
    text
}
