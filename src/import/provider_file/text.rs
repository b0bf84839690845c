//! Texts as TOML has them, and as a provider file takes them.

use crate::model::{Text, reads_as_another, shortened};

/// A basic string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// An array of strings, a line each where one line gets long.
pub(super) fn list(texts: &[String]) -> String {
    const LONGEST: usize = 90;
    let items: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    let line = format!("[{}]", items.join(", "));
    match line.len() > LONGEST {
        true => format!("[\n    {},\n]", items.join(",\n    ")),
        false => line,
    }
}

/// A key, quoted where it has to be.
pub(super) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match name.chars().all(bare) && !name.is_empty() {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// The same test as a provider file's own.
pub(super) fn is_url(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = host.and_then(|rest| rest.split(['/', '?', '#', ':']).next());
    Text::new(text).is_ok()
        && host.is_some_and(|host| !host.is_empty())
        && !text.contains([' ', '"', '<', '>'])
}

/// A name that every client shows as it is.
pub(super) fn fits(name: &str, otherwise: &str, longest: usize) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if plain.is_empty() || plain.contains("%EMAIL") || Text::new(&plain).is_err() {
        return shortened(otherwise, longest);
    }
    match reads_as_another(&plain) {
        true => shortened(&format!("{plain} Mail"), longest),
        false => shortened(&plain, longest),
    }
}

/// `de_AT` and `EN` as BCP 47 has them.
pub(super) fn language_tag(written: &str) -> String {
    let tag = written.trim().replace('_', "-");
    match tag.split_once('-') {
        Some((language, rest)) => format!("{}-{rest}", language.to_ascii_lowercase()),
        None => tag.to_ascii_lowercase(),
    }
}
