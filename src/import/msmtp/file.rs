//! Parses lines of commands and collects them into accounts, as the program does.
//!
//! A line is a command, blanks, and the argument. One pair of double quotes around the argument is
//! removed; nothing inside it has a special meaning, not even `#` (trim_string). An account starts
//! as a copy of the `defaults` so far. The own settings of the accounts listed after its colon
//! override that (override_account).
//!
//! msmtp 1.8.23 and mpop 1.4.18, src/conf.c

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::defects::{DefectList, MOST_ACCOUNTS, MOST_WORDS};
use super::Program;
use super::command::{MsmtpCommand, number};
use crate::codes;

/// The program reads lines with fgets into 501 bytes.
const LONGEST: usize = 500;

/// A command with its argument and place.
#[derive(Debug, Clone)]
pub(crate) struct MsmtpSetting<'a> {
    pub command: &'static str,
    pub argument: &'a str,
    /// Whether the program accepts this argument.
    pub good: bool,
    pub span: Range<usize>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct MsmtpAccount<'a> {
    pub name: &'a str,
    /// The line that begins the account.
    pub line: Range<usize>,
    /// From that line to the next account.
    pub span: Range<usize>,
    /// All its settings, including inherited ones, by name.
    settings: BTreeMap<&'static str, MsmtpSetting<'a>>,
    /// Its settings without those of `defaults`.
    own: BTreeMap<&'static str, MsmtpSetting<'a>>,
    /// Whether another account inherits from it.
    pub is_parent: bool,
    /// Whether some line of it was not understood. Then nothing is reported as missing.
    is_partly_read: bool,
}

impl<'a> MsmtpAccount<'a> {
    pub fn setting(&self, name: &str) -> Option<&MsmtpSetting<'a>> {
        self.settings.get(name)
    }

    /// Whether the account itself has a setting, not only `defaults`.
    pub fn says(&self, name: &str) -> bool {
        self.own.contains_key(name)
    }

    /// A setting whose argument is not empty.
    pub fn text(&self, name: &str) -> Option<&MsmtpSetting<'a>> {
        self.setting(name).filter(|setting| !setting.argument.is_empty())
    }

    /// The state of a switch, `usual` if it is missing. `None` if the program refuses the value.
    pub fn is_on(&self, name: &str, usual: bool) -> Option<bool> {
        let Some(setting) = self.setting(name) else { return Some(usual) };
        match (setting.command, setting.argument) {
            ("tls_nocertcheck" | "tls_nostarttls", _) => Some(false),
            (_, "" | "on") => Some(true),
            (_, "off") => Some(false),
            _ => None,
        }
    }

    pub fn port(&self) -> Option<u16> {
        let setting = self.setting("port").filter(|setting| setting.good)?;
        u16::try_from(number(setting.argument)?).ok()
    }

    /// The place of a setting; if it is missing, the line that begins the account.
    pub fn place(&self, name: &str) -> Range<usize> {
        self.setting(name).map_or(self.line.clone(), |setting| setting.span.clone())
    }

    /// Whether the account has settings that are not read here: the output of `eval`, or unknown
    /// lines.
    pub fn has_more(&self) -> bool {
        self.is_partly_read || self.settings.contains_key("eval")
    }
}

/// The content of a file.
#[derive(Debug, Default)]
pub(crate) struct MsmtpFile<'a> {
    pub accounts: Vec<MsmtpAccount<'a>>,
    /// All lines that were understood, in the order of the file.
    pub lines: Vec<MsmtpSetting<'a>>,
}

pub(super) fn file<'a>(text: &'a str, program: Program, errors: &mut DefectList) -> MsmtpFile<'a> {
    let mut reading = MsmtpReader {
        program,
        errors,
        found: MsmtpFile::default(),
        names: BTreeMap::new(),
        defaults: BTreeMap::new(),
        place: CurrentSection::Nowhere,
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if reading.found.accounts.len() > MOST_ACCOUNTS {
            reading.errors.too_much(MOST_ACCOUNTS, "accounts", at);
            break;
        }
        if reading.found.lines.len() > MOST_WORDS {
            reading.errors.too_much(MOST_WORDS, "commands", at);
            break;
        }
        reading.line(line.strip_suffix('\n').unwrap_or(line), at);
        at += line.len();
    }
    reading.close(at);
    reading.found
}

/// The section that a command belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CurrentSection {
    Nowhere,
    Defaults,
    /// The last account.
    Account,
}

struct MsmtpReader<'a, 'e> {
    program: Program,
    errors: &'e mut DefectList,
    found: MsmtpFile<'a>,
    names: BTreeMap<&'a str, usize>,
    defaults: BTreeMap<&'static str, MsmtpSetting<'a>>,
    place: CurrentSection,
}

