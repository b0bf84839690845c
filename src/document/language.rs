//! Localized texts: `key.en = "…"`.

use std::collections::BTreeMap;

use super::TomlTable;
use crate::model::{Invalid, Localized, LocalizedSteps, Text};

impl<'a> TomlTable<'a> {
    /// `key.en = "…"`, `key.de = "…"`.
    pub fn localized(&self, key: &str) -> Localized {
        self.per_language(key, |table, language| table.value(language, visible))
    }

    /// `key.en = ["…", "…"]`.
    pub fn localized_steps(&self, key: &str) -> LocalizedSteps {
        self.per_language(key, |table, language| {
            let steps = table.list(language, visible);
            (!steps.is_empty()).then_some(steps)
        })
    }

    fn per_language<T>(
        &self,
        key: &str,
        read: impl Fn(&TomlTable<'a>, &str) -> Option<T>,
    ) -> BTreeMap<String, T> {
        let Some(table) = self.table(key) else { return BTreeMap::new() };
        let mut texts = BTreeMap::new();
        for language in table.keys() {
            if !is_language(&language) {
                table.push(table.wrong(
                    &language,
                    "not a language tag; write one such as \"en\", \"de\" or \"pt-BR\"",
                ));
                continue;
            }
            if let Some(text) = read(&table, &language) {
                texts.insert(language, text);
            }
        }
        texts
    }
}

/// Parses a text that is shown to users. Blank texts are refused: the user would see nothing, and
/// autoconfig files must not contain them.
fn visible(text: &str) -> Result<Text, Invalid> {
    match text.trim().is_empty() {
        true => Err(Invalid::new("empty")),
        false => Text::new(text),
    }
}

pub fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    parts
        .next()
        .is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase()))
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}
