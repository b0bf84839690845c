//! Parses a file into preferences.
//!
//! An error skips everything up to the next semicolon outside of a string. So a missing quotation
//! mark can swallow a whole further preference.
//!
//! modules/libpref/parser/src/lib.rs of Firefox and Thunderbird

use std::ops::Range;

use super::super::defects::MOST_WORDS;

/// One line `user_pref("name", value);`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pref {
    pub name: String,
    pub value: PrefValue,
    pub span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrefValue {
    Text(String),
    Number(i32),
    Flag(bool),
}

/// A skipped piece of the file: the reason and the place.
pub type SkippedText = (String, Range<usize>);

/// The preferences in the order of the file, the pieces that Thunderbird skips, and the place where
/// the budget ended.
pub fn prefs(text: &str) -> (Vec<Pref>, Vec<SkippedText>, Option<usize>) {
    // A NUL ends the file.
    let text = text.split('\0').next().unwrap_or_default();
    let mut reader = PrefsParser { text, bytes: text.as_bytes(), at: 0 };
    let (mut prefs, mut lost) = (Vec::new(), Vec::new());
    loop {
        let mut token = reader.token();
        let start = token.start;
        if token.kind == PrefsTokenKind::End {
            break;
        }
        if prefs.len() + lost.len() >= MOST_WORDS {
            return (prefs, lost, Some(start));
        }
        match reader.pref(&mut token) {
            Ok((name, value)) => prefs.push(Pref { name, value, span: start..reader.at }),
            Err(why) => {
                reader.recover(token);
                lost.push((why, start..reader.at));
            }
        }
    }
    (prefs, lost, None)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PrefsTokenKind {
    End,
    /// Parentheses, commas, semicolons and the signs of numbers.
    Mark(u8),
    Word(Range<usize>),
    Text(String),
    Number(u32),
    Wrong(String),
}

#[derive(Debug, Clone)]
struct PrefsToken {
    kind: PrefsTokenKind,
    start: usize,
}

struct PrefsParser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl PrefsParser<'_> {
    /// Parses the preference that begins with `token`. On an error, `token` is the one that is
    /// wrong.
    fn pref(&mut self, token: &mut PrefsToken) -> Result<(String, PrefValue), String> {
        let begun = match &token.kind {
            PrefsTokenKind::Word(word) => self.text.get(word.clone()) == Some("user_pref"),
            _ => false,
        };
        if !begun {
            return Err(self.wrong(token, "user_pref belongs here"));
        }
        self.mark(token, b'(', "\"(\" follows user_pref")?;
        *token = self.token();
        let PrefsTokenKind::Text(name) = token.kind.clone() else {
            return Err(self.wrong(token, "a name in quotation marks follows \"(\""));
        };
        self.mark(token, b',', "a comma follows the name")?;
        *token = self.token();
        let value = self.value(token)?;
        self.mark(token, b')', "\")\" follows the value")?;
        self.mark(token, b';', "a semicolon follows \")\"")?;
        Ok((name, value))
    }

    fn mark(&mut self, token: &mut PrefsToken, mark: u8, wanted: &str) -> Result<(), String> {
        *token = self.token();
        if token.kind == PrefsTokenKind::Mark(mark) {
            Ok(())
        } else {
            Err(self.wrong(token, wanted))
        }
    }

    fn value(&mut self, token: &mut PrefsToken) -> Result<PrefValue, String> {
        let too_large = || "the number is too large".to_owned();
        match token.kind.clone() {
            PrefsTokenKind::Text(text) => Ok(PrefValue::Text(text)),
            PrefsTokenKind::Number(number) => {
                i32::try_from(number).map(PrefValue::Number).map_err(|_| too_large())
            }
            PrefsTokenKind::Mark(sign @ (b'-' | b'+')) => {
                *token = self.token();
                let PrefsTokenKind::Number(number) = token.kind else {
                    return Err(self.wrong(token, "digits follow the sign"));
                };
                let number = i64::from(number) * if sign == b'-' { -1 } else { 1 };
                i32::try_from(number).map(PrefValue::Number).map_err(|_| too_large())
            }
            PrefsTokenKind::Word(word) => match self.text.get(word) {
                Some("true") => Ok(PrefValue::Flag(true)),
                Some("false") => Ok(PrefValue::Flag(false)),
                _ => {
                    Err("a value is a text in quotation marks, a number, true or false".to_owned())
                }
            },
            _ => Err(self.wrong(token, "a value follows the comma")),
        }
    }

    fn wrong(&self, token: &PrefsToken, wanted: &str) -> String {
        match &token.kind {
            PrefsTokenKind::Wrong(why) => why.clone(),
            _ => wanted.to_owned(),
        }
    }

    /// Skips to after the next semicolon.
    fn recover(&mut self, mut token: PrefsToken) {
        while !matches!(token.kind, PrefsTokenKind::End | PrefsTokenKind::Mark(b';')) {
            token = self.token();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn token(&mut self) -> PrefsToken {
        loop {
            let start = self.at;
            let Some(byte) = self.peek() else {
                return PrefsToken { kind: PrefsTokenKind::End, start };
            };
            self.at += 1;
            let kind = match byte {
                b'\t' | 0x0b | 0x0c | b' ' | b'\n' | b'\r' => continue,
                b'#' => {
                    self.line();
                    continue;
                }
                b'/' => match self.comment() {
                    Ok(()) => continue,
                    Err(why) => PrefsTokenKind::Wrong(why),
                },
                b'(' | b')' | b'+' | b',' | b'-' | b';' => PrefsTokenKind::Mark(byte),
                b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                    self.skip(|b| b.is_ascii_alphabetic() || b == b'_');
                    PrefsTokenKind::Word(start..self.at)
                }
                b'0'..=b'9' => self.number(start),
                b'"' | b'\'' => self.string(byte),
                _ => PrefsTokenKind::Wrong("a letter that belongs into a text".to_owned()),
            };
            return PrefsToken { kind, start };
        }
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&what) {
            self.at += 1;
        }
    }

    fn line(&mut self) {
        self.skip(|b| b != b'\n' && b != b'\r');
    }

    /// Skips a comment; its first slash is consumed already.
    fn comment(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(b'/') => {
                self.line();
                Ok(())
            }
            Some(b'*') => {
                self.at += 1;
                let end = self.text[self.at..].find("*/");
                self.at = end.map_or(self.bytes.len(), |end| self.at + end + 2);
                if end.is_some() { Ok(()) } else { Err("the comment has no end".to_owned()) }
            }
            _ => Err("one slash begins nothing".to_owned()),
        }
    }

    fn number(&mut self, start: usize) -> PrefsTokenKind {
        self.skip(|b| b.is_ascii_digit());
        if self.peek().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_') {
            return PrefsTokenKind::Wrong("letters stick to the number".to_owned());
        }
        match self.text[start..self.at].parse() {
            Ok(number) => PrefsTokenKind::Number(number),
            Err(_) => PrefsTokenKind::Wrong("the number is too large".to_owned()),
        }
    }

    /// Reads a string; its opening quotation mark is consumed already. An error inside does not end
    /// it.
    fn string(&mut self, mark: u8) -> PrefsTokenKind {
        let (mut out, mut wrong) = (Vec::new(), None);
        loop {
            let Some(byte) = self.peek() else {
                wrong = wrong.or(Some("the text is not closed"));
                break;
            };
            self.at += 1;
            if byte == mark {
                break;
            }
            if byte != b'\\' {
                out.push(byte);
            } else if let Err(why) = self.escape(&mut out) {
                wrong = wrong.or(Some(why));
            }
        }
        match wrong {
            Some(why) => PrefsTokenKind::Wrong(why.to_owned()),
            None => PrefsTokenKind::Text(String::from_utf8_lossy(&out).into_owned()),
        }
    }

    /// Reads an escape; its backslash is consumed already.
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        const UNKNOWN: &str = "a backslash stands only before \", ', \\, n, r, x and u";
        let byte = self.peek().ok_or("the text is not closed")?;
        // Do not consume a newline, which is read again, or part of a multi-byte character.
        if byte.is_ascii() && byte != b'\n' && byte != b'\r' {
            self.at += 1;
        }
        match byte {
            b'"' | b'\'' | b'\\' => out.push(byte),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b'x' => match self.hex(2).and_then(|value| u8::try_from(value).ok()) {
                Some(value @ 1..) => out.push(value),
                _ => return Err("\\x wants two digits, not 00"),
            },
            b'u' => {
                let first = self.hex(4).ok_or("\\u wants four digits")?;
                let mut units = vec![first];
                if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    units.extend(self.hex(4));
                }
                match String::from_utf16(&units) {
                    Ok(letter) if first != 0 => out.extend(letter.as_bytes()),
                    _ => return Err("\\u is no letter"),
                }
            }
            _ => return Err(UNKNOWN),
        }
        Ok(())
    }

    fn hex(&mut self, count: usize) -> Option<u16> {
        let mut value = 0;
        for _ in 0..count {
            let digit = char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
            value = value << 4 | digit as u16;
        }
        Some(value)
    }
}
