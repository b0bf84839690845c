//! Advice on settings that the app accepts but that lead to a bad account.

use std::ops::Range;

use super::connection::{against_port, password_refused, port_of_another};
use super::placeholder::is_placeholder;
use crate::codes;
use crate::format::Tree;
use crate::import::k9s::{accounts, last};
use crate::import::{DefectList, Examination, ReadServer};
use crate::model::{Authentication, ServerType, SocketType};

pub fn advise(text: &str, examined: &Examination) -> DefectList {
    let Some(root) = &examined.tree else { return DefectList::default() };
    let mut advice = K9sAdvice { found: DefectList::default() };
    let all = root.child("accounts").map(|list| list.children_named("account"));
    for account in all.into_iter().flatten() {
        for name in ["incoming-server", "outgoing-server"] {
            let Some(element) = last(account, name) else { continue };
            let server = examined.config.servers.iter().find(|s| s.span == element.span);
            if let Some(server) = server {
                advice.connection(server, element);
                advice.sign_in(server, element);
            }
            if last(element, "password").is_some_and(|password| !password.text().is_empty()) {
                let message = "the password stands in the file";
                advice.found.add(codes::K9S_PASSWORD, &place(element, "password"), message);
            }
        }
    }
    for (name, span) in accounts(text, root).1 {
        let message = format!("{} is not the account that is read here", name.escape_debug());
        advice.found.add(codes::K9S_OTHER_ACCOUNT, &span, message);
    }
    advice.found
}

struct K9sAdvice {
    found: DefectList,
}

impl K9sAdvice {
    fn connection(&mut self, server: &ReadServer, element: &Tree) {
        let ReadServer { hostname, port, server_type, .. } = server;
        let (number, security) = (place(element, "port"), place(element, "connection-security"));
        if against_port(server) {
            let message = format!("port {port} begins TLS in another way than this says");
            self.found.add(codes::K9S_PORT_AGAINST_SECURITY, &security, message);
        }
        if let Some(owner) = port_of_another(server) {
            let message = format!("port {port} is {owner}'s, the server is {server_type}");
            self.found.add(codes::K9S_PORT_OF_ANOTHER, &number, message);
        } else if *port == 25 {
            self.found.add(codes::K9S_PORT_25, &number, "port 25 is for mail between servers");
        }
        if server.socket_type == [SocketType::Plain] {
            let message = format!("mail and password go to {hostname} in the clear");
            self.found.add(codes::K9S_PLAIN, &security, message);
        }
    }

    fn sign_in(&mut self, server: &ReadServer, element: &Tree) {
        let ReadServer { hostname, authentication, server_type, .. } = server;
        let way = place(element, "authentication-type");
        let passwords = [Authentication::PasswordCleartext, Authentication::PasswordEncrypted];
        if password_refused(hostname) && authentication.iter().any(|way| passwords.contains(way)) {
            let message = format!("{hostname} takes no passwords");
            self.found.add(codes::K9S_PASSWORD_REFUSED, &way, message);
        }
        if authentication.contains(&Authentication::OAuth2) {
            if *server_type == ServerType::Pop3 {
                self.found.add(codes::K9S_POP3_OAUTH2, &way, "the app has no OAuth2 for POP3");
            } else if !OAUTH2.contains(&&**hostname) {
                let message = format!("the app has no OAuth2 for {hostname}");
                self.found.add(codes::K9S_OAUTH2_UNKNOWN, &way, message);
            }
        }
        if *server_type == ServerType::Smtp && authentication.contains(&Authentication::None) {
            let message = format!("the app sends through {hostname} without signing in");
            self.found.add(codes::K9S_NO_SIGN_IN, &way, message);
        }
        if server.username.as_deref().is_some_and(is_placeholder) {
            let place = place(element, "username");
            self.found.add(codes::K9S_PLACEHOLDER, &place, "the user name was to be filled in");
        }
    }
}

fn place(element: &Tree, name: &str) -> Range<usize> {
    let start = element.span.start..element.span.start + "<incoming-server".len();
    last(element, name).map_or(start, |found| found.span.clone())
}

/// Exact host names with OAuth2: TbOAuthConfigurationFactory.kt of thunderbird-android.
const OAUTH2: [&str; 14] = [
    "outlook.office365.com",
    "imap.gmail.com",
    "imap.googlemail.com",
    "imap.mail.yahoo.com",
    "imap.aol.com",
    "imap.fastmail.com",
    "mail.thundermail.com",
    "smtp-mail.outlook.com",
    "smtp.office365.com",
    "smtp.gmail.com",
    "smtp.googlemail.com",
    "smtp.mail.yahoo.com",
    "smtp.aol.com",
    "smtp.fastmail.com",
];
