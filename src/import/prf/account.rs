//! `[AccountN]`: an incoming and an outgoing server.

use super::super::{ReadConfig, ReadServer, hostname, port};
use super::{Reading, value};
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

/// What both kinds of account have. Outlook's MAPI properties PROP_ACCT_* and PROP_SMTP_*
const COMMON: [(&str, &str); 15] = [
    ("AccountName", "PT_UNICODE,0x0002"),
    ("DisplayName", "PT_UNICODE,0x000B"),
    ("EmailAddress", "PT_UNICODE,0x000C"),
    ("Organization", "PT_UNICODE,0x0107"),
    ("ReplyEmailAddress", "PT_UNICODE,0x0103"),
    ("ConnectionType", "PT_LONG,0x000F"),
    ("ConnectionOID", "PT_UNICODE,0x0010"),
    ("SMTPServer", "PT_UNICODE,0x0200"),
    ("SMTPPort", "PT_LONG,0x0201"),
    ("SMTPUseAuth", "PT_LONG,0x0203"),
    ("SMTPUserName", "PT_UNICODE,0x0204"),
    ("SMTPUseSPA", "PT_LONG,0x0207"),
    ("SMTPAuthMethod", "PT_LONG,0x0208"),
    ("ServerTimeOut", "PT_LONG,0x0209"),
    // 0x0202 (SMTPUseSSL) is its older brother, which cannot say STARTTLS.
    ("SMTPSecureConnection", "PT_LONG,0x020A"),
];

/// What is called POP3… or IMAP… after the kind of account. PROP_INET_*
const INCOMING: [(&str, &str); 5] = [
    ("Server", "PT_UNICODE,0x0100"),
    ("UserName", "PT_UNICODE,0x0101"),
    ("Port", "PT_LONG,0x0104"),
    ("UseSSL", "PT_LONG,0x0105"),
    ("UseSPA", "PT_LONG,0x0108"),
];

/// PROP_POP_LEAVE_ON_SERVER: leave, but not for ever, and days in the upper half.
const LEAVE_ON_SERVER: (&str, &str) = ("LeaveOnServer", "PT_LONG,0x1000");
const LEAVE: u32 = 1;
const REMOVE_AFTER_DAYS: u32 = 2;
const REMOVE_WHEN_DELETED: u32 = 4;

impl<'a> Reading<'a> {
    pub(super) fn account(&mut self, account: &'a Tree, listed: &Tree, config: &mut ReadConfig) {
        let (server_type, prefix) = match value(listed) {
            "I_Mail" => (ServerType::Pop3, "POP3"),
            "IMAP_I_Mail" => (ServerType::Imap, "IMAP"),
            other => {
                let message = format!("\"{other}\" is none of I_Mail (POP3), IMAP_I_Mail");
                self.errors.add("prf-rule", &listed.span, message);
                return;
            }
        };
        self.mappings(account, value(listed), prefix);
        self.text(account, "AccountName")
            .map(|name| config.display_name.get_or_insert(name.to_owned()));
        self.text(account, "EmailAddress")
            .map(|address| config.address.get_or_insert(address.to_owned()));
        let key = |name: &str| format!("{prefix}{name}");
        let user = account.child(&key("UserName")).map(|entry| value(entry).to_owned());
        let leave = account.child(LEAVE_ON_SERVER.0).and_then(|entry| self.leave_on_server(entry));
        let host = self.hostname(account, &key("Server"));
        let number = self.port(account, &key("Port"));
        let security = [SocketType::Plain, SocketType::Ssl];
        let socket_type = self.choice(account, &key("UseSSL"), &security);
        let authentication = self.spa(account, &key("UseSPA"));
        if let (Some(hostname), Some(port), Some(socket_type)) = (host, number, socket_type) {
            config.servers.push(ReadServer {
                server_type,
                hostname,
                port,
                socket_type: vec![socket_type],
                authentication: authentication.into_iter().collect(),
                username: user.clone(),
                leave_messages_on_server: leave.map(|(leave, _)| leave),
                days_to_leave_messages_on_server: leave.and_then(|(_, days)| days),
                url: None,
                span: account.span.clone(),
            });
        }
        config.servers.extend(self.outgoing(account, user));
    }

    fn outgoing(&mut self, account: &'a Tree, incoming_user: Option<String>) -> Option<ReadServer> {
        let hostname = self.hostname(account, "SMTPServer");
        let port = self.port(account, "SMTPPort");
        let security = [SocketType::Plain, SocketType::Ssl, SocketType::Starttls];
        let socket_type = self.choice(account, "SMTPSecureConnection", &security);
        let own_user = account.child("SMTPUserName").map(|entry| value(entry).to_owned());
        let spa = self.spa(account, "SMTPUseSPA");
        // Without SMTPUseAuth Outlook does not sign in at all.
        let signs_in = match account.child("SMTPUseAuth") {
            Some(_) => self.choice(account, "SMTPUseAuth", &[false, true])?,
            None => false,
        };
        let method = match account.child("SMTPAuthMethod") {
            Some(_) => self.choice(account, "SMTPAuthMethod", &[0, 1, 2])?,
            None => 0,
        };
        let (authentication, username) = match (signs_in, method) {
            (false, _) => (Some(Authentication::None), None),
            (true, 0) => (spa, incoming_user),
            (true, 1) => {
                if own_user.is_none() {
                    self.errors.add(
                        "prf-rule",
                        &self.start(account),
                        "SMTPAuthMethod=1 without SMTPUserName",
                    );
                }
                (spa, own_user)
            }
            (true, _) => (Some(Authentication::SmtpAfterPop), None),
        };
        Some(ReadServer {
            server_type: ServerType::Smtp,
            hostname: hostname?,
            port: port?,
            socket_type: vec![socket_type?],
            authentication: authentication.into_iter().collect(),
            username,
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: account.span.clone(),
        })
    }

