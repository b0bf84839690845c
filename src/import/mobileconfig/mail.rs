//! Reads `com.apple.mail.managed`: a POP or IMAP account.

use super::super::{ReadConfig, ReadServer};
use super::values::{flag, string, value};
use super::{ProfileReader, span_of};
use crate::codes;
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

/// The incoming or outgoing half of a payload; its keys begin with its name.
struct Half {
    name: &'static str,
    server_type: ServerType,
    /// The port with TLS from the first byte.
    ssl: u16,
    starttls: u16,
}

const POP: Half = Half { name: "Incoming", server_type: ServerType::Pop3, ssl: 995, starttls: 110 };
const IMAP: Half =
    Half { name: "Incoming", server_type: ServerType::Imap, ssl: 993, starttls: 143 };
const SMTP: Half =
    Half { name: "Outgoing", server_type: ServerType::Smtp, ssl: 465, starttls: 587 };

impl ProfileReader<'_> {
    pub(super) fn mail(&mut self, payload: &Tree, config: &mut ReadConfig) {
        if let Some(incoming) = account_type(payload) {
            self.account(payload, &incoming);
            config.servers.extend(self.half(payload, &incoming));
        }
        self.passwords(payload);
        config.servers.extend(self.half(payload, &SMTP));
    }

    /// Reports a second account for the same address, and keys that do not fit the account's type.
    fn account(&mut self, payload: &Tree, incoming: &Half) {
        if let Some(address) = string(payload, "EmailAddress")
            && self.taken(&format!("{} {}", incoming.server_type, address.to_lowercase()), payload)
        {
            let address = address.escape_debug();
            let message = format!("a second account for {address} of the same type");
            self.errors.add(codes::PROFILE_SAME_ACCOUNT, &self.start(payload), message);
        }
        if incoming.server_type == ServerType::Pop3
            && let Some(prefix) = value(payload, "IncomingMailServerIMAPPathPrefix")
        {
            let message = "a path prefix is for IMAP; this is a POP account";
            self.errors.add(codes::PROFILE_IMAP_PREFIX, &prefix.span, message);
        }
    }

    fn half(&mut self, payload: &Tree, half: &Half) -> Option<ReadServer> {
        let key = |rest: &str| format!("{}{rest}", half.name);
        let hostname = self.host(payload, &key("MailServerHostName"));
        let port = self.mail_port(payload, half);
        let socket_type = self.socket_type(payload, half, port);
        let authentication = authentication(payload, &key("MailServerAuthentication"));
        if authentication == [Authentication::None] && half.name == "Incoming" {
            let span = span_of(payload, &key("MailServerAuthentication"));
            let message = "an incoming server that anybody may read from";
            self.errors.add(codes::PROFILE_NO_SIGN_IN, &span, message);
        }
        let tls = socket_type.first() == Some(&SocketType::Ssl);
        Some(ReadServer {
            server_type: half.server_type,
            hostname: hostname?,
            port: port.unwrap_or(if tls { half.ssl } else { half.starttls }),
            socket_type,
            authentication,
            username: string(payload, &key("MailServerUsername")).map(str::to_owned),
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: payload.span.clone(),
        })
    }

    fn mail_port(&mut self, payload: &Tree, half: &Half) -> Option<u16> {
        let key = format!("{}MailServerPortNumber", half.name);
        if value(payload, &key).is_none() {
            let start = self.start(payload);
            let message = format!("no {key}; the device would guess");
            match half.name {
                "Incoming" => self.errors.add(codes::PROFILE_NO_INCOMING_PORT, &start, message),
                _ => self.errors.add(codes::PROFILE_NO_OUTGOING_PORT, &start, message),
            }
        }
        self.port(payload, &key)
    }

    /// `UseSSL` is one flag for implicit TLS and STARTTLS; the port decides which the device uses.
    fn socket_type(&mut self, payload: &Tree, half: &Half, port: Option<u16>) -> Vec<SocketType> {
        let key = format!("{}MailServerUseSSL", half.name);
        let on_ssl_port = port == Some(half.ssl);
        let meant = flag(payload, &key);
        if value(payload, &key).is_none() {
            let message = format!("no {key}; it is false by default, and mail goes in the clear");
            self.errors.add(codes::PROFILE_NO_USE_SSL, &self.start(payload), message);
        } else if meant == Some(false) && on_ssl_port {
            let message =
                format!("port {} is TLS from the first byte, but {key} is not true", half.ssl);
            self.errors.add(codes::PROFILE_SSL_PORT_WITHOUT_SSL, &span_of(payload, &key), message);
        }
        match meant {
            // This port has TLS from the first byte, whatever the flag says.
            _ if on_ssl_port => vec![SocketType::Ssl],
            Some(true) if port == Some(half.starttls) => vec![SocketType::Starttls],
            Some(true) => vec![SocketType::Ssl, SocketType::Starttls],
            _ => vec![SocketType::Plain],
        }
    }

    fn passwords(&mut self, payload: &Tree) {
        const SAME: &str = "OutgoingPasswordSameAsIncomingPassword";
        let same = flag(payload, SAME) == Some(true);
        let outgoing = value(payload, "OutgoingPassword");
        let signs_in = string(payload, "OutgoingMailServerAuthentication") != Some("EmailAuthNone");
        match outgoing {
            Some(outgoing) if same => {
                let message = format!("OutgoingPassword although {SAME} is true");
                self.errors.add(codes::PROFILE_PASSWORD_TWICE, &outgoing.span, message);
            }
            None if !same && signs_in => {
                let span = match value(payload, SAME) {
                    Some(value) => value.span.clone(),
                    None => self.start(payload),
                };
                let message = format!("{SAME} is not true, so the user is asked twice");
                self.errors.add(codes::PROFILE_ASKS_TWICE, &span, message);
            }
            _ => {}
        }
    }
}

/// The account type: by its value, leniently, or else by the port.
fn account_type(payload: &Tree) -> Option<Half> {
    let word = string(payload, "EmailAccountType").unwrap_or_default().to_ascii_uppercase();
    let port = value(payload, "IncomingMailServerPortNumber").and_then(super::number);
    match port {
        _ if word.contains("POP") => Some(POP),
        _ if word.contains("IMAP") => Some(IMAP),
        Some(995 | 110) => Some(POP),
        Some(993 | 143) => Some(IMAP),
        _ => None,
    }
}

/// The authentication method; empty if the value is unknown.
fn authentication(payload: &Tree, key: &str) -> Vec<Authentication> {
    let word = string(payload, key).unwrap_or_default().to_ascii_lowercase();
    match word.as_str() {
        "emailauthpassword" => vec![Authentication::PasswordCleartext],
        "emailauthcrammd5" | "emailauthhttpmd5" => vec![Authentication::PasswordEncrypted],
        "emailauthntlm" => vec![Authentication::Ntlm],
        "emailauthnone" => vec![Authentication::None],
        word if word.contains("oauth") => vec![Authentication::OAuth2],
        _ => Vec::new(),
    }
}
