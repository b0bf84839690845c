//! Checks that the file has the same tree as the skeleton, with the raw values in place of the
//! marks.

use crate::codes;
use crate::finding::Finding;
use crate::format::{SkeletonMatcher, Tree};
use crate::render::Artifact;
use crate::render::pattern::{FilledFile, Pattern};

/// Returns the parsed file; `None` for lines without a grammar.
pub(super) fn check(artifact: &Artifact<'_>) -> Result<Option<Tree>, Vec<Finding>> {
    let kind = &artifact.job.file.format;
    let wrong = |message: String, span| {
        Err(vec![Finding::new(codes::STRUCTURE, message).at(&artifact.source(), span)])
    };
    let text = match kind.decode(&artifact.bytes) {
        Ok(text) => text,
        Err(e) => return wrong(format!("the bytes do not decode: {e}"), e.span),
    };
    if text != artifact.text {
        return wrong("the bytes decode to another text".to_owned(), 0..0);
    }
    if artifact.marks.has_marks(&text)
        && let Some((at, c)) = text.char_indices().find(|(_, c)| crate::model::is_reserved(*c))
    {
        return wrong(
            "a mark is left where a value should stand".to_owned(),
            at..at + c.len_utf8(),
        );
    }
    let found = match kind.parse(&text) {
        Ok(Some(tree)) => tree,
        // Lines without a grammar have already been checked by their `refuse` rules.
        Ok(None) => return Ok(None),
        Err(e) => return wrong(format!("the file does not parse: {e}"), e.span),
    };
    let skeleton = match kind.parse(&artifact.marks.splice_escaped(&artifact.skeleton)) {
        Ok(Some(tree)) => tree,
        Ok(None) => return Ok(None),
        Err(e) => return wrong(format!("the template does not parse: {e}"), 0..0),
    };
    match skeleton.difference(&found, &|text| artifact.marks.resolve(text)) {
        Some(path) => wrong(format!("a value changes the structure at {path}"), 0..0),
        None => Ok(Some(found)),
    }
}

/// Judges the files made from one pattern. Each of them is parsed again.
pub struct PatternJudge {
    /// `None` if the skeleton differs between users.
    skeleton: Option<SkeletonMatcher>,
}

impl PatternJudge {
    pub fn of(pattern: &Pattern) -> Result<Self, String> {
        let skeleton = match pattern.has_finished() {
            true => None,
            false => Some(skeleton(pattern)?),
        };
        Ok(Self { skeleton })
    }

    /// Checks that the file has the user's values where the pattern is open, and equals the pattern
    /// everywhere else.
    pub fn judge(&self, pattern: &Pattern, filled: &FilledFile) -> Result<(), String> {
        let text = pattern.format().decode(&filled.bytes);
        let text = text.map_err(|e| format!("the bytes do not decode: {e}"))?;
        if text != filled.text {
            return Err("the bytes decode to another text".to_owned());
        }
        let own;
        let skeleton = match &self.skeleton {
            Some(skeleton) => skeleton,
            None => {
                own = skeleton(pattern)?;
                &own
            }
        };
        match skeleton.difference(&text, &|text| pattern.resolve(text)) {
            Ok(None) => Ok(()),
            Ok(Some(path)) => Err(format!("a value changes the structure at {path}")),
            Err(e) => Err(format!("the file does not parse: {e}")),
        }
    }
}

fn skeleton(pattern: &Pattern) -> Result<SkeletonMatcher, String> {
    let again = SkeletonMatcher::of(pattern.format(), &pattern.skeleton());
    again.map_err(|e| format!("the template does not parse: {e}"))
}
