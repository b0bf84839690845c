//! Reads the value of an option.
//!
//! fetchmail classifies texts, numbers and keywords before it knows which of them the option takes.
//! So a text that looks like a number or keyword needs quotation marks.

use std::ops::Range;

use super::super::token::{Kind, Token};
use super::super::words::Takes;
use super::{Parser, Setting, Value};
use crate::codes;

impl Parser<'_> {
    /// Reads the value that an option takes.
    pub(super) fn value(
        &mut self,
        key: &'static str,
        takes: Takes,
        start: Range<usize>,
    ) -> Option<Setting> {
        if takes != Takes::Nothing
            && let Some(Token { kind: Kind::Equals, span }) = self.peek().cloned()
        {
            self.equals(&span);
        }
        let value = match takes {
            Takes::Nothing => Some(Value::On),
            Takes::Text | Takes::Texts | Takes::Service => self.texts(takes),
            Takes::Number | Takes::Numbers => self.numbers(key, takes),
            Takes::Protocol | Takes::Way => self.one_of(key, takes),
            Takes::Names => self.names(),
            Takes::Envelope => {
                self.at += usize::from(matches!(self.kind(), Some(Kind::Number(_))));
                self.texts(Takes::Text)
            }
            Takes::Verdict => {
                let fine = self.is_key("accept") || self.is_key("reject");
                self.at += usize::from(fine);
                fine.then_some(Value::On)
            }
        };
        if value.is_none() {
            self.lacks(key, "what it takes");
        }
        Some(Setting { value: value?, span: start.start..self.end() })
    }

    pub(super) fn kind(&self) -> Option<&Kind> {
        self.peek().map(|token| &token.kind)
    }

    fn texts(&mut self, takes: Takes) -> Option<Value> {
        let token = self.peek().cloned()?;
        let value = match &token.kind {
            Kind::Text(text) => Value::Text(text.as_str().into()),
            Kind::Number(number) if takes == Takes::Service => Value::Number(*number),
            // `sslproto auto` and `via 10`: a text is meant, but fetchmail reads another kind of
            // token.
            Kind::Protocol(_) | Kind::Way(_) | Kind::Number(_) => {
                self.reserved(&token);
                Value::Text(self.source(&token.span).into())
            }
            _ => return None,
        };
        self.at += 1;
        if takes != Takes::Texts {
            return Some(value);
        }
        // The items of a list are stored as lines of one text.
        let Value::Text(first) = value else { return Some(value) };
        let mut all = first.to_string();
        while let Some(Kind::Text(text)) = self.kind() {
            all.push('\n');
            all.push_str(text);
            self.at += 1;
        }
        Some(Value::Text(all.into()))
    }

    fn numbers(&mut self, key: &str, takes: Takes) -> Option<Value> {
        let token = self.peek().cloned()?;
        let value = match &token.kind {
            Kind::Number(number) => Value::Number(*number),
            Kind::Text(text) if key == "port" => {
                let message =
                    format!("port takes digits; service takes \"{}\"", text.escape_debug());
                self.errors.add(codes::FETCHMAIL_PORT, &token.span, message);
                text.parse().map_or_else(|_| Value::Text(text.as_str().into()), Value::Number)
            }
            _ => return None,
        };
        self.at += 1;
        while takes == Takes::Numbers && matches!(self.kind(), Some(Kind::Number(_))) {
            self.at += 1;
        }
        Some(value)
    }

    fn one_of(&mut self, key: &str, takes: Takes) -> Option<Value> {
        let token = self.peek().cloned()?;
        let value = match (&token.kind, takes) {
            (Kind::Protocol(name), Takes::Protocol) | (Kind::Way(name), Takes::Way) => {
                Value::Text((*name).into())
            }
            (Kind::Text(text), _) => {
                let meant = text.to_ascii_lowercase();
                let message = format!("{} is no {key} that it knows", text.escape_debug());
                self.errors.add(codes::FETCHMAIL_UNKNOWN_WORD, &token.span, message);
                Value::Text(meant.into())
            }
            _ => return None,
        };
        self.at += 1;
        Some(value)
    }

    fn names(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(self.kind(), Some(Kind::Text(_) | Kind::Equals)) {
            self.at += 1;
        }
        let found = self.at > start;
        self.at += usize::from(found && self.is_key("here"));
        found.then_some(Value::On)
    }

    pub(super) fn equals(&mut self, span: &Range<usize>) {
        self.at += 1;
        if !std::mem::replace(&mut self.lost, true) {
            let message = "no equals sign stands between an option and its value";
            self.errors.add(codes::FETCHMAIL_SYNTAX, span, message);
        }
    }

    pub(super) fn text_after_equals(&mut self) -> Option<String> {
        let Some(Kind::Text(text)) = self.kind().cloned() else { return None };
        self.at += 1;
        Some(text)
    }
}
