//! `com.apple.mail.managed`: a POP or IMAP account.

use std::ops::Range;

use super::super::{ReadConfig, ReadServer, hostname};
use super::{Reading, boolean, is_placeholder, is_true, string};
use crate::format::Tree;
use crate::model::{Authentication, Port, ServerType, SocketType};

/// One of the two halves of a payload, whose keys begin with its name.
struct Half {
    name: &'static str,
    server_type: ServerType,
    /// The port on which TLS begins with the first byte.
    ssl: u16,
    starttls: u16,
}

const POP: Half = Half { name: "Incoming", server_type: ServerType::Pop3, ssl: 995, starttls: 110 };
const IMAP: Half =
    Half { name: "Incoming", server_type: ServerType::Imap, ssl: 993, starttls: 143 };
const SMTP: Half =
    Half { name: "Outgoing", server_type: ServerType::Smtp, ssl: 465, starttls: 587 };

impl Reading<'_> {
    pub(super) fn mail(&mut self, payload: &Tree, config: &mut ReadConfig) {
        let incoming = match string(payload, "EmailAccountType") {
            Some("EmailTypePOP") => POP,
            Some("EmailTypeIMAP") => IMAP,
            _ => return, // `check_keys` has said so
        };
        if let Some(address) = string(payload, "EmailAddress")
            && self
                .seen
                .insert(
                    format!("{} {}", incoming.server_type, address.to_lowercase()),
                    payload.span.clone(),
                )
                .is_some()
        {
            self.errors.add(
                "profile-rule",
                &self.start(payload),
                format!("a second account for {address} of the same type"),
            );
        }
        if incoming.server_type == ServerType::Pop3
            && let Some(prefix) = payload.child("IncomingMailServerIMAPPathPrefix")
        {
            self.errors.add(
                "profile-rule",
                &prefix.span,
                "a path prefix is for IMAP; this is a POP account",
            );
        }
        self.passwords(payload);
        config.servers.extend(self.half(payload, &incoming));
        config.servers.extend(self.half(payload, &SMTP));
    }

    fn half(&mut self, payload: &Tree, half: &Half) -> Option<ReadServer> {
        let key = |rest: &str| format!("{}{rest}", half.name);
        let host = payload.child(&key("MailServerHostName"))?;
        let name =
            host.value.as_deref().filter(|name| host.kind == "string" && !name.is_empty())?;
        let hostname = match is_placeholder(name) {
            true => Some(name.to_owned()),
            false => self.errors.keep("profile-rule", &host.span, hostname(name)),
        };
        if hostname.as_ref().is_some_and(|name| !is_placeholder(name) && !name.contains('.')) {
            self.errors.add("profile-rule", &host.span, format!("host name {name} has no dot"));
        }
        let port = self.port(payload, half);
        let socket_type = self.socket_type(payload, half, port?)?;
        let word = string(payload, &key("MailServerAuthentication"))?;
        let authentication = match word {
            "EmailAuthPassword" => Authentication::PasswordCleartext,
            "EmailAuthCRAMMD5" | "EmailAuthHTTPMD5" => Authentication::PasswordEncrypted,
            "EmailAuthNTLM" => Authentication::Ntlm,
            "EmailAuthNone" => Authentication::None,
            _ => return None, // `check_keys` has said so
        };
        if authentication == Authentication::None && half.name == "Incoming" {
            let span = span_of(payload, &key("MailServerAuthentication"));
            self.errors.add("profile-rule", &span, "an incoming server that anybody may read from");
        }
        Some(ReadServer {
            server_type: half.server_type,
            hostname: hostname?,
            port: port?,
            socket_type,
            authentication: vec![authentication],
            username: string(payload, &key("MailServerUsername")).map(str::to_owned),
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: payload.span.clone(),
        })
    }

    /// Without one the device guesses; for outgoing mail 25, then 587, then 465.
    fn port(&mut self, payload: &Tree, half: &Half) -> Option<u16> {
        let key = format!("{}MailServerPortNumber", half.name);
        let Some(value) = payload.child(&key) else {
            self.errors.add(
                "profile-rule",
                &self.start(payload),
                format!("no {key}; the device would guess"),
            );
            return None;
        };
        let number = value.value.as_deref().filter(|_| value.kind == "integer")?;
        let port = number.parse().map_err(|_| format!("{number} is no port; 1 to 65535"));
        let port = port.and_then(|port| Port::new(port).map_err(|why| why.to_string()));
        Some(self.errors.keep("profile-rule", &value.span, port)?.get())
    }

    /// `UseSSL` is one flag for SSL and STARTTLS; the port decides which the device speaks.
    fn socket_type(&mut self, payload: &Tree, half: &Half, port: u16) -> Option<Vec<SocketType>> {
        let key = format!("{}MailServerUseSSL", half.name);
        let Some(value) = payload.child(&key) else {
            let message = format!("no {key}; it is false by default, and mail goes in the clear");
            self.errors.add("profile-rule", &self.start(payload), message);
            return None;
        };
        match (is_true(value), port) {
            (true, port) if port == half.ssl => Some(vec![SocketType::Ssl]),
            (true, port) if port == half.starttls => Some(vec![SocketType::Starttls]),
            (true, _) => Some(vec![SocketType::Ssl, SocketType::Starttls]),
            (false, port) if port == half.ssl => {
                let message =
                    format!("port {port} is TLS from the first byte, but {key} is not true");
                self.errors.add("profile-rule", &value.span, message);
                None
            }
            (false, _) => Some(vec![SocketType::Plain]),
        }
    }

    fn passwords(&mut self, payload: &Tree) {
        const SAME: &str = "OutgoingPasswordSameAsIncomingPassword";
        let same = boolean(payload, SAME) == Some(true);
        let outgoing = payload.child("OutgoingPassword");
        let signs_in = string(payload, "OutgoingMailServerAuthentication") != Some("EmailAuthNone");
        match outgoing {
            Some(outgoing) if same => {
                self.errors.add(
                    "profile-rule",
                    &outgoing.span,
                    format!("OutgoingPassword although {SAME} is true"),
                );
            }
            None if !same && signs_in => {
                let span = match payload.child(SAME) {
                    Some(value) => value.span.clone(),
                    None => self.start(payload),
                };
                self.errors.add(
                    "profile-rule",
                    &span,
                    format!("{SAME} is not true, so the user is asked twice"),
                );
            }
            _ => {}
        }
    }
}

fn span_of(payload: &Tree, key: &str) -> Range<usize> {
    payload.child(key).map_or_else(|| payload.span.clone(), |value| value.span.clone())
}
