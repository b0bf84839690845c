//! A TOML reader that collects every mistake with its line and column.
//!
//! Serde stops at the first mistake, but users want to see all of them. Settings, provider files
//! and manifests are therefore read through [`TomlTable`], which records the keys that were
//! requested. Every other key is reported as unknown, with a "did you mean" hint.

mod language;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::codes;
use crate::finding::{Finding, Source};
use crate::model::{Invalid, Text};

pub use language::is_language;

/// The largest file in bytes: some 20,000 domains. The parser needs a hundred times that in memory.
const LARGEST: usize = 512 * 1024;

/// Reads a whole document and returns its findings.
///
/// The value is `None` if the text cannot be parsed as TOML, or if `f` returns `None`.
pub fn read<T>(
    source: &Arc<Source>,
    f: impl FnOnce(&TomlTable<'_>) -> Option<T>,
) -> (Option<T>, Vec<Finding>) {
    if source.text.len() > LARGEST {
        let message = format!(
            "the file has {} bytes; {LARGEST} are the most that is read",
            source.text.len()
        );
        return (None, vec![Finding::new(codes::READ_IN_PART, message).at(source, 0..0)]);
    }
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    let mut findings: Vec<Finding> = errors
        .iter()
        .map(|e| {
            let span = e.span().unwrap_or(0..0);
            Finding::new(codes::TOML_SYNTAX, e.message().replace('\n', ", ")).at(source, span)
        })
        .collect();
    if !findings.is_empty() {
        return (None, findings);
    }
    let collected = RefCell::new(Vec::new());
    let table = TomlTable {
        source,
        findings: &collected,
        path: String::new(),
        table: root.get_ref(),
        span: 0..0,
        asked: RefCell::default(),
    };
    let value = f(&table);
    drop(table);
    findings.append(&mut collected.into_inner());
    findings.sort_by_key(|f| f.place.as_ref().map(|p| p.span.start));
    (value, findings)
}

/// One table of the document.
pub struct TomlTable<'a> {
    source: &'a Arc<Source>,
    findings: &'a RefCell<Vec<Finding>>,
    path: String,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    asked: RefCell<Vec<String>>,
}

impl<'a> TomlTable<'a> {
    pub fn source(&self) -> &Arc<Source> {
        self.source
    }

    /// The place of the table itself.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The place of the key's value, or of the table if the key is missing.
    pub fn span_of(&self, key: &str) -> Range<usize> {
        self.raw(key).map_or(self.span.clone(), |(_, value)| value.span())
    }

