//! Reads the value of an option.
//!
//! fetchmail classifies texts, numbers and keywords before it knows which of them the option takes.
//! So a text that looks like a number or keyword needs quotation marks.

use std::ops::Range;

use super::super::token::{FetchmailToken, FetchmailTokenKind};
use super::super::words::FetchmailValueType;
use super::{FetchmailParser, FetchmailSetting, FetchmailValue};
use crate::codes;

impl FetchmailParser<'_> {
    /// Reads the value that an option takes.
    pub(super) fn value(
        &mut self,
        key: &'static str,
        takes: FetchmailValueType,
        start: Range<usize>,
    ) -> Option<FetchmailSetting> {
        if takes != FetchmailValueType::Nothing
            && let Some(FetchmailToken { kind: FetchmailTokenKind::Equals, span }) =
                self.peek().cloned()
        {
            self.equals(&span);
        }
        let value = match takes {
            FetchmailValueType::Nothing => Some(FetchmailValue::On),
            FetchmailValueType::Text | FetchmailValueType::Texts | FetchmailValueType::Service => {
                self.texts(takes)
            }
            FetchmailValueType::Number | FetchmailValueType::Numbers => self.numbers(key, takes),
            FetchmailValueType::Protocol | FetchmailValueType::Way => self.one_of(key, takes),
            FetchmailValueType::Names => self.names(),
            FetchmailValueType::Envelope => {
                self.at += usize::from(matches!(self.kind(), Some(FetchmailTokenKind::Number(_))));
                self.texts(FetchmailValueType::Text)
            }
            FetchmailValueType::Verdict => {
                let fine = self.is_key("accept") || self.is_key("reject");
                self.at += usize::from(fine);
                fine.then_some(FetchmailValue::On)
            }
        };
        if value.is_none() {
            self.lacks(key, "what it takes");
        }
        Some(FetchmailSetting { value: value?, span: start.start..self.end() })
    }

    pub(super) fn kind(&self) -> Option<&FetchmailTokenKind> {
        self.peek().map(|token| &token.kind)
    }

    fn texts(&mut self, takes: FetchmailValueType) -> Option<FetchmailValue> {
        let token = self.peek().cloned()?;
        let value = match &token.kind {
            FetchmailTokenKind::Text(text) => FetchmailValue::Text(text.as_str().into()),
            FetchmailTokenKind::Number(number) if takes == FetchmailValueType::Service => {
                FetchmailValue::Number(*number)
            }
            // `sslproto auto` and `via 10`: a text is meant, but fetchmail reads another kind of
            // token.
            FetchmailTokenKind::Protocol(_)
            | FetchmailTokenKind::Way(_)
            | FetchmailTokenKind::Number(_) => {
                self.reserved(&token);
                FetchmailValue::Text(self.source(&token.span).into())
            }
            _ => return None,
        };
        self.at += 1;
        if takes != FetchmailValueType::Texts {
            return Some(value);
        }
        // The items of a list are stored as lines of one text.
        let FetchmailValue::Text(first) = value else { return Some(value) };
        let mut all = first.to_string();
        while let Some(FetchmailTokenKind::Text(text)) = self.kind() {
            all.push('\n');
            all.push_str(text);
            self.at += 1;
        }
        Some(FetchmailValue::Text(all.into()))
    }

    fn numbers(&mut self, key: &str, takes: FetchmailValueType) -> Option<FetchmailValue> {
        let token = self.peek().cloned()?;
        let value = match &token.kind {
            FetchmailTokenKind::Number(number) => FetchmailValue::Number(*number),
            FetchmailTokenKind::Text(text) if key == "port" => {
                let message =
                    format!("port takes digits; service takes \"{}\"", text.escape_debug());
                self.errors.add(codes::FETCHMAIL_PORT, &token.span, message);
                text.parse().map_or_else(
                    |_| FetchmailValue::Text(text.as_str().into()),
                    FetchmailValue::Number,
                )
            }
            _ => return None,
        };
        self.at += 1;
        while takes == FetchmailValueType::Numbers
            && matches!(self.kind(), Some(FetchmailTokenKind::Number(_)))
        {
            self.at += 1;
        }
        Some(value)
    }

    fn one_of(&mut self, key: &str, takes: FetchmailValueType) -> Option<FetchmailValue> {
        let token = self.peek().cloned()?;
        let value = match (&token.kind, takes) {
            (FetchmailTokenKind::Protocol(name), FetchmailValueType::Protocol)
            | (FetchmailTokenKind::Way(name), FetchmailValueType::Way) => {
                FetchmailValue::Text((*name).into())
            }
            (FetchmailTokenKind::Text(text), _) => {
                let meant = text.to_ascii_lowercase();
                let message = format!("{} is no {key} that it knows", text.escape_debug());
                self.errors.add(codes::FETCHMAIL_UNKNOWN_WORD, &token.span, message);
                FetchmailValue::Text(meant.into())
            }
            _ => return None,
        };
        self.at += 1;
        Some(value)
    }

    fn names(&mut self) -> Option<FetchmailValue> {
        let start = self.at;
        while matches!(self.kind(), Some(FetchmailTokenKind::Text(_) | FetchmailTokenKind::Equals))
        {
            self.at += 1;
        }
        let found = self.at > start;
        self.at += usize::from(found && self.is_key("here"));
        found.then_some(FetchmailValue::On)
    }

    pub(super) fn equals(&mut self, span: &Range<usize>) {
        self.at += 1;
        if !std::mem::replace(&mut self.lost, true) {
            let message = "no equals sign stands between an option and its value";
            self.errors.add(codes::FETCHMAIL_SYNTAX, span, message);
        }
    }

    pub(super) fn text_after_equals(&mut self) -> Option<String> {
        let Some(FetchmailTokenKind::Text(text)) = self.kind().cloned() else { return None };
        self.at += 1;
        Some(text)
    }
}
