//! Words, strings and numbers of a run control file.
//!
//! After `user`, `password`, `is`, `to` and `=` any word is a name, even one of fetchmail's own.
//! Of all that can begin at a place the longest counts, so a string with a letter behind its
//! closing mark is a word with two marks in it.
//!
//! fetchmail 6.4.37, each case asked with `--configdump`; `rcfile_l.l` of 6.3 and 7.0

use std::ops::Range;

use super::words::{self, Group};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A word of fetchmail's own, in the spelling that the grammar uses.
    Key(&'static str),
    /// A protocol.
    Protocol(&'static str),
    /// A way to sign in.
    Way(&'static str),
    Text(String),
    Number(i64),
    Equals,
}

/// A place where a quotation mark does something else than it seems to.
pub enum Oddity {
    /// No other mark, or something sticks to it: it is a part of the word.
    Mark(Range<usize>),
    /// The string goes over the end of the line.
    Newline(Range<usize>),
    /// A comment is one only where the line has an end.
    Comment(Range<usize>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Word,
    Name,
    Way,
}

pub fn tokens(text: &str) -> (Vec<Token>, Vec<Oddity>) {
    let mut lexer = Lexer {
        text,
        at: 0,
        state: State::Word,
        last_mark: [text.rfind('"'), text.rfind('\'')],
        tokens: Vec::new(),
        oddities: Vec::new(),
    };
    while lexer.at < text.len() {
        lexer.step();
    }
    (lexer.tokens, lexer.oddities)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    state: State,
    /// The last `"` and the last `'` of the text: behind them no string ends.
    last_mark: [Option<usize>; 2],
    tokens: Vec<Token>,
    oddities: Vec<Oddity>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        match rest.as_bytes()[0] {
            b' ' | b'\t' | b'\r' | b'\n' | b';' | b':' | b',' => self.at += 1,
            b'=' => {
                self.push(Kind::Equals, 1);
                self.state = State::Name;
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
                self.push(Kind::Text(unescaped(inside)), length);
                self.state = State::Word;
            }
            _ => {
                self.oddities.push(Oddity::Mark(self.at..self.at + word));
                self.word(word);
            }
        }
    }

    fn word(&mut self, length: usize) {
        let text = &self.text[self.at..self.at + length];
        let state = std::mem::replace(&mut self.state, State::Word);
        if state == State::Name {
            return self.push(Kind::Text(unescaped(text)), length);
        }
        if state == State::Way && text == "password" {
            return self.push(Kind::Way("password"), length);
        }
        if words::is_negated(text) {
            return self.push(Kind::Key("no"), 2);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            return self.push(Kind::Number(text.parse().unwrap_or(i64::MAX)), length);
        }
        match words::find(text) {
            Some((_, Group::Noise)) => self.at += length,
            Some((key, Group::Key)) => {
                self.push(Kind::Key(key), length);
                match key {
                    "user" | "password" | "is" | "to" => self.state = State::Name,
                    "auth" => self.state = State::Way,
                    _ => {}
                }
            }
            Some((name, Group::Protocol)) => self.push(Kind::Protocol(name), length),
            Some((name, Group::Way)) => self.push(Kind::Way(name), length),
            None => self.push(Kind::Text(unescaped(text)), length),
        }
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { kind, span: self.at..self.at + length });
        self.at += length;
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(['=', ';', ':', ',', ' ', '\t', '\r', '\n']).unwrap_or(rest.len())
}

/// Escapes as in C, but `\NNN` is decimal unless it begins with 0.
fn unescaped(text: &str) -> String {
    // A string of C ends at a zero.
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
        // Cut to a byte, as C does; what ends the string ends it here as well.
        match value as u8 {
            0 => break,
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
