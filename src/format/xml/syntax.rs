//! XML at the level of characters: values, attributes, references and names.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::super::characters::{is_mark, named};
use super::super::{Malformed, Unwritable};

/// Escapes a value for use in text and in attributes with either quote.
///
/// Line feeds and tabs become references, because parsers turn the bare characters into spaces in
/// attributes (XML 1.0 section 3.3.3).
pub(in crate::format) fn escape(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    // Most values are plain. A loop over all bytes without an early exit is the fastest check.
    if value.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return Ok(Cow::Borrowed(value));
    }
    if let Some(c) = value.chars().find(|&c| forbidden(c) && c != '\r') {
        return Err(Unwritable(format!("{} cannot stand in an XML file", named(c))));
    }
    if !value.contains(|c| reference(c).is_some()) {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = String::with_capacity(value.len() + 16);
    for c in value.chars() {
        match reference(c) {
            Some(reference) => out.push_str(reference),
            None => out.push(c),
        }
    }
    Ok(Cow::Owned(out))
}

/// Whether a byte is printable ASCII and needs no reference.
fn is_plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
        & (byte != b'&')
        & (byte != b'<')
        & (byte != b'>')
        & (byte != b'"')
        & (byte != b'\'')
}

fn reference(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&apos;",
        '\t' => "&#9;",
        '\n' => "&#10;",
        '\r' => "&#13;",
        _ => return None,
    })
}

/// Control characters except tab and line feed, and the two noncharacters that XML 1.0 section 2.2
/// excludes. XML allows DEL and C1 but discourages them.
pub(super) fn forbidden(c: char) -> bool {
    c.is_control() && c != '\t' && c != '\n' || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// The first character that an XML file cannot contain, with its byte offset.
pub(super) fn first_forbidden(text: &str) -> Option<(usize, char)> {
    // In UTF-8 a forbidden character begins with one of these bytes. Most texts contain none of
    // them.
    let is_suspect = |byte: u8| {
        (byte < b' ') & (byte != b'\t') & (byte != b'\n')
            | (byte == 0x7F)
            | (byte == 0xC2)
            | (byte == 0xEF)
    };
    if !text.bytes().fold(false, |found, byte| found | is_suspect(byte)) {
        return None;
    }
    text.char_indices().find(|&(_, c)| forbidden(c))
}

/// Whether `rest` consists of `count` quoted strings, each preceded by white space.
pub(super) fn are_literals(mut rest: &str, count: usize) -> bool {
    for _ in 0..count {
        let bare = rest.trim_start_matches(is_space);
        let Some(quote) = bare.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return false;
        };
        let Some(end) = bare[1..].find(quote) else { return false };
        if bare.len() == rest.len() {
            return false;
        }
        rest = &bare[end + 2..];
    }
    rest.is_empty()
}

/// An attribute of a tag.
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
    pub(super) span: Range<usize>,
}

/// Passes the attributes of a tag to `each`. `range` starts after the tag's name; `names` is a
/// reusable buffer that detects repeated names.
pub(super) fn attributes<'a>(
    text: &'a str,
    range: Range<usize>,
    names: &mut BTreeSet<&'a str>,
    each: &mut impl FnMut(Attribute<'a>),
) -> Result<(), Malformed> {
    names.clear();
    let mut at = range.start;
    loop {
        let rest = &text[at..range.end];
        let bare = rest.trim_start_matches(is_space);
        if bare.is_empty() {
            return Ok(());
        }
        let start = at + rest.len() - bare.len();
        let whole = start..range.end;
        if start == at {
            return Err(Malformed::new("a space belongs between attributes", whole));
        }
        let (name, after) = bare.split_once('=').unwrap_or((bare, ""));
        let name = name.trim_end_matches(is_space);
        if !is_name(name) {
            let message = format!("\"{}\" is no attribute name", name.escape_debug());
            return Err(Malformed::new(message, whole));
        }
        let quoted = after.trim_start_matches(is_space);
        let value = match quoted.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let inside = &quoted[1..];
                memchr::memchr(*quote, inside.as_bytes()).map(|end| &inside[..end])
            }
            _ => None,
        };
        let Some(raw) = value else {
            return Err(Malformed::new(format!("attribute {name} needs a value in quotes"), whole));
        };
        at = range.end - quoted.len() + raw.len() + 2;
        let value = attribute_value(raw).map_err(|why| Malformed::new(why, start..at))?;
        if !names.insert(name) {
            return Err(Malformed::new(format!("attribute {name} appears twice"), start..at));
        }
        each(Attribute { name, value, span: start..at });
    }
}

