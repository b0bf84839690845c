//! A strict JSON parser (RFC 8259). A repeated name in an object is malformed, because parsers
//! differ in which of the two values they use.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;

use serde_json::{Map, Number, Value};

use super::characters::{DEEPEST, MOST_NODES, named};
use super::{Malformed, Tree, Unwritable};

/// Escapes a value for the inside of a JSON string, without its quotes.
pub(super) fn escape(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    if !value.bytes().fold(false, |found, byte| found | is_special(byte)) {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1F}' => write!(out, "\\u{:04x}", c as u32).expect("a String takes all"),
            _ => out.push(c),
        }
    }
    Ok(Cow::Owned(out))
}

pub(super) fn parse(text: &str) -> Result<Tree, Malformed> {
    let mut parser = JsonParser { text, at: 0, nodes: 0 };
    parser.skip_space();
    let tree = parser.value(String::new(), 0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.unexpected("something behind the value"));
    }
    Ok(tree)
}

pub(super) fn to_json(tree: &Tree) -> Value {
    let value = tree.value.as_deref().unwrap_or_default();
    match tree.kind {
        "object" => {
            let members = tree.children.iter().map(|child| (child.name.clone(), to_json(child)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        "array" => Value::Array(tree.children.iter().map(to_json).collect()),
        "number" => value.parse::<Number>().map_or_else(|_| value.into(), Value::Number),
        "boolean" => Value::Bool(value == "true"),
        "null" => Value::Null,
        _ => value.into(),
    }
}

/// Up to this many names an object is scanned; larger ones use a hash set.
const FEW: usize = 8;

struct JsonParser<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
}

impl JsonParser<'_> {
    fn value(&mut self, name: String, depth: usize) -> Result<Tree, Malformed> {
        if depth > DEEPEST {
            return Err(self.unexpected("nested too deeply"));
        }
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(Malformed::too_much(MOST_NODES, "values", self.at));
        }
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(name, depth),
            Some(b'[') => self.array(name, depth),
            Some(b'"') => {
                let value = self.string()?;
                Ok(Tree::leaf(name, "string", value, start..self.at))
            }
            Some(b'-' | b'0'..=b'9') => self.number(name),
            _ => {
                let words = [("true", "boolean"), ("false", "boolean"), ("null", "null")];
                let rest = &self.text[self.at..];
                let Some((word, kind)) = words.into_iter().find(|(word, _)| rest.starts_with(word))
                else {
                    return Err(self.unexpected("no JSON value"));
                };
                self.at += word.len();
                Ok(Tree::leaf(name, kind, word, start..self.at))
            }
        }
    }

    fn object(&mut self, name: String, depth: usize) -> Result<Tree, Malformed> {
        let start = self.at;
        let mut tree = Tree::branch(name, "object", start..start);
        let mut names = HashSet::new();
        self.at += 1;
        self.skip_space();
        if !self.eat(b'}') {
            loop {
                let from = self.at;
                if self.peek() != Some(b'"') {
                    return Err(self.unexpected("a name in quotes belongs here"));
                }
                let name = self.string()?;
                // A few names are faster to scan than to hash.
                let known = |child: &Tree| child.name == name;
                let twice = match tree.children.len() {
                    0..FEW => tree.children.iter().any(known),
                    FEW => {
                        names.extend(tree.children.iter().map(|child| child.name.clone()));
                        !names.insert(name.clone())
                    }
                    _ => !names.insert(name.clone()),
                };
                if twice {
                    let message = format!("\"{}\" appears twice in an object", name.escape_debug());
                    return Err(Malformed::new(message, from..self.at));
                }
                self.skip_space();
                if !self.eat(b':') {
                    return Err(self.unexpected("\":\" belongs here"));
                }
                self.skip_space();
                tree.children.push(self.value(name, depth + 1)?);
                if !self.another(b'}')? {
                    break;
                }
            }
        }
        tree.span = start..self.at;
        tree.children.shrink_to_fit();
        Ok(tree)
    }

    fn array(&mut self, name: String, depth: usize) -> Result<Tree, Malformed> {
        let start = self.at;
        let mut tree = Tree::branch(name, "array", start..start);
        self.at += 1;
        self.skip_space();
        if !self.eat(b']') {
            loop {
                tree.children.push(self.value(String::new(), depth + 1)?);
                if !self.another(b']')? {
                    break;
                }
            }
        }
        tree.span = start..self.at;
        tree.children.shrink_to_fit();
        Ok(tree)
    }

    /// Called after a member. True if a comma follows, false at the closing bracket.
    fn another(&mut self, end: u8) -> Result<bool, Malformed> {
        self.skip_space();
        if self.eat(end) {
            return Ok(false);
        }
        if !self.eat(b',') {
            return Err(self.unexpected("\",\" or the closing bracket belongs here"));
        }
        self.skip_space();
        Ok(true)
    }

    fn number(&mut self, name: String) -> Result<Tree, Malformed> {
        let start = self.at;
        let part = |c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let rest = &self.text[start..];
        let word = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
        self.at += word.len();
        if let Err(why) = serde_json::from_str::<Number>(word) {
            let message = format!("\"{word}\" is no number that JSON readers take: {why}");
            return Err(Malformed::new(message, start..self.at));
        }
        Ok(Tree::leaf(name, "number", word, start..self.at))
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
            let plain = rest.bytes().position(special).unwrap_or(rest.len());
            out.push_str(&rest[..plain]);
            self.at += plain;
            let rest = &rest[plain..];
            let Some(c) = rest.chars().next() else {
                return Err(Malformed::new("the string does not end", start..self.at));
            };
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(out),
                '\\' => out.push(self.escaped()?),
                '\0'..='\u{1F}' => {
                    let span = self.at - 1..self.at;
                    return Err(Malformed::new(format!("{} in a string", named(c)), span));
                }
                // Unreachable: only the three cases above end the plain run.
                _ => out.push(c),
            }
        }
    }

    /// The character that an escape stands for (RFC 8259 section 7). The backslash is consumed
    /// already.
    fn escaped(&mut self) -> Result<char, Malformed> {
        let start = self.at - 1;
        let c = self.peek();
        self.at += usize::from(c.is_some_and(|c| c.is_ascii()));
        let plain = match c {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => return Err(Malformed::new("unknown escape in a string", start..self.at)),
        };
        Ok(plain)
    }

    fn unicode(&mut self, start: usize) -> Result<char, Malformed> {
        let mut units = vec![self.four_digits(start)?];
        if (0xD800..0xDC00).contains(&units[0]) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            units.push(self.four_digits(start)?);
        }
        match String::from_utf16(&units) {
            Ok(s) if s.chars().count() == 1 => Ok(s.chars().next().unwrap_or_default()),
            _ => Err(Malformed::new("half of a surrogate pair in a string", start..self.at)),
        }
    }

    fn four_digits(&mut self, start: usize) -> Result<u16, Malformed> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Malformed::new("\\u needs four hexadecimal digits", start..self.at));
        }
        self.at += 4;
        u16::from_str_radix(digits, 16)
            .map_err(|why| Malformed::new(why.to_string(), start..self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn unexpected(&self, message: &str) -> Malformed {
        let end = self.text[self.at..].chars().next().map_or(self.at, |c| self.at + c.len_utf8());
        let span: Range<usize> = self.at..end;
        Malformed::new(message, span)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::any;
    use super::*;

    fn refuses(text: &str) -> String {
        parse(text).expect_err(text).message
    }

    #[test]
    fn every_kind_of_value_is_read_with_its_kind_and_place() {
        let tree =
            parse(r#"{"a": [1, -2.5e3, "x\u00e9\n"], "b": {"c": true, "d": null}}"#).unwrap();
        let a = tree.child("a").unwrap();
        assert_eq!(a.kind, "array");
        assert_eq!(a.children[1], Tree::leaf("", "number", "-2.5e3", 0..0));
        assert_eq!(a.children[2].value.as_deref(), Some("xé\n"));
        assert_eq!(a.children[0].span, 7..8);
        let back = json!({"a": [1, -2500.0, "xé\n"], "b": {"c": true, "d": null}});
        assert_eq!(to_json(&tree), back);
    }

    #[test]
    fn a_name_that_appears_twice_is_malformed() {
        assert_eq!(refuses(r#"{"a":1,"\u0061":2}"#), "\"a\" appears twice in an object");
    }

    #[test]
    fn what_json_does_not_allow_is_malformed() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e999",
            "NaN",
            "'a'",
            "[1] 2",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u00\"",
            "\"a\nb\"",
            "// c\n1",
            "{a:1}",
            "tru",
            "\u{FEFF}1",
        ] {
            refuses(text);
        }
    }

    #[test]
    fn a_surrogate_pair_is_one_character() {
        assert_eq!(parse(r#""\ud83d\ude00""#).unwrap().value.as_deref(), Some("\u{1F600}"));
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(parse(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_ok());
        assert_eq!(refuses(&"[".repeat(100_000)), "nested too deeply");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String, like in any::document(&[
            "{", "}", "[", "]", ":", ",", "\"a\"", "\"", "\\u", "d83d", "1", "-", "e9", "true", " ",
        ])) {
            let _ = parse(&text);
            let _ = parse(&like);
        }

        #[test]
        fn an_escaped_value_is_read_back(value in any::text(), other: String) {
            for value in [value, other] {
                let tree = parse(&format!("[\"{}\"]", escape(&value).unwrap())).unwrap();
                prop_assert_eq!(tree.children[0].value.as_deref(), Some(value.as_str()));
            }
        }
    }
}