impl<'a> MsmtpReader<'a, '_> {
    fn line(&mut self, line: &'a str, at: usize) {
        let start = at + (line.len() - line.trim_start_matches(BLANKS).len());
        let whole = start..at + line.trim_end_matches(BLANKS).len().max(start - at);
        if line.len() >= LONGEST {
            let message = format!("a line of {} bytes; the program reads 499", line.len());
            self.errors.add(codes::MSMTP_LINE, &whole, message);
            return;
        }
        // A C string ends at a zero byte.
        if let Some((before, _)) = line.split_once('\0') {
            let message = "a zero byte, which hides the rest of its line";
            let place = at + before.len();
            self.errors.add(codes::MSMTP_ZERO_BYTE, &(place..place + 1), message);
            return self.line(before, at);
        }
        let line = line.trim_matches(BLANKS);
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let end = line.find(BLANKS).unwrap_or(line.len());
        let (name, argument) = (&line[..end], trimmed(&line[end..]));
        match name {
            "defaults" => {
                self.close(at);
                self.place = CurrentSection::Defaults;
                if !argument.is_empty() {
                    self.errors.add(codes::MSMTP_VALUE, &whole, "defaults takes no argument");
                }
            }
            "account" => {
                self.close(at);
                self.account(argument, whole);
            }
            _ => self.command(name, argument, whole),
        }
    }

    fn command(&mut self, name: &'a str, argument: &'a str, span: Range<usize>) {
        if self.place == CurrentSection::Nowhere {
            if self.program == Program::Mpop {
                let message = format!("{} before the first account", name.escape_debug());
                self.errors.add(codes::MSMTP_NO_ACCOUNT, &span, message);
            }
            // For files of version 1.2, msmtp puts these commands into an account named "default".
            let is_one = self.program == Program::Msmtp;
            self.begin(if is_one { "default" } else { "" }, span.clone());
            if !is_one {
                self.lose();
            }
        }
        let Some(command) = MsmtpCommand::of(name, self.program) else {
            let message = format!("\"{}\" is no command", name.escape_debug());
            self.errors.add(codes::MSMTP_UNKNOWN_COMMAND, &span, message);
            self.lose();
            return;
        };
        let refused = command.refuses(argument, self.program);
        let good = refused.is_none();
        if let Some(message) = refused {
            let code = if name == "port" { codes::MSMTP_PORT } else { codes::MSMTP_VALUE };
            self.errors.add(code, &span, message);
        }
        let setting = MsmtpSetting { command: command.name, argument, good, span };
        self.found.lines.push(setting.clone());
        if self.place == CurrentSection::Defaults {
            self.defaults.insert(command.sets, setting);
        } else if let Some(account) = self.found.accounts.last_mut() {
            account.settings.insert(command.sets, setting.clone());
            account.own.insert(command.sets, setting);
        }
    }

    /// Reads `account NAME` or `account NAME : OTHER, …`.
    fn account(&mut self, argument: &'a str, span: Range<usize>) {
        let (name, parents) = match argument.split_once(':') {
            Some((name, parents)) => (trimmed(name), Some(parents)),
            None => (argument, None),
        };
        if name.is_empty() || name.contains([':', ',']) {
            let message = "an account has a name, without colon and comma";
            self.errors.add(codes::MSMTP_ACCOUNT_NAME, &span, message);
        } else if self.names.contains_key(name) {
            let message = format!("account {} is there already", name.escape_debug());
            self.errors.add(codes::MSMTP_ACCOUNT_TWICE, &span, message);
        }
        let (mut inherited, mut is_partly_read) = (Vec::new(), false);
        for parent in parents.into_iter().flat_map(|parents| parents.split(',')).map(trimmed) {
            match self.names.get(parent) {
                // What a parent gave before, it gives again later.
                Some(parent) if inherited.contains(parent) => {
                    inherited.retain(|other| other != parent);
                    inherited.push(*parent);
                }
                Some(parent) => inherited.push(*parent),
                None => {
                    let message =
                        format!("no account \"{}\" above this line", parent.escape_debug());
                    self.errors.add(codes::MSMTP_UNKNOWN_PARENT, &span, message);
                    is_partly_read = true;
                }
            }
        }
        self.begin(name, span);
        if is_partly_read {
            self.lose();
        }
        let Some((account, before)) = self.found.accounts.split_last_mut() else { return };
        for at in inherited {
            let Some(parent) = before.get_mut(at) else { continue };
            parent.is_parent = true;
            account.is_partly_read |= parent.is_partly_read;
            account.settings.extend(parent.own.clone());
            account.own.extend(parent.own.clone());
        }
    }

    fn lose(&mut self) {
        if let Some(account) = self.found.accounts.last_mut() {
            account.is_partly_read = true;
        }
    }

    fn begin(&mut self, name: &'a str, line: Range<usize>) {
        self.names.entry(name).or_insert(self.found.accounts.len());
        self.found.accounts.push(MsmtpAccount {
            name,
            span: line.clone(),
            line,
            settings: self.defaults.clone(),
            own: BTreeMap::new(),
            is_parent: false,
            is_partly_read: false,
        });
        self.place = CurrentSection::Account;
    }

    /// Ends the span of the last account at this offset.
    fn close(&mut self, at: usize) {
        if self.place == CurrentSection::Account
            && let Some(account) = self.found.accounts.last_mut()
        {
            account.span.end = account.span.end.max(at);
        }
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Removes blanks around a text, and then one pair of quotes.
fn trimmed(text: &str) -> &str {
    let text = text.trim_matches(BLANKS);
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or(text)
}
