//! `Protocol`: one server.

use super::super::{ReadServer, hostname, port};
use super::{Reading, elements};
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

impl Reading<'_> {
    pub(super) fn protocol(&mut self, protocol: &Tree) -> Option<ReadServer> {
        self.no_attributes(protocol);
        let word = self.unique(protocol, "Type")?;
        let server_type = match self.leaf(word)? {
            "POP3" => ServerType::Pop3,
            "IMAP" => ServerType::Imap,
            "SMTP" => ServerType::Smtp,
            other => {
                let message =
                    format!("Type \"{}\" is none of POP3, IMAP, SMTP", other.escape_debug());
                self.errors.add("autodiscover-rule", &word.span, message);
                return None;
            }
        };
        for child in elements(protocol) {
            self.known_in_protocol(child, protocol, server_type);
        }
        let server = self.required(protocol, "Server", hostname);
        // Outlook has a default for each type; Thunderbird 153 drops the server.
        let number = self.required(protocol, "Port", port);
        let username = self.optional(protocol, "LoginName").map(str::to_owned);
        let authentication = self.authentication(protocol);
        let socket_type = self.socket_type(protocol);
        Some(ReadServer {
            server_type,
            hostname: server?,
            port: number?,
            socket_type: socket_type?,
            authentication: vec![authentication?],
            username,
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: protocol.span.clone(),
        })
    }

    fn known_in_protocol(&mut self, child: &Tree, protocol: &Tree, server_type: ServerType) {
        let Some(text) = self.leaf(child) else { return };
        let good = match child.name.as_str() {
            "Type" | "Server" | "Port" | "LoginName" | "DomainName" | "Encryption" => true,
            "SPA" | "SSL" | "AuthRequired" | "DomainRequired" => matches!(text, "on" | "off"),
            "UsePOPAuth" | "SMTPLast" if server_type == ServerType::Smtp => {
                matches!(text, "on" | "off")
            }
            "TTL" => text.parse::<u32>().is_ok(),
            "ExpirationDate" => text.len() == 8 && text.parse::<u32>().is_ok(),
            // AuthPackage and the like are Exchange's own.
            _ => return self.unknown(child, protocol),
        };
        if !good {
            // "yes", "On" or nothing break Outlook (virtualmin-gpl issues 764 and 1184).
            let message = format!("{} cannot be \"{}\"", child.name, text.escape_debug());
            self.errors.add("autodiscover-rule", &child.span, message);
        }
        let first = protocol.child(&child.name);
        if first.is_some_and(|first| first.span != child.span) {
            self.errors.add("autodiscover-rule", &child.span, format!("a second {}", child.name));
        }
    }

    fn authentication(&mut self, protocol: &Tree) -> Option<Authentication> {
        if self.optional(protocol, "AuthRequired") == Some("off") {
            return Some(Authentication::None);
        }
        match self.optional(protocol, "SPA") {
            Some("off") => Some(Authentication::PasswordCleartext),
            Some("on") => Some(Authentication::Ntlm),
            Some(_) => None, // `known_in_protocol` has said so
            None => {
                let message = "no SPA; Outlook takes that for \"on\" and signs in with NTLM only";
                self.errors.add("autodiscover-rule", &self.start(protocol), message);
                None
            }
        }
    }

    /// `Encryption` overrides `SSL` (Outlook 2010 and later); without it, `SSL` on means either.
    ///
    /// MS-OXDSCLI section 2.2.4.1.1.2.6.22
    fn socket_type(&mut self, protocol: &Tree) -> Option<Vec<SocketType>> {
        let ssl = self.optional(protocol, "SSL");
        let Some(encryption) = self.optional(protocol, "Encryption") else {
            return Some(match ssl {
                Some("off") => vec![SocketType::Plain],
                _ => vec![SocketType::Ssl, SocketType::Starttls],
            });
        };
        let span = protocol.child("Encryption").map_or(protocol.span.clone(), |e| e.span.clone());
        let secure = match encryption {
            "SSL" => Some(SocketType::Ssl),
            "TLS" => Some(SocketType::Starttls),
            "None" => None,
            _ => {
                let encryption = encryption.escape_debug();
                let message =
                    format!("Encryption \"{encryption}\" is none of SSL, TLS (STARTTLS), None");
                self.errors.add("autodiscover-rule", &span, message);
                return None;
            }
        };
        match (secure, ssl) {
            (Some(_), Some("off")) => {
                // And Thunderbird 153 reads SSL off as no encryption at all.
                let message = format!(
                    "SSL off beside Encryption {encryption}; clients differ on which counts"
                );
                self.errors.add("autodiscover-rule", &span, message);
                None
            }
            (None, ssl) if ssl != Some("off") => {
                let message = "Encryption None without SSL off; Outlook 2007 knows only SSL, which is on by default";
                self.errors.add("autodiscover-rule", &span, message);
                None
            }
            (secure, _) => Some(vec![secure.unwrap_or(SocketType::Plain)]),
        }
    }

    fn required<T>(
        &mut self,
        parent: &Tree,
        name: &str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let child = self.unique(parent, name)?;
        // An empty or padded leaf has been told by `known_in_protocol`.
        let text = child.text();
        if text.is_empty() || text.trim() != text {
            return None;
        }
        self.errors.keep("autodiscover-rule", &child.span, check(text))
    }

    fn optional<'t>(&self, parent: &'t Tree, name: &str) -> Option<&'t str> {
        parent.child(name).map(Tree::text).filter(|text| !text.is_empty())
    }
}
