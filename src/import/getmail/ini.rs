//! Parses sections and options like Python's RawConfigParser.
//!
//! The name of an option ends at the first `=` or `:` and is converted to lower case. The value is
//! the rest of the line and every following line that is indented further than the name. `#` and
//! `;` begin a comment only at the start of a line. `%` has no special meaning.
//!
//! Python 3.11, Lib/configparser.py (_read)

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::defects::{DefectList, MOST_WORDS};
use crate::codes;

#[derive(Debug, Default)]
pub(crate) struct IniSection {
    pub name: String,
    /// The line of its header.
    pub line: Range<usize>,
    /// From the header to the next section.
    pub span: Range<usize>,
    pub entries: Vec<IniEntry>,
}

#[derive(Debug)]
pub(crate) struct IniEntry {
    pub name: String,
    /// Its lines are separated by `\n`.
    pub value: String,
    pub span: Range<usize>,
}

impl IniSection {
    /// The first option of this name; a second one is an error.
    pub fn entry(&self, name: &str) -> Option<&IniEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The first line of a value, if it is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.entry(name).map(IniEntry::first_line).filter(|value| !value.is_empty())
    }

    /// The place of an option, or of the header if the option is missing.
    pub fn place(&self, name: &str) -> Range<usize> {
        self.entry(name).map_or(self.line.clone(), |entry| entry.span.clone())
    }
}

impl IniEntry {
    /// The part of the value that is on the line of its name.
    pub fn first_line(&self) -> &str {
        self.value.split('\n').next().unwrap_or_default()
    }
}

pub(super) fn sections(text: &str, errors: &mut DefectList) -> Vec<IniSection> {
    let mut reading = IniReader {
        errors,
        found: Vec::new(),
        names: BTreeSet::new(),
        options: BTreeSet::new(),
        column: 0,
        continues: false,
        count: 0,
    };
    let mut at = 0;
    // In Python, a bare CR ends a line of a text file as well.
    for line in text.split_inclusive(['\n', '\r']) {
        if reading.count > MOST_WORDS {
            reading.errors.too_much(MOST_WORDS, "sections and options", at);
            break;
        }
        reading.line(line, at);
        at += line.len();
    }
    if let Some(last) = reading.found.last_mut() {
        last.span.end = at;
    }
    // Empty lines at the end of a value are not part of it.
    for entry in reading.found.iter_mut().flat_map(|section| &mut section.entries) {
        entry.value.truncate(entry.value.trim_end().len());
    }
    reading.found
}

struct IniReader<'e> {
    errors: &'e mut DefectList,
    found: Vec<IniSection>,
    names: BTreeSet<String>,
    /// The option names of the last section.
    options: BTreeSet<String>,
    /// The indentation of the last section or option.
    column: usize,
    /// Whether the last line was part of an option.
    continues: bool,
    /// The sections and options so far.
    count: usize,
}

impl IniReader<'_> {
    fn line(&mut self, line: &str, at: usize) {
        let inside = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        let span = start..start + inside.len();
        if inside.starts_with(['#', ';']) {
            return;
        }
        if inside.is_empty() {
            if let Some(entry) = self.last() {
                entry.value.push('\n');
            }
            return;
        }
        let column = line.chars().take_while(|c| c.is_whitespace()).count();
        let further_right = column > self.column;
        if let Some(entry) = self.last().filter(|_| further_right) {
            entry.value.push('\n');
            entry.value.push_str(inside);
            entry.span.end = span.end;
            return;
        }
        self.column = column;
        let header = inside.strip_prefix('[').and_then(|rest| rest.rsplit_once(']'));
        if let Some((name, _)) = header.filter(|(name, _)| !name.is_empty()) {
            self.section(name, span, at);
        } else {
            self.option(inside, span);
        }
    }

    /// The option that an indented line continues.
    fn last(&mut self) -> Option<&mut IniEntry> {
        let continues = self.continues;
        self.found.last_mut()?.entries.last_mut().filter(|_| continues)
    }

    fn section(&mut self, name: &str, span: Range<usize>, at: usize) {
        if let Some(before) = self.found.last_mut() {
            before.span.end = at;
        }
        if !self.names.insert(name.to_owned()) {
            let message = format!("[{}] is there already", name.escape_debug());
            self.errors.add(codes::GETMAIL_TWICE, &span, message);
        }
        self.options.clear();
        self.continues = false;
        let (name, line) = (name.to_owned(), span.clone());
        self.count += 1;
        self.found.push(IniSection { name, line, span, entries: Vec::new() });
    }

    fn option(&mut self, line: &str, span: Range<usize>) {
        let Some(section) = self.found.last_mut() else {
            self.errors.add(codes::GETMAIL_SYNTAX, &span, "this stands before the first section");
            return;
        };
        let (name, value) = line.split_once(['=', ':']).unwrap_or_default();
        let name = name.trim_end().to_lowercase();
        if name.is_empty() {
            self.errors.add(
                codes::GETMAIL_SYNTAX,
                &span,
                "a line is neither [section] nor name = value",
            );
            return;
        }
        if !self.options.insert(name.clone()) {
            let message = format!("{} is there already", name.escape_debug());
            self.errors.add(codes::GETMAIL_TWICE, &span, message);
        }
        self.count += 1;
        section.entries.push(IniEntry { name, value: value.trim().to_owned(), span });
        self.continues = true;
    }
}
