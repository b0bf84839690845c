//! Reads `Protocol`, which describes one server.

use super::super::values::{hostname, port};
use super::super::{ReadServer, meant_hostname};
use super::elements::named;
use super::fields::{ChildText, ChildTexts};
use super::reader::AutodiscoverReader;
use crate::codes;
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

const KNOWN: &[&str] = &[
    "Type",
    "ExpirationDate",
    "TTL",
    "Server",
    "Port",
    "LoginName",
    "DomainRequired",
    "DomainName",
    "SPA",
    "AuthPackage",
    "SSL",
    "Encryption",
    "AuthRequired",
    "UsePOPAuth",
    "SMTPLast",
    // The following are for Exchange only.
    "CertPrincipalName",
    "ServerVersion",
    "ServerDN",
    "MdbDN",
    "ASUrl",
    "EwsUrl",
    "OOFUrl",
    "OABUrl",
    "UMUrl",
];
const FIRST_OF_EXCHANGE: usize = 15;
/// The children for an internet mail server in the order of Microsoft's page, with Encryption after
/// SSL.
pub const ORDER: &[&str] = KNOWN.split_at(FIRST_OF_EXCHANGE).0;

/// Types that are not internet mail servers.
const OTHER_TYPES: [&str; 7] = ["EXCH", "EXPR", "EXHTTP", "WEB", "DAV", "NNTP", "MobileSync"];

const ON_OFF: [&str; 6] =
    ["SPA", "SSL", "AuthRequired", "DomainRequired", "UsePOPAuth", "SMTPLast"];

