//! Outlook profile files: sections of `key=value` lines, read as Windows reads INI files.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value};

use super::characters::{MOST_NODES, control, lines, named};
use super::errors::Flaws;
use super::text::{Encoding, writable};
use super::{Flaw, Malformed, Tree, Unwritable};
use crate::codes;
use crate::finding::PerCode;

const WHITE: [char; 2] = [' ', '\t'];

/// Checks that a value can be written unchanged after `=`.
///
/// This format has no escapes. Values that Windows' `GetPrivateProfileString` would change are
/// refused: it strips white space around a value and one pair of matching quotes. A `;` is allowed,
/// because only a line that starts with one is a comment.
pub(super) fn escape(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    for c in value.chars() {
        if c.is_control() {
            return Err(Unwritable(format!("{} would end the line or be lost", named(c))));
        }
        writable(c, Encoding::Windows1252)?;
    }
    match altered(value) {
        Some(why) => Err(Unwritable(why.to_owned())),
        None => Ok(Cow::Borrowed(value)),
    }
}

/// How an INI reader would change the value; `None` if it would not.
fn altered(value: &str) -> Option<&'static str> {
    if value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']) {
        return Some("the spaces around the value would be lost: Windows strips them");
    }
    let quoted =
        |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    if quoted('"') || quoted('\'') {
        return Some("the quotes around the value would be lost: Windows strips them");
    }
    None
}

/// A set of names that ignores case.
#[derive(Default)]
struct Names<'a> {
    /// ASCII names, up to a number that is faster to scan than to hash.
    few: Vec<&'a str>,
    others: HashSet<String>,
}

impl<'a> Names<'a> {
    /// Returns false if the set contains the name already.
    fn insert(&mut self, name: &'a str) -> bool {
        const FEW: usize = 64;
        if name.is_ascii() {
            if self.few.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                return false;
            }
            if self.few.len() < FEW {
                self.few.push(name);
                return true;
            }
        }
        // A name outside ASCII can become ASCII in lower case, for example the kelvin sign.
        let small = name.to_lowercase();
        !self.few.iter().any(|other| other.eq_ignore_ascii_case(&small))
            && self.others.insert(small)
    }
}

/// Parses strictly: the first flaw is an error.
pub(super) fn parse(text: &str) -> Result<Tree, Malformed> {
    let (tree, flaws) = examine(text);
    match flaws.into_kept().into_iter().next() {
        Some(Flaw { code, message, span }) => Err(Malformed { code, message, span }),
        None => Ok(tree),
    }
}

/// Reads sections (kind `section`) with their entries. Names compare without case, as on Windows.
/// The tree leaves out what Windows does not see.
pub(super) fn examine(text: &str) -> (Tree, PerCode<Flaw>) {
    let mut root = Tree::branch("", "", 0..text.len());
    let mut flaws = Flaws::default();
    let mut sections = Names::default();
    let mut keys = Names::default();
    // Whether this section repeats an earlier name, so that Windows does not see its entries.
    let mut unseen = false;
    let mut nodes = 0;
    for (line, span) in lines(text) {
        if nodes > MOST_NODES {
            flaws.too_much(MOST_NODES, "sections and entries", span.start);
            break;
        }
        if let Some(c) = control(line) {
            flaws.add(codes::PRF_CONTROL_CHARACTER, &span, format!("{} in a line", named(c)));
        }
        let bare = line.trim_matches(WHITE);
        if bare != line {
            flaws.add(codes::PRF_WHITE_SPACE, &span, "white space around the line");
        }
        if bare.is_empty() || bare.starts_with(';') {
            continue;
        }
        if let Some(inner) = bare.strip_prefix('[') {
            let name = inner.split(']').next().unwrap_or_default();
            if inner.len() != name.len() + 1
                || name.is_empty()
                || name.trim() != name
                || name.contains('[')
            {
                let message = format!("\"{}\" is no section name", bare.escape_debug());
                flaws.add(codes::PRF_SECTION_NAME, &span, message);
            }
            let name = name.trim();
            keys = Names::default();
            unseen = !sections.insert(name);
            if unseen {
                // Windows reads only the first of the two.
                flaws.add(
                    codes::PRF_SECTION_TWICE,
                    &span,
                    format!("section [{name}] appears twice"),
                );
            } else {
                nodes += 1;
                if let Some(before) = root.children.last_mut() {
                    before.children.shrink_to_fit();
                }
                root.children.push(Tree::branch(name, "section", span));
            }
            continue;
        }
        let Some((key, value)) = bare.split_once('=').filter(|(key, _)| !key.trim().is_empty())
        else {
            flaws.add(codes::PRF_LINE, &span, "neither [section], key=value nor ; comment");
            continue;
        };
        let Some(section) = root.children.last_mut() else {
            flaws.add(codes::PRF_ENTRY_OUTSIDE, &span, "an entry before the first section");
            continue;
        };
        if key.ends_with(WHITE) || value.starts_with(WHITE) {
            flaws.add(codes::PRF_WHITE_SPACE, &span, "white space around \"=\"");
        }
        let (key, mut value) = (key.trim_end_matches(WHITE), value.trim_start_matches(WHITE));
        if unseen {
            continue;
        }
        if !keys.insert(key) {
            flaws.add(
                codes::PRF_KEY_TWICE,
                &span,
                format!("{key} appears twice in [{}]", section.name),
            );
            continue;
        }
        if let Some(why) = altered(value) {
            flaws.add(codes::PRF_QUOTES, &span, why);
            value = value.get(1..value.len() - 1).unwrap_or_default();
        }
        section.span.end = span.end;
        nodes += 1;
        section.children.push(Tree::leaf(key, "string", value, span));
    }
    (root, flaws.0)
}

