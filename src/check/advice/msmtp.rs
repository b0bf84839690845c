//! Advice on files that msmtp or mpop accepts but that surprise their user.

use std::collections::BTreeSet;
use std::ops::Range;

use super::connection::{against_port, is_local, password_refused, port_of_another};
use super::placeholder::is_placeholder;
use crate::codes::{self, Code};
use crate::import::msmtp::{MsmtpAccount, MsmtpFile, MsmtpSetting, Program, file};
use crate::import::{DefectList, Examination, ReadServer};
use crate::model::{Authentication, SocketType};

pub fn advise(text: &str, examined: &Examination, program: Program) -> DefectList {
    let file = file(text, program);
    let mut advice = MsmtpAdvice { program, found: DefectList::default(), known: BTreeSet::new() };
    let places: Vec<usize> = file.accounts.iter().map(|account| account.span.start).collect();
    for server in &examined.config.servers {
        // Accounts are in the order of the file.
        let account = places.binary_search(&server.span.start).ok().map(|at| &file.accounts[at]);
        if let Some(account) = account {
            advice.connection(server, account);
            advice.sign_in(server, account);
            advice.use_of(server, account);
        }
    }
    for line in &file.lines {
        advice.value(line);
        advice.age(line);
    }
    advice.names(&file);
    advice.found
}

/// Commands of old versions, and their replacements.
const OLD: [(&str, &str); 10] = [
    ("tls_nocertcheck", "tls_certcheck off"),
    ("tls_nostarttls", "tls_starttls off"),
    ("tls_force_sslv3", "nothing, it is ignored"),
    ("connect_timeout", "timeout"),
    ("keepbcc", "remove_bcc_headers"),
    ("auto_from", "from"),
    ("maildomain", "from"),
    ("add_missing_from_header", "set_from_header"),
    ("add_missing_date_header", "set_date_header"),
    ("undisclosed_recipients", "set_to_header"),
];

struct MsmtpAdvice {
    program: Program,
    found: DefectList,
    /// Accounts that inherit from one another report a problem only once.
    known: BTreeSet<(Code, usize)>,
}