    /// Every key that is used is mapped, and to the property that it is called after.
    fn mappings(&mut self, account: &Tree, name: &str, prefix: &str) {
        let Some(mapping) = self.section(name) else { return };
        let property = |key: &str| {
            let own = key.strip_prefix(prefix).and_then(|rest| find(&INCOMING, rest));
            let leave = (key == LEAVE_ON_SERVER.0 && prefix == "POP3").then_some(LEAVE_ON_SERVER.1);
            own.or(leave).or_else(|| find(&COMMON, key))
        };
        match mapping.child("AccountType") {
            Some(entry) if value(entry) == prefix => {}
            Some(entry) => {
                self.errors.add("prf-rule", &entry.span, format!("AccountType has to be {prefix}"))
            }
            None => self.errors.add(
                "prf-rule",
                &self.start(mapping),
                format!("no AccountType={prefix}"),
            ),
        }
        for entry in mapping.children.iter().filter(|entry| entry.name != "AccountType") {
            match property(&entry.name) {
                Some(property) if property == value(entry) => {}
                Some(property) => {
                    self.errors.add(
                        "prf-rule",
                        &entry.span,
                        format!("{} has to be {property}", entry.name),
                    );
                }
                None => {
                    let message =
                        format!("{} in [{name}] is no property of this account", entry.name);
                    self.errors.add("prf-rule", &entry.span, message);
                }
            }
        }
        // These two are about the section itself; the Office Customization Tool maps neither.
        let directive = |name: &str| matches!(name, "UniqueService" | "DefaultAccount");
        for entry in account.children.iter().filter(|entry| !directive(&entry.name)) {
            if mapping.child(&entry.name).is_none() {
                let message =
                    format!("[{name}] has no line for {}, so Outlook drops it", entry.name);
                self.errors.add("prf-rule", &entry.span, message);
            }
        }
    }

    fn leave_on_server(&mut self, entry: &Tree) -> Option<(bool, Option<u32>)> {
        let bits = long(value(entry));
        let (low, days) = bits.map_or((0, 0), |bits| (bits & 0xFFFF, bits >> 16));
        let limited = low & REMOVE_AFTER_DAYS != 0;
        let reason = if bits.is_none() {
            "is no number"
        } else if low & !(LEAVE | REMOVE_AFTER_DAYS | REMOVE_WHEN_DELETED) != 0 {
            "has bits that mean nothing"
        } else if low & LEAVE == 0 && (low != 0 || days != 0) {
            "says when to remove messages that are not left"
        } else if limited != (days != 0) {
            "needs bit 2 and a number of days (in the upper half), or neither"
        } else {
            return Some((low & LEAVE != 0, limited.then_some(days)));
        };
        self.errors.add(
            "prf-rule",
            &entry.span,
            format!("LeaveOnServer={} {reason}", value(entry)),
        );
        None
    }

    fn spa(&mut self, account: &'a Tree, key: &str) -> Option<Authentication> {
        match account.child(key) {
            Some(_) => self.choice(
                account,
                key,
                &[Authentication::PasswordCleartext, Authentication::Ntlm],
            ),
            None => Some(Authentication::PasswordCleartext),
        }
    }

    fn hostname(&mut self, account: &'a Tree, key: &str) -> Option<String> {
        let name = self.text(account, key)?;
        let span = account.child(key).map_or(account.span.clone(), |entry| entry.span.clone());
        self.errors.keep("prf-rule", &span, hostname(name))
    }

    /// Outlook has a default (110, 143, 25), which is never the secure port.
    fn port(&mut self, account: &'a Tree, key: &str) -> Option<u16> {
        let number = self.text(account, key)?;
        let span = account.child(key).map_or(account.span.clone(), |entry| entry.span.clone());
        self.errors.keep("prf-rule", &span, port(number))
    }

    /// A number that stands for one of these, from 0.
    fn choice<T: Copy>(&mut self, account: &'a Tree, key: &str, of: &[T]) -> Option<T> {
        let number = self.text(account, key)?;
        let found = long(number).and_then(|n| of.get(usize::try_from(n).ok()?)).copied();
        if found.is_none() {
            let span = account.child(key).map_or(account.span.clone(), |entry| entry.span.clone());
            self.errors.add(
                "prf-rule",
                &span,
                format!("{key} is a number from 0 to {}", of.len() - 1),
            );
        }
        found
    }

    /// The value of a key that has to be there.
    fn text(&mut self, account: &'a Tree, key: &str) -> Option<&'a str> {
        let text = account.child(key).map(value).filter(|text| !text.is_empty());
        if text.is_none() {
            self.errors.add(
                "prf-rule",
                &self.start(account),
                format!("no {key} in [{}]", account.name),
            );
        }
        text
    }
}

fn find(properties: &[(&'static str, &'static str)], key: &str) -> Option<&'static str> {
    properties.iter().find(|(name, _)| *name == key).map(|(_, property)| *property)
}

/// PT_LONG: decimal, or hexadecimal after `0x`.
fn long(text: &str) -> Option<u32> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
}
