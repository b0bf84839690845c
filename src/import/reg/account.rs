//! Reads an account of an Outlook profile as classic Outlook does.
//!
//! Names and numbers are those of Microsoft's account management API. The form of the values was
//! learnt from programs that read profiles of Outlook 2003 to 2010 (texts as bytes) and of 2016 and
//! later (strings). `IMAP Secure Connection` and similar values mean TLS (1) or STARTTLS (2) if
//! present; `Use SSL` is only yes or no.

use std::ops::Range;

use super::super::defects::DefectList;
use super::super::values::{hostname, port};
use super::super::{ReadConfig, ReadServer, meant_hostname};
use crate::codes;
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

/// The key that contains one subkey per account, in every version.
const ACCOUNTS: &str = "9375cff0413111d3b88a00104b2a6676";
/// PROP_POP_LEAVE_ON_SERVER: bits for leaving and removing messages; the number of days is in the
/// upper half.
const LEAVE: u32 = 1;
const REMOVE_AFTER_DAYS: u32 = 2;
const REMOVE_WHEN_DELETED: u32 = 4;

const POP3: &str = "{ed475411-b0d6-11d2-8c3b-00104b2a6676}";
const IMAP: &str = "{ed475412-b0d6-11d2-8c3b-00104b2a6676}";
/// The address book of the profile and Outlook's own lists, which are not mail accounts.
const NONE: [&str; 4] = [
    "{ed475410-b0d6-11d2-8c3b-00104b2a6676}",
    "{ed475418-b0d6-11d2-8c3b-00104b2a6676}",
    "{ed475419-b0d6-11d2-8c3b-00104b2a6676}",
    "{ed475420-b0d6-11d2-8c3b-00104b2a6676}",
];

/// Whether a key contains an account.
pub(super) fn is_account(key: &Tree) -> bool {
    let mut parts = key.name.rsplit('\\');
    let number = parts.next().unwrap_or_default();
    key.kind == "key"
        && number.len() == 8
        && number.chars().all(|c| c.is_ascii_hexdigit())
        && parts.next().is_some_and(|above| above.eq_ignore_ascii_case(ACCOUNTS))
}

pub(super) fn read(key: &Tree, config: &mut ReadConfig, errors: &mut DefectList) {
    let mut account = OutlookAccount { key, errors };
    account.read(config);
}

struct OutlookAccount<'a> {
    key: &'a Tree,
    errors: &'a mut DefectList,
}

impl<'a> OutlookAccount<'a> {
    fn read(&mut self, config: &mut ReadConfig) {
        let Some((server_type, prefix, usual)) = self.kind() else { return };
        if let Some(name) = self.text("Account Name") {
            config.display_name.get_or_insert(name);
        }
        if let Some(address) = self.text("Email") {
            let domain = |address: &str| address.rsplit('@').next().map(str::to_lowercase);
            let first = config.address.get_or_insert_with(|| address.clone());
            if domain(first) != domain(&address) {
                let message = format!("{address} has another provider than {first}");
                self.errors.add(codes::REG_ACCOUNT_ANOTHER, &first_line(self.key), message);
                return;
            }
        }
        let key = |name: &str| format!("{prefix} {name}");
        let user = self.text(&key("User")).or_else(|| self.text(&key("User Name")));
        let leave = match server_type {
            ServerType::Pop3 => self.leave_on_server(),
            _ => None,
        };
        let security = self.security(prefix);
        let ntlm = self.choice(&key("Use SPA"), &[false, true]).unwrap_or(false);
        let sign_in = |ntlm| match ntlm {
            true => Authentication::Ntlm,
            false => Authentication::PasswordCleartext,
        };
        let host = self.hostname(&key("Server"));
        let number = self.port(&key("Port"), usual);
        let server = |server_type, hostname: Option<String>, port: Option<u16>| {
            Some(ReadServer {
                server_type,
                hostname: hostname?,
                port: port?,
                socket_type: Vec::new(),
                authentication: Vec::new(),
                username: None,
                leave_messages_on_server: None,
                days_to_leave_messages_on_server: None,
                url: None,
                span: self.key.span.clone(),
            })
        };
        config.servers.extend(server(server_type, host, number).map(|server| ReadServer {
            socket_type: security,
            authentication: vec![sign_in(ntlm)],
            username: user.clone(),
            leave_messages_on_server: leave.map(|(leave, _)| leave),
            days_to_leave_messages_on_server: leave.and_then(|(_, days)| days),
            ..server
        }));
        let (host, number) = (self.hostname("SMTP Server"), self.port("SMTP Port", 25));
        let security = self.security("SMTP");
        let ntlm = self.choice("SMTP Use SPA", &[false, true]).unwrap_or(false);
        // Without SMTP Use Auth Outlook does not authenticate at all.
        let signs_in = self.choice("SMTP Use Auth", &[false, true]).unwrap_or(false);
        let method = self.choice("SMTP Auth Method", &[0, 1, 2]).unwrap_or(0);
        let own_user = self.text("SMTP User").or_else(|| self.text("SMTP User Name"));
        let (way, username) = match (signs_in, method) {
            (false, _) => (Authentication::None, None),
            (true, 0) => (sign_in(ntlm), user),
            (true, 1) => (sign_in(ntlm), own_user),
            (true, _) => (Authentication::SmtpAfterPop, None),
        };
        config.servers.extend(server(ServerType::Smtp, host, number).map(|server| ReadServer {
            socket_type: security,
            authentication: vec![way],
            username,
            ..server
        }));
    }

