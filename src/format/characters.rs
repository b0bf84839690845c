//! What the parsers of all formats know about characters and lines.

use std::ops::Range;

/// The deepest nesting that parsers accept. The limit protects the stack against hostile files.
pub(super) const DEEPEST: usize = 128;

/// How many values, elements and attributes parsers accept in a file. A client's file has some
/// hundred; each costs a hundred times its two bytes.
pub(super) const MOST_NODES: usize = 75_000;

/// Whether a character is a mark: the stand-in for a value while a template is rendered. Marks are
/// in plane 15, which `model::Text` refuses in values. Parsers treat them as letters.
pub(super) fn is_mark(c: char) -> bool {
    ('\u{F0000}'..='\u{FFFFD}').contains(&c)
}

/// Formats a character for a message.
pub(super) fn named(c: char) -> String {
    format!("\"{}\" (U+{:04X})", c.escape_debug(), c as u32)
}

/// The first control character of a text.
pub(super) fn control(text: &str) -> Option<char> {
    // In UTF-8 a control character begins with one of these bytes. Most texts contain none of them.
    let is_suspect = |byte: u8| (byte < b' ') | (byte == 0x7F) | (byte == 0xC2);
    let suspect = text.bytes().fold(false, |found, byte| found | is_suspect(byte));
    if suspect { text.chars().find(|c| c.is_control()) } else { None }
}

/// The lines of a text without their newlines, each with its byte range.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let span = start..start + bare.len();
        start += line.len();
        (bare, span)
    })
}
