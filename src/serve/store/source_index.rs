//! Tracks the provider files: which ones are served, clash or are invalid. Updates the store after
//! each reading.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::super::prepare::{ProviderReader, SourceEvent, SourceSelection};
use super::super::sources::{Sources, Stamp};
use super::{Clash, PackedProvider, ProviderStore};

/// The state of all provider files.
pub struct SourceIndex {
    sources: Sources,
    /// The stamp of each file when it was read last.
    stamps: BTreeMap<String, Stamp>,
    files: FileStates,
}

#[derive(Default)]
struct FileStates {
    /// The place in the store of each provider that is served.
    places: BTreeMap<String, u32>,
    /// Files with a domain that another provider has.
    clashed: BTreeSet<String>,
    /// Files that are invalid now.
    broken: BTreeSet<String>,
}

/// What a reading changed.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// Files that were read and are served now.
    pub taken: usize,
    pub removed: usize,
    /// Files that are invalid.
    pub broken: Vec<BrokenFile>,
    pub clashes: Vec<(String, Clash)>,
}

/// A file that is invalid.
#[derive(Debug)]
pub struct BrokenFile {
    pub name: String,
    /// The previous version is still served.
    pub is_served: bool,
}

impl SourceIndex {
    pub fn new(sources: Sources) -> Self {
        Self { sources, stamps: BTreeMap::new(), files: FileStates::default() }
    }

    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The number of files that are invalid now.
    pub fn broken(&self) -> usize {
        self.files.broken.len()
    }

    /// Reads files that are new or have changed, and removes providers whose files are gone.
    ///
    /// # Errors
    ///
    /// The folder or file cannot be listed.
    pub fn load(
        &mut self,
        reader: &ProviderReader,
        store: &ProviderStore,
    ) -> io::Result<LoadReport> {
        let mut report = LoadReport::default();
        self.read(reader, store, None, &mut report)?;
        // A domain that another provider had may be free now.
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
        let wanted =
            SourceSelection { known: &self.stamps, only, dictionary: store.known_dictionary() };
        let files = &mut self.files;
        // The new stamp of each file; `None` if it is gone.
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

    /// Removes a provider. Returns whether it was served.
    fn forget(&mut self, name: &str, store: &ProviderStore) -> bool {
        self.clashed.remove(name);
        self.broken.remove(name);
        let place = self.places.remove(name);
        place.map(|place| store.remove(place)).is_some()
    }
}
