//! A file that is filled in without a template: its text in pieces, with fields between them.
//!
//! What [`Pattern`] makes of a rendering keeps closures and a table of marks, for one thread at a time.
//! Where only fields of a person or a domain are open in it, it can be said as plain data: that can be
//! shared, packed and stored, and filling it in is copying. Everything else is [`None`] here, and is
//! rendered in full.

use serde::{Deserialize, Serialize};

use crate::format::Kind;

use super::pattern::{Misfit, Pattern};
use super::person::{Field, Ground, Person};

/// A file with fields left open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spliced {
    escape: Escape,
    parts: Vec<Part>,
    /// Two texts each, and whether they have to be the same.
    conditions: Vec<(Vec<Part>, Vec<Part>, bool)>,
    ground: Ground,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Part {
    Text(String),
    Field(Field),
}

/// The kinds that are written in UTF-8 as they are, and escape character by character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Escape {
    Xml,
    Html,
    Plist,
    Json,
}

impl Escape {
    fn of(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::Xml => Some(Self::Xml),
            Kind::Html => Some(Self::Html),
            Kind::Plist => Some(Self::Plist),
            Kind::Json => Some(Self::Json),
            Kind::ManagedPlist | Kind::Reg | Kind::Pol(_) | Kind::Prf | Kind::Text(_) => None,
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Xml => Kind::Xml,
            Self::Html => Kind::Html,
            Self::Plist => Kind::Plist,
            Self::Json => Kind::Json,
        }
    }
}

impl Spliced {
    /// None where something else than a field is open, or is asked.
    pub fn of(pattern: &Pattern) -> Option<Self> {
        let escape = Escape::of(pattern.format())?;
        let mut conditions = Vec::new();
        for (compared, answer) in pattern.questions() {
            let [one, other] = compared?;
            conditions.push((pattern.parts(one)?, pattern.parts(other)?, answer.as_bool()?));
        }
        let parts = pattern.parts(pattern.text())?;
        Some(Self { escape, parts, conditions, ground: pattern.ground().clone() })
    }

    /// The file for a person, or for everybody at a domain.
    pub fn fill(&self, person: &Person<'_>) -> Result<Vec<u8>, Misfit> {
        for (one, other, same) in &self.conditions {
            if (self.plain(one, person)? == self.plain(other, person)?) != *same {
                return Err(Misfit);
            }
        }
        let mut out = Vec::with_capacity(self.length());
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Field(field) => {
                    let value = self.ground.value(*field, person).ok_or(Misfit)?;
                    // What is empty has no mark.
                    if value.is_empty() {
                        return Err(Misfit);
                    }
                    if value.bytes().all(is_plain) {
                        out.extend_from_slice(value.as_bytes());
                    } else {
                        let kind = self.escape.kind();
                        let escaped = kind.escape(&value).map_err(|_| Misfit)?;
                        out.extend_from_slice(escaped.as_bytes());
                    }
                }
            }
        }
        Ok(out)
    }

    /// About what a filled file is long.
    fn length(&self) -> usize {
        let lengths = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Field(_) => 40,
        });
        lengths.sum()
    }

    fn plain(&self, parts: &[Part], person: &Person<'_>) -> Result<String, Misfit> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Field(field) => {
                    text.push_str(&self.ground.value(*field, person).ok_or(Misfit)?);
                }
            }
        }
        Ok(text)
    }
}

/// Stands for itself in all of the kinds above.
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
