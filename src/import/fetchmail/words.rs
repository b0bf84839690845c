//! The keywords of fetchmail 6.4, and the values that they take.

/// The group of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeywordGroup {
    /// Has no meaning, such as `with`.
    Noise,
    Key,
    Protocol,
    Way,
}

/// The value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchmailValueType {
    Nothing,
    Text,
    Texts,
    Number,
    Numbers,
    /// A number or the name of a service.
    Service,
    Protocol,
    Way,
    /// Local users, or `remote = local`.
    Names,
    /// A number of lines to skip, then a header.
    Envelope,
    /// `accept` or `reject`.
    Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionOwner {
    /// An option of the server; it comes before all users.
    Server,
    User,
}

/// The options of servers and users.
pub const OPTIONS: [(&str, OptionOwner, FetchmailValueType); 66] = [
    ("aka", OptionOwner::Server, FetchmailValueType::Texts),
    ("via", OptionOwner::Server, FetchmailValueType::Text),
    ("localdomains", OptionOwner::Server, FetchmailValueType::Texts),
    ("protocol", OptionOwner::Server, FetchmailValueType::Protocol),
    ("principal", OptionOwner::Server, FetchmailValueType::Text),
    ("esmtpname", OptionOwner::Server, FetchmailValueType::Text),
    ("esmtppassword", OptionOwner::Server, FetchmailValueType::Text),
    ("uidl", OptionOwner::Server, FetchmailValueType::Nothing),
    ("checkalias", OptionOwner::Server, FetchmailValueType::Nothing),
    ("service", OptionOwner::Server, FetchmailValueType::Service),
    ("port", OptionOwner::Server, FetchmailValueType::Number),
    ("interval", OptionOwner::Server, FetchmailValueType::Number),
    ("auth", OptionOwner::Server, FetchmailValueType::Way),
    ("timeout", OptionOwner::Server, FetchmailValueType::Number),
    ("envelope", OptionOwner::Server, FetchmailValueType::Envelope),
    ("qvirtual", OptionOwner::Server, FetchmailValueType::Text),
    ("interface", OptionOwner::Server, FetchmailValueType::Text),
    ("monitor", OptionOwner::Server, FetchmailValueType::Text),
    ("plugin", OptionOwner::Server, FetchmailValueType::Text),
    ("plugout", OptionOwner::Server, FetchmailValueType::Text),
    ("dns", OptionOwner::Server, FetchmailValueType::Nothing),
    ("tracepolls", OptionOwner::Server, FetchmailValueType::Nothing),
    ("bad-header", OptionOwner::Server, FetchmailValueType::Verdict),
    ("to", OptionOwner::User, FetchmailValueType::Names),
    ("is", OptionOwner::User, FetchmailValueType::Names),
    ("password", OptionOwner::User, FetchmailValueType::Text),
    ("folder", OptionOwner::User, FetchmailValueType::Texts),
    ("smtphost", OptionOwner::User, FetchmailValueType::Texts),
    ("fetchdomains", OptionOwner::User, FetchmailValueType::Texts),
    ("smtpaddress", OptionOwner::User, FetchmailValueType::Text),
    ("smtpname", OptionOwner::User, FetchmailValueType::Text),
    ("antispam", OptionOwner::User, FetchmailValueType::Numbers),
    ("mda", OptionOwner::User, FetchmailValueType::Text),
    ("bsmtp", OptionOwner::User, FetchmailValueType::Text),
    ("lmtp", OptionOwner::User, FetchmailValueType::Nothing),
    ("preconnect", OptionOwner::User, FetchmailValueType::Text),
    ("postconnect", OptionOwner::User, FetchmailValueType::Text),
    ("keep", OptionOwner::User, FetchmailValueType::Nothing),
    ("flush", OptionOwner::User, FetchmailValueType::Nothing),
    ("limitflush", OptionOwner::User, FetchmailValueType::Nothing),
    ("fetchall", OptionOwner::User, FetchmailValueType::Nothing),
    ("rewrite", OptionOwner::User, FetchmailValueType::Nothing),
    ("forcecr", OptionOwner::User, FetchmailValueType::Nothing),
    ("stripcr", OptionOwner::User, FetchmailValueType::Nothing),
    ("pass8bits", OptionOwner::User, FetchmailValueType::Nothing),
    ("dropstatus", OptionOwner::User, FetchmailValueType::Nothing),
    ("dropdelivered", OptionOwner::User, FetchmailValueType::Nothing),
    ("mimedecode", OptionOwner::User, FetchmailValueType::Nothing),
    ("idle", OptionOwner::User, FetchmailValueType::Nothing),
    ("ssl", OptionOwner::User, FetchmailValueType::Nothing),
    ("sslkey", OptionOwner::User, FetchmailValueType::Text),
    ("sslcert", OptionOwner::User, FetchmailValueType::Text),
    ("sslproto", OptionOwner::User, FetchmailValueType::Text),
    ("sslcertck", OptionOwner::User, FetchmailValueType::Nothing),
    ("sslcertfile", OptionOwner::User, FetchmailValueType::Text),
    ("sslcertpath", OptionOwner::User, FetchmailValueType::Text),
    ("sslcommonname", OptionOwner::User, FetchmailValueType::Text),
    ("sslfingerprint", OptionOwner::User, FetchmailValueType::Text),
    ("limit", OptionOwner::User, FetchmailValueType::Number),
    ("warnings", OptionOwner::User, FetchmailValueType::Number),
    ("fetchlimit", OptionOwner::User, FetchmailValueType::Number),
    ("fetchsizelimit", OptionOwner::User, FetchmailValueType::Number),
    ("fastuidl", OptionOwner::User, FetchmailValueType::Number),
    ("batchlimit", OptionOwner::User, FetchmailValueType::Number),
    ("expunge", OptionOwner::User, FetchmailValueType::Number),
    ("properties", OptionOwner::User, FetchmailValueType::Text),
];

