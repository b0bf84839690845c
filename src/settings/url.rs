//! The address of a page.

use crate::document::TomlTable;
use crate::model::{Invalid, Text};

pub(super) fn url(table: &TomlTable<'_>, key: &str) -> Option<Text> {
    table.value(key, |url| {
        let text = Text::new(url)?;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match host.and_then(|rest| rest.split(['/', '?', '#', ':']).next()) {
            Some(host) if !host.is_empty() && !url.contains([' ', '"', '<', '>']) => Ok(text),
            _ => Err(Invalid::new(format!(
                "\"{url}\" is no address of a page; write it with https:// and without spaces"
            ))),
        }
    })
}
