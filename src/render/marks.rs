//! Marks: single private-use characters that represent values while a template runs.
//!
//! `model::Text` refuses these characters, so no value can look like a mark. A value gets into a
//! file only through [`Marks::splice`], escaped by the file's format. That holds whatever the
//! template does: raw expressions and helpers that bypass the escaping also output marks.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::recipient::RecipientField;
use crate::format::FileFormat;

const FIRST: u32 = 0xF0000;
const LAST: u32 = 0xFFFFD;
/// In bytes: the values of one file, and the file itself. The largest file of a built-in template
/// has some 100 kB.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;
/// The first byte of every mark in UTF-8; few other characters start with it.
const LEAD: u8 = 0xF3;

/// The values of one rendering. Clones share one table.
#[derive(Clone, Default)]
pub struct Marks(Arc<Mutex<MarkTable>>);

#[derive(Default)]
struct MarkTable {
    marks: Vec<Mark>,
    /// Of all values.
    bytes: usize,
    /// Whether a value was left out.
    is_full: bool,
    /// Whether to record how each value was made, for [`super::pattern`].
    records: bool,
    questions: Vec<Condition>,
    /// The text in the last QR code.
    qr_text: Option<String>,
}

#[derive(Clone)]
struct Mark {
    value: String,
    /// The name for messages.
    name: Cow<'static, str>,
    /// Already escaped for the format.
    finished: bool,
    origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Default)]
pub(super) enum Origin {
    /// The same for all users.
    #[default]
    Fixed,
    /// A field of the user.
    Of(RecipientField),
    /// Made from other values.
    Made(Recipe),
}

/// How a value is made from others.
#[derive(Clone)]
pub(super) struct Recipe {
    /// The texts with marks that it is made from.
    pub(super) of: Vec<String>,
    /// Makes the value from the marks' current values.
    pub(super) make: Arc<Make>,
    #[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "what is served asks for it"))]
    /// The two compared texts, if the result is only whether they are equal.
    pub(super) compares: Option<[String; 2]>,
}

type Make = dyn Fn(&Marks) -> Result<Value, String> + Send + Sync;

/// A question about values whose answer decided what the template did.
#[derive(Clone)]
pub(super) struct Condition {
    pub(super) recipe: Recipe,
    pub(super) answer: Value,
}

/// A mark found in a text.
struct MarkInText<'a> {
    character: char,
    value: &'a str,
    name: &'a str,
    finished: bool,
}

impl Marks {
    /// A mark for a value. An empty value stays empty, so that `{{#if}}` works.
    pub fn mark(&self, value: impl Into<String>, name: impl Into<Cow<'static, str>>) -> String {
        self.add(value.into(), name.into(), false, Origin::Fixed)
    }

    /// A mark for a field of the user.
    pub(super) fn mark_of(&self, field: RecipientField, value: &str, name: &'static str) -> String {
        self.add(value.to_owned(), name.into(), false, Origin::Of(field))
    }

    /// A mark for a text made from others. An empty result gets no mark and is recorded as a
    /// question instead.
    pub(super) fn mark_made(
        &self,
        value: String,
        name: impl Into<Cow<'static, str>>,
        finished: bool,
        recipe: impl FnOnce() -> Recipe,
    ) -> String {
        if !self.records() {
            return self.add(value, name.into(), finished, Origin::Fixed);
        }
        if value.is_empty() {
            self.asked(recipe, &Value::String(String::new()));
            return value;
        }
        self.add(value, name.into(), finished, Origin::Made(recipe()))
    }

    /// Records a question of the template and its answer.
    pub(super) fn asked(&self, recipe: impl FnOnce() -> Recipe, answer: &Value) {
        if self.records() {
            let question = Condition { recipe: recipe(), answer: answer.clone() };
            self.table().questions.push(question);
        }
    }

    /// Starts to record how values are made.
    pub(super) fn record(&self) {
        self.table().records = true;
    }

    pub(super) fn records(&self) -> bool {
        self.table().records
    }

    fn add(
        &self,
        value: String,
        name: Cow<'static, str>,
        finished: bool,
        origin: Origin,
    ) -> String {
        if value.is_empty() {
            return value;
        }
        let mut table = self.table();
        let at = FIRST + u32::try_from(table.marks.len()).unwrap_or(u32::MAX - FIRST);
        match char::from_u32(at) {
            Some(mark) if at <= LAST && table.bytes + value.len() <= LARGEST => {
                table.bytes += value.len();
                table.marks.push(Mark { value, name, finished, origin });
                mark.to_string()
            }
            _ => {
                table.is_full = true;
                String::new()
            }
        }
    }

    /// Whether all values of the file could be kept.
    ///
    /// # Errors
    ///
    /// What there are too many of; no client reads such a file.
    pub(super) fn fit(&self) -> Result<(), String> {
        match self.table().is_full {
            false => Ok(()),
            true => Err(format!(
                "the template makes more than {} values, or values of more than {} MiB",
                LAST - FIRST + 1,
                LARGEST / 1024 / 1024
            )),
        }
    }

    /// Protects text that a template is about to output: marks stay, other text becomes a mark.
    pub fn keep(&self, text: &str) -> String {
        let harmless = |c: char| is_mark(c) || c.is_ascii_alphanumeric() || c == '-';
        if text.chars().all(harmless) {
            return text.to_owned();
        }
        let own = || text.to_owned();
        self.mark_made(self.resolve(text), "text", false, || {
            let text = own();
            Recipe {
                of: vec![text.clone()],
                make: Arc::new(move |marks| Ok(Value::String(marks.resolve(&text)))),
                compares: None,
            }
        })
    }

