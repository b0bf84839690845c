//! The error of the library's functions.

use std::fmt;

use crate::finding::{Finding, Severity};

/// Why the library could not do what it was asked to do.
///
/// The message has one line per finding, for a log or a terminal.
pub struct Error {
    message: String,
    findings: Vec<Finding>,
}

impl Error {
    pub(super) fn new(message: impl ToString) -> Self {
        Self { message: message.to_string(), findings: Vec::new() }
    }

    pub(super) fn of(message: &str, findings: Vec<Finding>) -> Self {
        Self { message: message.to_owned(), findings }
    }

    /// What is wrong in the settings, the templates or the files, with places and help. Empty if the
    /// operating system refused something.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// Like `Display`, because a `main` that returns an error prints it so.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for finding in self.findings.iter().filter(|f| f.severity == Severity::Error) {
            write!(f, "\n{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