pub(super) fn to_json(tree: &Tree) -> Value {
    let entries = |section: &Tree| -> Map<String, Value> {
        let value = |entry: &Tree| entry.value.clone().unwrap_or_default().into();
        section.children.iter().map(|entry| (entry.name.clone(), value(entry))).collect()
    };
    let sections =
        tree.children.iter().map(|section| (section.name.clone(), entries(section).into()));
    Value::Object(sections.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::any;
    use super::*;

    #[test]
    fn sections_and_entries_are_read_in_order() {
        let text = "; made by us\n[General]\nCustom=1\n\n[Account1]\nA=b=c;d\nEmpty=\n";
        let tree = parse(text).unwrap();
        assert_eq!(
            to_json(&tree),
            json!({"General": {"Custom": "1"}, "Account1": {"A": "b=c;d", "Empty": ""}})
        );
        assert_eq!(&text[tree.children[1].span.clone()], "[Account1]\nA=b=c;d\nEmpty=");
    }

    #[test]
    fn of_many_names_none_appears_twice_in_any_spelling() {
        let many: Vec<String> = (0..200).map(|n| format!("Key{n}")).collect();
        let mut names = Names::default();
        assert!(many.iter().all(|name| names.insert(name)));
        for again in ["KEY0", "key63", "kEY64", "\u{212A}ey199", "\u{212A}ey3"] {
            assert!(!names.insert(again), "{again}");
        }
        assert!(names.insert("Straße") && !names.insert("STRAßE"));
        assert!(names.insert("\u{212A}") && !names.insert("k"));
    }

    #[test]
    fn what_windows_would_read_otherwise_is_malformed() {
        for text in [
            "A=b\n",              // before any section
            "[A]\n[a]\n",         // twice
            "[A]\nb=1\nB=2\n",    // twice
            "[A]\nnonsense\n",    // neither section, entry nor comment
            "[A] \n",             // white space after the bracket
            "[]\n",               // no name
            "[A]\n=b\n",          // no key
            "[A]\nb = c\n",       // white space around both
            "[A]\nb=\"c\"\n",     // loses its quotes
            "[A]\n b=c\n",        // indented
            "[A]\nb=c\td\u{1}\n", // control character
            "[A]\nb='c'\n",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_value_that_windows_would_alter_is_refused() {
        for value in [" a", "a ", "\"a\"", "'a'", "a\r\n[Service1]", "Аня", "a\tb"] {
            assert!(escape(value).is_err(), "{value:?}");
        }
        for value in ["a;b", "a=b", "[a]", "\"", "'a\"", "Zoë", "", "\u{F0000}"] {
            assert_eq!(escape(value).unwrap(), value);
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String, like in any::document(&[
            "[A]", "[", "]", "\n", "a", "=", "b", ";", "\"", " ", "[B]\n", "k=v\n",
        ])) {
            let _ = parse(&text);
            let _ = parse(&like);
        }

        #[test]
        fn an_escaped_value_is_read_back(value in any::text()) {
            if let Ok(escaped) = escape(&value) {
                let tree = parse(&format!("[A]\nB={escaped}\nC=d\n")).unwrap();
                prop_assert_eq!(tree.children[0].children.len(), 2);
                prop_assert_eq!(tree.children[0].children[0].value.as_deref(), Some(value.as_str()));
            }
        }
    }
}
