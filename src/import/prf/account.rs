//! Reads `[AccountN]`: an incoming and an outgoing server.

use super::super::values::{hostname, port};
use super::super::{ReadConfig, ReadServer, meant_hostname};
use super::{PrfReader, child, value};
use crate::codes;
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

/// PROP_POP_LEAVE_ON_SERVER: bits for leaving and removing messages; the number of days is in the
/// upper half.
const LEAVE: u32 = 1;
const REMOVE_AFTER_DAYS: u32 = 2;
const REMOVE_WHEN_DELETED: u32 = 4;

impl<'a> PrfReader<'a> {
    pub(super) fn account(&mut self, account: &'a Tree, listed: &Tree, config: &mut ReadConfig) {
        let (server_type, name, prefix, usual) = match value(listed) {
            "I_Mail" => (ServerType::Pop3, "I_Mail", "POP3", 110),
            "IMAP_I_Mail" => (ServerType::Imap, "IMAP_I_Mail", "IMAP", 143),
            other => {
                let message = format!("\"{other}\" is none of I_Mail (POP3), IMAP_I_Mail");
                self.errors.add(codes::PRF_ACCOUNT_KIND, &listed.span, message);
                return;
            }
        };
        self.mappings(account, name, prefix);
        self.text(account, "AccountName")
            .map(|name| config.display_name.get_or_insert(name.to_owned()));
        self.text(account, "EmailAddress")
            .map(|address| config.address.get_or_insert(address.to_owned()));
        let key = |name: &str| format!("{prefix}{name}");
        let user = child(account, &key("UserName")).map(|entry| value(entry).to_owned());
        let leave = child(account, "LeaveOnServer").and_then(|entry| self.leave_on_server(entry));
        let hostname = self.hostname(account, &key("Server"));
        let port = self.port(account, &key("Port"), usual);
        let socket_type = self.incoming_security(account, &key("UseSSL"));
        let authentication = self.spa(account, &key("UseSPA"));
        if let (Some(hostname), Some(port)) = (hostname, port) {
            config.servers.push(ReadServer {
                server_type,
                hostname,
                port,
                socket_type,
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
        let port = self.port(account, "SMTPPort", 25);
        let socket_type = self.outgoing_security(account);
        let own_user = child(account, "SMTPUserName").map(|entry| value(entry).to_owned());
        let spa = self.spa(account, "SMTPUseSPA");
        // Without SMTPUseAuth Outlook does not authenticate at all.
        let signs_in = self.choice(account, "SMTPUseAuth", &[false, true]).unwrap_or(false);
        let method = self.choice(account, "SMTPAuthMethod", &[0, 1, 2]).unwrap_or(0);
        let (authentication, username) = match (signs_in, method) {
            (false, _) => (Some(Authentication::None), None),
            (true, 0) => (spa, incoming_user),
            (true, 1) => {
                if own_user.is_none() {
                    let message = "SMTPAuthMethod=1 without SMTPUserName";
                    self.errors.add(codes::PRF_NO_SMTP_USER, &self.start(account), message);
                }
                (spa, own_user)
            }
            (true, _) => (Some(Authentication::SmtpAfterPop), None),
        };
        Some(ReadServer {
            server_type: ServerType::Smtp,
            hostname: hostname?,
            port: port?,
            socket_type,
            authentication: authentication.into_iter().collect(),
            username,
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: account.span.clone(),
        })
    }

    /// A missing key means 0, so no TLS.
    fn incoming_security(&mut self, account: &'a Tree, key: &str) -> Vec<SocketType> {
        if child(account, key).is_none() {
            let message = format!("no {key} in [{}], so there is no TLS", account.name);
            self.errors.add(codes::PRF_NO_SECURITY, &self.start(account), message);
            return vec![SocketType::Plain];
        }
        self.one_of(account, key, &[SocketType::Plain, SocketType::Ssl])
    }

    fn outgoing_security(&mut self, account: &'a Tree) -> Vec<SocketType> {
        let known = [SocketType::Plain, SocketType::Ssl, SocketType::Starttls];
        let Some(entry) = child(account, "SMTPSecureConnection") else {
            let Some(old) = child(account, "SMTPUseSSL") else {
                let message =
                    format!("no SMTPSecureConnection in [{}], so there is no TLS", account.name);
                self.errors.add(codes::PRF_NO_SECURITY, &self.start(account), message);
                return vec![SocketType::Plain];
            };
            let message = "SMTPUseSSL cannot say STARTTLS; SMTPSecureConnection can";
            self.errors.add(codes::PRF_SMTP_USE_SSL, &old.span, message);
            return self.one_of(account, "SMTPUseSSL", &known[..2]);
        };
        if long(value(entry)) == Some(3) {
            let message = "SMTPSecureConnection=3 leaves it to Outlook whether there is TLS";
            self.errors.add(codes::PRF_SMTP_SECURITY_AUTO, &entry.span, message);
            return vec![SocketType::Starttls, SocketType::Ssl, SocketType::Plain];
        }
        self.one_of(account, "SMTPSecureConnection", &known)
    }

    /// The security that the number stands for. If the number is unknown, all possible ones, the
    /// safest first.
    fn one_of(&mut self, account: &'a Tree, key: &str, known: &[SocketType]) -> Vec<SocketType> {
        let found = self.choice(account, key, known);
        found.map_or_else(|| known.iter().rev().copied().collect(), |found| vec![found])
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
            codes::PRF_LEAVE_ON_SERVER,
            &entry.span,
            format!("LeaveOnServer={} {reason}", value(entry)),
        );
        None
    }

    fn spa(&mut self, account: &'a Tree, key: &str) -> Option<Authentication> {
        if child(account, key).is_none() {
            return Some(Authentication::PasswordCleartext);
        }
        self.choice(account, key, &[Authentication::PasswordCleartext, Authentication::Ntlm])
    }

    fn hostname(&mut self, account: &'a Tree, key: &str) -> Option<String> {
        let name = self.text(account, key)?;
        let span = child(account, key).map_or(account.span.clone(), |entry| entry.span.clone());
        self.errors
            .ok_or_report(codes::PRF_HOSTNAME, &span, hostname(name))
            .or_else(|| meant_hostname(name))
    }

    /// The port. Outlook's default (110, 143 or 25) is never the port with TLS.
    fn port(&mut self, account: &'a Tree, key: &str, usual: u16) -> Option<u16> {
        let Some(entry) = child(account, key).filter(|entry| !value(entry).is_empty()) else {
            let message = format!("no {key} in [{}], so it is {usual}", account.name);
            self.errors.add(codes::PRF_NO_PORT, &self.start(account), message);
            return Some(usual);
        };
        // PT_LONG can be decimal or hexadecimal.
        let number =
            long(value(entry)).map_or(value(entry).to_owned(), |number| number.to_string());
        self.errors.ok_or_report(codes::PRF_PORT, &entry.span, port(&number))
    }

    /// The item with this number, counted from 0. `None` if the key is missing or the number is too
    /// large.
    fn choice<T: Copy>(&mut self, account: &'a Tree, key: &str, of: &[T]) -> Option<T> {
        let entry = child(account, key)?;
        let found = long(value(entry)).and_then(|n| of.get(usize::try_from(n).ok()?)).copied();
        if found.is_none() {
            let message = format!("{key} is a number from 0 to {}", of.len() - 1);
            self.errors.add(codes::PRF_NUMBER, &entry.span, message);
        }
        found
    }

    /// The value of a required key; reported if it is missing or empty.
    fn text(&mut self, account: &'a Tree, key: &str) -> Option<&'a str> {
        let text = child(account, key).map(value).filter(|text| !text.is_empty());
        if text.is_none() {
            let message = format!("no {key} in [{}]", account.name);
            self.errors.add(codes::PRF_INCOMPLETE, &self.start(account), message);
        }
        text
    }
}

/// Parses PT_LONG: decimal, or hexadecimal after `0x`.
fn long(text: &str) -> Option<u32> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
}
