//! A list of advice.

use std::ops::Range;

use crate::codes::Code;
use crate::import::Defect;

/// The advice about one file.
#[derive(Default)]
pub(super) struct AdviceList(pub(super) Vec<Defect>);

impl AdviceList {
    pub(super) fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(Defect { code, message: message.into(), span: span.clone() });
    }
}
