//! The keywords of fetchmail 6.4, and the values that they take.

/// The group of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Has no meaning, such as `with`.
    Noise,
    Key,
    Protocol,
    Way,
}

/// The value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
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
pub enum Part {
    /// An option of the server; it comes before all users.
    Server,
    User,
}

/// The options of servers and users.
pub const OPTIONS: [(&str, Part, Takes); 66] = [
    ("aka", Part::Server, Takes::Texts),
    ("via", Part::Server, Takes::Text),
    ("localdomains", Part::Server, Takes::Texts),
    ("protocol", Part::Server, Takes::Protocol),
    ("principal", Part::Server, Takes::Text),
    ("esmtpname", Part::Server, Takes::Text),
    ("esmtppassword", Part::Server, Takes::Text),
    ("uidl", Part::Server, Takes::Nothing),
    ("checkalias", Part::Server, Takes::Nothing),
    ("service", Part::Server, Takes::Service),
    ("port", Part::Server, Takes::Number),
    ("interval", Part::Server, Takes::Number),
    ("auth", Part::Server, Takes::Way),
    ("timeout", Part::Server, Takes::Number),
    ("envelope", Part::Server, Takes::Envelope),
    ("qvirtual", Part::Server, Takes::Text),
    ("interface", Part::Server, Takes::Text),
    ("monitor", Part::Server, Takes::Text),
    ("plugin", Part::Server, Takes::Text),
    ("plugout", Part::Server, Takes::Text),
    ("dns", Part::Server, Takes::Nothing),
    ("tracepolls", Part::Server, Takes::Nothing),
    ("bad-header", Part::Server, Takes::Verdict),
    ("to", Part::User, Takes::Names),
    ("is", Part::User, Takes::Names),
    ("password", Part::User, Takes::Text),
    ("folder", Part::User, Takes::Texts),
    ("smtphost", Part::User, Takes::Texts),
    ("fetchdomains", Part::User, Takes::Texts),
    ("smtpaddress", Part::User, Takes::Text),
    ("smtpname", Part::User, Takes::Text),
    ("antispam", Part::User, Takes::Numbers),
    ("mda", Part::User, Takes::Text),
    ("bsmtp", Part::User, Takes::Text),
    ("lmtp", Part::User, Takes::Nothing),
    ("preconnect", Part::User, Takes::Text),
    ("postconnect", Part::User, Takes::Text),
    ("keep", Part::User, Takes::Nothing),
    ("flush", Part::User, Takes::Nothing),
    ("limitflush", Part::User, Takes::Nothing),
    ("fetchall", Part::User, Takes::Nothing),
    ("rewrite", Part::User, Takes::Nothing),
    ("forcecr", Part::User, Takes::Nothing),
    ("stripcr", Part::User, Takes::Nothing),
    ("pass8bits", Part::User, Takes::Nothing),
    ("dropstatus", Part::User, Takes::Nothing),
    ("dropdelivered", Part::User, Takes::Nothing),
    ("mimedecode", Part::User, Takes::Nothing),
    ("idle", Part::User, Takes::Nothing),
    ("ssl", Part::User, Takes::Nothing),
    ("sslkey", Part::User, Takes::Text),
    ("sslcert", Part::User, Takes::Text),
    ("sslproto", Part::User, Takes::Text),
    ("sslcertck", Part::User, Takes::Nothing),
    ("sslcertfile", Part::User, Takes::Text),
    ("sslcertpath", Part::User, Takes::Text),
    ("sslcommonname", Part::User, Takes::Text),
    ("sslfingerprint", Part::User, Takes::Text),
    ("limit", Part::User, Takes::Number),
    ("warnings", Part::User, Takes::Number),
    ("fetchlimit", Part::User, Takes::Number),
    ("fetchsizelimit", Part::User, Takes::Number),
    ("fastuidl", Part::User, Takes::Number),
    ("batchlimit", Part::User, Takes::Number),
    ("expunge", Part::User, Takes::Number),
    ("properties", Part::User, Takes::Text),
];

/// The global options of `set`; `properties` is also an option of a user.
pub const GLOBALS: [(&str, Takes); 11] = [
    ("logfile", Takes::Text),
    ("idfile", Takes::Text),
    ("pidfile", Takes::Text),
    ("postmaster", Takes::Text),
    ("properties", Takes::Text),
    ("daemon", Takes::Number),
    ("bouncemail", Takes::Nothing),
    ("spambounce", Takes::Nothing),
    ("softbounce", Takes::Nothing),
    ("syslog", Takes::Nothing),
    ("invisible", Takes::Nothing),
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

pub fn find(word: &str) -> Option<(&'static str, Group)> {
    let alias = ALIASES.iter().find(|(other, _)| *other == word);
    let word = alias.map_or(word, |(_, name)| *name);
    let of = |all: &[&'static str], group| {
        all.iter().find(|name| **name == word).map(|name| (*name, group))
    };
    let capitals = PROTOCOLS.iter().find(|name| name.to_ascii_uppercase() == word);
    of(&NOISE, Group::Noise)
        .or_else(|| of(&PROTOCOLS, Group::Protocol))
        .or_else(|| capitals.map(|name| (*name, Group::Protocol)))
        .or_else(|| of(&WAYS, Group::Way))
        .or_else(|| of(&KEYS, Group::Key))
        .or_else(|| option(word).map(|(name, _, _)| (name, Group::Key)))
        .or_else(|| global(word).map(|(name, _)| (name, Group::Key)))
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

pub fn option(name: &str) -> Option<(&'static str, Part, Takes)> {
    OPTIONS.iter().find(|(option, _, _)| *option == name).copied()
}

pub fn global(name: &str) -> Option<(&'static str, Takes)> {
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
