//! Reuses one rendering for many users: the output of a template for one user, with the values of
//! another.
//!
//! During rendering, `marks` records how each value was made: it is a field of the user, or made
//! from other values by a helper, or the same for all. For the next user, the fields are set, the
//! derived values are recomputed, and every question of the template is asked again. If an answer
//! differs, the pattern does not fit and the file is rendered in full. So a filled pattern always
//! equals the file that rendering would have produced.

use crate::format::FileFormat;
use crate::model::Side;

use super::Artifact;
use super::marks::{Condition, Marks, Origin, Recipe};
use super::recipient::{FieldContext, Recipient, RecipientField};

/// A rendered file in which everything that differs between users is left open.
pub struct Pattern {
    format: FileFormat,
    /// Values that are the same for all users are inserted; the others are marks.
    skeleton: String,
    /// Relative to the bundle's folder, with marks.
    path: String,
    marks: Marks,
    open: Vec<(usize, ValueSource)>,
    questions: Vec<Condition>,
    has_finished: bool,
    ground: FieldContext,
}

enum ValueSource {
    Of(RecipientField),
    Made(Recipe),
}

/// A file made from a pattern.
pub struct FilledFile {
    pub path: String,
    pub text: String,
    pub bytes: Vec<u8>,
}

/// The pattern does not fit this user, so the file has to be rendered.
#[derive(Debug)]
pub struct NeedsFullRender;

impl Pattern {
    /// `None` if the file is the same for all users, or if even its servers depend on the user.
    pub fn new(artifact: &Artifact<'_>) -> Option<Self> {
        let job = artifact.job;
        if job.subject.address().is_none() && !job.subject.is_customers_domain() {
            return None;
        }
        let by_person = |side| {
            let mut servers = job.servers(side).iter();
            servers.any(|planned| planned.server.hostname.depends_on_person())
        };
        if [Side::Incoming, Side::Outgoing].into_iter().any(by_person) {
            return None;
        }
        let marks = artifact.marks.take();
        let mut varies: Vec<char> = Vec::new();
        let mut open = Vec::new();
        for (at, character, origin) in marks.origins() {
            let source = match origin {
                Origin::Fixed => continue,
                Origin::Of(field) => ValueSource::Of(field),
                Origin::Made(recipe) if depends(&recipe, &varies) => ValueSource::Made(recipe),
                Origin::Made(_) => continue,
            };
            varies.push(character);
            open.push((at, source));
        }
        let mut questions = marks.questions();
        questions.retain(|question| depends(&question.recipe, &varies));
        let settled = marks.splice_fixed(&artifact.skeleton, &job.file.format, &varies).ok()?;
        let has_finished = marks.splice_escaped(&settled) != settled;
        Some(Self {
            format: job.file.format.clone(),
            skeleton: settled,
            path: artifact.path_skeleton.clone(),
            open,
            questions,
            has_finished,
            ground: FieldContext::of(job),
            marks,
        })
    }

    /// Makes the file for another recipient.
    pub fn fill(&self, recipient: &Recipient<'_>) -> Result<FilledFile, NeedsFullRender> {
        for (at, source) in &self.open {
            let value = match source {
                ValueSource::Of(field) => {
                    self.ground.value(*field, recipient).ok_or(NeedsFullRender)?.into_owned()
                }
                ValueSource::Made(recipe) => match (recipe.make)(&self.marks) {
                    Ok(serde_json::Value::String(text)) => text,
                    _ => return Err(NeedsFullRender),
                },
            };
            // An empty value has no mark.
            if value.is_empty() {
                return Err(NeedsFullRender);
            }
            self.marks.set(*at, value);
        }
        for Condition { recipe, answer } in &self.questions {
            if (recipe.make)(&self.marks).ok().as_ref() != Some(answer) {
                return Err(NeedsFullRender);
            }
        }
        let text = self.marks.splice(&self.skeleton, &self.format).map_err(|_| NeedsFullRender)?;
        let bytes = self.format.encode(&text).map_err(|_| NeedsFullRender)?;
        Ok(FilledFile { path: path_of(&self.path, &self.marks), text, bytes })
    }

    pub fn format(&self) -> &FileFormat {
        &self.format
    }

    /// The questions asked during rendering: the two compared texts, if it was a plain comparison,
    /// and the answer.
    #[cfg(feature = "serve")]
    pub(super) fn questions(
        &self,
    ) -> impl Iterator<Item = (Option<&[String; 2]>, &serde_json::Value)> {
        self.questions.iter().map(|asked| (asked.recipe.compares.as_ref(), &asked.answer))
    }

    /// The text, with marks for open values.
    #[cfg(feature = "serve")]
    pub(super) fn text(&self) -> &str {
        &self.skeleton
    }

    #[cfg(feature = "serve")]
    pub(super) fn ground(&self) -> &FieldContext {
        &self.ground
    }

    /// Splits a text with marks into fixed text and fields. `None` if it contains a value derived
    /// from a field.
    #[cfg(feature = "serve")]
    pub(super) fn parts(&self, text: &str) -> Option<Vec<PatternPart>> {
        let mut parts = Vec::new();
        let mut fixed = String::new();
        for c in text.chars() {
            let open = self.open.iter().find(|(at, _)| Marks::at(*at) == Some(c));
            match open {
                Some((_, ValueSource::Of(field))) => {
                    if !fixed.is_empty() {
                        parts.push(PatternPart::Text(std::mem::take(&mut fixed)));
                    }
                    parts.push(PatternPart::Field(*field));
                }
                Some((_, ValueSource::Made(_))) => return None,
                None if crate::model::is_reserved(c) => {
                    fixed.push_str(&self.marks.resolve(c.encode_utf8(&mut [0; 4])));
                }
                None => fixed.push(c),
            }
        }
        if !fixed.is_empty() {
            parts.push(PatternPart::Text(fixed));
        }
        Some(parts)
    }

    /// The skeleton for a parser: values are marks, unless they are already escaped for the format.
    pub fn skeleton(&self) -> String {
        self.marks.splice_escaped(&self.skeleton)
    }

    /// Whether [`Self::skeleton`] differs between users.
    pub fn has_finished(&self) -> bool {
        self.has_finished
    }

    /// A text of the skeleton with the values of the user that was filled in last.
    pub fn resolve(&self, text: &str) -> String {
        self.marks.resolve(text)
    }
}

/// Whether a derived value depends on values that differ.
fn depends(recipe: &Recipe, varies: &[char]) -> bool {
    recipe.of.iter().any(|text| text.chars().any(|c| varies.contains(&c)))
}

/// Builds the path. Components with a value are made safe; the others come from the manifest.
pub(super) fn path_of(skeleton: &str, marks: &Marks) -> String {
    let mut path = String::with_capacity(skeleton.len() + 64);
    for part in skeleton.split('/') {
        if !path.is_empty() {
            path.push('/');
        }
        match marks.has_marks(part) {
            true => path.push_str(&crate::format::file_name(&marks.resolve(part))),
            false => path.push_str(part),
        }
    }
    path
}

/// A part of a pattern.
#[cfg(feature = "serve")]
pub(super) enum PatternPart {
    Text(String),
    Field(RecipientField),
}
