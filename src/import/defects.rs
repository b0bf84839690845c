//! What a client drops, guesses or fails on.

use std::ops::{Deref, Range};

use crate::codes::Code;
use crate::finding::PerCode;
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
    pub defects: DefectList,
    /// The parsed file, if the format has a grammar and the file keeps to it.
    pub tree: Option<Tree>,
}

impl Examination {
    /// For a text that does not parse.
    pub(super) fn malformed(malformed: Malformed) -> Self {
        let Malformed { code, message, span } = malformed;
        let mut defects = DefectList::default();
        defects.add(code, &span, message);
        Self { defects, ..Self::default() }
    }

    pub(super) fn strict(self) -> Result<ReadConfig, Vec<Defect>> {
        match self.defects.is_empty() {
            true => Ok(self.config),
            false => Err(self.defects.0.into_kept()),
        }
    }
}

/// How many accounts of a file are read. Each can hold a copy of the file's defaults.
pub const MOST_ACCOUNTS: usize = 1000;
/// How many lines or words of a file without a tree are kept.
pub const MOST_WORDS: usize = 50_000;

/// Collects the defects of a file, so that users see all of them at once. Of each code only the
/// first ones are kept; the others are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefectList(PerCode<Defect>);

impl DefectList {
    /// Reports a defect.
    pub fn add(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>) {
        self.0.push(code, || Defect { code, message: message.into(), span: span.clone() });
    }

    /// Reports a defect whose place or message is expensive to find. They are found only if the
    /// defect is kept.
    pub fn add_with(&mut self, code: Code, find: impl FnOnce() -> (Range<usize>, String)) {
        self.0.push(code, || {
            let (span, message) = find();
            Defect { code, message, span }
        });
    }

    /// Reports that the file has more in it than is read.
    pub fn too_much(&mut self, most: usize, what: &str, at: usize) {
        let Malformed { code, message, span } = Malformed::too_much(most, what, at);
        self.add(code, &span, message);
    }

    /// Adds the defects of another list.
    pub fn append(&mut self, other: Self) {
        self.0.append(other.0);
    }

    /// How many defects of a code were counted but not kept.
    pub fn left_out(&self) -> impl Iterator<Item = (Code, usize)> {
        self.0.left_out()
    }

    /// Removes the kept defects that `is_wanted` refuses.
    pub(super) fn retain(&mut self, is_wanted: impl FnMut(&Defect) -> bool) {
        self.0.retain(is_wanted);
    }

    /// Returns the value, or records the error at this place.
    pub(super) fn ok_or_report<T>(
        &mut self,
        code: Code,
        span: &Range<usize>,
        result: Result<T, impl ToString>,
    ) -> Option<T> {
        result.map_err(|why| self.add_with(code, || (span.clone(), why.to_string()))).ok()
    }

    pub(super) fn finish(self, config: ReadConfig) -> Examination {
        Examination { config, defects: self, tree: None }
    }
}

impl From<PerCode<Flaw>> for DefectList {
    fn from(flaws: PerCode<Flaw>) -> Self {
        Self(flaws.map(Defect::from))
    }
}

impl Deref for DefectList {
    type Target = [Defect];

    fn deref(&self) -> &[Defect] {
        &self.0
    }
}
