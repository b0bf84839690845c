//! The servers of an account, as Outlook reads them.

use std::ops::Range;

use super::super::connection::{Trouble, troubles};
use super::{RegAdvice, first_line};
use crate::codes;
use crate::format::Tree;
use crate::import::ReadServer;
use crate::model::{Authentication, ServerType};

impl RegAdvice {
    pub(super) fn server(&mut self, server: &ReadServer, key: &Tree) {
        let prefix = match server.server_type {
            ServerType::Imap => "IMAP",
            ServerType::Smtp => "SMTP",
            _ => "POP3",
        };
        let place = |names: &[&str]| place(key, prefix, names);
        let security = place(&["Secure Connection", "Use SSL"]);
        let (port, host) = (place(&["Port"]), place(&["Server"]));
        for (trouble, message) in troubles(server) {
            match trouble {
                Trouble::PortAgainstSecurity => {
                    self.found.add(codes::REG_ACCOUNT_PORT_AGAINST_SECURITY, &security, message);
                }
                Trouble::PortOfAnother => {
                    self.found.add(codes::REG_ACCOUNT_PORT_OF_ANOTHER, &port, message)
                }
                Trouble::Port25 => self.found.add(codes::REG_ACCOUNT_PORT_25, &port, message),
                Trouble::Plain => self.found.add(codes::REG_ACCOUNT_PLAIN, &security, message),
                Trouble::PasswordRefused => {
                    self.found.add(codes::REG_ACCOUNT_PASSWORD_REFUSED, &host, message);
                }
            }
        }
        let ways = &server.authentication;
        if ways.contains(&Authentication::Ntlm) {
            let message = "SPA on: Outlook signs in with NTLM or Kerberos only";
            self.found.add(codes::REG_ACCOUNT_SPA_ON, &place(&["Use SPA"]), message);
        }
        if ways.contains(&Authentication::SmtpAfterPop) {
            let message = "Outlook fetches mail first and does not sign in to send";
            self.found.add(codes::REG_ACCOUNT_SMTP_AFTER_POP, &place(&["Auth Method"]), message);
        } else if ways.contains(&Authentication::None) {
            let message = format!("Outlook sends through {} without signing in", server.hostname);
            self.found.add(codes::REG_ACCOUNT_NO_SMTP_SIGN_IN, &place(&["Use Auth"]), message);
        } else if server.username.is_none() {
            let message = format!("no user name for {}", server.hostname);
            self.found.add(codes::REG_ACCOUNT_NO_USER, &first_line(key), message);
        }
    }
}

/// The place of the first of these values that exists, on this side of the account.
fn place(key: &Tree, prefix: &str, names: &[&str]) -> Range<usize> {
    let find = |name: &&str| {
        let wanted = format!("{prefix} {name}");
        key.children.iter().find(|value| value.name.eq_ignore_ascii_case(&wanted))
    };
    names.iter().find_map(find).map_or_else(|| first_line(key), |value| value.span.clone())
}
