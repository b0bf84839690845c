//! Reads the accounts of an Outlook profile file as classic Outlook does.
//!
//! Outlook reads from `[AccountN]` only the keys that `[I_Mail]` or `[IMAP_I_Mail]` maps to a
//! property. It drops all others silently.
//!
//! Microsoft, "Customize Outlook profiles by using an Outlook Profile (PRF) file" (cc179062)

mod account;
mod general;
mod mapping;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::defects::{DefectList, MOST_ACCOUNTS};
use super::values::first_line;
use super::{Examination, ReadConfig};
use crate::codes;
use crate::format::Tree;

pub(super) fn read(text: &str, file: &Tree) -> Examination {
    let mut sections = HashMap::new();
    for section in &file.children {
        sections.entry(section.name.to_ascii_lowercase()).or_insert(section);
    }
    let mut reading =
        PrfReader { text, file, sections, mappings: HashMap::new(), errors: DefectList::default() };
    let config = reading.file();
    reading.errors.finish(config)
}

/// The service of Outlook's address book.
const BOOK: &str = "Outlook Address Book";

struct PrfReader<'a> {
    text: &'a str,
    file: &'a Tree,
    /// The first section of each name, in lower case.
    sections: HashMap<String, &'a Tree>,
    /// The mappings that were checked, by name, with their keys in lower case.
    mappings: HashMap<&'static str, HashSet<String>>,
    errors: DefectList,
}

impl<'a> PrfReader<'a> {
    fn file(&mut self) -> ReadConfig {
        let mut config = ReadConfig::default();
        for section in &self.file.children {
            for entry in &section.children {
                let path = format!("{}\\{}", section.name, entry.name);
                config.values.push((path, value(entry).to_owned()));
            }
        }
        // Unused mappings do no harm, so they count as known.
        let mut known = HashSet::from(["general", "i_mail", "imap_i_mail"].map(str::to_owned));
        self.general();
        self.services(&mut known);
        self.accounts(&mut known, &mut config);
        let unknown = |section: &&Tree| !known.contains(&section.name.to_lowercase());
        for section in self.file.children.iter().filter(unknown) {
            let message = format!("nothing in this file refers to [{}]", section.name);
            self.errors.add(codes::PRF_UNUSED_SECTION, &self.start(section), message);
        }
        config
    }

    fn services(&mut self, known: &mut HashSet<String>) {
        let Some(list) = self.find("Service List") else { return };
        known.insert(list.name.to_lowercase());
        for (number, entry) in (1..).zip(&list.children) {
            let name = format!("Service{number}");
            if !entry.name.eq_ignore_ascii_case(&name) {
                let message = format!("{name} belongs here; services are counted from 1");
                self.errors.add(codes::PRF_LIST_NUMBER, &entry.span, message);
            }
            known.extend([entry.name.to_lowercase(), value(entry).to_lowercase()]);
            self.service(entry);
        }
    }

    /// Checks a listed service. With a PST service, Outlook 16.0.17932 created an account without a
    /// delivery store; without one it creates the file itself. So only the address book may be
    /// listed.
    fn service(&mut self, entry: &Tree) {
        let service = value(entry);
        if ["Unicode Personal Folders", "Personal Folders"].contains(&service) {
            let message = format!("\"{service}\" leaves the account without a mailbox file");
            self.errors.add(codes::PRF_DATA_FILE, &entry.span, message);
            return;
        }
        if service != BOOK {
            let message = format!("\"{service}\" is not safe to list; only {BOOK} is");
            self.errors.add(codes::PRF_SERVICE, &entry.span, message);
            return;
        }
        let mapping = self.find(BOOK).and_then(|mapping| child(mapping, "ServiceName"));
        if mapping.map(value) != Some("CONTAB") {
            let message = format!("no [{BOOK}] with ServiceName=CONTAB");
            self.errors.add(codes::PRF_SERVICE_MAPPING, &entry.span, message);
        }
    }

    fn accounts(&mut self, known: &mut HashSet<String>, config: &mut ReadConfig) {
        let Some(list) = self.section("Internet Account List") else { return };
        known.insert(list.name.to_lowercase());
        if list.children.is_empty() {
            let message = "no account in [Internet Account List]";
            self.errors.add(codes::PRF_NO_ACCOUNT, &list.span, message);
        }
        for (number, entry) in (1..).zip(&list.children) {
            if number > MOST_ACCOUNTS {
                self.errors.too_much(MOST_ACCOUNTS, "accounts", entry.span.start);
                break;
            }
            let name = format!("Account{number}");
            if !entry.name.eq_ignore_ascii_case(&name) {
                let message = format!("{name} belongs here; accounts are counted from 1");
                self.errors.add(codes::PRF_LIST_NUMBER, &entry.span, message);
            }
            let meant = self.find(&entry.name).or_else(|| self.find(&name));
            known.extend(meant.map(|section| section.name.to_lowercase()));
            if let Some(section) = meant.or_else(|| self.section(&entry.name)) {
                self.account(section, entry, config);
            }
        }
    }

    /// A section by name. Windows compares names without case.
    fn find(&self, name: &str) -> Option<&'a Tree> {
        self.sections.get(&name.to_ascii_lowercase()).copied()
    }

    /// A required section; reported if it is missing.
    fn section(&mut self, name: &str) -> Option<&'a Tree> {
        let found = self.find(name);
        if found.is_none() {
            self.errors.add(codes::PRF_MISSING_SECTION, &(0..0), format!("no section [{name}]"));
        }
        found
    }

    fn start(&self, section: &Tree) -> Range<usize> {
        first_line(self.text, &section.span)
    }
}

/// An entry by name. Windows compares names without case.
fn child<'a>(tree: &'a Tree, name: &str) -> Option<&'a Tree> {
    tree.children.iter().find(|child| child.name.eq_ignore_ascii_case(name))
}

fn value(entry: &Tree) -> &str {
    entry.value.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests;
