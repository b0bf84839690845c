//! Reads targets together with those whose files they include.

use std::collections::BTreeSet;
use std::thread;

use crate::finding::Finding;

use super::{Target, Targets};

impl Targets {
    /// The targets that these names mean, sorted. A name that is only a prefix of others, such as
    /// `unix-mail`, means all of those that are not opt-in.
    pub fn select(&self, names: &[String], findings: &mut Vec<Finding>) -> Vec<String> {
        let mut selected: Vec<String> = Vec::new();
        for name in names {
            if self.contains(name) {
                selected.push(name.clone());
                continue;
            }
            let group = self.group(name, findings);
            if group.is_empty() {
                findings.push(self.no_such_target(name));
            }
            selected.extend(group);
        }
        selected.sort();
        selected.dedup();
        selected
    }

    /// Reads these targets and those whose files they include, sorted by name.
    pub fn load(&self, mut wanted: Vec<String>, findings: &mut Vec<Finding>) -> Vec<Target> {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut loaded: Vec<Target> = Vec::new();
        while !wanted.is_empty() {
            wanted.retain(|name| known.insert(name.clone()));
            let read = self.read_all(&wanted, findings);
            wanted = read.iter().flat_map(|t| &t.includes).map(|i| i.target.clone()).collect();
            loaded.extend(read);
        }
        loaded.sort_by(|a, b| a.name.cmp(&b.name));
        loaded
    }

    /// Reads half of the targets in a second thread, because reading manifests takes most of the
    /// time before rendering.
    fn read_all(&self, names: &[String], findings: &mut Vec<Finding>) -> Vec<Target> {
        let read = |names: &[String]| {
            let mut own = Vec::new();
            let read: Vec<Target> = names.iter().filter_map(|n| self.get(n, &mut own)).collect();
            (read, own)
        };
        let (here, there) = names.split_at(names.len() / 2);
        let (loaded, mut own) = thread::scope(|scope| {
            let other = (!here.is_empty()).then(|| scope.spawn(|| read(here)));
            let (mut loaded, mut own) = read(there);
            if let Some(other) = other {
                match other.join() {
                    Ok((more, found)) => {
                        loaded.extend(more);
                        own.extend(found);
                    }
                    // A panic in the other thread is a bug: let it continue here.
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            (loaded, own)
        });
        findings.append(&mut own);
        loaded
    }
}