    /// The key with the names of its parent tables, separated by dots.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { [&self.path, ".", key].concat() }
    }

    pub fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    pub fn is_string(&self, key: &str) -> bool {
        self.raw(key).is_some_and(|(_, value)| value.get_ref().is_str())
    }

    pub fn push(&self, finding: Finding) {
        self.findings.borrow_mut().push(finding);
    }

    /// A finding about the value of a key.
    pub fn wrong(&self, key: &str, message: impl Into<String>) -> Finding {
        let message = format!("{}: {}", self.path_of(key), message.into());
        Finding::new(codes::INVALID_SETTING, message).at(self.source, self.span_of(key))
    }

    /// Reports a required key that is missing.
    pub fn missing(&self, key: &str, help: impl Into<String>) {
        let place =
            if self.path.is_empty() { "this file".into() } else { format!("[{}]", self.path) };
        self.push(
            Finding::new(codes::MISSING_SETTING, format!("{place} has no {key}"))
                .at(self.source, self.span.clone())
                .help(help),
        );
    }

    /// Parses a string. If that fails, the reason is reported at the string's place.
    pub fn value<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let value = self.asked_for(key)?;
        match value.get_ref() {
            DeValue::String(text) => match parse(text) {
                Ok(value) => Some(value),
                Err(why) => {
                    self.push(self.wrong(key, why.to_string()));
                    None
                }
            },
            other => {
                self.wrong_type(key, "a string", other, value.span());
                None
            }
        }
    }

    pub fn text(&self, key: &str) -> Option<Text> {
        self.value(key, Text::new)
    }

    pub fn string(&self, key: &str) -> Option<String> {
        self.value(key, |text| Text::new(text).map(String::from))
    }

    pub fn bool(&self, key: &str) -> Option<bool> {
        let value = self.asked_for(key)?;
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            other => {
                self.wrong_type(key, "true or false", other, value.span());
                None
            }
        }
    }

    /// Parses a whole number.
    pub fn integer<T>(&self, key: &str, parse: impl Fn(i64) -> Result<T, Invalid>) -> Option<T> {
        self.number(key, self.asked_for(key)?, parse)
    }

    /// Parses an array of whole numbers.
    pub fn integers<T>(&self, key: &str, parse: impl Fn(i64) -> Result<T, Invalid>) -> Vec<T> {
        let Some(value) = self.asked_for(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, "a list of whole numbers", value.get_ref(), value.span());
            return Vec::new();
        };
        items.iter().filter_map(|item| self.number(key, item, &parse)).collect()
    }

    fn number<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        parse: impl Fn(i64) -> Result<T, Invalid>,
    ) -> Option<T> {
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_type(key, "a whole number", value.get_ref(), value.span());
            return None;
        };
        let digits = number.as_str().replace('_', "");
        let parsed = i64::from_str_radix(&digits, number.radix())
            .map_err(|_| Invalid(format!("{digits} is too large")))
            .and_then(&parse);
        match parsed {
            Ok(value) => Some(value),
            Err(why) => {
                let message = format!("{}: {why}", self.path_of(key));
                self.push(
                    Finding::new(codes::INVALID_SETTING, message).at(self.source, value.span()),
                );
                None
            }
        }
    }

    /// Parses an array of strings, or one string. Invalid items are reported and left out.
    pub fn list<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Vec<T> {
        let Some(value) = self.asked_for(key) else { return Vec::new() };
        let one = std::slice::from_ref(value);
        let items = match value.get_ref() {
            DeValue::Array(items) => &items[..],
            _ => one,
        };
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => match parse(text) {
                    Ok(value) => list.push(value),
                    Err(why) => self.push(
                        Finding::new(
                            codes::INVALID_SETTING,
                            format!("{}: {why}", self.path_of(key)),
                        )
                        .at(self.source, item.span()),
                    ),
                },
                other => self.wrong_type(key, "a string", other, item.span()),
            }
        }
        list
    }

    /// The places of the items of an array.
    pub fn item_spans(&self, key: &str) -> Vec<Range<usize>> {
        match self.raw(key).map(|(_, value)| value) {
            Some(value) => match value.get_ref() {
                DeValue::Array(items) => items.iter().map(Spanned::span).collect(),
                _ => vec![value.span()],
            },
            None => Vec::new(),
        }
    }

    pub fn table(&self, key: &str) -> Option<TomlTable<'a>> {
        let value = self.asked_for(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.below(key, table, value.span())),
            other => {
                self.wrong_type(key, "a table", other, value.span());
                None
            }
        }
    }

    /// The tables of `[[key]]`, or the single table of `[key]`.
    pub fn tables(&self, key: &str) -> Vec<TomlTable<'a>> {
        let Some(value) = self.asked_for(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Table(table) => vec![self.below(key, table, value.span())],
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| match item.get_ref() {
                    DeValue::Table(table) => Some(self.below(key, table, item.span())),
                    other => {
                        self.wrong_type(key, "a table", other, item.span());
                        None
                    }
                })
                .collect(),
            other => {
                self.wrong_type(key, "tables", other, value.span());
                Vec::new()
            }
        }
    }

    /// All keys, for tables whose keys are free names. Each key counts as requested.
    pub fn keys(&self) -> Vec<String> {
        let keys: Vec<String> =
            self.table.iter().map(|(key, _)| key.get_ref().to_string()).collect();
        self.asked.borrow_mut().extend(keys.iter().cloned());
        keys
    }

    /// A boolean (`Ok`) or a string (`Err`), the two types of target options.
    pub fn string_or_bool(&self, key: &str) -> Option<Result<bool, String>> {
        let value = self.raw(key)?.1;
        match value.get_ref() {
            DeValue::Boolean(_) => self.bool(key).map(Ok),
            _ => self.string(key).map(Err),
        }
    }

    fn below(&self, key: &str, table: &'a DeTable<'a>, span: Range<usize>) -> TomlTable<'a> {
        TomlTable {
            source: self.source,
            findings: self.findings,
            path: self.path_of(key),
            table,
            span,
            asked: RefCell::default(),
        }
    }

    fn raw(&self, key: &str) -> Option<(Range<usize>, &'a Spanned<DeValue<'a>>)> {
        self.table.get_key_value(key).map(|(name, value)| (name.span(), value))
    }

    fn asked_for(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().push(key.to_owned());
        self.raw(key).map(|(_, value)| value)
    }

    fn wrong_type(&self, key: &str, wanted: &str, found: &DeValue<'_>, span: Range<usize>) {
        let message = format!("{} is {}, not {wanted}", self.path_of(key), a(found.type_str()));
        self.push(Finding::new(codes::INVALID_SETTING, message).at(self.source, span));
    }

    /// Reports the keys that were never requested. Call it after the table has been read.
    fn report_unknown(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter() {
            let name = key.get_ref();
            if asked.iter().any(|k| k == name) {
                continue;
            }
            let mut finding =
                Finding::new(codes::UNKNOWN_KEY, format!("unknown key {}", self.path_of(name)))
                    .at(self.source, key.span());
            finding = match closest(name, asked.iter().map(String::as_str)) {
                Some(near) => finding.help(format!("did you mean \"{near}\"?")),
                None => {
                    let mut known: Vec<&str> = asked.iter().map(String::as_str).collect();
                    known.sort_unstable();
                    known.dedup();
                    finding.help(format!("known here are {}", known.join(", ")))
                }
            };
            self.push(finding);
        }
    }
}

impl Drop for TomlTable<'_> {
    fn drop(&mut self) {
        self.report_unknown();
    }
}

/// The longest word that is compared with keywords, in bytes. None of them is as long.
const LONGEST_WORD: usize = 80;

/// The known keyword that is closest to a misspelt one, if one is close enough.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let folded = word.to_lowercase();
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&folded, &k.to_lowercase()), k))
        .filter(|&(distance, k)| distance <= 1 + k.len().min(word.len()) / 4)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, k)| k)
}

fn a(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

#[cfg(test)]
mod tests;
