//! Reads the values of a dictionary leniently: keys in any letter case, numbers in a `<string>`.
//! `check.rs` reports what is wrong with them.

use crate::format::Tree;

pub(super) fn value<'t>(dict: &'t Tree, key: &str) -> Option<&'t Tree> {
    let meant = || dict.children.iter().find(|child| child.name.trim().eq_ignore_ascii_case(key));
    dict.child(key).or_else(meant)
}

/// A string that is not empty.
pub(super) fn string<'t>(dict: &'t Tree, key: &str) -> Option<&'t str> {
    let value = value(dict, key).filter(|value| value.kind == "string")?;
    value.value.as_deref().filter(|text| !text.is_empty())
}

pub(super) fn flag(dict: &Tree, key: &str) -> Option<bool> {
    let value = value(dict, key)?;
    match (value.kind, value.value.as_deref()?.trim()) {
        ("boolean" | "string", "true") | ("integer" | "string", "1") => Some(true),
        ("boolean" | "string", "false") | ("integer" | "string", "0") => Some(false),
        _ => None,
    }
}

pub(super) fn number(value: &Tree) -> Option<i64> {
    let text = value.value.as_deref()?.trim();
    match value.kind {
        "integer" | "string" => text.parse().ok(),
        // `993.0`
        "real" => text.split_once('.').map_or(text, |(whole, _)| whole).parse().ok(),
        _ => None,
    }
}
