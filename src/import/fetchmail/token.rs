//! Splits a run control file into words, strings and numbers.
//!
//! After `user`, `password`, `is`, `to` and `=` any word is a name, even a keyword of fetchmail.
//! The longest possible token counts, so a string with a letter after its closing quotation mark is
//! a word that contains two quotation marks.
//!
//! fetchmail 6.4.37, each case checked with `--configdump`; `rcfile_l.l` of 6.3 and 7.0

use std::ops::Range;

use super::super::defects::MOST_WORDS;
use super::words::{self, KeywordGroup};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchmailToken {
    pub kind: FetchmailTokenKind,
    pub span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchmailTokenKind {
    /// A keyword, in the spelling that the grammar uses.
    Key(&'static str),
    /// The name of a protocol.
    Protocol(&'static str),
    /// The name of an authentication method.
    Way(&'static str),
    Text(String),
    Number(i64),
    Equals,
}

/// A place that fetchmail reads differently from what it seems to say.
pub enum Oddity {
    /// A quotation mark that is part of a word, because its partner is missing or a letter follows
    /// it.
    Mark(Range<usize>),
    /// A string that continues on the next line.
    Newline(Range<usize>),
    /// A comment at the end of the file without a newline; fetchmail does not recognise it as a
    /// comment.
    Comment(Range<usize>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LexerState {
    Word,
    Name,
    Way,
}

/// The tokens of a text and the places that are likely to be misread; `None` or the place where
/// the budget ended.
pub fn tokens(text: &str) -> (Vec<FetchmailToken>, Vec<Oddity>, Option<usize>) {
    let mut lexer = Lexer {
        text,
        at: 0,
        state: LexerState::Word,
        last_mark: [text.rfind('"'), text.rfind('\'')],
        tokens: Vec::new(),
        oddities: Vec::new(),
    };
    while lexer.at < text.len() && lexer.tokens.len() < MOST_WORDS {
        lexer.step();
    }
    let end = (lexer.at < text.len()).then_some(lexer.at);
    (lexer.tokens, lexer.oddities, end)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    state: LexerState,
    /// The last `"` and the last `'` of the text; no string ends after them.
    last_mark: [Option<usize>; 2],
    tokens: Vec<FetchmailToken>,
    oddities: Vec<Oddity>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        match rest.as_bytes()[0] {
            b' ' | b'\t' | b'\r' | b'\n' | b';' | b':' | b',' => self.at += 1,
            b'=' => {
                self.push(FetchmailTokenKind::Equals, 1);
                self.state = LexerState::Name;
            }
            b'\\' if rest[1..].starts_with('\n') => self.at += 2,
            b'#' => match rest.find('\n') {
                Some(length) => self.at += length,
                None => {
                    self.oddities.push(Oddity::Comment(self.at..self.text.len()));
                    self.at = self.text.len();
                }
            },
            mark @ (b'"' | b'\'') => self.string(rest, mark),
            _ => self.word(word_length(rest)),
        }
    }

    fn string(&mut self, rest: &str, mark: u8) {
        let last = self.last_mark[usize::from(mark == b'\'')];
        let closed = last.filter(|last| *last > self.at);
        let close = closed.and_then(|_| rest[1..].find(char::from(mark))).map(|at| at + 2);
        let word = word_length(rest);
        match close {
            Some(length) if length >= word => {
                let inside = &rest[1..length - 1];
                if inside.contains('\n') {
                    self.oddities.push(Oddity::Newline(self.at..self.at + length));
                }
                self.push(FetchmailTokenKind::Text(unescaped(inside)), length);
                self.state = LexerState::Word;
            }
            _ => {
                self.oddities.push(Oddity::Mark(self.at..self.at + word));
                self.word(word);
            }
        }
    }

    fn word(&mut self, length: usize) {
        let text = &self.text[self.at..self.at + length];
        let state = std::mem::replace(&mut self.state, LexerState::Word);
        if state == LexerState::Name {
            return self.push(FetchmailTokenKind::Text(unescaped(text)), length);
        }
        if state == LexerState::Way && text == "password" {
            return self.push(FetchmailTokenKind::Way("password"), length);
        }
        if words::is_negated(text) {
            return self.push(FetchmailTokenKind::Key("no"), 2);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            return self.push(FetchmailTokenKind::Number(text.parse().unwrap_or(i64::MAX)), length);
        }
        match words::find(text) {
            Some((_, KeywordGroup::Noise)) => self.at += length,
            Some((key, KeywordGroup::Key)) => {
                self.push(FetchmailTokenKind::Key(key), length);
                match key {
                    "user" | "password" | "is" | "to" => self.state = LexerState::Name,
                    "auth" => self.state = LexerState::Way,
                    _ => {}
                }
            }
            Some((name, KeywordGroup::Protocol)) => {
                self.push(FetchmailTokenKind::Protocol(name), length)
            }
            Some((name, KeywordGroup::Way)) => self.push(FetchmailTokenKind::Way(name), length),
            None => self.push(FetchmailTokenKind::Text(unescaped(text)), length),
        }
    }

    fn push(&mut self, kind: FetchmailTokenKind, length: usize) {
        self.tokens.push(FetchmailToken { kind, span: self.at..self.at + length });
        self.at += length;
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(['=', ';', ':', ',', ' ', '\t', '\r', '\n']).unwrap_or(rest.len())
}

/// Resolves escapes as in C, but `\NNN` is decimal unless it starts with 0.
fn unescaped(text: &str) -> String {
    // A C string ends at NUL.
    let text = text.split('\0').next().unwrap_or_default();
    if !text.contains('\\') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        at += 1;
        let Some(&kind) = bytes.get(at) else { break };
        let (radix, skip, most) = match kind {
            b'x' | b'X' => (16, 1, 2),
            b'0' => (8, 0, 3),
            b'1'..=b'9' => (10, 0, 3),
            _ => {
                at += 1;
                match kind {
                    b'\n' => {}
                    b'n' => out.push(b'\n'),
                    b't' => out.push(b'\t'),
                    b'b' => out.push(8),
                    b'r' => out.push(b'\r'),
                    other => out.push(other),
                }
                continue;
            }
        };
        at += skip;
        let digits = bytes[at..].iter().take(most).map_while(|b| char::from(*b).to_digit(radix));
        let (count, value) =
            digits.fold((0, 0), |(n, value), digit| (n + 1, value * radix + digit));
        at += count;
        // Truncated to a byte, as in C. A NUL ends the string.
        match value as u8 {
            0 => break,
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
