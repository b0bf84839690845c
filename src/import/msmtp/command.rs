//! The commands of both programs, and their arguments.
//!
//! msmtp 1.8.33 and mpop 1.4.23, src/conf.c (read_conffile). `check::advice` reports the newer
//! commands.

use super::Program;

/// A command of the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MsmtpCommand {
    pub name: &'static str,
    whose: CommandProgram,
    takes: ArgumentType,
    /// The setting that it changes; differs from `name` for obsolete commands.
    pub sets: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandProgram {
    Both,
    Msmtp,
    Mpop,
}

#[derive(Debug, Clone, Copy)]
enum ArgumentType {
    /// Any text, or nothing.
    Text,
    Anything,
    /// Any text that is not empty.
    Some,
    Nothing,
    /// `on`, `off`, or nothing, which means `on`.
    Switch,
    Words(&'static [&'static str]),
    WordsOrNothing(&'static [&'static str]),
    Port,
    PortOrNothing,
    Positive,
    PositiveOrOff,
    Size,
    Keep,
    Auth,
    Notify,
    Syslog,
    Fingerprint,
    Delivery,
}

const fn both(name: &'static str, takes: ArgumentType) -> MsmtpCommand {
    MsmtpCommand { name, whose: CommandProgram::Both, takes, sets: name }
}

const fn msmtp(name: &'static str, takes: ArgumentType) -> MsmtpCommand {
    MsmtpCommand { name, whose: CommandProgram::Msmtp, takes, sets: name }
}

const fn mpop(name: &'static str, takes: ArgumentType) -> MsmtpCommand {
    MsmtpCommand { name, whose: CommandProgram::Mpop, takes, sets: name }
}

const fn old(
    name: &'static str,
    whose: CommandProgram,
    takes: ArgumentType,
    sets: &'static str,
) -> MsmtpCommand {
    MsmtpCommand { name, whose, takes, sets }
}

const COMMANDS: [MsmtpCommand; 59] = [
    both("eval", ArgumentType::Some),
    both("host", ArgumentType::Some),
    both("port", ArgumentType::Port),
    both("timeout", ArgumentType::PositiveOrOff),
    both("auth", ArgumentType::Auth),
    both("user", ArgumentType::Text),
    both("password", ArgumentType::Text),
    both("passwordeval", ArgumentType::Text),
    both("ntlmdomain", ArgumentType::Text),
    both("tls", ArgumentType::Switch),
    both("tls_starttls", ArgumentType::Switch),
    both("tls_key_file", ArgumentType::Text),
    both("tls_cert_file", ArgumentType::Text),
    both("tls_trust_file", ArgumentType::Text),
    both("tls_crl_file", ArgumentType::Text),
    both("tls_fingerprint", ArgumentType::Fingerprint),
    both("tls_certcheck", ArgumentType::Switch),
    both("tls_min_dh_prime_bits", ArgumentType::Positive),
    both("tls_priorities", ArgumentType::Text),
    both("tls_host_override", ArgumentType::Text),
    both("proxy_host", ArgumentType::Text),
    both("proxy_port", ArgumentType::PortOrNothing),
    both("source_ip", ArgumentType::Text),
    both("socket", ArgumentType::Text),
    both("tls_force_sslv3", ArgumentType::Anything),
    mpop("pipelining", ArgumentType::WordsOrNothing(&["on", "off", "auto"])),
    mpop("received_header", ArgumentType::Switch),
    mpop("delivery", ArgumentType::Delivery),
    mpop("uidls_file", ArgumentType::Some),
    mpop("only_new", ArgumentType::Switch),
    mpop("keep", ArgumentType::Keep),
    mpop("killsize", ArgumentType::Size),
    mpop("skipsize", ArgumentType::Size),
    mpop("filter", ArgumentType::Text),
    msmtp("protocol", ArgumentType::Words(&["smtp", "lmtp"])),
    msmtp("domain", ArgumentType::Text),
    msmtp("from", ArgumentType::Text),
    msmtp("from_full_name", ArgumentType::Text),
    msmtp("allow_from_override", ArgumentType::Words(&["on", "off"])),
    msmtp("dsn_return", ArgumentType::Words(&["off", "headers", "full"])),
    msmtp("dsn_notify", ArgumentType::Notify),
    msmtp("logfile", ArgumentType::Text),
    msmtp("logfile_time_format", ArgumentType::Text),
    msmtp("syslog", ArgumentType::Syslog),
    msmtp("aliases", ArgumentType::Text),
    msmtp("set_from_header", ArgumentType::WordsOrNothing(&["on", "off", "auto"])),
    msmtp("set_date_header", ArgumentType::WordsOrNothing(&["auto", "off"])),
    msmtp("set_msgid_header", ArgumentType::WordsOrNothing(&["auto", "off"])),
    msmtp("set_to_header", ArgumentType::WordsOrNothing(&["on", "off", "undisclosed_recipients"])),
    msmtp("remove_bcc_headers", ArgumentType::Switch),
    old("connect_timeout", CommandProgram::Msmtp, ArgumentType::PositiveOrOff, "timeout"),
    old("undisclosed_recipients", CommandProgram::Msmtp, ArgumentType::Switch, "set_to_header"),
    old("add_missing_from_header", CommandProgram::Msmtp, ArgumentType::Switch, "set_from_header"),
    old("add_missing_date_header", CommandProgram::Msmtp, ArgumentType::Switch, "set_date_header"),
    msmtp("auto_from", ArgumentType::Switch),
    msmtp("maildomain", ArgumentType::Text),
    old("keepbcc", CommandProgram::Msmtp, ArgumentType::Switch, "remove_bcc_headers"),
    old("tls_nocertcheck", CommandProgram::Msmtp, ArgumentType::Nothing, "tls_certcheck"),
    old("tls_nostarttls", CommandProgram::Msmtp, ArgumentType::Nothing, "tls_starttls"),
];

