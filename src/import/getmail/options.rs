//! The options of each section, and their values.
//!
//! getmail 6.20.01: getmail (options_bool, options_int, options_str), getmailcore/retrievers.py,
//! getmailcore/destinations.py. `check::advice` reports the options that are newer than 6.18.

use super::ini::IniEntry;
use super::python::{number, tuple, whole};
use crate::codes::{self, Code};

/// The type of an option's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GetmailValueType {
    Text,
    Switch,
    /// A number that Python's int() reads from the text.
    Whole,
    /// A number that Python evaluates first, so it may be quoted or have a comment.
    Number,
    Tuple,
    Mailboxes,
    Fingerprints,
    TlsVersion,
    /// A Python value that is not checked here.
    Anything,
}

/// A type of retriever.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retriever {
    pub name: &'static str,
    pub is_imap: bool,
    pub is_tls: bool,
    /// The mailbox contains the mail of several users.
    pub is_shared: bool,
}

const fn pop3(name: &'static str, is_tls: bool, is_shared: bool) -> Retriever {
    Retriever { name, is_imap: false, is_tls, is_shared }
}

const fn imap(name: &'static str, is_tls: bool, is_shared: bool) -> Retriever {
    Retriever { name, is_imap: true, is_tls, is_shared }
}

const RETRIEVERS: [Retriever; 11] = [
    pop3("SimplePOP3Retriever", false, false),
    pop3("SimplePOP3SSLRetriever", true, false),
    pop3("BrokenUIDLPOP3Retriever", false, false),
    pop3("BrokenUIDLPOP3SSLRetriever", true, false),
    pop3("MultidropPOP3Retriever", false, true),
    pop3("MultidropPOP3SSLRetriever", true, true),
    pop3("MultidropSDPSRetriever", false, false),
    imap("SimpleIMAPRetriever", false, false),
    imap("SimpleIMAPSSLRetriever", true, false),
    imap("MultidropIMAPRetriever", false, true),
    imap("MultidropIMAPSSLRetriever", true, true),
];

/// The retriever of this name in any letter case, and whether the case is right.
pub(super) fn retriever(name: &str) -> Option<(Retriever, bool)> {
    let found = RETRIEVERS.iter().find(|retriever| retriever.name.eq_ignore_ascii_case(name))?;
    Some((*found, found.name == name))
}

pub(super) fn of_retriever(kind: Retriever, name: &str) -> Option<GetmailValueType> {
    let own = match name {
        "getmaildir" | "server" | "username" | "password" => Some(GetmailValueType::Text),
        "type" | "configparser" => Some(GetmailValueType::Anything),
        "timeout" | "port" => Some(GetmailValueType::Number),
        "password_command" => Some(GetmailValueType::Tuple),
        "use_xoauth2" => Some(GetmailValueType::Switch),
        "envelope_recipient" if kind.is_shared => Some(GetmailValueType::Text),
        _ => None,
    };
    let protocol = || match (name, kind.is_imap) {
        ("use_apop" | "delete_dup_msgids", false) => Some(GetmailValueType::Switch),
        ("mailboxes", true) => Some(GetmailValueType::Mailboxes),
        ("use_peek" | "record_mailbox" | "imap_id_extension", true)
        | ("use_cram_md5" | "use_kerberos", true) => Some(GetmailValueType::Switch),
        ("move_on_delete" | "imap_search" | "imap_on_delete" | "uid_cache", true) => {
            Some(GetmailValueType::Text)
        }
        _ => None,
    };
    let tls = || match name {
        "keyfile" | "certfile" | "ca_certs" | "ssl_ciphers" | "ssl_cert_hostname" => {
            Some(GetmailValueType::Text)
        }
        "ssl_fingerprints" => Some(GetmailValueType::Fingerprints),
        "ssl_version" => Some(GetmailValueType::TlsVersion),
        _ => None,
    };
    own.or_else(protocol).or_else(|| if kind.is_tls { tls() } else { None })
}

pub(super) fn of_options(name: &str) -> Option<GetmailValueType> {
    Some(match name {
        "read_all"
        | "delete"
        | "delivered_to"
        | "received"
        | "message_log_verbose"
        | "message_log_syslog"
        | "fingerprint"
        | "use_netrc"
        | "skip_imap_fetch_size"
        | "to_oldmail_on_each_mail"
        | "only_oldmail_file"
        | "mark_read" => GetmailValueType::Switch,
        "delete_after"
        | "delete_bigger_than"
        | "max_message_size"
        | "max_messages_per_session"
        | "max_bytes_per_session"
        | "verbose" => GetmailValueType::Whole,
        "message_log" | "netrc_file" => GetmailValueType::Text,
        _ => return None,
    })
}

