//! Reads `incoming-server` and `outgoing-server`.

use std::ops::Range;

use super::super::defects::DefectList;
use super::super::values::{hostname, port};
use super::super::{ReadServer, meant_hostname};
use super::last;
use crate::codes;
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

/// The version that removed "if available".
const NO_OPTIONAL: i32 = 92;
/// The version that removed AUTOMATIC and LOGIN.
const NO_AUTOMATIC: i32 = 94;
/// The version that added NONE as an authentication method.
const NONE: i32 = 95;

pub fn read(
    element: &Tree,
    start: Range<usize>,
    version: i32,
    errors: &mut DefectList,
) -> Option<ReadServer> {
    let mut field = ServerElement { element, start, version, errors };
    let server_type = field.server_type()?;
    let socket_type = field.socket_type();
    let hostname = field.hostname()?;
    let port = field.port(server_type, socket_type);
    let username = field.text("username").map(|(name, _)| name).filter(|name| !name.is_empty());
    let username = username.map(str::to_owned);
    if username.is_none() && server_type != ServerType::Smtp {
        let message = format!("no username for {hostname}");
        field.errors.add(codes::K9S_NO_USER, &field.start, message);
    }
    let authentication = match field.authentication(socket_type) {
        Some(_) if username.is_none() && server_type == ServerType::Smtp => Authentication::None,
        way => way?,
    };
    Some(ReadServer {
        server_type,
        hostname,
        port,
        socket_type: vec![socket_type],
        authentication: vec![authentication],
        username,
        leave_messages_on_server: None,
        days_to_leave_messages_on_server: None,
        url: None,
        span: element.span.clone(),
    })
}

struct ServerElement<'a> {
    element: &'a Tree,
    start: Range<usize>,
    version: i32,
    errors: &'a mut DefectList,
}

impl<'a> ServerElement<'a> {
    /// The text of an element, and its place.
    fn text(&self, name: &str) -> Option<(&'a str, Range<usize>)> {
        last(self.element, name).map(|found| (found.text(), found.span.clone()))
    }

    fn server_type(&mut self) -> Option<ServerType> {
        let written = self.element.attribute("type").unwrap_or_default();
        let incoming = self.element.name == "incoming-server";
        let found = match (&*written.to_ascii_lowercase(), incoming) {
            ("imap", true) => Some(ServerType::Imap),
            ("pop3", true) => Some(ServerType::Pop3),
            ("smtp", false) => Some(ServerType::Smtp),
            _ => None,
        };
        if found.is_none() {
            let shown: String = written.chars().take(40).collect();
            let message = format!("\"{}\" is no type of server here", shown.escape_debug());
            self.errors.add(codes::K9S_SERVER_TYPE, &self.start, message);
        }
        found
    }

    fn hostname(&mut self) -> Option<String> {
        let Some((written, place)) = self.text("host").filter(|(host, _)| !host.is_empty()) else {
            self.errors.add(codes::K9S_NO_HOST, &self.start, "the server has no host");
            return None;
        };
        let name = written.to_ascii_lowercase();
        self.errors
            .ok_or_report(codes::K9S_HOSTNAME, &place, hostname(&name))
            .or_else(|| meant_hostname(&name))
    }

    /// The port. Without one the app writes -1 and cannot connect.
    fn port(&mut self, server_type: ServerType, socket_type: SocketType) -> u16 {
        let usual = match (server_type, socket_type) {
            (ServerType::Imap, SocketType::Ssl) => 993,
            (ServerType::Imap, _) => 143,
            (ServerType::Pop3, SocketType::Ssl) => 995,
            (ServerType::Pop3, _) => 110,
            (_, SocketType::Ssl) => 465,
            _ => 587,
        };
        match self.text("port") {
            Some((digits, place)) => {
                self.errors.ok_or_report(codes::K9S_PORT, &place, port(digits))
            }
            None => {
                self.errors.add(codes::K9S_PORT, &self.start, "the server has no port");
                None
            }
        }
        .unwrap_or(usual)
    }

    fn socket_type(&mut self) -> SocketType {
        let (word, place) = self.text("connection-security").unwrap_or(("", self.start.clone()));
        let optional = word.ends_with("_OPTIONAL") && self.version < NO_OPTIONAL;
        match word {
            "NONE" => return SocketType::Plain,
            "STARTTLS_REQUIRED" => return SocketType::Starttls,
            "SSL_TLS_REQUIRED" => return SocketType::Ssl,
            "STARTTLS_OPTIONAL" | "SSL_TLS_OPTIONAL" if optional => {
                let message = format!("{word} is of old versions, and becomes REQUIRED");
                self.errors.add(codes::K9S_SECURITY_OLD, &place, message);
            }
            _ => {
                let message = "one of NONE, STARTTLS_REQUIRED and SSL_TLS_REQUIRED belongs here";
                self.errors.add(codes::K9S_SECURITY, &place, message);
            }
        }
        if word.starts_with("STARTTLS") { SocketType::Starttls } else { SocketType::Ssl }
    }

    fn authentication(&mut self, socket_type: SocketType) -> Option<Authentication> {
        let (word, place) = self.text("authentication-type").unwrap_or(("", self.start.clone()));
        Some(match word {
            "PLAIN" => Authentication::PasswordCleartext,
            "CRAM_MD5" => Authentication::PasswordEncrypted,
            "EXTERNAL" => Authentication::TlsClientCert,
            "XOAUTH2" => Authentication::OAuth2,
            "NONE" if self.version >= NONE => Authentication::None,
            "AUTOMATIC" | "LOGIN" if self.version < NO_AUTOMATIC => {
                let message = format!("{word} is of old versions, and becomes another word");
                self.errors.add(codes::K9S_AUTH_OLD, &place, message);
                match (word, socket_type) {
                    ("AUTOMATIC", SocketType::Plain) => Authentication::PasswordEncrypted,
                    _ => Authentication::PasswordCleartext,
                }
            }
            _ => {
                let message = "one of PLAIN, CRAM_MD5, EXTERNAL, XOAUTH2 and NONE belongs here";
                self.errors.add(codes::K9S_AUTH, &place, message);
                return Some(Authentication::PasswordCleartext);
            }
        })
    }
}
