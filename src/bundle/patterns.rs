//! The files of many people who differ only in what is their own: built for the first, filled in for the
//! others.

use std::collections::BTreeMap;

use crate::check::Refilled;
use crate::output::OutFile;
use crate::render::pattern::Pattern;
use crate::render::{Artifact, Person};

use super::about;

/// The patterns of several groups of people, by what they have in common.
pub struct Patterns<K> {
    groups: BTreeMap<K, Vec<FilePattern>>,
}

/// Groups that are kept; each keeps all texts of its files.
const MOST_GROUPS: usize = 32;

/// A file of the group's first person, and how the others get theirs.
pub struct FilePattern {
    pattern: Pattern,
    judge: Refilled,
    /// The file without path and bytes.
    about: OutFile,
}

impl FilePattern {
    /// `None` if the file is the same for everybody or cannot be filled in.
    pub fn of(artifact: &Artifact<'_>) -> Option<Self> {
        let pattern = Pattern::new(artifact)?;
        let judge = Refilled::of(&pattern).ok()?;
        Some(Self { pattern, judge, about: about(artifact.job) })
    }

    /// The file of another person, judged; `None` if it has to be built in full, which then says why.
    fn fill(&self, person: &Person<'_>) -> Option<OutFile> {
        let filled = self.pattern.fill(person).ok()?;
        self.judge.judge(&self.pattern, &filled).ok()?;
        Some(OutFile { path: filled.path, bytes: filled.bytes, ..self.about.clone() })
    }
}

impl<K: Ord> Patterns<K> {
    pub fn new() -> Self {
        Self { groups: BTreeMap::new() }
    }

    /// All files of another person of a group, by their paths; `None` if they have to be built in full.
    pub fn fill(&self, group: &K, person: &Person<'_>) -> Option<Vec<OutFile>> {
        let patterns = self.groups.get(group)?;
        let files: Option<Vec<OutFile>> = patterns.iter().map(|file| file.fill(person)).collect();
        let mut files = files?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Some(files)
    }

    /// Keeps the patterns of a group, in place of another group's if there are too many.
    pub fn keep(&mut self, group: K, files: Vec<FilePattern>) {
        if self.groups.len() >= MOST_GROUPS {
            self.groups.pop_first();
        }
        self.groups.insert(group, files);
    }
}

impl<K: Ord> Default for Patterns<K> {
    fn default() -> Self {
        Self::new()
    }
}
