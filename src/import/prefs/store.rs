//! The preferences by name. A preference of the wrong type is reported and treated as missing.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::defects::{DefectList, MOST_WORDS};
use super::syntax::{self, PrefValue};
use crate::codes;

pub struct Store {
    prefs: BTreeMap<String, (PrefValue, Range<usize>)>,
}

impl Store {
    pub fn read(text: &str, errors: &mut DefectList) -> Self {
        let (all, lost, end) = syntax::prefs(text);
        if let Some(at) = end {
            errors.too_much(MOST_WORDS, "preferences", at);
        }
        for (why, span) in lost {
            let inside = text.get(span.clone()).unwrap_or_default();
            let span = span.start..span.start + inside.find('\n').unwrap_or(inside.len());
            errors.add(codes::PREFS_SYNTAX, &span, why);
        }
        let mut prefs: BTreeMap<String, (PrefValue, Range<usize>)> = BTreeMap::new();
        for pref in all {
            let before = prefs.insert(pref.name.clone(), (pref.value, pref.span.clone()));
            if before.is_some() && pref.name.starts_with("mail.") {
                let message = format!("{} is there again, and counts", shown(&pref.name));
                errors.add(codes::PREFS_TWICE, &pref.span, message);
            }
        }
        Self { prefs }
    }

    pub fn text(&self, errors: &mut DefectList, name: &str) -> Option<&str> {
        match self.prefs.get(name)? {
            (PrefValue::Text(text), _) => Some(text),
            (_, span) => {
                wrong(errors, name, span, "a text in quotation marks");
                None
            }
        }
    }

    pub fn number(&self, errors: &mut DefectList, name: &str) -> Option<i32> {
        match self.prefs.get(name)? {
            (PrefValue::Number(number), _) => Some(*number),
            (_, span) => {
                wrong(errors, name, span, "a number without quotation marks");
                None
            }
        }
    }

    pub fn flag(&self, errors: &mut DefectList, name: &str) -> Option<bool> {
        match self.prefs.get(name)? {
            (PrefValue::Flag(flag), _) => Some(*flag),
            (_, span) => {
                wrong(errors, name, span, "true or false");
                None
            }
        }
    }

    /// The line of a preference within a range, by the last part of its name.
    pub fn place_in(&self, inside: &Range<usize>, end: &str) -> Option<Range<usize>> {
        let own = self
            .prefs
            .iter()
            .filter(|(_, (_, span))| inside.start <= span.start && span.end <= inside.end);
        let mut own = own.filter(|(name, _)| name.rsplit('.').next() == Some(end));
        own.next().map(|(_, (_, span))| span.clone())
    }

    pub fn place(&self, name: &str) -> Option<Range<usize>> {
        self.prefs.get(name).map(|(_, span)| span.clone())
    }

    /// The span from the first to the last preference whose name has this prefix.
    pub fn span(&self, prefix: &str) -> Range<usize> {
        let own = self.prefs.range(prefix.to_owned()..);
        let own = own.take_while(|(name, _)| name.starts_with(prefix)).map(|(_, (_, span))| span);
        own.fold(None, |all: Option<Range<usize>>, span| match all {
            Some(all) => Some(all.start.min(span.start)..all.end.max(span.end)),
            None => Some(span.clone()),
        })
        .unwrap_or(0..0)
    }
}

fn wrong(errors: &mut DefectList, name: &str, span: &Range<usize>, wanted: &str) {
    // Preferences are read several times, but are reported once.
    if errors.iter().rev().take(16).any(|defect| defect.span == *span) {
        return;
    }
    let message = format!("{} is {wanted}; this counts as nothing", shown(name));
    errors.add(codes::PREFS_VALUE_TYPE, span, message);
}

pub fn shown(name: &str) -> String {
    name.chars().take(80).collect::<String>().escape_debug().to_string()
}
