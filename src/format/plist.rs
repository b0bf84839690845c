//! Apple property lists in XML, parsed on top of the XML tree.
//!
//! <http://www.apple.com/DTDs/PropertyList-1.0.dtd>

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::characters::is_mark;
use super::{Malformed, Tree, Unwritable, xml};

pub(super) fn escape(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    xml::escape(value)
}

/// Escapes a value but keeps its quotes, because Addigy does not recognise its placeholder
/// `{{.User "emails_primary"}}` if it contains `&quot;`. Quotes mean nothing in element content
/// (XML 1.0 section 2.4), and values appear nowhere else.
pub(super) fn escape_managed(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    let escaped = xml::escape(value)?;
    if !escaped.contains('&') {
        return Ok(escaped);
    }
    Ok(Cow::Owned(escaped.replace("&quot;", "\"").replace("&apos;", "'")))
}

/// Returns the value inside `<plist>`, usually a `dict`.
pub(super) fn parse(text: &str) -> Result<Tree, Malformed> {
    let plist = xml::parse(text)?;
    if plist.name != "plist" {
        let message = format!("the root element is <{}>, not <plist>", plist.name);
        return Err(Malformed::new(message, plist.span));
    }
    if plist.attribute("version") != Some("1.0") {
        return Err(Malformed::new("<plist> needs version=\"1.0\"", plist.span));
    }
    let content: Vec<_> = plist.children.iter().filter(|c| c.kind != "attribute").collect();
    match content[..] {
        [element] if element.kind.is_empty() => value(String::new(), element),
        _ => Err(Malformed::new("<plist> holds exactly one value", plist.span.clone())),
    }
}

fn value(name: String, element: &Tree) -> Result<Tree, Malformed> {
    let span = element.span.clone();
    if let Some(odd) = element.children.iter().find(|child| child.kind == "attribute") {
        let message = format!("<{}> has no attributes", element.name);
        return Err(Malformed::new(message, odd.span.clone()));
    }
    let leaf = |kind, text: &str| Ok(Tree::leaf(name.clone(), kind, text, span.clone()));
    match element.name.as_str() {
        "dict" => dict(name, element),
        "array" => {
            let mut array = Tree::branch(name, "array", span);
            for child in elements(element)? {
                array.children.push(value(String::new(), child)?);
            }
            array.children.shrink_to_fit();
            Ok(array)
        }
        "string" => leaf("string", text(element)?),
        word @ ("true" | "false") if element.children.is_empty() => leaf("boolean", word),
        "integer" => leaf("integer", checked(element, is_integer, "an integer")?),
        "real" => leaf("real", checked(element, is_real, "a number")?),
        "date" => leaf("date", checked(element, is_date, "a date like 2026-11-23T07:00:00Z")?),
        "data" => leaf("data", checked(element, is_base64, "base64")?),
        other => {
            let message = format!("<{other}> is no value of a property list");
            Err(Malformed::new(message, span))
        }
    }
}

fn dict(name: String, element: &Tree) -> Result<Tree, Malformed> {
    let mut dict = Tree::branch(name, "dict", element.span.clone());
    let mut keys = HashSet::new();
    let mut children = elements(element)?.into_iter();
    while let Some(key) = children.next() {
        if key.name != "key" {
            let message = format!("<{}> in a <dict> where a <key> belongs", key.name);
            return Err(Malformed::new(message, key.span.clone()));
        }
        let name = text(key)?;
        if !keys.insert(name) {
            // Apple's own readers differ in which of the two they use.
            let message = format!("key {} appears twice in one <dict>", name.escape_debug());
            return Err(Malformed::new(message, key.span.clone()));
        }
        match children.next() {
            Some(element) if element.name != "key" => {
                dict.children.push(value(name.to_owned(), element)?);
            }
            _ => {
                let message = format!("key {} has no value", name.escape_debug());
                return Err(Malformed::new(message, key.span.clone()));
            }
        }
    }
    dict.children.shrink_to_fit();
    Ok(dict)
}

/// The child elements of an element that contains no text.
fn elements(parent: &Tree) -> Result<Vec<&Tree>, Malformed> {
    match parent.children.iter().find(|child| !child.kind.is_empty() && !is_blank(child)) {
        Some(odd) => {
            let message = format!("text in <{}> beside its elements", parent.name);
            Err(Malformed::new(message, odd.span.clone()))
        }
        None => Ok(parent.children.iter().filter(|child| child.kind.is_empty()).collect()),
    }
}

fn is_blank(text: &Tree) -> bool {
    text.value.iter().all(|value| value.bytes().all(|b| matches!(b, b' ' | b'\n' | b'\t')))
}