    /// The kind of the account: by its class, or by its server value if the file has no class.
    fn kind(&mut self) -> Option<(ServerType, &'static str, u16)> {
        let pop3 = (ServerType::Pop3, "POP3", 110);
        let imap = (ServerType::Imap, "IMAP", 143);
        let class = self.text("clsid").map(|class| class.to_ascii_lowercase());
        match class.as_deref() {
            Some(POP3) => Some(pop3),
            Some(IMAP) => Some(imap),
            Some(class) => {
                if !NONE.contains(&class) {
                    let message = "an account of another kind, such as Exchange";
                    self.errors.add(codes::REG_ACCOUNT_OTHER, &first_line(self.key), message);
                }
                None
            }
            None if self.find("POP3 Server").is_some() => Some(pop3),
            None if self.find("IMAP Server").is_some() => Some(imap),
            // The file only changes some values of an existing account.
            None => None,
        }
    }

    /// The security. `Secure Connection` is more precise than `Use SSL`; without both there is no
    /// TLS.
    fn security(&mut self, prefix: &str) -> Vec<SocketType> {
        let known = [SocketType::Plain, SocketType::Ssl, SocketType::Starttls];
        let (new, old) = (format!("{prefix} Secure Connection"), format!("{prefix} Use SSL"));
        if let Some(value) = self.find(&new) {
            if number(value) == Some(3) {
                let message = format!("{new} 3 leaves it to Outlook whether there is TLS");
                self.errors.add(codes::REG_ACCOUNT_SECURITY_AUTO, &value.span, message);
                return vec![SocketType::Starttls, SocketType::Ssl, SocketType::Plain];
            }
            return match self.choice(&new, &known) {
                Some(found) => vec![found],
                None => known.iter().rev().copied().collect(),
            };
        }
        let Some(value) = self.find(&old) else {
            let message = format!("no {old}, so there is no TLS");
            self.errors.add(codes::REG_ACCOUNT_NO_SECURITY, &first_line(self.key), message);
            return vec![SocketType::Plain];
        };
        if prefix == "SMTP" {
            let message = "SMTP Use SSL cannot say STARTTLS; SMTP Secure Connection can";
            self.errors.add(codes::REG_ACCOUNT_SMTP_USE_SSL, &value.span, message);
        }
        match self.choice(&old, &known[..2]) {
            Some(found) => vec![found],
            None => vec![SocketType::Ssl, SocketType::Plain],
        }
    }

