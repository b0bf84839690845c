//! Advice on getmail files that getmail accepts but that surprise their user.

use std::ops::Range;

use super::connection::{against_port, is_local, password_refused, port_of_another};
use super::placeholder::is_placeholder;
use crate::codes;
use crate::import::getmail::{IniSection, count, is_on, sections};
use crate::import::{DefectList, Examination, ReadServer};
use crate::model::{Authentication, ServerType, SocketType};

pub fn advise(text: &str, examined: &Examination) -> DefectList {
    let sections = sections(text);
    let find = |name: &str| sections.iter().find(|section| section.name == name);
    let Some(retriever) = find("retriever") else { return DefectList::default() };
    let mut advice =
        GetmailAdvice { retriever, options: find("options"), found: DefectList::default() };
    for server in &examined.config.servers {
        advice.connection(server);
        advice.sign_in(server);
        advice.keeping(server);
    }
    advice.values();
    advice.age();
    advice.found
}

struct GetmailAdvice<'a> {
    retriever: &'a IniSection,
    options: Option<&'a IniSection>,
    found: DefectList,
}

impl GetmailAdvice<'_> {
    fn place(&self, name: &str) -> Range<usize> {
        self.retriever.place(name)
    }

    /// The place of an option in [options], or of the retriever if that section is missing.
    fn option_place(&self, name: &str) -> Range<usize> {
        self.options.map_or(self.retriever.line.clone(), |options| options.place(name))
    }

    fn connection(&mut self, server: &ReadServer) {
        let ReadServer { hostname, port, server_type, .. } = server;
        if against_port(server) {
            let message = format!("port {port} begins TLS in another way than this retriever");
            self.found.add(codes::GETMAIL_PORT_AGAINST_SECURITY, &self.place("port"), message);
        }
        if let Some(owner) = port_of_another(server) {
            let message = format!("port {port} is {owner}'s, the retriever is for {server_type}");
            self.found.add(codes::GETMAIL_PORT_OF_ANOTHER, &self.place("port"), message);
        }
        if is_local(hostname) {
            return;
        }
        if server.socket_type == [SocketType::Plain] {
            let message = format!("mail and password of {hostname} come in the clear");
            self.found.add(codes::GETMAIL_PLAIN, &self.place("type"), message);
            return;
        }
        let checks = ["ca_certs", "ssl_fingerprints"];
        if !checks.into_iter().any(|name| self.retriever.text(name).is_some()) {
            let message = format!("no ca_certs, so anybody can pass for {hostname}");
            self.found.add(codes::GETMAIL_NO_CA_CERTS, &self.place("type"), message);
        }
        let version = self.retriever.text("ssl_version").unwrap_or_default().to_lowercase();
        if ["tlsv1", "tlsv1_1"].contains(&&*version) {
            let message = "servers of today have TLS 1.2 and 1.3 only";
            self.found.add(codes::GETMAIL_OLD_TLS, &self.place("ssl_version"), message);
        }
    }

    fn sign_in(&mut self, server: &ReadServer) {
        let ReadServer { hostname, server_type, .. } = server;
        let has_oauth2 = server.authentication.contains(&Authentication::OAuth2);
        if has_oauth2 && *server_type == ServerType::Pop3 {
            let message = "getmail before 6.19.04 ignores this and sends the token as a password";
            self.found.add(codes::GETMAIL_XOAUTH2_POP3, &self.place("use_xoauth2"), message);
        }
        if !has_oauth2 && password_refused(hostname) {
            let message = format!("{hostname} takes no passwords");
            self.found.add(codes::GETMAIL_PASSWORD_REFUSED, &self.place("server"), message);
        }
    }

    fn keeping(&mut self, server: &ReadServer) {
        let hostname = &server.hostname;
        let deletes = server.leave_messages_on_server == Some(false);
        let reads_all = is_on(self.options, "read_all", true);
        if deletes && count(self.options, "delete_after").is_some() {
            let message = "delete = true deletes at once, and no day is waited";
            self.found.add(
                codes::GETMAIL_DELETE_AFTER,
                &self.option_place("delete_after"),
                message,
            );
        } else if deletes {
            let message = format!("mail is deleted from {hostname} once fetched");
            self.found.add(codes::GETMAIL_DELETES, &self.option_place("delete"), message);
        }
        if reads_all && !is_on(self.options, "delete", false) {
            let message = "every message is fetched again each time";
            self.found.add(codes::GETMAIL_READ_ALL, &self.option_place("read_all"), message);
        }
    }

    /// Reports values in the style of other files.
    fn values(&mut self) {
        for entry in &self.retriever.entries {
            let (name, value, span) = (&*entry.name, entry.first_line(), &entry.span);
            if !["server", "username", "password", "password_command"].contains(&name) {
                continue;
            }
            if is_placeholder(value) {
                let message = format!("{} looks like a placeholder", value.escape_debug());
                self.found.add(codes::GETMAIL_PLACEHOLDER, span, message);
            }
            if name == "password_command" {
                continue;
            }
            let quoted =
                |quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
            if quoted('"') || quoted('\'') {
                self.found.add(codes::GETMAIL_QUOTES, span, "these quotes are part of the value");
            }
            if name != "password" && (value.contains(" #") || value.contains(" ;")) {
                let message = "what looks like a comment is part of the value";
                self.found.add(codes::GETMAIL_COMMENT, span, message);
            }
            if name == "password" && !value.is_empty() {
                self.found.add(
                    codes::GETMAIL_PASSWORD,
                    span,
                    "the password is written in the file",
                );
            }
        }
    }

    fn age(&mut self) {
        let of_options = [("only_oldmail_file", "6.19.05"), ("mark_read", "6.19.00")];
        let of_retriever = [("uid_cache", "6.19.06"), ("imap_id_extension", "6.19.00")];
        let mut late: Vec<(Range<usize>, String)> = Vec::new();
        for (section, names) in [(self.options, of_options), (Some(self.retriever), of_retriever)] {
            let entries = section.map(|section| &*section.entries).unwrap_or_default();
            for entry in entries {
                if let Some((name, since)) = names.iter().find(|(name, _)| *name == entry.name) {
                    late.push((entry.span.clone(), format!("{name} came with {since}")));
                }
            }
        }
        for (span, message) in late {
            self.found.add(codes::GETMAIL_NEW_OPTION, &span, message);
        }
    }
}
