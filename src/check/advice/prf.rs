//! Advice on Outlook profile files that Outlook accepts but that lead to a bad account.

use std::ops::Range;

use super::connection::{Trouble, troubles};
use crate::codes;
use crate::format::Tree;
use crate::import::{DefectList, Examination, ReadServer};
use crate::model::{Authentication, ServerType};

pub fn advise(text: &str, examined: &Examination) -> DefectList {
    let Some(root) = &examined.tree else { return DefectList::default() };
    let mut advice = PrfAdvice { text, found: DefectList::default() };
    for server in &examined.config.servers {
        let account = root.child_at(&server.span);
        if let Some(account) = account {
            advice.connection(server, account);
            advice.sign_in(server, account);
        }
    }
    advice.placeholders(root);
    advice.found
}

struct PrfAdvice<'a> {
    text: &'a str,
    found: DefectList,
}

impl PrfAdvice<'_> {
    fn connection(&mut self, server: &ReadServer, account: &Tree) {
        let place = |name| self.place(account, server.server_type, name);
        let (security, number, host) = match server.server_type {
            ServerType::Smtp => (place("SecureConnection"), place("Port"), place("Server")),
            _ => (place("UseSSL"), place("Port"), place("Server")),
        };
        for (trouble, message) in troubles(server) {
            match trouble {
                Trouble::PortAgainstSecurity => {
                    self.found.add(codes::PRF_PORT_AGAINST_SECURITY, &security, message);
                }
                Trouble::PortOfAnother => {
                    self.found.add(codes::PRF_PORT_OF_ANOTHER, &number, message)
                }
                Trouble::Port25 => self.found.add(codes::PRF_PORT_25, &number, message),
                Trouble::Plain => self.found.add(codes::PRF_PLAIN, &security, message),
                Trouble::PasswordRefused => {
                    self.found.add(codes::PRF_PASSWORD_REFUSED, &host, message)
                }
            }
        }
    }

    fn sign_in(&mut self, server: &ReadServer, account: &Tree) {
        let ReadServer { hostname, server_type, .. } = server;
        let place = |name| self.place(account, *server_type, name);
        let (spa, auth, method) = (place("UseSPA"), place("UseAuth"), place("AuthMethod"));
        let ways = &server.authentication;
        if ways.contains(&Authentication::Ntlm) {
            let message = "SPA on: Outlook signs in with NTLM or Kerberos only";
            self.found.add(codes::PRF_SPA_ON, &spa, message);
        }
        if ways.contains(&Authentication::SmtpAfterPop) {
            let message = "Outlook fetches mail first and does not sign in to send";
            self.found.add(codes::PRF_SMTP_AFTER_POP, &method, message);
        }
        if ways.contains(&Authentication::None) {
            let message = format!("Outlook sends through {hostname} without signing in");
            self.found.add(codes::PRF_NO_SMTP_SIGN_IN, &auth, message);
        }
        if *server_type != ServerType::Smtp && server.username.as_deref().unwrap_or("").is_empty() {
            let message = format!("no user name for {hostname}");
            self.found.add(codes::PRF_NO_USER, &self.start(&account.span), message);
        }
    }

    /// Reports placeholders: Outlook has never been seen to replace one in an account.
    fn placeholders(&mut self, root: &Tree) {
        let accounts = root.children.iter().filter(|section| {
            let name = section.name.to_ascii_lowercase();
            name.strip_prefix("account").is_some_and(|rest| rest.parse::<u32>().is_ok())
        });
        for entry in accounts.flat_map(|account| &account.children) {
            let value = entry.value.as_deref().unwrap_or_default();
            if value.matches('%').count() > 1 || value.contains("{{") {
                let message = format!("{} looks like a placeholder", value.escape_debug());
                self.found.add(codes::PRF_PLACEHOLDER, &entry.span, message);
            }
        }
    }

    /// The place of the key with this suffix, on this side of the account.
    fn place(&self, account: &Tree, server_type: ServerType, name: &str) -> Range<usize> {
        let prefix = prefix(server_type);
        let wanted = format!("{prefix}{name}");
        let found = account.children.iter().find(|entry| entry.name.eq_ignore_ascii_case(&wanted));
        found.map_or(self.start(&account.span), |entry| entry.span.clone())
    }

    fn start(&self, span: &Range<usize>) -> Range<usize> {
        let inside = self.text.get(span.clone()).unwrap_or_default();
        span.start..span.start + inside.find('\n').unwrap_or(inside.len())
    }
}

fn prefix(server_type: ServerType) -> &'static str {
    match server_type {
        ServerType::Imap => "IMAP",
        ServerType::Smtp => "SMTP",
        _ => "POP3",
    }
}
