//! Checks `[I_Mail]` and `[IMAP_I_Mail]`, which map each key of an account to a property.

use super::{PrfReader, child, value};
use crate::codes;
use crate::format::Tree;

/// Properties of both kinds of account: Outlook's MAPI properties PROP_ACCT_* and PROP_SMTP_*
const COMMON: [(&str, &str); 16] = [
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
    // The predecessor of the next one; it cannot express STARTTLS.
    ("SMTPUseSSL", "PT_LONG,0x0202"),
    ("SMTPSecureConnection", "PT_LONG,0x020A"),
];

/// Properties whose keys start with POP3 or IMAP, by the kind of account. PROP_INET_*
const INCOMING: [(&str, &str); 5] = [
    ("Server", "PT_UNICODE,0x0100"),
    ("UserName", "PT_UNICODE,0x0101"),
    ("Port", "PT_LONG,0x0104"),
    ("UseSSL", "PT_LONG,0x0105"),
    ("UseSPA", "PT_LONG,0x0108"),
];

/// PROP_POP_LEAVE_ON_SERVER
const LEAVE_ON_SERVER: (&str, &str) = ("LeaveOnServer", "PT_LONG,0x1000");

impl PrfReader<'_> {
    /// Checks that every key of the account is mapped, and each to the right property.
    pub(super) fn mappings(&mut self, account: &Tree, name: &'static str, prefix: &str) {
        let Some(mapping) = self.find(name) else {
            let message =
                format!("no section [{name}], so Outlook drops every value of an account");
            self.errors.add(codes::PRF_NO_MAPPING, &self.start(account), message);
            return;
        };
        if !self.mappings.contains_key(name) {
            self.mapping(mapping, name, prefix);
            let keys = mapping.children.iter().map(|entry| entry.name.to_ascii_lowercase());
            self.mappings.insert(name, keys.collect());
        }
        self.mapped(account, name);
    }

    /// Checks the properties of a mapping, which several accounts can have in common.
    fn mapping(&mut self, mapping: &Tree, name: &str, prefix: &str) {
        match child(mapping, "AccountType") {
            Some(entry) if value(entry) == prefix => {}
            Some(entry) => {
                let message = format!("AccountType has to be {prefix}");
                self.errors.add(codes::PRF_ACCOUNT_TYPE, &entry.span, message);
            }
            None => {
                let message = format!("no AccountType={prefix}");
                self.errors.add(codes::PRF_ACCOUNT_TYPE, &self.start(mapping), message);
            }
        }
        let others = |entry: &&Tree| !entry.name.eq_ignore_ascii_case("AccountType");
        for entry in mapping.children.iter().filter(others) {
            match property(&entry.name, prefix) {
                Some(property) if property.eq_ignore_ascii_case(value(entry)) => {}
                Some(property) => {
                    let message = format!("{} has to be {property}", entry.name);
                    self.errors.add(codes::PRF_MAPPING, &entry.span, message);
                }
                None => {
                    let message =
                        format!("{} in [{name}] is no property of this account", entry.name);
                    self.errors.add(codes::PRF_UNKNOWN_MAPPING, &entry.span, message);
                }
            }
        }
    }

    fn mapped(&mut self, account: &Tree, name: &str) {
        for entry in &account.children {
            let key = entry.name.to_ascii_lowercase();
            // These two are about the section itself; the Office Customization Tool maps neither.
            if matches!(key.as_str(), "uniqueservice" | "defaultaccount") {
                continue;
            }
            if key.contains("password") {
                let message =
                    format!("Outlook has no key for a password; {} is dropped", entry.name);
                self.errors.add(codes::PRF_PASSWORD, &entry.span, message);
            } else if !self.mappings.get(name).is_some_and(|keys| keys.contains(&key)) {
                let message =
                    format!("[{name}] has no line for {}, so Outlook drops it", entry.name);
                self.errors.add(codes::PRF_UNMAPPED_KEY, &entry.span, message);
            }
        }
    }
}

fn property(key: &str, prefix: &str) -> Option<&'static str> {
    let find = |properties: &[(&str, &'static str)], key: &str| {
        let found = properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, property)| *property)
    };
    let start = key.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix));
    let own = start.and_then(|start| find(&INCOMING, &key[start.len()..]));
    let pop3 = if prefix == "POP3" { &[LEAVE_ON_SERVER][..] } else { &[] };
    own.or_else(|| find(pop3, key)).or_else(|| find(&COMMON, key))
}
