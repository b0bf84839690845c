//! What is known of the files that providers are read from: which are served, which clash, which are
//! broken; and the store, brought to what a [`ProviderReader`] tells of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::super::prepare::{ProviderReader, SourceEvent, Wanted};
use super::super::sources::{Sources, Stamp};
use super::{Clash, PackedProvider, ProviderStore};

/// What is known of all files.
pub struct SourceIndex {
    sources: Sources,
    /// How each was when it was read.
    stamps: BTreeMap<String, Stamp>,
    files: FileStates,
}

#[derive(Default)]
struct FileStates {
    /// Where what is served of each is in the store.
    places: BTreeMap<String, u32>,
    /// FileStates that did not get all of their domains.
    clashed: BTreeSet<String>,
    /// FileStates that are not taken as they are now.
    broken: BTreeSet<String>,
}

/// What there is to say about a reading.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// How many files were read and taken.
    pub taken: usize,
    pub removed: usize,
    /// FileStates that were not taken.
    pub broken: Vec<BrokenFile>,
    pub clashes: Vec<(String, Clash)>,
}

/// A file that was not taken.
#[derive(Debug)]
pub struct BrokenFile {
    pub name: String,
    /// What was served of it before is served on.
    pub is_served: bool,
}

impl SourceIndex {
    pub fn new(sources: Sources) -> Self {
        Self { sources, stamps: BTreeMap::new(), files: FileStates::default() }
    }

    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// How many files are not taken as they are now.
    pub fn broken(&self) -> usize {
        self.files.broken.len()
    }

    /// Has what is new or has changed read, and takes out what is gone.
    pub fn load(
        &mut self,
        reader: &ProviderReader,
        store: &ProviderStore,
    ) -> io::Result<LoadReport> {
        let mut report = LoadReport::default();
        self.read(reader, store, None, &mut report)?;
        // What another file had may be free now.
        let freed = report.removed + report.taken + report.broken.len() > 0;
        if freed && !self.files.clashed.is_empty() {
            let again = std::mem::take(&mut self.files.clashed);
            let mut own = LoadReport::default();
            self.read(reader, store, Some(&again), &mut own)?;
            report.clashes = own.clashes;
        }
        Ok(report)
    }

    fn read(
        &mut self,
        reader: &ProviderReader,
        store: &ProviderStore,
        only: Option<&BTreeSet<String>>,
        report: &mut LoadReport,
    ) -> io::Result<()> {
        let wanted = Wanted { known: &self.stamps, only, dictionary: store.known_dictionary() };
        let files = &mut self.files;
        // Of each file that something was told of, the new stamp; none if it is gone.
        let mut stamps = Vec::new();
        let read = reader.read(&self.sources, &wanted, &mut |event| match event {
            SourceEvent::Dictionary(bytes) => {
                store.dictionary(|| bytes);
            }
            SourceEvent::Gone(name) => {
                if files.forget(&name, store) {
                    report.removed += 1;
                }
                stamps.push((name, None));
            }
            SourceEvent::Taken { name, stamp, packed } => {
                let is_default = self.sources.default_name() == Some(&name);
                let clashes = files.put(&name, packed, is_default, store);
                report.taken += 1;
                report.clashes.extend(clashes.into_iter().map(|clash| (name.clone(), clash)));
                stamps.push((name, Some(stamp)));
            }
            SourceEvent::Broken { name, stamp } => {
                files.clashed.remove(&name);
                files.broken.insert(name.clone());
                let is_served = files.places.contains_key(&name);
                report.broken.push(BrokenFile { name: name.clone(), is_served });
                stamps.push((name, Some(stamp)));
            }
        });
        for (name, stamp) in stamps {
            match stamp {
                Some(stamp) => drop(self.stamps.insert(name, stamp)),
                None => drop(self.stamps.remove(&name)),
            }
        }
        read
    }
}

impl FileStates {
    fn put(
        &mut self,
        name: &str,
        packed: PackedProvider,
        is_default: bool,
        store: &ProviderStore,
    ) -> Vec<Clash> {
        let (place, clashes) = store.put(self.places.get(name).copied(), packed, is_default);
        self.places.insert(name.to_owned(), place);
        self.broken.remove(name);
        match clashes.is_empty() {
            true => self.clashed.remove(name),
            false => self.clashed.insert(name.to_owned()),
        };
        clashes
    }

    /// Takes a file out; whether anything was served of it.
    fn forget(&mut self, name: &str, store: &ProviderStore) -> bool {
        self.clashed.remove(name);
        self.broken.remove(name);
        let place = self.places.remove(name);
        place.map(|place| store.remove(place)).is_some()
    }
}
