//! A finished file.

use std::sync::Arc;

use crate::finding::Source;
use crate::plan::Job;

use super::marks::Marks;

/// A finished file, and how it was made.
pub struct Artifact<'a> {
    pub job: &'a Job<'a>,
    /// Relative to the bundle's folder, with `/` between components.
    pub path: String,
    /// The path with marks in place of values.
    pub path_skeleton: String,
    /// The text with marks in place of values.
    pub skeleton: String,
    pub marks: Marks,
    /// The text, with `\n` as newline.
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Artifact<'_> {
    /// The finished text as a source for findings.
    pub fn source(&self) -> Arc<Source> {
        Source::new(self.path.as_str(), self.text.clone())
    }
}
