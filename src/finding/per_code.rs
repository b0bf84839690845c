//! A list that keeps only the first items of each code and counts the others.
//!
//! A hostile file of two megabytes can have a million defects, each with a message that quotes it.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::codes::Code;

/// How many items of one code are kept. `check --fix` makes as many changes in a round.
const MOST: usize = 1000;

/// A list with a budget for each code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerCode<T> {
    kept: Vec<T>,
    counts: BTreeMap<Code, usize>,
    left_out: BTreeMap<Code, usize>,
}

impl<T> Default for PerCode<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), counts: BTreeMap::new(), left_out: BTreeMap::new() }
    }
}

impl<T> PerCode<T> {
    /// Counts an item, and makes it only if it is kept.
    pub fn push(&mut self, code: Code, make: impl FnOnce() -> T) {
        let count = self.counts.entry(code).or_default();
        if *count < MOST {
            *count += 1;
            self.kept.push(make());
        } else {
            *self.left_out.entry(code).or_default() += 1;
        }
    }

    /// Adds everything of another list.
    pub fn append(&mut self, other: Self) {
        self.kept.extend(other.kept);
        for (own, others) in
            [(&mut self.counts, other.counts), (&mut self.left_out, other.left_out)]
        {
            for (code, count) in others {
                *own.entry(code).or_default() += count;
            }
        }
    }

    /// Changes the kept items into others.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> PerCode<U> {
        let Self { kept, counts, left_out } = self;
        PerCode { kept: kept.into_iter().map(change).collect(), counts, left_out }
    }

    /// Removes the kept items that `is_wanted` refuses.
    pub fn retain(&mut self, is_wanted: impl FnMut(&T) -> bool) {
        self.kept.retain(is_wanted);
    }

    /// How many items of a code were counted but not kept.
    pub fn left_out(&self) -> impl Iterator<Item = (Code, usize)> {
        self.left_out.iter().map(|(code, count)| (*code, *count))
    }

    /// The kept items.
    pub fn into_kept(self) -> Vec<T> {
        self.kept
    }
}

impl<T> Deref for PerCode<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.kept
    }
}
