//! Formats texts for TOML, and adapts them to the rules of a provider file.

use crate::model::{Text, reads_as_another, shortened};

/// A TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A TOML array of strings, with one item per line if a single line would be too long.
pub(super) fn list(texts: &[String]) -> String {
    const LONGEST: usize = 90;
    let items: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    let line = format!("[{}]", items.join(", "));
    match line.len() > LONGEST {
        true => format!("[\n    {},\n]", items.join(",\n    ")),
        false => line,
    }
}

/// A TOML key, quoted if necessary.
pub(super) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match name.chars().all(bare) && !name.is_empty() {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// Whether a text is a web URL, by the same rules as in a provider file.
pub(super) fn is_url(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = host.and_then(|rest| rest.split(['/', '?', '#', ':']).next());
    Text::new(text).is_ok()
        && host.is_some_and(|host| !host.is_empty())
        && !text.contains([' ', '"', '<', '>'])
}

/// Adapts a name so that every client displays it unchanged. `otherwise` replaces an unusable name.
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

/// Converts `de_AT` and `EN` to the form of BCP 47.
pub(super) fn language_tag(written: &str) -> String {
    let tag = written.trim().replace('_', "-");
    match tag.split_once('-') {
        Some((language, rest)) => format!("{}-{rest}", language.to_ascii_lowercase()),
        None => tag.to_ascii_lowercase(),
    }
}