fn attribute_value(raw: &str) -> Result<Cow<'_, str>, String> {
    let bytes = raw.as_bytes();
    if memchr::memchr3(b'<', b'&', b'\t', bytes).is_none()
        && memchr::memchr2(b'\n', b'\r', bytes).is_none()
    {
        return Ok(Cow::Borrowed(raw));
    }
    if raw.contains('<') {
        return Err("\"<\" in an attribute; write &lt;".to_owned());
    }
    // XML 1.0 section 3.3.3: parsers turn bare white space into spaces here.
    let spaces = |c| if is_space(c) { ' ' } else { c };
    let mut parts = raw.split('&');
    let mut out: String = parts.next().unwrap_or_default().chars().map(spaces).collect();
    for part in parts {
        let Some((name, rest)) = part.split_once(';') else {
            return Err("\"&\" alone; write &amp;".to_owned());
        };
        out.push(resolve(name)?);
        out.extend(rest.chars().map(spaces));
    }
    Ok(Cow::Owned(out))
}

/// The character that `&name;` stands for: one of XML's five entities, or a character number.
pub(super) fn resolve(name: &str) -> Result<char, String> {
    let number = match (name.strip_prefix("#x"), name.strip_prefix('#')) {
        (Some(hex), _) => Some((hex, 16)),
        (_, Some(decimal)) => Some((decimal, 10)),
        _ => None,
    };
    let c = match (number, name) {
        (Some((digits, radix)), _) => Some(digits)
            .filter(|digits| digits.len() <= 8 && digits.chars().all(|c| c.is_digit(radix)))
            .and_then(|digits| u32::from_str_radix(digits, radix).ok())
            .and_then(char::from_u32)
            .filter(|&c| c == '\r' || !forbidden(c)),
        (_, "amp") => Some('&'),
        (_, "lt") => Some('<'),
        (_, "gt") => Some('>'),
        (_, "quot") => Some('"'),
        (_, "apos") => Some('\''),
        _ => None,
    };
    c.ok_or_else(|| {
        format!("\"&{};\" stands for nothing in XML; for a bare & write &amp;", name.escape_debug())
    })
}

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether a text is a name (XML 1.0 section 2.3, "Name"). Marks count as letters.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b':');
    if name.bytes().all(plain) {
        return name.bytes().next().is_some_and(|byte| is_name_start(char::from(byte)));
    }
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
        || is_mark(c)
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::any;
    use super::super::parse;
    use super::*;

    fn refuses(text: &str) -> String {
        parse(text).expect_err(text).message
    }

    #[test]
    fn an_ampersand_alone_is_malformed() {
        // The most common defect of hand-written autoconfig files: a documentation URL with a bare
        // "&".
        for text in ["<a>b & c</a>", "<a b='x&y'/>", "<a b='x&y=z;'/>", "<a>x&y=1;</a>"] {
            refuses(text);
        }
    }

    #[test]
    fn unknown_entities_and_impossible_characters_are_malformed() {
        for text in [
            "<a>&nbsp;</a>",
            "<a b='&eacute;'/>",
            "<a>&#0;</a>",
            "<a>&#x1F;</a>",
            "<a>&#xD800;</a>",
            "<a>&#x110000;</a>",
            "<a>&#+65;</a>",
            "<a>&#;</a>",
            "<a>&;</a>",
            "<a>\0</a>",
            "<a>\u{FFFE}</a>",
            "<a>\u{1}</a>",
            "<a>\r</a>",
            "<a>&#xFFFF;</a>",
            "<a>&#000000000065;</a>",
        ] {
            refuses(text);
        }
    }

    #[test]
    fn attributes_are_separate_quoted_and_unique() {
        for text in [
            "<a b=c/>",
            "<a b/>",
            "<a b='1'c='2'/>",
            "<a b='1' b='2'/>",
            "<a b='<'/>",
            "<a 1b='2'/>",
            "<a b='1/>",
            "<a ='1'/>",
            "<a / >",
            "<a b=''/ c=''>",
        ] {
            refuses(text);
        }
    }

    #[test]
    fn a_newline_in_a_value_survives_an_attribute() {
        let escaped = escape("a\n\tb").unwrap();
        assert_eq!(parse(&format!("<a b=\"{escaped}\"/>")).unwrap().attribute("b"), Some("a\n\tb"));
        assert_eq!(parse("<a b=\"a\n\tb\"/>").unwrap().attribute("b"), Some("a  b"));
    }

    #[test]
    fn what_xml_cannot_hold_is_refused() {
        for value in ["\0", "a\u{1B}", "\u{FFFE}", "\u{FFFF}", "\u{85}"] {
            assert!(escape(value).is_err(), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn an_escaped_value_is_read_back(value in any::text()) {
            if let Ok(escaped) = escape(&value) {
                let text = format!("<a b=\"{escaped}\" c='{escaped}'>{escaped}</a>");
                let root = parse(&text).unwrap();
                prop_assert_eq!(root.attribute("b"), Some(value.as_str()));
                prop_assert_eq!(root.attribute("c"), Some(value.as_str()));
                prop_assert_eq!(root.text(), value.as_str());
            }
        }
    }
}