impl AutodiscoverReader<'_> {
    /// Reads one server; `None` if it is not a complete internet mail server.
    pub(super) fn protocol(&mut self, protocol: &Tree) -> Option<ReadServer> {
        let word = named(protocol, "Type").next().map(|word| word.text().trim());
        let mapi = protocol.attribute("Type").is_some();
        if mapi || word.is_some_and(|word| OTHER_TYPES.contains(&word)) {
            let message = format!("{} is Exchange's", word.unwrap_or("this Protocol"));
            self.errors.add(codes::AUTODISCOVER_OTHER_PROTOCOL, &self.start(protocol), message);
            return None;
        }
        let fields = self.fields(protocol, KNOWN, &[]);
        let server_type = self.server_type(protocol, &fields);
        self.odd_fields(&fields, server_type);
        let socket_type = self.socket_type(&fields);
        let authentication = self.authentication(protocol, &fields);
        let hostname = self.server(protocol, &fields);
        let port = self.port(protocol, &fields);
        let server_type = server_type?;
        Some(ReadServer {
            server_type,
            hostname: hostname?,
            port: port.unwrap_or_else(|| usual_port(server_type, &socket_type)),
            socket_type,
            authentication,
            username: fields.text("LoginName").map(str::to_owned),
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: protocol.span.clone(),
        })
    }

    fn server_type(&mut self, protocol: &Tree, fields: &ChildTexts<'_>) -> Option<ServerType> {
        let Some(field) = fields.get("Type") else {
            self.errors.add(codes::AUTODISCOVER_TYPE, &self.start(protocol), "no Type in Protocol");
            return None;
        };
        let meant = match field.text.to_ascii_uppercase().as_str() {
            "" => return None,
            "POP3" | "POP" | "POP3S" | "POPS" => Some(ServerType::Pop3),
            "IMAP" | "IMAP4" | "IMAPS" => Some(ServerType::Imap),
            "SMTP" | "SMTPS" | "ESMTP" => Some(ServerType::Smtp),
            _ => None,
        };
        if !matches!(field.text, "POP3" | "IMAP" | "SMTP") {
            let word = field.text.escape_debug();
            let message = format!("Type \"{word}\" is none of POP3, IMAP, SMTP");
            self.errors.add(codes::AUTODISCOVER_TYPE, &field.span, message);
        }
        meant
    }

    /// Reports bad values that do not affect how the server is reached.
    fn odd_fields(&mut self, fields: &ChildTexts<'_>, server_type: Option<ServerType>) {
        for (name, field) in fields.iter() {
            let text = field.text;
            let shown = text.escape_debug();
            match *name {
                "AuthPackage" => {
                    let message = "AuthPackage is for Exchange; POP3, IMAP and SMTP have SPA";
                    self.errors.add(codes::AUTODISCOVER_AUTH_PACKAGE, &field.span, message);
                }
                name if KNOWN[FIRST_OF_EXCHANGE..].contains(&name) => {
                    let message = format!("{name} is for Exchange");
                    self.errors.add(codes::AUTODISCOVER_EXCHANGE_ELEMENT, &field.span, message);
                }
                "UsePOPAuth" | "SMTPLast" if server_type.is_some_and(|t| t != ServerType::Smtp) => {
                    let message = format!("{name} is for SMTP");
                    self.errors.add(codes::AUTODISCOVER_SMTP_ELEMENT, &field.span, message);
                }
                "TTL" if !text.is_empty() && text.parse::<u32>().is_err() => {
                    let message = format!("TTL is a number of hours, not \"{shown}\"");
                    self.errors.add(codes::AUTODISCOVER_TTL, &field.span, message);
                }
                "ExpirationDate" if !text.is_empty() && !is_date(text) => {
                    let message = format!("ExpirationDate is like 20261231, not \"{shown}\"");
                    self.errors.add(codes::AUTODISCOVER_EXPIRATION_DATE, &field.span, message);
                }
                name if ON_OFF.contains(&name) && !matches!(text, "on" | "off" | "") => {
                    let message = format!("{name} is on or off, not \"{shown}\"");
                    self.errors.add(codes::AUTODISCOVER_ON_OFF, &field.span, message);
                }
                _ => {}
            }
        }
    }

    fn server(&mut self, protocol: &Tree, fields: &ChildTexts<'_>) -> Option<String> {
        let Some(field) = fields.get("Server") else {
            let message = "no Server in Protocol";
            self.errors.add(codes::AUTODISCOVER_NO_SERVER, &self.start(protocol), message);
            return None;
        };
        let text = Some(field.text).filter(|text| !text.is_empty())?;
        let why = match hostname(text) {
            Ok(host) => return Some(host),
            Err(why) => why,
        };
        let meant = meant_hostname(text);
        if meant.as_deref().is_some_and(|meant| meant.eq_ignore_ascii_case(text)) {
            self.errors.add(codes::AUTODISCOVER_HOSTNAME_SPELLING, &field.span, why);
        } else {
            self.errors.add(codes::AUTODISCOVER_HOSTNAME, &field.span, why);
        }
        // The client may fill in a variable.
        meant.or_else(|| text.contains("%EMAIL").then(|| text.to_owned()))
    }

    fn port(&mut self, protocol: &Tree, fields: &ChildTexts<'_>) -> Option<u16> {
        let Some(field) = fields.get("Port") else {
            let message = "no Port in Protocol";
            self.errors.add(codes::AUTODISCOVER_NO_PORT, &self.start(protocol), message);
            return None;
        };
        let text = Some(field.text).filter(|text| !text.is_empty())?;
        match port(text) {
            Ok(port) => Some(port),
            Err(why) => {
                self.errors.add(codes::AUTODISCOVER_PORT, &field.span, why);
                text.parse().ok().filter(|port| *port != 0)
            }
        }
    }

    fn authentication(&mut self, protocol: &Tree, fields: &ChildTexts<'_>) -> Vec<Authentication> {
        if !fields.has("SPA") {
            let message = "no SPA; Outlook takes that for \"on\" and signs in with NTLM only";
            self.errors.add(codes::AUTODISCOVER_NO_SPA, &self.start(protocol), message);
        }
        if switch(fields.get("AuthRequired")) == Some(false) {
            return vec![Authentication::None];
        }
        match switch(fields.get("SPA")) {
            Some(false) => vec![Authentication::PasswordCleartext],
            Some(true) => vec![Authentication::Ntlm],
            // The intended method, and the one that Outlook uses.
            None => vec![Authentication::PasswordCleartext, Authentication::Ntlm],
        }
    }

    /// `Encryption` overrides `SSL` (Outlook 2010 and later). Without `Encryption`, Outlook uses
    /// TLS from the first byte, and Thunderbird 156 decides by the port.
    ///
    /// MS-OXDSCLI section 2.2.4.1.1.2.6.22
    fn socket_type(&mut self, fields: &ChildTexts<'_>) -> Vec<SocketType> {
        let number = fields.text("Port").and_then(|text| text.parse::<u16>().ok());
        let upgrades = matches!(number, Some(143 | 110 | 587 | 25));
        let ssl = switch(fields.get("SSL"));
        let Some(field) = fields.get("Encryption").filter(|field| !field.text.is_empty()) else {
            if ssl == Some(false) {
                return vec![SocketType::Plain];
            }
            if upgrades && !fields.has("Encryption") {
                let place = fields.get("SSL").or(fields.get("Port")).map(|field| &field.span);
                let message = "TLS on a port of STARTTLS, and no Encryption that says so";
                self.errors.add(
                    codes::AUTODISCOVER_STARTTLS_UNSAID,
                    place.unwrap_or(&(0..0)),
                    message,
                );
            }
            return either(number);
        };
        let meant = match field.text.to_ascii_lowercase().as_str() {
            "ssl" | "ssl/tls" => vec![SocketType::Ssl],
            "tls" | "starttls" => vec![SocketType::Starttls],
            "none" | "off" | "plain" => vec![SocketType::Plain],
            _ => either(number),
        };
        if field.text == "Auto" {
            let message = "Encryption \"Auto\" leaves it to the client";
            self.errors.add(codes::AUTODISCOVER_ENCRYPTION_AUTO, &field.span, message);
        } else if !matches!(field.text, "SSL" | "TLS" | "None") {
            let word = field.text.escape_debug();
            let message = format!("Encryption \"{word}\" is none of SSL, TLS (STARTTLS), None");
            self.errors.add(codes::AUTODISCOVER_ENCRYPTION, &field.span, message);
        }
        let plain = meant == [SocketType::Plain];
        if !plain && ssl == Some(false) {
            let word = field.text.escape_debug();
            let message =
                format!("SSL off beside Encryption {word}; clients differ on which counts");
            self.errors.add(codes::AUTODISCOVER_SSL_OFF, &field.span, message);
        }
        if plain && ssl != Some(false) {
            let message =
                "Encryption None without SSL off; Outlook 2007 and Delta Chat know only SSL";
            self.errors.add(codes::AUTODISCOVER_SSL_ON, &field.span, message);
        }
        meant
    }
}

/// The meaning of an on/off value, in any common spelling.
fn switch(field: Option<&ChildText<'_>>) -> Option<bool> {
    match field?.text.to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" | "1" => Some(true),
        "off" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// Both kinds of TLS, the likelier one first; only one if the port implies it.
fn either(port: Option<u16>) -> Vec<SocketType> {
    match port {
        Some(993 | 995 | 465) => vec![SocketType::Ssl],
        Some(143 | 110 | 587 | 25) => vec![SocketType::Starttls, SocketType::Ssl],
        _ => vec![SocketType::Ssl, SocketType::Starttls],
    }
}

fn usual_port(server_type: ServerType, socket_type: &[SocketType]) -> u16 {
    let ssl = socket_type.first() == Some(&SocketType::Ssl);
    match (server_type, ssl) {
        (ServerType::Pop3, true) => 995,
        (ServerType::Pop3, false) => 110,
        (ServerType::Smtp, true) => 465,
        (ServerType::Smtp, false) => 587,
        (_, true) => 993,
        (_, false) => 143,
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())
}
