//! Reads the server of a getmail file as getmail6 does.
//!
//! The type of the retriever gives both the protocol and TLS; there is none for STARTTLS. Anything
//! that Python or getmail rejects makes the whole file unusable. Options that a section does not
//! have are dropped, in `[options]` silently.
//!
//! getmail 6.18.11 and 6.20.01

mod ini;
mod options;
mod python;

use std::collections::BTreeSet;

use super::defects::DefectList;
use super::values::resolvable;
use super::{Examination, ReadConfig, ReadServer, meant_hostname};
use crate::codes;
use crate::model::{Authentication, ServerType, SocketType};
use options::{GetmailValueType, Retriever, switch};

pub(crate) use ini::IniSection;

pub(super) fn read(text: &str) -> Examination {
    let mut errors = DefectList::default();
    let sections = ini::sections(text, &mut errors);
    let file = GetmailFile { sections, errors };
    let (config, errors) = file.read();
    errors.finish(config)
}

/// All sections of a file, for callers that need more than its server.
pub(crate) fn sections(text: &str) -> Vec<IniSection> {
    ini::sections(text, &mut DefectList::default())
}

/// Whether an option is on; `usual` if it is missing or invalid.
pub(crate) fn is_on(section: Option<&IniSection>, name: &str, usual: bool) -> bool {
    section.and_then(|section| switch(section.text(name)?)).unwrap_or(usual)
}

/// A number in `[options]`; `None` for zero, which means no limit.
pub(crate) fn count(section: Option<&IniSection>, name: &str) -> Option<u32> {
    let number = section.and_then(|section| python::whole(section.text(name)?))?;
    u32::try_from(number).ok().filter(|number| *number > 0)
}

/// The sections that getmail reads without a reference to them.
const KNOWN: [&str; 4] = ["retriever", "destination", "options", "DEFAULT"];

struct GetmailFile {
    sections: Vec<IniSection>,
    errors: DefectList,
}

impl GetmailFile {
    fn read(mut self) -> (ReadConfig, DefectList) {
        let sections = std::mem::take(&mut self.sections);
        let find = |name: &str| sections.iter().find(|section| section.name == name);
        let options = find("options");
        if let Some(options) = options {
            self.options(options);
        }
        let mut config = ReadConfig::default();
        match find("retriever") {
            Some(retriever) => config.servers.extend(self.retriever(retriever, options)),
            None => self.errors.add(codes::GETMAIL_NO_SECTION, &(0..0), "no section [retriever]"),
        }
        let is_many = match find("destination") {
            Some(destination) => self.destination(destination),
            None => {
                self.errors.add(codes::GETMAIL_NO_SECTION, &(0..0), "no section [destination]");
                false
            }
        };
        let names: BTreeSet<&str> = sections.iter().map(|section| &*section.name).collect();
        for section in &sections {
            let lower = section.name.to_lowercase();
            if lower.starts_with("filter") {
                self.filter(section, names.contains(&*lower));
            } else if !is_many && !KNOWN.contains(&&*section.name) {
                let message = format!("getmail does not look at [{}]", section.name.escape_debug());
                self.errors.add(codes::GETMAIL_UNKNOWN_SECTION, &section.line, message);
            }
        }
        (config, self.errors)
    }

    fn options(&mut self, section: &IniSection) {
        self.entries(section, options::of_options);
        let sizes = ["max_message_size", "max_bytes_per_session", "delete_bigger_than"];
        let sized = sizes.into_iter().find(|name| count(Some(section), name).is_some());
        if is_on(Some(section), "skip_imap_fetch_size", false)
            && let Some(size) = sized
        {
            let message = format!("{size} needs the sizes that skip_imap_fetch_size leaves out");
            self.errors.add(codes::GETMAIL_SKIP_SIZE, &section.place(size), message);
        }
    }

    /// Checks a filter. getmail finds the section in any letter case, but then opens it in lower
    /// case.
    fn filter(&mut self, section: &IniSection, has_small: bool) {
        if !has_small {
            let message = "a filter is written in small letters";
            self.errors.add(codes::GETMAIL_NO_SECTION, &section.line, message);
        }
        let known = ["Filter_external", "Filter_classifier", "Filter_TMDA"];
        if self.needed(section, "type").is_some_and(|name| !known.contains(&&*name)) {
            self.unknown_type(section, "filter");
        }
    }

    /// Checks the destination. Returns whether it passes mail on to other sections.
    fn destination(&mut self, section: &IniSection) -> bool {
        let Some(name) = self.needed(section, "type") else { return false };
        let Some(destination) = options::destination(&name) else {
            self.unknown_type(section, "destination");
            return true;
        };
        self.entries(section, |name| destination.of(name));
        for need in destination.needs {
            self.needed(section, need);
        }
        let path = section.text("path").unwrap_or("/");
        let is_variable = path.rsplit('/').next().is_some_and(|last| last.starts_with('$'));
        if name == "Maildir" && !path.ends_with('/') && !is_variable {
            let message = "the path of a Maildir ends with /";
            self.errors.add(codes::GETMAIL_MAILDIR, &section.place("path"), message);
        }
        destination.is_many
    }