/// The global options of `set`; `properties` is also an option of a user.
pub const GLOBALS: [(&str, FetchmailValueType); 11] = [
    ("logfile", FetchmailValueType::Text),
    ("idfile", FetchmailValueType::Text),
    ("pidfile", FetchmailValueType::Text),
    ("postmaster", FetchmailValueType::Text),
    ("properties", FetchmailValueType::Text),
    ("daemon", FetchmailValueType::Number),
    ("bouncemail", FetchmailValueType::Nothing),
    ("spambounce", FetchmailValueType::Nothing),
    ("softbounce", FetchmailValueType::Nothing),
    ("syslog", FetchmailValueType::Nothing),
    ("invisible", FetchmailValueType::Nothing),
];

const KEYS: [&str; 11] = [
    "set", "showdots", "defaults", "poll", "skip", "user", "here", "there", "no", "accept",
    "reject",
];

/// Alternative spellings, with the spelling that the grammar uses.
const ALIASES: [(&str, &str); 20] = [
    ("server", "poll"),
    ("local", "localdomains"),
    ("proto", "protocol"),
    ("authenticate", "auth"),
    ("preauth", "auth"),
    ("preauthenticate", "auth"),
    ("username", "user"),
    ("pass", "password"),
    ("folders", "folder"),
    ("smtp", "smtphost"),
    ("pre", "preconnect"),
    ("post", "postconnect"),
    ("pass8", "pass8bits"),
    ("mimedec", "mimedecode"),
    ("kerberos4", "kerberos_v4"),
    ("kerberos5", "kerberos_v5"),
    ("kerberos", "kerberos_v4"),
    ("opie", "otp"),
    ("cram", "cram-md5"),
    ("nopass8", "nopass8bits"),
];

const NOISE: [&str; 5] = ["with", "and", "has", "wants", "options"];

/// Each may be written in lower or in upper case.
const PROTOCOLS: [&str; 10] =
    ["auto", "pop2", "pop3", "imap", "apop", "rpop", "etrn", "odmr", "kpop", "sdps"];

const WAYS: [&str; 10] = [
    "any",
    "gssapi",
    "kerberos_v4",
    "kerberos_v5",
    "ssh",
    "external",
    "otp",
    "cram-md5",
    "msn",
    "ntlm",
];

/// Options that may be joined with `no`: `nokeep` is `no keep`, but `nosslcertck` is not a keyword.
const NEGATED: [&str; 17] = [
    "bouncemail",
    "uidl",
    "checkalias",
    "dns",
    "envelope",
    "keep",
    "flush",
    "limitflush",
    "fetchall",
    "rewrite",
    "forcecr",
    "stripcr",
    "pass8bits",
    "dropstatus",
    "dropdelivered",
    "mimedecode",
    "spambounce",
];

/// Further options that may follow a separate `no`.
const NO_TOO: [&str; 7] =
    ["idle", "ssl", "sslcertck", "tracepolls", "softbounce", "syslog", "invisible"];

pub fn find(word: &str) -> Option<(&'static str, KeywordGroup)> {
    let alias = ALIASES.iter().find(|(other, _)| *other == word);
    let word = alias.map_or(word, |(_, name)| *name);
    let of = |all: &[&'static str], group| {
        all.iter().find(|name| **name == word).map(|name| (*name, group))
    };
    let capitals = PROTOCOLS.iter().find(|name| name.to_ascii_uppercase() == word);
    of(&NOISE, KeywordGroup::Noise)
        .or_else(|| of(&PROTOCOLS, KeywordGroup::Protocol))
        .or_else(|| capitals.map(|name| (*name, KeywordGroup::Protocol)))
        .or_else(|| of(&WAYS, KeywordGroup::Way))
        .or_else(|| of(&KEYS, KeywordGroup::Key))
        .or_else(|| option(word).map(|(name, _, _)| (name, KeywordGroup::Key)))
        .or_else(|| global(word).map(|(name, _)| (name, KeywordGroup::Key)))
}

/// Whether a word is `no` joined with an option, which makes it two tokens.
pub fn is_negated(word: &str) -> bool {
    let Some(rest) = word.strip_prefix("no") else { return false };
    let alias = ALIASES.iter().find(|(other, _)| *other == rest);
    let rest = alias.map_or(rest, |(_, name)| *name);
    NEGATED.contains(&rest) || rest == "idle"
}

/// Whether an option may follow `no`.
pub fn can_be_off(option: &str) -> bool {
    NEGATED.contains(&option) || NO_TOO.contains(&option) || option == "showdots"
}

pub fn option(name: &str) -> Option<(&'static str, OptionOwner, FetchmailValueType)> {
    OPTIONS.iter().find(|(option, _, _)| *option == name).copied()
}

pub fn global(name: &str) -> Option<(&'static str, FetchmailValueType)> {
    GLOBALS.iter().find(|(option, _)| *option == name).copied()
}

/// The keyword with the most similar spelling.
pub fn near(word: &str) -> Option<&'static str> {
    if word.len() > 30 {
        return None;
    }
    let known = OPTIONS.iter().map(|(name, _, _)| *name).chain(KEYS);
    crate::document::closest(word, known)
}