/// The text of an element that contains only text.
fn text(element: &Tree) -> Result<&str, Malformed> {
    match element.children.iter().find(|child| child.kind != "text") {
        Some(odd) => {
            let message = format!("<{}> holds only text", element.name);
            Err(Malformed::new(message, odd.span.clone()))
        }
        None => Ok(element.text()),
    }
}

/// The text of an element, checked with `is_good`. A text with a mark always passes.
fn checked<'a>(
    element: &'a Tree,
    is_good: fn(&str) -> bool,
    what: &str,
) -> Result<&'a str, Malformed> {
    let text = text(element)?;
    if is_good(text) || text.contains(is_mark) {
        return Ok(text);
    }
    // iOS reports "profile could not be opened" for an empty <integer> or <real> (mailcow issue
    // 2063).
    let message = format!("<{}>{}</{0}> is not {what}", element.name, text.escape_debug());
    Err(Malformed::new(message, element.span.clone()))
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|b| b.is_ascii_digit())
        && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok())
}

fn is_real(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// The only form that the DTD allows: ISO 8601 in UTC, to the second.
fn is_date(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| {
        text.get(range).and_then(|digits: &str| digits.parse::<u32>().ok())
    };
    text.len() == 20
        && text.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            10 => b == b'T',
            13 | 16 => b == b':',
            19 => b == b'Z',
            _ => b.is_ascii_digit(),
        })
        && number(5..7).is_some_and(|month| (1..=12).contains(&month))
        && number(8..10).is_some_and(|day| (1..=days(number(0..4), number(5..7))).contains(&day))
        && number(11..13).is_some_and(|hour| hour < 24)
        && number(14..16).is_some_and(|minute| minute < 60)
        && number(17..19).is_some_and(|second| second < 60)
}

/// The days of a month in the Gregorian calendar.
fn days(year: Option<u32>, month: Option<u32>) -> u32 {
    let is_leap = |year: u32| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    match month {
        Some(2) if year.is_some_and(is_leap) => 29,
        Some(2) => 28,
        Some(4 | 6 | 9 | 11) => 30,
        _ => 31,
    }
}

