//! What can be wrong with a value or with a file.

use std::ops::Range;

use crate::codes::{self, Code};
use crate::finding::PerCode;

/// The reason why a format cannot represent a value; shown to the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unwritable(pub String);

/// A syntax error, at a byte range of the decoded text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    pub code: Code,
    pub message: String,
    pub span: Range<usize>,
}

impl Malformed {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { code: codes::MALFORMED, message: message.into(), span }
    }

    /// For a file with more in it than is read.
    pub(crate) fn too_much(most: usize, what: &str, at: usize) -> Self {
        let message = format!("more than {most} {what}; nothing behind this place is read");
        Self { code: codes::READ_IN_PART, message, span: at..at }
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
pub(super) struct Flaws(pub(super) PerCode<Flaw>);

impl Flaws {
    pub(super) fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(code, || Flaw { code, message: message.into(), span: span.clone() });
    }

    /// Reports that the file has more in it than is read.
    pub(super) fn too_much(&mut self, most: usize, what: &str, at: usize) {
        let Malformed { code, message, span } = Malformed::too_much(most, what, at);
        self.add(code, &span, message);
    }
}