    fn leave_on_server(&mut self) -> Option<(bool, Option<u32>)> {
        let value = self.find("Leave on Server")?;
        let bits = number(value);
        let (low, days) = bits.map_or((0, 0), |bits| (bits & 0xFFFF, bits >> 16));
        let limited = low & REMOVE_AFTER_DAYS != 0;
        let reason = if bits.is_none() {
            "is no number"
        } else if low & !(LEAVE | REMOVE_AFTER_DAYS | REMOVE_WHEN_DELETED) != 0 {
            "has bits that mean nothing"
        } else if low & LEAVE == 0 && limited {
            "says when to remove messages that are not left"
        } else if limited && days == 0 {
            "says to remove messages after 0 days"
        } else {
            // Outlook keeps the days when the box is not ticked.
            return Some((low & LEAVE != 0, limited.then_some(days)));
        };
        let message = format!("Leave on Server {reason}");
        self.errors.add(codes::REG_ACCOUNT_LEAVE_ON_SERVER, &value.span, message);
        None
    }

    fn hostname(&mut self, name: &str) -> Option<String> {
        let Some(value) = self.find(name) else {
            let message = format!("no {name}");
            self.errors.add(codes::REG_ACCOUNT_NO_SERVER, &first_line(self.key), message);
            return None;
        };
        let host = self.text(name).unwrap_or_default();
        let kept =
            self.errors.ok_or_report(codes::REG_ACCOUNT_HOSTNAME, &value.span, hostname(&host));
        kept.or_else(|| meant_hostname(&host))
    }

    /// The port. Outlook's default (110, 143 or 25) is never the port with TLS.
    fn port(&mut self, name: &str, usual: u16) -> Option<u16> {
        let Some(value) = self.find(name) else {
            let message = format!("no {name}, so it is {usual}");
            self.errors.add(codes::REG_ACCOUNT_NO_PORT, &first_line(self.key), message);
            return Some(usual);
        };
        let digits = number(value).map_or_else(|| data(value).to_owned(), |n| n.to_string());
        self.errors.ok_or_report(codes::REG_ACCOUNT_PORT, &value.span, port(&digits))
    }

    /// The item with this number, counted from 0. `None` if the value is missing or the number is
    /// too large.
    fn choice<T: Copy>(&mut self, name: &str, of: &[T]) -> Option<T> {
        let value = self.find(name)?;
        let found = number(value).and_then(|n| of.get(usize::try_from(n).ok()?)).copied();
        if found.is_none() {
            let message = format!("{name} is a number from 0 to {}", of.len() - 1);
            self.errors.add(codes::REG_ACCOUNT_NUMBER, &value.span, message);
        }
        found
    }

    /// A string, or UTF-16 bytes as before Outlook 2016.
    fn text(&self, name: &str) -> Option<String> {
        let value = self.find(name)?;
        let text = match value.kind {
            "string" => data(value).to_owned(),
            "dword" => return None,
            _ => texts(data(value))?,
        };
        Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.is_empty())
    }

    fn find(&self, name: &str) -> Option<&'a Tree> {
        let is = |value: &&Tree| value.kind != "delete" && value.name.eq_ignore_ascii_case(name);
        self.key.children.iter().find(is)
    }
}

fn data(value: &Tree) -> &str {
    value.value.as_deref().unwrap_or_default()
}

/// Reads a REG_DWORD, or the digits of a string, which some programs write.
fn number(value: &Tree) -> Option<u32> {
    match value.kind {
        "dword" => u32::from_str_radix(data(value), 16).ok(),
        "string" => data(value).parse().ok(),
        _ => None,
    }
}

/// Decodes bytes in hexadecimal to UTF-16LE text, including its NULs.
pub(super) fn texts(bytes: &str) -> Option<String> {
    let bytes: Vec<u8> =
        bytes.split(',').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16(&units).ok()
}

/// The line of the key; the key's span also covers its values.
fn first_line(key: &Tree) -> Range<usize> {
    let end = key.children.first().map_or(key.span.end, |value| value.span.start);
    key.span.start..end
}

#[cfg(test)]
mod tests;
