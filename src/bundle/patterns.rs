//! Files of many users who differ only in their own data: built for the first user, filled in for
//! the others.

use std::collections::BTreeMap;

use crate::check::PatternJudge;
use crate::output::OutFile;
use crate::render::pattern::Pattern;
use crate::render::{Artifact, Recipient};

use super::about;

/// The patterns of several groups of users, by what the users of a group have in common.
pub struct Patterns<K> {
    groups: BTreeMap<K, Vec<FilePattern>>,
}

/// How many groups are kept. Each group holds all texts of its files.
const MOST_GROUPS: usize = 32;

/// A file of the group's first user, with what is needed to fill it in for the others.
pub struct FilePattern {
    pattern: Pattern,
    judge: PatternJudge,
    /// All properties of the file except path and bytes.
    about: OutFile,
}

impl FilePattern {
    /// `None` if the file is the same for all users or cannot be filled in.
    pub fn of(artifact: &Artifact<'_>) -> Option<Self> {
        let pattern = Pattern::new(artifact)?;
        let judge = PatternJudge::of(&pattern).ok()?;
        Some(Self { pattern, judge, about: about(artifact.job) })
    }

    /// The validated file of another user. `None` if the file has to be built in full; that build
    /// reports the reason.
    fn fill(&self, recipient: &Recipient<'_>) -> Option<OutFile> {
        let filled = self.pattern.fill(recipient).ok()?;
        self.judge.judge(&self.pattern, &filled).ok()?;
        Some(OutFile { path: filled.path, bytes: filled.bytes, ..self.about.clone() })
    }
}

impl<K: Ord> Patterns<K> {
    pub fn new() -> Self {
        Self { groups: BTreeMap::new() }
    }

    /// All files of another user of a group, sorted by path. `None` if they have to be built in
    /// full.
    pub fn fill(&self, group: &K, recipient: &Recipient<'_>) -> Option<Vec<OutFile>> {
        let patterns = self.groups.get(group)?;
        let files: Option<Vec<OutFile>> =
            patterns.iter().map(|file| file.fill(recipient)).collect();
        let mut files = files?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Some(files)
    }

    /// Stores the patterns of a group. If there are too many groups, the first one is dropped.
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
