//! What can be wrong with a value or with a file.

use std::ops::Range;

use crate::codes::Code;

/// The reason why a format cannot represent a value; shown to the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unwritable(pub String);

/// A syntax error, at a byte range of the decoded text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    pub message: String,
    pub span: Range<usize>,
}

impl Malformed {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span }
    }
}

/// A line that the client drops or reads differently, with the code of the broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    pub code: Code,
    pub message: String,
    pub span: Range<usize>,
}

#[derive(Default)]
pub(super) struct Flaws(pub(super) Vec<Flaw>);

impl Flaws {
    pub(super) fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(Flaw { code, message: message.into(), span: span.clone() });
    }
}