    fn retriever(
        &mut self,
        section: &IniSection,
        options: Option<&IniSection>,
    ) -> Option<ReadServer> {
        let name = self.needed(section, "type");
        let found = name.and_then(|name| {
            let found = options::retriever(&name);
            if !found.is_some_and(|(_, exact)| exact) {
                self.unknown_type(section, "retriever");
            }
            found
        });
        if let Some((kind, _)) = found {
            self.entries(section, |name| options::of_retriever(kind, name));
            if kind.is_shared {
                self.needed(section, "envelope_recipient");
            }
        }
        let server = self.needed(section, "server");
        let user = if is_on(options, "use_netrc", false) {
            section.text("username").map(str::to_owned)
        } else {
            self.needed(section, "username")
        };
        for (one, other) in [("keyfile", "certfile"), ("certfile", "keyfile")] {
            if section.text(one).is_some() && section.text(other).is_none() {
                let message = format!("{one} needs {other}");
                self.errors.add(codes::GETMAIL_MISSING_OPTION, &section.place(one), message);
            }
        }
        let (kind, _) = found?;
        let hostname = self.hostname(section, &server?)?;
        let port = self.port(section, kind)?;
        let (leave, days) = kept(kind, section, options);
        Some(ReadServer {
            server_type: if kind.is_imap { ServerType::Imap } else { ServerType::Pop3 },
            hostname,
            port,
            socket_type: vec![if kind.is_tls { SocketType::Ssl } else { SocketType::Plain }],
            authentication: vec![authentication(kind, section)],
            username: user,
            leave_messages_on_server: Some(leave),
            days_to_leave_messages_on_server: days,
            url: None,
            span: section.span.clone(),
        })
    }

    /// Checks that the section has all these options, and that their values are valid.
    fn entries(&mut self, section: &IniSection, takes: impl Fn(&str) -> Option<GetmailValueType>) {
        for entry in &section.entries {
            let Some(takes) = takes(&entry.name) else {
                let name = entry.name.escape_debug();
                let message = format!("getmail knows no {name} in this [{}]", section.name);
                self.errors.add(codes::GETMAIL_UNKNOWN_OPTION, &entry.span, message);
                continue;
            };
            if let Some((code, message)) = takes.refuses(entry) {
                self.errors.add(code, &entry.span, message);
            }
        }
    }

    /// The value of a required option; reported if it is missing or empty.
    fn needed(&mut self, section: &IniSection, name: &str) -> Option<String> {
        // getmail has no type with several lines.
        let whole = |name| section.entry(name).map(|entry| &*entry.value);
        let text = if name == "type" { whole(name) } else { section.text(name) };
        let text = text.filter(|text| !text.is_empty());
        if text.is_none() {
            let message = format!("no {name} in [{}]", section.name.escape_debug());
            self.errors.add(codes::GETMAIL_MISSING_OPTION, &section.place(name), message);
        }
        text.map(str::to_owned)
    }

    fn unknown_type(&mut self, section: &IniSection, what: &str) {
        let written = section.text("type").unwrap_or_default();
        let message = format!("\"{}\" is no {what}", written.escape_debug());
        self.errors.add(codes::GETMAIL_UNKNOWN_TYPE, &section.place("type"), message);
    }

    fn hostname(&mut self, section: &IniSection, name: &str) -> Option<String> {
        let place = section.place("server");
        let found = self.errors.ok_or_report(codes::GETMAIL_HOSTNAME, &place, resolvable(name));
        found.or_else(|| meant_hostname(name))
    }

    fn port(&mut self, section: &IniSection, kind: Retriever) -> Option<u16> {
        let Some(entry) = section.entry("port") else {
            return Some(match (kind.is_imap, kind.is_tls) {
                (false, false) => 110,
                (false, true) => 995,
                (true, false) => 143,
                (true, true) => 993,
            });
        };
        // A value that is not a number is already reported.
        let number = python::number(&entry.value)?;
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        if port.is_none() {
            let message = format!("{number} is no port; 1 to 65535");
            self.errors.add(codes::GETMAIL_PORT, &entry.span, message);
        }
        port
    }
}

/// The first method that is on, in getmail's order (POP3RetrieverBase and IMAPRetrieverBase,
/// initialize).
fn authentication(kind: Retriever, section: &IniSection) -> Authentication {
    let has = |name| is_on(Some(section), name, false);
    if kind.is_imap {
        if has("use_kerberos") {
            return Authentication::Gssapi;
        }
        if has("use_cram_md5") {
            return Authentication::PasswordEncrypted;
        }
    } else if has("use_apop") {
        return Authentication::PasswordEncrypted;
    }
    if has("use_xoauth2") { Authentication::OAuth2 } else { Authentication::PasswordCleartext }
}

/// Whether messages stay on the server, and for how many days.
fn kept(
    kind: Retriever,
    section: &IniSection,
    options: Option<&IniSection>,
) -> (bool, Option<u32>) {
    // With IMAP, deleting can be configured to move or mark messages instead.
    let other = ["imap_on_delete", "move_on_delete"];
    let moves = kind.is_imap && other.into_iter().any(|name| section.text(name).is_some());
    let marks = kind.is_imap && is_on(options, "mark_read", false);
    let deletes = is_on(options, "delete", false) && !moves && !marks;
    (!deletes, count(options, "delete_after").filter(|_| !deletes && !moves && !marks))
}

#[cfg(test)]
mod tests;
