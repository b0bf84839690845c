//! Reads one server, with Thunderbird's defaults for missing preferences.
//!
//! MsgIncomingServer.sys.mjs, Pop3IncomingServer.sys.mjs, SmtpServer.sys.mjs and mailnews.js of
//! Thunderbird 153; nsMsgIncomingServer.cpp for IMAP

use std::ops::Range;

use super::super::defects::DefectList;
use super::super::values::hostname;
use super::super::{ReadServer, meant_hostname};
use super::store::Store;
use crate::codes;
use crate::model::{Authentication, ServerType, SocketType};

/// A branch of preferences, such as `mail.server.server1.`.
pub struct Branch<'a> {
    pub store: &'a Store,
    pub errors: &'a mut DefectList,
    pub own: String,
    /// The branch with the defaults for all servers.
    pub defaults: &'static str,
}

impl Branch<'_> {
    pub fn text(&mut self, name: &str) -> Option<String> {
        let own = self.store.text(self.errors, &format!("{}{name}", self.own));
        let found =
            own.or_else(|| self.store.text(self.errors, &format!("{}{name}", self.defaults)));
        // A default is copied to every server, so its length is limited.
        found.filter(|text| text.len() <= MOST).map(str::to_owned)
    }

    fn number(&mut self, name: &str) -> Option<i32> {
        let own = self.store.number(self.errors, &format!("{}{name}", self.own));
        own.or_else(|| self.store.number(self.errors, &format!("{}{name}", self.defaults)))
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        let own = self.store.flag(self.errors, &format!("{}{name}", self.own));
        own.or_else(|| self.store.flag(self.errors, &format!("{}{name}", self.defaults)))
    }

    /// The line of a preference; if it is missing, the span of the branch.
    fn place(&self, name: &str) -> Range<usize> {
        let own = self.store.place(&format!("{}{name}", self.own));
        own.unwrap_or_else(|| self.store.span(&self.own))
    }

    pub fn incoming(&mut self, server_type: ServerType) -> Option<ReadServer> {
        let socket_type = self.incoming_security();
        let usual = match (server_type, &socket_type) {
            (ServerType::Imap, SocketType::Ssl) => 993,
            (ServerType::Imap, _) => 143,
            (ServerType::Pop3, SocketType::Ssl) => 995,
            (ServerType::Pop3, _) => 110,
            _ => 443,
        };
        let (hostname, named) = self.hostname()?;
        // Thunderbird treats a port of 0 or 1 as missing.
        let port = self.number("port").filter(|port| *port > 1);
        let port = self.port(port.or(named), usual);
        let authentication = self.authentication(server_type);
        let username = self.text("userName").filter(|name| !name.is_empty());
        if username.is_none() {
            let message = format!("no userName for {hostname}");
            self.errors.add(codes::PREFS_NO_USER, &self.place("hostname"), message);
        }
        let pop3 = server_type == ServerType::Pop3;
        let leave = pop3.then(|| self.flag("leave_on_server").unwrap_or(false));
        let by_age = leave == Some(true) && self.flag("delete_by_age_from_server") == Some(true);
        let days = by_age.then(|| self.number("num_days_to_leave_on_server").unwrap_or(7));
        let exchange = matches!(server_type, ServerType::Ews | ServerType::Graph);
        Some(ReadServer {
            server_type,
            hostname,
            port: if exchange { 443 } else { port },
            socket_type: vec![if exchange { SocketType::Ssl } else { socket_type }],
            authentication,
            username,
            leave_messages_on_server: leave,
            days_to_leave_messages_on_server: days.and_then(|days| u32::try_from(days).ok()),
            url: exchange.then(|| self.text("ews_url")).flatten(),
            span: self.store.span(&self.own),
        })
    }

    pub fn outgoing(&mut self) -> Option<ReadServer> {
        let number = self.number("try_ssl");
        let socket_type = self.security(number.unwrap_or(0), "try_ssl");
        let (hostname, named) = self.hostname()?;
        let usual = if socket_type == SocketType::Ssl { 465 } else { 587 };
        let port = self.number("port").filter(|port| *port != 0);
        let port = self.port(port.or(named), usual);
        let authentication = self.authentication(ServerType::Smtp);
        let username = self.text("username").filter(|name| !name.is_empty());
        if username.is_none() && authentication != [Authentication::None] {
            let message = format!("no username for {hostname}");
            self.errors.add(codes::PREFS_NO_USER, &self.place("hostname"), message);
        }
        Some(ReadServer {
            server_type: ServerType::Smtp,
            hostname,
            port,
            socket_type: vec![socket_type],
            authentication,
            username,
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: self.store.span(&self.own),
        })
    }

    /// The host name, and a port that is written into it.
    fn hostname(&mut self) -> Option<(String, Option<i32>)> {
        let place = self.place("hostname");
        let Some(written) = self.text("hostname").filter(|name| !name.is_empty()) else {
            let message = format!("{} names no host", super::store::shown(&self.own));
            self.errors.add(codes::PREFS_NO_HOST, &place, message);
            return None;
        };
        if written.len() > LONGEST_HOST {
            self.errors.add(codes::PREFS_HOSTNAME, &place, "no host name is as long as this");
            return None;
        }
        let name = written.to_ascii_lowercase();
        let with_port = name.split_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        if let Some((host, port)) = with_port.filter(|(host, _)| hostname(host).is_ok()) {
            let message = format!("the port belongs into a preference of its own: {port}");
            self.errors.add(codes::PREFS_PORT_IN_HOSTNAME, &place, message);
            return Some((host.to_owned(), port.parse().ok()));
        }
        let kept = self.errors.ok_or_report(codes::PREFS_HOSTNAME, &place, hostname(&name));
        Some((kept.or_else(|| meant_hostname(&name))?, None))
    }

    fn port(&mut self, port: Option<i32>, usual: u16) -> u16 {
        let Some(port) = port else { return usual };
        u16::try_from(port).ok().filter(|port| *port > 0).unwrap_or_else(|| {
            let message = format!("{port} is no port; 1 to 65535");
            self.errors.add(codes::PREFS_PORT, &self.place("port"), message);
            usual
        })
    }

    /// The security. If `socketType` is missing, `isSecure` of old profiles decides.
    fn incoming_security(&mut self) -> SocketType {
        let number = self.store.number(self.errors, &format!("{}socketType", self.own));
        if number.is_none() && self.flag("isSecure") == Some(true) {
            return SocketType::Ssl;
        }
        let number = number
            .or_else(|| self.store.number(self.errors, &format!("{}socketType", self.defaults)));
        self.security(number.unwrap_or(0), "socketType")
    }

    fn security(&mut self, number: i32, name: &str) -> SocketType {
        match number {
            0 => SocketType::Plain,
            1 => {
                let message = format!("{name} 1 was TLS if available, and there is no such thing");
                self.errors.add(codes::PREFS_SOCKET_TYPE_OLD, &self.place(name), message);
                SocketType::Starttls
            }
            2 => SocketType::Starttls,
            3 => SocketType::Ssl,
            other => {
                let message = format!("{name} {other} is none of 0, 2 and 3, so there is no TLS");
                self.errors.add(codes::PREFS_SOCKET_TYPE, &self.place(name), message);
                SocketType::Plain
            }
        }
    }

    /// The method by nsMsgAuthMethod; Pop3Client.sys.mjs and SmtpClient.sys.mjs support no others.
    fn authentication(&mut self, server_type: ServerType) -> Vec<Authentication> {
        let number = self.number("authMethod").unwrap_or(3);
        let way = match number {
            1 if server_type == ServerType::Smtp => Authentication::None,
            3 => Authentication::PasswordCleartext,
            4 => Authentication::PasswordEncrypted,
            5 => Authentication::Gssapi,
            6 => Authentication::Ntlm,
            7 if server_type == ServerType::Imap => Authentication::TlsClientCert,
            8 => {
                let message = "authMethod 8 was \"any secure way\", and is not offered any more";
                self.errors.add(codes::PREFS_AUTH_OLD, &self.place("authMethod"), message);
                Authentication::PasswordEncrypted
            }
            10 => Authentication::OAuth2,
            other => {
                let message = format!("authMethod {other} is no way to sign in to {server_type}");
                self.errors.add(codes::PREFS_AUTH, &self.place("authMethod"), message);
                return Vec::new();
            }
        };
        vec![way]
    }
}

/// The longest text that is read; no user name is as long.
const MOST: usize = 1024;
/// RFC 1035 section 2.3.4
const LONGEST_HOST: usize = 253;
