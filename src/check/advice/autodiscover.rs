//! Advice on Autodiscover answers that Outlook accepts but that mislead Outlook or another client.

use std::ops::Range;

use super::connection::{IMPLICIT, UPGRADED, password_refused, port_of_another};
use crate::codes;
use crate::format::Tree;
use crate::import::{AUTODISCOVER_ORDER, DefectList, Examination, ReadServer};
use crate::model::{ServerType, SocketType, reads_as_another};

pub fn advise(text: &str, examined: &Examination) -> DefectList {
    let Some(root) = &examined.tree else { return DefectList::default() };
    let servers = &examined.config.servers;
    if servers.iter().any(|server| server.server_type == ServerType::ActiveSync) {
        return DefectList::default(); // the answer to another question
    }
    let mut advice = AutodiscoverAdvice { text, found: DefectList::default() };
    for server in servers {
        if let Some(protocol) = root.at(&server.span) {
            advice.server(server, protocol);
            advice.sign_in(server, protocol, servers);
        }
    }
    advice.list(servers);
    advice.found
}

struct AutodiscoverAdvice<'a> {
    text: &'a str,
    found: DefectList,
}

impl AutodiscoverAdvice<'_> {
    /// Checks how the connection is made.
    fn server(&mut self, server: &ReadServer, protocol: &Tree) {
        let start = self.start(&server.span);
        let place = |name| child(protocol, name).map_or(start.clone(), |child| child.span.clone());
        let (port, word) = (server.port, text_of(protocol, "Encryption"));
        let implicit = IMPLICIT.iter().any(|(number, _)| *number == port);
        let upgraded = UPGRADED.iter().any(|(number, _)| *number == port);
        let starttls = server.socket_type == [SocketType::Starttls];
        if implicit && starttls {
            let message = format!("Encryption TLS is STARTTLS; {port} is TLS from the first byte");
            self.found.add(codes::AUTODISCOVER_TLS_ON_SSL_PORT, &place("Encryption"), message);
        }
        if upgraded && word.is_some() && server.socket_type == [SocketType::Ssl] {
            let message = format!("Encryption SSL is TLS from the first byte; {port} is STARTTLS");
            self.found.add(codes::AUTODISCOVER_SSL_ON_STARTTLS_PORT, &place("Encryption"), message);
        }
        if !implicit && !upgraded && starttls {
            let message = format!("STARTTLS on port {port}, which Thunderbird takes for TLS");
            self.found.add(codes::AUTODISCOVER_STARTTLS_PORT, &place("Port"), message);
        }
        if implicit && word.is_none() && child(protocol, "Encryption").is_none() {
            self.found.add(codes::AUTODISCOVER_NO_ENCRYPTION, &start, "no Encryption beside SSL");
        }
        if server.socket_type == [SocketType::Plain] {
            let message = format!("mail and password go to {} in the clear", server.hostname);
            self.found.add(codes::AUTODISCOVER_PLAIN, &place("SSL"), message);
        }
        if let Some(owner) = port_of_another(server) {
            let message = format!("port {port} is {owner}'s, the server is {}", server.server_type);
            self.found.add(codes::AUTODISCOVER_PORT_OF_ANOTHER, &place("Port"), message);
        } else if port == 25 {
            let message = "port 25 is for mail between servers";
            self.found.add(codes::AUTODISCOVER_PORT_25, &place("Port"), message);
        }
        if text_of(protocol, "TTL") == Some("0") {
            let message = "TTL 0: Outlook never asks again";
            self.found.add(codes::AUTODISCOVER_TTL_ZERO, &place("TTL"), message);
        }
        let known = |child: &&Tree| position(child).is_some();
        let children: Vec<&Tree> = protocol.children.iter().filter(known).collect();
        let late = children.windows(2).find(|pair| position(pair[0]) > position(pair[1]));
        if let Some([before, late]) = late {
            let message = format!("{} stands behind {}", late.name, before.name);
            self.found.add(codes::AUTODISCOVER_ELEMENT_ORDER, &late.span, message);
        }
    }

    /// Checks how the user signs in.
    fn sign_in(&mut self, server: &ReadServer, protocol: &Tree, servers: &[ReadServer]) {
        let start = self.start(&server.span);
        let place = |name| child(protocol, name).map_or(start.clone(), |child| child.span.clone());
        let is = |name, word: &str| {
            text_of(protocol, name).is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let signs_in = !is("AuthRequired", "off");
        if is("SPA", "on") {
            let message = "SPA on: Outlook signs in with NTLM or Kerberos only";
            self.found.add(codes::AUTODISCOVER_SPA_ON, &place("SPA"), message);
        }
        let reuses = server.server_type == ServerType::Smtp && is("UsePOPAuth", "on");
        match &server.username {
            None if child(protocol, "LoginName").is_none() && signs_in && !reuses => {
                let message = "no LoginName; Outlook signs in with the part before the @";
                self.found.add(codes::AUTODISCOVER_NO_LOGIN_NAME, &start, message);
            }
            Some(name) if is_variable(name) => {
                let message = format!("{} is still to be filled in", name.escape_debug());
                self.found.add(codes::AUTODISCOVER_PLACEHOLDER, &place("LoginName"), message);
            }
            Some(name) if reads_as_another(name) => {
                let message = format!("Thunderbird reads {} as a number", name.escape_debug());
                self.found.add(
                    codes::AUTODISCOVER_COERCED_LOGIN_NAME,
                    &place("LoginName"),
                    message,
                );
            }
            _ => {}
        }
        let incoming = servers.iter().find(|server| server.server_type != ServerType::Smtp);
        let other = incoming.and_then(|incoming| incoming.username.as_deref());
        if reuses
            && let (Some(own), Some(other)) = (server.username.as_deref(), other)
            && own != other
        {
            let message = format!("UsePOPAuth signs in as {other}, not as {own}");
            self.found.add(codes::AUTODISCOVER_USE_POP_AUTH, &place("UsePOPAuth"), message);
        }
        if is("SMTPLast", "on") {
            let message = "SMTPLast on: POP3 first, then sending without a password";
            self.found.add(codes::AUTODISCOVER_SMTP_LAST, &place("SMTPLast"), message);
        }
        if !signs_in && (server.server_type != ServerType::Smtp || server.port != 25) {
            let message = "AuthRequired off: Outlook does not sign in";
            self.found.add(codes::AUTODISCOVER_NO_SIGN_IN, &place("AuthRequired"), message);
        }
        if password_refused(&server.hostname) {
            let message = format!("{} takes no password any more", server.hostname);
            self.found.add(codes::AUTODISCOVER_PASSWORD_REFUSED, &place("Server"), message);
        }
    }

    /// Reports oddities of the server list as a whole.
    fn list(&mut self, servers: &[ReadServer]) {
        let incoming = || servers.iter().filter(|server| server.server_type != ServerType::Smtp);
        if let Some(first) = incoming().next()
            && first.server_type == ServerType::Pop3
            && incoming().any(|server| server.server_type == ServerType::Imap)
        {
            let start = self.start(&first.span);
            self.found.add(codes::AUTODISCOVER_POP3_BEFORE_IMAP, &start, "POP3 stands before IMAP");
        }
        for (at, server) in servers.iter().enumerate() {
            if servers[..at].iter().any(|before| before.server_type == server.server_type) {
                let message = format!("another {} server", server.server_type);
                self.found.add(
                    codes::AUTODISCOVER_SEVERAL_SERVERS,
                    &self.start(&server.span),
                    message,
                );
            }
        }
    }

    /// The first line of an element.
    fn start(&self, span: &Range<usize>) -> Range<usize> {
        let inside = self.text.get(span.clone()).unwrap_or_default();
        span.start..span.start + inside.find('\n').unwrap_or(inside.len())
    }
}

fn child<'t>(parent: &'t Tree, name: &str) -> Option<&'t Tree> {
    parent.children.iter().find(|child| child.name.eq_ignore_ascii_case(name))
}

fn text_of<'t>(parent: &'t Tree, name: &str) -> Option<&'t str> {
    child(parent, name).map(|child| child.text().trim()).filter(|text| !text.is_empty())
}

fn position(child: &Tree) -> Option<usize> {
    AUTODISCOVER_ORDER.iter().position(|name| child.name.eq_ignore_ascii_case(name))
}

/// Whether this is an unfilled placeholder: `%EMAILADDRESS%`, `{{ email }}`, `${mail}`, `$EMAIL`.
fn is_variable(text: &str) -> bool {
    let named = |text: &str| text.len() > 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    text.contains("{{")
        || text.contains("${")
        || text.contains("%EMAIL")
        || text.strip_prefix('$').is_some_and(named)
}
