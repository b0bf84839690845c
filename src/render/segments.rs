//! A file that is filled in without a template: fixed text with fields in between.
//!
//! A [`Pattern`] contains closures and a table of marks, and works in one thread at a time. If only
//! fields of a user or domain are open in it, it can be expressed as plain data, which can be
//! shared, packed and stored, and filling it in is mere copying. For other patterns this gives
//! [`None`], and the file is rendered in full.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::format::FileFormat;

use super::pattern::{NeedsFullRender, Pattern, PatternPart};
use super::recipient::{FieldContext, Recipient, RecipientField};

/// A file with fields left open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segments {
    escape: Escape,
    /// All fixed text, concatenated.
    text: String,
    /// The open fields, each once, because making a value may cost more than all the copying.
    fields: Vec<RecipientField>,
    /// Positions in the text with the index of the field to insert.
    places: Vec<(usize, usize)>,
    /// Pairs of texts, and whether they have to be equal.
    conditions: Vec<(Vec<SegmentPiece>, Vec<SegmentPiece>, bool)>,
    ground: FieldContext,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum SegmentPiece {
    Text(String),
    /// The index of a field.
    Open(usize),
}

impl SegmentPiece {
    fn text<'a>(&'a self, values: &'a [Cow<'_, str>]) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Open(field) => &values[*field],
        }
    }
}

/// The formats that are UTF-8 and escape character by character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Escape {
    Xml,
    Html,
    Plist,
    Json,
}

impl Escape {
    fn of(kind: &FileFormat) -> Option<Self> {
        match kind {
            FileFormat::Xml => Some(Self::Xml),
            FileFormat::Html => Some(Self::Html),
            FileFormat::Plist => Some(Self::Plist),
            FileFormat::Json => Some(Self::Json),
            FileFormat::ManagedPlist
            | FileFormat::Reg
            | FileFormat::Pol(_)
            | FileFormat::Prf
            | FileFormat::Text(_) => None,
        }
    }

    fn kind(self) -> FileFormat {
        match self {
            Self::Xml => FileFormat::Xml,
            Self::Html => FileFormat::Html,
            Self::Plist => FileFormat::Plist,
            Self::Json => FileFormat::Json,
        }
    }
}

impl Segments {
    /// `None` if a derived value is open, or a question is more than a comparison.
    pub fn of(pattern: &Pattern) -> Option<Self> {
        let escape = Escape::of(pattern.format())?;
        let mut fields = Vec::new();
        let mut conditions = Vec::new();
        for (compared, answer) in pattern.questions() {
            let [one, other] = compared?;
            let mut pieces = |text: &str| {
                let parts = pattern.parts(text)?.into_iter();
                Some(parts.map(|part| piece(part, &mut fields)).collect::<Vec<_>>())
            };
            conditions.push((pieces(one)?, pieces(other)?, answer.as_bool()?));
        }
        let (mut text, mut places) = (String::new(), Vec::new());
        for part in pattern.parts(pattern.text())? {
            match piece(part, &mut fields) {
                SegmentPiece::Text(fixed) => text.push_str(&fixed),
                SegmentPiece::Open(field) => places.push((text.len(), field)),
            }
        }
        Some(Self { escape, text, fields, places, conditions, ground: pattern.ground().clone() })
    }

    /// Makes the file for a recipient.
    pub fn fill(&self, recipient: &Recipient<'_>) -> Result<Vec<u8>, NeedsFullRender> {
        let mut values = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            values.push(self.ground.value(*field, recipient).ok_or(NeedsFullRender)?);
        }
        for (one, other, same) in &self.conditions {
            let one = one.iter().flat_map(|piece| piece.text(&values).bytes());
            let other = other.iter().flat_map(|piece| piece.text(&values).bytes());
            if one.eq(other) != *same {
                return Err(NeedsFullRender);
            }
        }
        for value in &mut values {
            if !value.bytes().all(is_plain) {
                let escaped =
                    self.escape.kind().escape(value).map_err(|_| NeedsFullRender)?.into_owned();
                *value = escaped.into();
            }
        }
        let open: usize = self.places.iter().map(|(_, field)| values[*field].len()).sum();
        let mut out = Vec::with_capacity(self.text.len() + open);
        let mut from = 0;
        for (at, field) in &self.places {
            // An empty value has no mark.
            if values[*field].is_empty() {
                return Err(NeedsFullRender);
            }
            out.extend_from_slice(&self.text.as_bytes()[from..*at]);
            out.extend_from_slice(values[*field].as_bytes());
            from = *at;
        }
        out.extend_from_slice(&self.text.as_bytes()[from..]);
        Ok(out)
    }
}

/// Converts a part and registers its field in `fields`.
fn piece(part: PatternPart, fields: &mut Vec<RecipientField>) -> SegmentPiece {
    match part {
        PatternPart::Text(text) => SegmentPiece::Text(text),
        PatternPart::Field(field) => {
            let known = fields.iter().position(|known| *known == field);
            SegmentPiece::Open(known.unwrap_or_else(|| {
                fields.push(field);
                fields.len() - 1
            }))
        }
    }
}

/// Whether no format above has to escape the byte.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@' | b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_for_plain_is_escaped_by_no_kind() {
        let plain: String = (0u8..128).filter(|b| is_plain(*b)).map(char::from).collect();
        for escape in [Escape::Xml, Escape::Html, Escape::Plist, Escape::Json] {
            assert_eq!(escape.kind().escape(&plain).unwrap(), plain, "{escape:?}");
        }
    }
}
