//! Advice on fetchmail files that fetchmail accepts but that surprise their user.

use std::ops::Range;

use super::connection::{against_port, password_refused, port_of_another};
use super::placeholder::is_placeholder;
use crate::codes::{self, Code};
use crate::import::fetchmail::{FetchmailAccount, accounts, first};
use crate::import::{Defect, DefectList, Examination, ReadServer};
use crate::model::{Authentication, SocketType};

pub fn advise(text: &str, _: &Examination) -> DefectList {
    let accounts = accounts(text);
    let first = first(&accounts);
    let mut advice = FetchmailAdvice { found: DefectList::default() };
    for account in &accounts {
        let Some(server) = &account.server else { continue };
        advice.connection(account, server);
        advice.certificate(account);
        advice.sign_in(account, server);
        advice.mailbox(account);
        if first.is_some_and(|first| !account.is_of(first)) {
            let message = format!("{} is not of the account that is read here", server.hostname);
            advice.add(codes::FETCHMAIL_OTHER_ACCOUNT, &account.start(), message);
        }
    }
    advice.found
}

struct FetchmailAdvice {
    found: DefectList,
}

impl FetchmailAdvice {
    fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        let message = message.into();
        // Values from `defaults` are reported only once.
        let is_same =
            |other: &Defect| (other.code, &other.span, &other.message) == (code, span, &message);
        if !self.found.iter().rev().take(8).any(is_same) {
            self.found.add(code, span, message);
        }
    }

    fn connection(&mut self, account: &FetchmailAccount, server: &ReadServer) {
        let ReadServer { hostname, port, server_type, .. } = server;
        let number = match account.has("port") {
            true => account.place("port"),
            false => account.place("service"),
        };
        if against_port(server) {
            let message = match server.socket_type[..] {
                [SocketType::Ssl] => format!("ssl, and no TLS begins port {port}"),
                _ => format!("no ssl, and port {port} begins with TLS"),
            };
            self.add(codes::FETCHMAIL_PORT_AGAINST_SECURITY, &number, message);
        }
        if let Some(owner) = port_of_another(server) {
            let message = format!("port {port} is {owner}'s, the server is {server_type}");
            self.add(codes::FETCHMAIL_PORT_OF_ANOTHER, &number, message);
        }
        if server.socket_type == [SocketType::Plain] {
            let message = format!("mail and password go to {hostname} in the clear");
            self.add(codes::FETCHMAIL_PLAIN, &account.place("sslproto"), message);
        } else if server.socket_type == [SocketType::Starttls] && !account.has("sslproto") {
            let message = format!("nothing says that {hostname} is to use TLS");
            self.add(codes::FETCHMAIL_TLS_UNSAID, &account.start(), message);
        }
    }

    fn certificate(&mut self, account: &FetchmailAccount) {
        if account.is_off("sslcertck") && !account.has("sslfingerprint") {
            let message = "any server is taken for the right one";
            self.add(codes::FETCHMAIL_CERTIFICATE_UNCHECKED, &account.place("sslcertck"), message);
        }
        let old = account.text("sslproto").filter(|proto| {
            let proto = proto.to_ascii_lowercase();
            ["ssl2", "ssl3", "ssl3+", "tls1", "tls1.1"].contains(&&*proto)
        });
        if let Some(proto) = old {
            let message = format!("{proto} is too old");
            self.add(codes::FETCHMAIL_OLD_TLS, &account.place("sslproto"), message);
        }
    }

    fn sign_in(&mut self, account: &FetchmailAccount, server: &ReadServer) {
        let passwords = [Authentication::PasswordCleartext, Authentication::PasswordEncrypted];
        let by_password = server.authentication.iter().any(|way| passwords.contains(way));
        if password_refused(&server.hostname) && by_password {
            let message = format!("{} takes no passwords", server.hostname);
            self.add(codes::FETCHMAIL_PASSWORD_REFUSED, &account.start(), message);
        }
        if account.text("password").is_some_and(|password| !password.is_empty()) {
            let message = "the password stands in the file";
            self.add(codes::FETCHMAIL_PASSWORD, &account.place("password"), message);
        }
        let named = account.user.as_deref().filter(|user| is_placeholder(user));
        if named.is_some() || account.text("password").is_some_and(is_placeholder) {
            let message = "a value looks as if it was to be filled in";
            self.add(codes::FETCHMAIL_PLACEHOLDER, &account.start(), message);
        }
    }

    fn mailbox(&mut self, account: &FetchmailAccount) {
        if !account.polled {
            let message = "skip: fetchmail asks this server only where it is named";
            self.add(codes::FETCHMAIL_SKIPPED, &account.start(), message);
        }
        if !account.has("keep") {
            let message = "nothing says keep, so what is fetched is deleted";
            self.add(codes::FETCHMAIL_DELETES, &account.start(), message);
        }
    }
}
