//! A finding: what is wrong, where, why, and what to do about it.
//!
//! The modules below `report` collect findings and never print them. The severity decides whether a
//! file is written: an error prevents it.

mod levels;
mod per_code;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::SerializeStruct;

use crate::codes::Code;
pub use crate::codes::Severity;
pub use levels::Levels;
pub use per_code::PerCode;

/// A text that findings point into: a settings file, a manifest, a template, a generated file.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The name that the user knows it by, usually its path.
    pub name: String,
    /// The whole text. A text that is built into the program is borrowed.
    pub text: Cow<'static, str>,
}

impl Source {
    /// A text with the name that the user knows.
    pub fn new(name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }
}

/// A place in a [`Source`], as a byte range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// The byte range in it.
    pub span: Range<usize>,
}

impl Place {
    /// A place in a text; a range outside the text is moved to its end.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let len = source.text.len();
        let start = floor_char(&source.text, span.start.min(len));
        let end = floor_char(&source.text, span.end.clamp(start, len));
        Self { source: source.clone(), span: start..end }
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.source.text[..self.span.start].matches('\n').count() + 1
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        let before = &self.source.text[..self.span.start];
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        before[start..].chars().count() + 1
    }
}

impl Place {
    /// The lines that contain this place, without the last line's end.
    pub fn lines(&self) -> &str {
        let text = &self.source.text;
        let end = text[self.span.end..].find('\n').map_or(text.len(), |at| self.span.end + at);
        &text[self.start_of_line()..end]
    }

    /// The byte range in [`Self::lines`].
    pub fn span_in_lines(&self) -> Range<usize> {
        let start = self.start_of_line();
        self.span.start - start..self.span.end - start
    }

    fn start_of_line(&self) -> usize {
        self.source.text[..self.span.start].rfind('\n').map_or(0, |at| at + 1)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line(), self.column())
    }
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One problem or note to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding it is.
    pub code: Code,
    /// The severity of the code's page, unless the context or the user changed it.
    pub severity: Severity,
    /// What is wrong, in one lower-case sentence without a full stop.
    pub message: String,
    /// Where it is, if it is in a text.
    pub place: Option<Place>,
    /// What to do.
    pub help: Option<String>,
    /// Which clients or users are affected and how: `Thunderbird for Android rejects the whole
    /// file`.
    pub hurts: Vec<String>,
    /// The source of this knowledge: RFC and section, client and version, or a provider's page.
    pub spec: Option<String>,
    /// The target it is about.
    pub target: Option<String>,
    /// The subject (address, domain or provider) it is about.
    pub subject: Option<String>,
}

impl Finding {
    /// A finding with the severity of the code's page.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            place: None,
            help: None,
            hurts: Vec::new(),
            spec: None,
            target: None,
            subject: None,
        }
    }

    /// Changes the severity, for a context in which the problem matters more or less than usual.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Sets the place.
    pub fn at(mut self, source: &Arc<Source>, span: Range<usize>) -> Self {
        self.place = Some(Place::new(source, span));
        self
    }

    /// Sets what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the source.
    pub fn spec(mut self, spec: impl Into<String>) -> Self {
        self.spec = Some(spec.into());
        self
    }

    /// Sets the target.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Sets the subject.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// One line with place, severity, code and message. `report` prints the full form.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)
    }
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Finding", 11)?;
        s.serialize_field("code", &self.code)?;
        s.serialize_field("severity", &self.severity)?;
        s.serialize_field("message", &self.message)?;
        if let Some(place) = &self.place {
            s.serialize_field("file", &place.source.name)?;
            s.serialize_field("line", &place.line())?;
            s.serialize_field("column", &place.column())?;
        }
        if !self.hurts.is_empty() {
            s.serialize_field("hurts", &self.hurts)?;
        }
        for (key, value) in [
            ("target", &self.target),
            ("subject", &self.subject),
            ("help", &self.help),
            ("spec", &self.spec),
        ] {
            if let Some(value) = value {
                s.serialize_field(key, value)?;
            }
        }
        s.end()
    }
}

/// Whether any finding is an error, which prevents writing.
pub fn any_error(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}

/// Keeps the first of several equal findings (same code, message, target and place). The same
/// problem can be found for the provider's file and again for each user's file.
pub fn dedup(findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    findings.retain(|finding| {
        let place = finding.place.as_ref().map(ToString::to_string);
        seen.insert((finding.code, finding.message.clone(), finding.target.clone(), place))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_columns_in_characters_from_one() {
        let source = Source::new("a.toml", "x = 1\nnäme = 2\n");
        let place = Place::new(&source, 12..13);
        assert_eq!(place.to_string(), "a.toml:2:6");
    }

    #[test]
    fn a_place_beyond_the_end_points_at_the_end() {
        let source = Source::new("a.toml", "é");
        assert_eq!(Place::new(&source, 1..99).to_string(), "a.toml:1:1");
    }
}