impl MsmtpAdvice {
    fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        if self.known.insert((code, span.start)) {
            self.found.add(code, span, message);
        }
    }

    fn connection(&mut self, server: &ReadServer, account: &MsmtpAccount<'_>) {
        let ReadServer { hostname, port, server_type, .. } = server;
        let place = account.place("port");
        let tls = server.socket_type != [SocketType::Plain];
        if against_port(server) {
            let message = format!("port {port} begins TLS in another way than this account");
            self.add(codes::MSMTP_PORT_AGAINST_SECURITY, &place, message);
        }
        if let Some(owner) = port_of_another(server) {
            let message = format!("port {port} is {owner}'s, the server is {server_type}");
            self.add(codes::MSMTP_PORT_OF_ANOTHER, &place, message);
        } else if *port == 25 && !is_local(hostname) {
            self.add(codes::MSMTP_PORT_25, &place, "port 25 is for mail between servers");
        }
        let written = account.text("port").map(|port| port.argument);
        if written.is_some_and(|written| written.parse() != Ok(*port)) {
            let message = format!("the program reads this as port {port}");
            self.add(codes::MSMTP_OCTAL_PORT, &place, message);
        }
        if !tls && !is_local(hostname) {
            let message = format!("there is no TLS to {hostname}");
            self.add(codes::MSMTP_PLAIN, &account.place("tls"), message);
        }
        let unchecked = account.is_on("tls_certcheck", true) == Some(false);
        if tls && unchecked && !is_local(hostname) && account.text("tls_fingerprint").is_none() {
            let message = format!("anybody can pass for {hostname}");
            self.add(codes::MSMTP_CERTCHECK_OFF, &account.place("tls_certcheck"), message);
        }
    }

    fn sign_in(&mut self, server: &ReadServer, account: &MsmtpAccount<'_>) {
        let ways = &server.authentication;
        let has = |names: [&'static str; 3]| names.into_iter().find_map(|name| account.text(name));
        if ways.contains(&Authentication::None)
            && let Some(setting) = has(["passwordeval", "password", "user"])
        {
            let message = format!("{} is not used, since auth is off", setting.command);
            self.add(codes::MSMTP_NO_AUTH, &setting.span, message);
        }
        let password = !ways.contains(&Authentication::None);
        if password && !ways.contains(&Authentication::OAuth2) && password_refused(&server.hostname)
        {
            let message = format!("{} takes no passwords", server.hostname);
            self.add(codes::MSMTP_PASSWORD_REFUSED, &account.place("auth"), message);
        }
    }

    fn use_of(&mut self, server: &ReadServer, account: &MsmtpAccount<'_>) {
        if server.leave_messages_on_server == Some(false) {
            let message = format!("mail is deleted from {} once fetched", server.hostname);
            self.add(codes::MSMTP_DELETES, &account.place("keep"), message);
        }
        let from = account.setting("from").is_some() || account.setting("auto_from").is_some();
        if self.program == Program::Msmtp && !from && !account.has_more() {
            let message = "no from: every program has to name the sender itself";
            self.add(codes::MSMTP_NO_FROM, &account.line, message);
        }
    }

    /// Reports values in the style of other files.
    fn value(&mut self, line: &MsmtpSetting<'_>) {
        let MsmtpSetting { command, argument, span, .. } = line;
        if ["host", "from", "user", "password", "passwordeval"].contains(command)
            && is_placeholder(argument)
        {
            let message = format!("{} looks like a placeholder", argument.escape_debug());
            self.add(codes::MSMTP_PLACEHOLDER, span, message);
        }
        if *command == "password" && !argument.is_empty() {
            self.add(codes::MSMTP_PASSWORD, span, "the password is written in the file");
        }
        let quoted = argument.len() > 1 && argument.starts_with('\'') && argument.ends_with('\'');
        let half = argument.starts_with('"') && !argument.ends_with('"');
        if *command != "passwordeval" && (quoted || half) {
            self.add(codes::MSMTP_QUOTES, span, "these quotes are part of the value");
        }
        let comment = argument.contains(" #") || argument.contains("\t#");
        if ["host", "from", "user"].contains(command) && comment {
            self.add(codes::MSMTP_COMMENT, span, "what looks like a comment is part of the value");
        }
    }

    fn age(&mut self, line: &MsmtpSetting<'_>) {
        let MsmtpSetting { command, argument, span, .. } = line;
        if let Some((_, new)) = OLD.iter().find(|(old, _)| old == command) {
            let message = format!("{command} is of an old version; today it is {new}");
            self.add(codes::MSMTP_OLD_COMMAND, span, message);
        }
        let since = match (*command, *argument, self.program) {
            ("eval", _, Program::Msmtp) => "1.8.21",
            ("eval", _, Program::Mpop) => "1.4.17",
            ("from_full_name", ..) => "1.8.24",
            ("set_to_header", ..) => "1.8.29",
            ("set_msgid_header", ..) => "1.8.21",
            ("auth", word, Program::Msmtp) if word.ends_with("-plus") => "1.8.26",
            ("auth", word, Program::Mpop) if word.ends_with("-plus") => "1.4.19",
            ("keep", word, _) if !["", "on", "off"].contains(&word) => "1.4.23",
            _ => return,
        };
        self.add(codes::MSMTP_NEW_COMMAND, span, format!("{command} {argument} came with {since}"));
    }

    fn names(&mut self, file: &MsmtpFile<'_>) {
        let named = file.accounts.iter().any(|account| account.name == "default");
        if let Some(first) = file.accounts.first().filter(|_| !named) {
            self.add(codes::MSMTP_NO_DEFAULT, &first.line, "no account is called default");
        }
    }
}