fn is_base64(text: &str) -> bool {
    let bytes: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let padding = bytes.iter().rev().take_while(|&&b| b == b'=').count();
    bytes.len().is_multiple_of(4)
        && padding < 3
        && bytes[..bytes.len() - padding]
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

pub(super) fn to_json(tree: &Tree) -> Value {
    let value = tree.value.as_deref().unwrap_or_default();
    match tree.kind {
        "dict" => {
            let members = tree.children.iter().map(|child| (child.name.clone(), to_json(child)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        "array" => Value::Array(tree.children.iter().map(to_json).collect()),
        "boolean" => Value::Bool(value == "true"),
        "integer" => match (value.parse::<i64>(), value.parse::<u64>()) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => value.into(),
        },
        "real" => match value.parse().ok().and_then(Number::from_f64) {
            Some(number) => number.into(),
            None => value.into(),
        },
        _ => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use proptest::prelude::*;
    use serde_json::json;

    use super::super::any;
    use super::*;

    fn plist(content: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST \
             1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n{content}\n</plist>\n"
        )
    }

    #[test]
    fn every_type_is_read() {
        let tree = parse(&plist(
            "<dict><key>s</key><string>a &amp; b</string><key>i</key><integer>-995</integer>\
             <key>r</key><real>1.5</real><key>t</key><true/><key>f</key><false></false>\
             <key>d</key><data>\n YQ==\n</data><key>w</key><date>2026-11-23T07:00:00Z</date>\
             <key>e</key><string/><key>x</key><dict/><key>a</key><array> \n<string>1</string>\n</array></dict>",
        ))
        .unwrap();
        assert_eq!(
            to_json(&tree),
            json!({"s": "a & b", "i": -995, "r": 1.5, "t": true, "f": false, "d": "\n YQ==\n",
                   "w": "2026-11-23T07:00:00Z", "e": "", "x": {}, "a": ["1"]})
        );
        assert_eq!(tree.kind, "dict");
        assert_eq!(tree.child("t").unwrap().kind, "boolean");
    }

    #[test]
    fn a_key_that_appears_twice_is_malformed() {
        let text = plist("<dict><key>a</key><true/><key>a</key><false/></dict>");
        assert_eq!(parse(&text).unwrap_err().message, "key a appears twice in one <dict>");
    }

    #[test]
    fn what_apples_readers_refuse_is_malformed() {
        for content in [
            "",
            "<true/><true/>",
            "text",
            "<dict><key>a</key></dict>",
            "<dict><true/></dict>",
            "<dict><key>a</key><key>b</key></dict>",
            "<dict>x<key>a</key><true/></dict>",
            "<integer/>",
            "<integer></integer>",
            "<integer>1.5</integer>",
            "<integer>0x1F</integer>",
            "<integer> 1</integer>",
            "<integer>+1</integer>",
            "<integer>99999999999999999999</integer>",
            "<integer>-</integer>",
            "<real/>",
            "<real>inf</real>",
            "<real>1.</real>",
            "<real>nan</real>",
            "<date>2026-13-01T00:00:00Z</date>",
            "<date>2026-02-29T00:00:00Z</date>",
            "<date>2026-11-31T00:00:00Z</date>",
            "<date>2026-11-23</date>",
            "<data>a</data>",
            "<data>====</data>",
            "<data>a-b_</data>",
            "<true>x</true>",
            "<bool/>",
            "<string><b/></string>",
            "<string a=\"b\"/>",
            "<array>x</array>",
            "<array><b/>x</array>",
            "<dict>x</dict>",
        ] {
            assert!(parse(&plist(content)).is_err(), "{content}");
        }
        assert!(parse("<dict/>").is_err());
        assert!(parse("<plist><dict/></plist>").is_err());
    }

    /// The first value that the plist crate reads differently. Two readers that were written
    /// independently seldom have the same bug.
    fn differs<'a>(tree: &'a Tree, other: &::plist::Value) -> Option<&'a Tree> {
        use ::plist::Value;
        let text = tree.value.as_deref().unwrap_or_default();
        let same = match other {
            Value::Dictionary(dict) => {
                if tree.kind != "dict" || tree.children.len() != dict.len() {
                    return Some(tree);
                }
                return tree.children.iter().find_map(|child| match dict.get(&child.name) {
                    Some(value) => differs(child, value),
                    None => Some(child),
                });
            }
            Value::Array(items) => {
                if tree.kind != "array" || tree.children.len() != items.len() {
                    return Some(tree);
                }
                return tree
                    .children
                    .iter()
                    .zip(items)
                    .find_map(|(child, item)| differs(child, item));
            }
            Value::String(other) => tree.kind == "string" && text == other,
            Value::Boolean(flag) => tree.kind == "boolean" && text == flag.to_string(),
            Value::Integer(number) => tree.kind == "integer" && text.trim() == number.to_string(),
            // Dates, data and reals have several spellings, so only the type is compared.
            _ => matches!(tree.kind, "real" | "date" | "data"),
        };
        (!same).then_some(tree)
    }

    #[test]
    fn the_plist_crate_reads_the_same_from_every_profile_of_the_golden_trees() {
        let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))];
        let mut profiles = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "mobileconfig") {
                    let text = fs::read_to_string(&path).unwrap();
                    let Ok(other) = ::plist::Value::from_reader_xml(text.as_bytes()) else {
                        // A management system's placeholder is in place of a number.
                        assert!(path.display().to_string().contains("mdm"), "{}", path.display());
                        continue;
                    };
                    let tree = parse(&text).unwrap();
                    assert_eq!(differs(&tree, &other), None, "{}", path.display());
                    profiles += 1;
                }
            }
        }
        assert!(profiles > 10, "{profiles}");
    }

    #[test]
    fn a_mark_may_stand_for_a_number() {
        assert!(parse(&plist("<integer>\u{F0000}</integer>")).is_ok());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String, like in any::document(&[
            "<dict>", "</dict>", "<key>", "</key>", "a", "<string>", "</string>", "<integer>", "</integer>",
            "<date>", "</date>", "2026-11-23T07:00:00Z", "é", "1", "<array>", "</array>", "<true/>",
            "<data>", "</data>", "=",
        ])) {
            let _ = parse(&text);
            let text = plist(&like);
            if let Ok(tree) = parse(&text) {
                let _ = to_json(&tree);
                let other = ::plist::Value::from_reader_xml(text.as_bytes());
                prop_assert_eq!(other.map(|other| differs(&tree, &other).cloned()).ok(), Some(None));
            }
        }

        #[test]
        fn dates_never_panic(text in "[0-9é:TZ-]{0,21}") {
            is_date(&text);
        }

        #[test]
        fn an_escaped_value_is_read_back(value in any::text()) {
            if let Ok(escaped) = escape(&value) {
                let text = plist(&format!("<dict><key>k</key><string>{escaped}</string></dict>"));
                let tree = parse(&text).unwrap();
                prop_assert_eq!(tree.children[0].value.as_deref(), Some(value.as_str()));
            }
        }
    }
}
