//! Advice on preferences that Thunderbird accepts but that lead to a bad account.

use super::connection::{against_port, password_refused, port_of_another};
use super::placeholder::is_placeholder;
use crate::codes;
use crate::import::prefs::{Profile, profile};
use crate::import::{DefectList, Examination, ReadServer};
use crate::model::{Authentication, ServerType, SocketType};

pub fn advise(text: &str, _: &Examination) -> DefectList {
    let profile = profile(text);
    let mut advice = PrefsAdvice { profile: &profile, found: DefectList::default() };
    for server in &profile.config.servers {
        advice.connection(server);
        advice.sign_in(server);
        advice.mailbox(server);
    }
    for (name, span) in &profile.others {
        let message = format!("{} is not the account that is read here", name.escape_debug());
        advice.found.add(codes::PREFS_OTHER_ACCOUNT, span, message);
    }
    advice.found
}

struct PrefsAdvice<'a> {
    profile: &'a Profile,
    found: DefectList,
}

impl PrefsAdvice<'_> {
    fn connection(&mut self, server: &ReadServer) {
        let ReadServer { hostname, port, server_type, .. } = server;
        let number = self.profile.place(server, &["port"]);
        let security = self.profile.place(server, &["socketType", "try_ssl"]);
        if against_port(server) {
            let message = format!("port {port} begins TLS in another way than this says");
            self.found.add(codes::PREFS_PORT_AGAINST_SECURITY, &security, message);
        }
        if let Some(owner) = port_of_another(server) {
            let message = format!("port {port} is {owner}'s, the server is {server_type}");
            self.found.add(codes::PREFS_PORT_OF_ANOTHER, &number, message);
        } else if *port == 25 {
            self.found.add(codes::PREFS_PORT_25, &number, "port 25 is for mail between servers");
        }
        if server.socket_type == [SocketType::Plain] {
            let message = format!("mail and password go to {hostname} in the clear");
            self.found.add(codes::PREFS_PLAIN, &security, message);
        }
    }

    fn sign_in(&mut self, server: &ReadServer) {
        let ReadServer { hostname, authentication, server_type, .. } = server;
        let place = self.profile.place(server, &["authMethod"]);
        let passwords = [Authentication::PasswordCleartext, Authentication::PasswordEncrypted];
        if password_refused(hostname) && authentication.iter().any(|way| passwords.contains(way)) {
            let message = format!("{hostname} takes no passwords; authMethod 10 is OAuth2");
            self.found.add(codes::PREFS_PASSWORD_REFUSED, &place, message);
        }
        if authentication.contains(&Authentication::OAuth2) && !knows_oauth2(server) {
            let message = format!("Thunderbird has no OAuth2 for {hostname}");
            self.found.add(codes::PREFS_OAUTH2_UNKNOWN, &place, message);
        }
        if *server_type == ServerType::Smtp && authentication.contains(&Authentication::None) {
            let message = format!("Thunderbird sends through {hostname} without signing in");
            self.found.add(codes::PREFS_NO_SIGN_IN, &place, message);
        }
        if server.username.as_deref().is_some_and(is_placeholder) {
            let place = self.profile.place(server, &["userName", "username"]);
            self.found.add(codes::PREFS_PLACEHOLDER, &place, "the user name was to be filled in");
        }
    }

    fn mailbox(&mut self, server: &ReadServer) {
        if server.leave_messages_on_server == Some(false) {
            let place = self.profile.place(server, &["leave_on_server"]);
            let message = match self.profile.says(server, "leave_on_server") {
                true => "what is fetched is deleted from the server",
                false => "no leave_on_server, so what is fetched is deleted from the server",
            };
            self.found.add(codes::PREFS_DELETES, &place, message);
        }
    }
}

/// Whether Thunderbird 153 has OAuth2 settings for the host, from OAuth2Providers.sys.mjs. Add-ons
/// and the account setup can add others.
fn knows_oauth2(server: &ReadServer) -> bool {
    const BELOW: [&str; 10] = [
        "googlemail.com",
        "gmail.com",
        "yahoo.com",
        "att.net",
        "aol.com",
        "office365.com",
        "outlook.com",
        "hotmail.com",
        "thundermail.com",
        "graph.microsoft.com",
    ];
    const EXACTLY: [&str; 10] = [
        "imap.mail.ru",
        "smtp.mail.ru",
        "imap.yandex.com",
        "smtp.yandex.com",
        "imap.fastmail.com",
        "pop.fastmail.com",
        "smtp.fastmail.com",
        "imap.comcast.net",
        "pop.comcast.net",
        "smtp.comcast.net",
    ];
    let host = &*server.hostname;
    // Exchange accounts find their own OAuth2 settings.
    matches!(server.server_type, ServerType::Ews | ServerType::Graph)
        || EXACTLY.contains(&host)
        || BELOW.iter().any(|parent| is_within(host, parent))
}

/// Whether a host is `parent` or below it.
fn is_within(hostname: &str, parent: &str) -> bool {
    hostname.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