    /// The mark with this index in the table.
    #[cfg(feature = "serve")]
    pub(super) fn at(at: usize) -> Option<char> {
        char::from_u32(FIRST + u32::try_from(at).ok()?)
    }

    pub fn has_marks(&self, text: &str) -> bool {
        memchr::memchr(LEAD, text.as_bytes()).is_some() && text.chars().any(is_mark)
    }

    /// Replaces the marks by their raw values.
    pub fn resolve(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 32);
        self.replace::<()>(text, &mut out, |mark, out| {
            out.push_str(mark.value);
            Ok(())
        })
        .unwrap_or(());
        out
    }

    /// Replaces the marks by their values, each escaped by the format.
    pub fn splice(&self, skeleton: &str, format: &FileFormat) -> Result<String, String> {
        self.fit()?;
        let mut out = String::with_capacity(skeleton.len() * 2);
        self.replace::<String>(skeleton, &mut out, |mark, out| {
            if out.len() + mark.value.len() > LARGEST {
                return Err(format!("the file is larger than {} MiB", LARGEST / 1024 / 1024));
            }
            if mark.finished {
                out.push_str(mark.value);
                return Ok(());
            }
            let escaped = format.escape(mark.value);
            out.push_str(
                &escaped.map_err(|why| format!("{} \"{}\": {why}", mark.name, mark.value))?,
            );
            Ok(())
        })?;
        Ok(out)
    }

    /// Replaces only the marks whose values are already escaped; the others stay.
    pub fn splice_escaped(&self, skeleton: &str) -> String {
        let mut out = String::with_capacity(skeleton.len());
        self.replace::<()>(skeleton, &mut out, |mark, out| {
            match mark.finished {
                true => out.push_str(mark.value),
                false => out.push(mark.character),
            }
            Ok(())
        })
        .unwrap_or(());
        out
    }

    /// Copies a text and lets `value` write the replacement of each mark.
    fn replace<E>(
        &self,
        text: &str,
        out: &mut String,
        mut value: impl FnMut(MarkInText<'_>, &mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        let table = self.table();
        let mut rest = text;
        while let Some(at) = memchr::memchr(LEAD, rest.as_bytes()) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let mut chars = from.chars();
            let Some(character) = chars.next() else { break };
            match find(&table.marks, character) {
                Some(Mark { value: text, name, finished, .. }) => {
                    let found = MarkInText { character, value: text, name, finished: *finished };
                    value(found, out)?;
                }
                None => out.push(character),
            }
            rest = chars.as_str();
        }
        out.push_str(rest);
        Ok(())
    }

    pub fn clear(&self) {
        let mut table = self.table();
        table.marks.clear();
        (table.bytes, table.is_full) = (0, false);
        table.questions.clear();
        table.qr_text = None;
    }

    pub(super) fn set_qr_text(&self, text: String) {
        self.table().qr_text = Some(text);
    }

    /// The text in the file's QR code; the last one if there are several.
    #[cfg(feature = "serve")]
    pub fn qr_text(&self) -> Option<String> {
        self.table().qr_text.clone()
    }

    /// Moves the table into a new instance; this one is empty afterwards.
    pub fn take(&self) -> Self {
        let mut table = self.table();
        let new = MarkTable { records: table.records, ..MarkTable::default() };
        Self(Arc::new(Mutex::new(std::mem::replace(&mut *table, new))))
    }

    /// The index, character and origin of every mark.
    pub(super) fn origins(&self) -> Vec<(usize, char, Origin)> {
        let table = self.table();
        let marks = table.marks.iter().enumerate();
        marks
            .filter_map(|(at, mark)| {
                let character = char::from_u32(FIRST + u32::try_from(at).ok()?)?;
                Some((at, character, mark.origin.clone()))
            })
            .collect()
    }

    pub(super) fn questions(&self) -> Vec<Condition> {
        self.table().questions.clone()
    }

    /// Changes the value of a mark.
    pub(super) fn set(&self, at: usize, value: String) {
        if let Some(mark) = self.table().marks.get_mut(at) {
            mark.value = value;
        }
    }

    /// Replaces the marks that are the same for all users by their escaped values; the others stay.
    pub(super) fn splice_fixed(
        &self,
        skeleton: &str,
        format: &FileFormat,
        varies: &[char],
    ) -> Result<String, String> {
        let mut out = String::with_capacity(skeleton.len() * 2);
        self.replace::<String>(skeleton, &mut out, |mark, out| {
            if varies.contains(&mark.character) {
                out.push(mark.character);
            } else if mark.finished {
                out.push_str(mark.value);
            } else {
                let escaped = format.escape(mark.value);
                out.push_str(&escaped.map_err(|why| why.to_string())?);
            }
            Ok(())
        })?;
        Ok(out)
    }

    fn table(&self) -> MutexGuard<'_, MarkTable> {
        // A panic elsewhere leaves the table consistent, because no update is partial.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_mark(c: char) -> bool {
    crate::model::is_reserved(c)
}

fn find(table: &[Mark], c: char) -> Option<&Mark> {
    let at = (c as u32).checked_sub(FIRST)?;
    table.get(usize::try_from(at).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_escaped_where_its_mark_stood() {
        let marks = Marks::default();
        let skeleton = format!("<a>{}</a>", marks.mark("<&>", "x"));
        assert_eq!(marks.splice(&skeleton, &FileFormat::Xml).unwrap(), "<a>&lt;&amp;&gt;</a>");
        assert_eq!(marks.resolve(&skeleton), "<a><&></a>");
    }

    #[test]
    fn an_empty_value_stays_empty() {
        assert_eq!(Marks::default().mark("", "x"), "");
    }
}