const AUTH: [&str; 13] = [
    "plain",
    "cram-md5",
    "digest-md5",
    "scram-sha-1",
    "scram-sha-256",
    "scram-sha-1-plus",
    "scram-sha-256-plus",
    "gssapi",
    "external",
    "login",
    "ntlm",
    "oauthbearer",
    "xoauth2",
];

impl MsmtpCommand {
    pub fn of(name: &str, program: Program) -> Option<Self> {
        let has = |command: &&MsmtpCommand| match command.whose {
            CommandProgram::Both => true,
            CommandProgram::Msmtp => program == Program::Msmtp,
            CommandProgram::Mpop => program == Program::Mpop,
        };
        COMMANDS.iter().filter(has).find(|command| command.name == name).copied()
    }

    /// The reason why the program refuses an argument; `None` if it accepts it.
    pub fn refuses(self, argument: &str, program: Program) -> Option<String> {
        let name = self.name;
        let wants = |what: &str| Some(format!("{name} takes {what}, not {}", shown(argument)));
        let one_of = |words: &[&str]| wants(&words.join(", "));
        let good = match self.takes {
            ArgumentType::Text | ArgumentType::Anything => true,
            ArgumentType::Some => {
                return argument.is_empty().then(|| format!("{name} needs an argument"));
            }
            ArgumentType::Nothing => {
                return (!argument.is_empty()).then(|| format!("{name} takes no argument"));
            }
            ArgumentType::Switch => {
                if !["", "on", "off"].contains(&argument) {
                    return one_of(&["on", "off"]);
                }
                true
            }
            ArgumentType::Words(words) => {
                if !words.contains(&argument) {
                    return one_of(words);
                }
                true
            }
            ArgumentType::WordsOrNothing(words) => {
                if !argument.is_empty() && !words.contains(&argument) {
                    return one_of(words);
                }
                true
            }
            ArgumentType::Port => is_port(argument),
            ArgumentType::PortOrNothing => argument.is_empty() || is_port(argument),
            ArgumentType::Positive => {
                argument.is_empty() || number(argument).is_some_and(|number| number > 0)
            }
            ArgumentType::PositiveOrOff => {
                argument == "off" || number(argument).is_some_and(|number| number > 0)
            }
            ArgumentType::Size => argument == "off" || is_size(argument),
            ArgumentType::Keep => {
                ["", "on", "off"].contains(&argument) || seconds(argument).is_some()
            }
            ArgumentType::Auth => {
                let own = match program {
                    Program::Msmtp => argument == "off",
                    Program::Mpop => ["user", "apop"].contains(&argument),
                };
                own || ["", "on"].contains(&argument) || AUTH.contains(&argument)
            }
            ArgumentType::Notify => argument == "off" || is_notify(argument),
            ArgumentType::Syslog => {
                let local = argument.strip_prefix("LOG_LOCAL").unwrap_or("none");
                ["", "on", "off", "LOG_USER", "LOG_MAIL"].contains(&argument)
                    || matches!(local.as_bytes(), [b'0'..=b'7'])
            }
            ArgumentType::Fingerprint => argument.is_empty() || is_fingerprint(argument),
            ArgumentType::Delivery => {
                let method = argument.split_once([' ', '\t']).map(|(method, _)| method);
                method.is_some_and(|m| ["mda", "maildir", "mbox", "exchange"].contains(&m))
            }
        };
        if good { None } else { Some(format!("{name} cannot be {}", shown(argument))) }
    }
}

fn shown(argument: &str) -> String {
    if argument.is_empty() {
        "nothing".to_owned()
    } else {
        format!("\"{}\"", argument.escape_debug())
    }
}

/// Parses a number like strtol with base 0: `0x` starts a hexadecimal number, a leading zero an
/// octal one.
pub(crate) fn number(text: &str) -> Option<i64> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let (negative, text) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    Some(if negative { -number } else { number })
}

fn is_port(text: &str) -> bool {
    number(text).is_some_and(|number| (1..=65535).contains(&number))
}

fn is_size(text: &str) -> bool {
    let bare = text.strip_suffix(['k', 'm']).unwrap_or(text);
    number(bare).is_some_and(|number| number >= 0)
}

/// Parses the duration of `keep` (mpop 1.4.23) to seconds, for example `2d12h`.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (mut sum, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..end].parse().ok()?;
        let unit = match rest.as_bytes()[end] {
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        sum = count.checked_mul(unit)?.checked_add(sum)?;
        rest = &rest[end + 1..];
    }
    Some(sum)
}

fn is_notify(text: &str) -> bool {
    let words = || text.split(',');
    let known = words().all(|word| ["failure", "delay", "success"].contains(&word));
    let twice = words().enumerate().any(|(at, word)| words().skip(at + 1).any(|w| w == word));
    text == "never" || known && !twice
}

/// Whether a text is a SHA-256, SHA-1 or MD5 fingerprint, with a separator between the bytes.
fn is_fingerprint(text: &str) -> bool {
    let bytes = text.as_bytes();
    let right = |(at, byte): (usize, &u8)| {
        if at % 3 == 2 { matches!(byte, b':' | b' ') } else { byte.is_ascii_hexdigit() }
    };
    [95, 59, 47].contains(&bytes.len()) && bytes.iter().enumerate().all(right)
}
