//! What a client drops, guesses or fails on.

use std::ops::Range;

use crate::codes::{self, Code};
use crate::format::{Flaw, Malformed, Tree};

use super::read_config::ReadConfig;

/// Something in a file that a client drops, guesses or fails on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What kind of defect it is.
    pub code: Code,
    /// What is wrong, in one lower-case sentence without a full stop.
    pub message: String,
    /// The byte range in the text.
    pub span: Range<usize>,
}

impl From<Flaw> for Defect {
    fn from(Flaw { code, message, span }: Flaw) -> Self {
        Self { code, message, span }
    }
}

/// The content that a client reads from a file, and all its defects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    pub config: ReadConfig,
    pub defects: Vec<Defect>,
    /// The parsed file, if the format has a grammar and the file keeps to it.
    pub tree: Option<Tree>,
}

impl Examination {
    /// For a text that does not parse.
    pub(super) fn malformed(malformed: Malformed) -> Self {
        let Malformed { message, span } = malformed;
        let defect = Defect { code: codes::MALFORMED, message, span };
        Self { defects: vec![defect], ..Self::default() }
    }

    pub(super) fn strict(self) -> Result<ReadConfig, Vec<Defect>> {
        if self.defects.is_empty() { Ok(self.config) } else { Err(self.defects) }
    }
}

/// Collects the defects of a file, so that users see all of them at once.
#[derive(Default)]
pub(super) struct DefectList(pub(super) Vec<Defect>);

impl DefectList {
    pub(super) fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(Defect { code, message: message.into(), span: span.clone() });
    }

    /// Returns the value, or records the error at this place.
    pub(super) fn ok_or_report<T>(
        &mut self,
        code: Code,
        span: &Range<usize>,
        result: Result<T, impl ToString>,
    ) -> Option<T> {
        result.map_err(|why| self.add(code, span, why.to_string())).ok()
    }

    pub(super) fn finish(self, config: ReadConfig) -> Examination {
        Examination { config, defects: self.0, tree: None }
    }
}