/// The options of a destination: those that it requires, and all that it has.
pub(super) struct Destination {
    pub needs: &'static [&'static str],
    takes: &'static [(&'static str, GetmailValueType)],
    /// Whether it refers to other sections.
    pub is_many: bool,
}

pub(super) fn destination(name: &str) -> Option<Destination> {
    use GetmailValueType::{Anything, Number, Switch, Text, Tuple};
    let one = |needs, takes| Destination { needs, takes, is_many: false };
    let many = |needs, takes| Destination { needs, takes, is_many: true };
    Some(match name {
        "Maildir" => one(&["path"], &[("path", Text), ("user", Text), ("filemode", Text)]),
        "Mboxrd" => one(&["path"], &[("path", Text), ("locktype", Text), ("user", Text)]),
        "MDA_qmaillocal" => one(
            &[],
            &[
                ("qmaillocal", Text),
                ("user", Text),
                ("group", Text),
                ("homedir", Text),
                ("localdomain", Text),
                ("defaultdelivery", Text),
                ("conf-break", Text),
                ("localpart_translate", Anything),
                ("strip_delivered_to", Switch),
                ("allow_root_commands", Switch),
            ],
        ),
        "MDA_external" => one(
            &["path"],
            &[
                ("path", Text),
                ("arguments", Tuple),
                ("user", Text),
                ("group", Text),
                ("allow_root_commands", Switch),
                ("unixfrom", Switch),
                ("ignore_stderr", Switch),
                ("pipe_stdout", Switch),
            ],
        ),
        "MDA_lmtp" => one(
            &["host"],
            &[("host", Text), ("port", Number), ("fallback", Text), ("override", Text)],
        ),
        "MultiDestination" => many(&["destinations"], &[("destinations", Tuple)]),
        "MultiSorter" | "MultiGuesser" => {
            many(&["default"], &[("default", Text), ("locals", Anything)])
        }
        _ => return None,
    })
}

impl Destination {
    pub fn of(&self, name: &str) -> Option<GetmailValueType> {
        match name {
            "type" | "configparser" => Some(GetmailValueType::Anything),
            _ => self.takes.iter().find(|(own, _)| *own == name).map(|(_, takes)| *takes),
        }
    }
}

/// Parses a boolean with the spellings of getmail and RawConfigParser.
pub(super) fn switch(text: &str) -> Option<bool> {
    match &*text.to_lowercase() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

impl GetmailValueType {
    /// The rule that an entry breaks, and the message; `None` if the value is valid.
    pub fn refuses(self, entry: &IniEntry) -> Option<(Code, String)> {
        let IniEntry { name, value, .. } = entry;
        let wants = |what| Some((codes::GETMAIL_VALUE, format!("{name} takes {what}")));
        let no_tuple = || {
            let message = format!("{name} takes a tuple, such as (\"a\", \"b\") or (\"a\",)");
            Some((codes::GETMAIL_TUPLE, message))
        };
        match self {
            GetmailValueType::Anything => None,
            GetmailValueType::Text if value.contains('\n') => {
                let message =
                    format!("the lines below {name} that stand further right are part of it");
                Some((codes::GETMAIL_CONTINUED, message))
            }
            GetmailValueType::Text => None,
            GetmailValueType::Switch if switch(value).is_none() => wants("true or false"),
            GetmailValueType::Whole if whole(value).is_none() => wants("a whole number"),
            GetmailValueType::Number if number(value).is_none() => wants("a whole number"),
            GetmailValueType::Tuple if tuple(value).is_none() => no_tuple(),
            GetmailValueType::Mailboxes if value != "ALL" && tuple(value).is_none() => no_tuple(),
            GetmailValueType::Fingerprints => match tuple(value) {
                None => no_tuple(),
                Some(all) if all.iter().all(|one| one.replace(':', "").len() == 64) => None,
                Some(_) => wants("SHA-256 hashes of 64 digits"),
            },
            GetmailValueType::TlsVersion => {
                let known = ["sslv23", "tlsv1", "tlsv1_1", "tlsv1_2"];
                if known.contains(&&*value.to_lowercase()) {
                    None
                } else {
                    wants("one of sslv23, tlsv1, tlsv1_1, tlsv1_2")
                }
            }
            _ => None,
        }
    }
}
