//! Tracks the provider files: which ones are served, clash, are invalid or still being read. Updates
//! the store after each reading.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use super::super::domain_rules::{DomainRules, NotAllowed};
use super::super::prepare::{
    Delivery, FileToRead, Listing, ProviderReader, ReadOutcome, Reading, stamp_of,
};
use super::super::sources::{Sources, Stamp};
use super::super::user_list_source::UserListSource;
use super::{ClaimKind, ClaimRules, Clash, PackedProvider, ProviderStore};
use crate::codes;
use crate::finding::Finding;

/// The state of all provider files.
pub struct SourceIndex {
    sources: Sources,
    rules: DomainRules,
    /// The files that were read, as they were then.
    known: BTreeMap<String, SourceVersion>,
    /// The place in the store of each provider that is served.
    places: BTreeMap<String, u32>,
    /// Files with domains that other providers have, and what was reported about them.
    clashed: BTreeMap<String, Vec<Clash>>,
    /// Files that are invalid now.
    broken: BTreeSet<String>,
    /// Files that take too long, and are still being read.
    slow: BTreeSet<String>,
    /// The owners of domains when the server ran last.
    owners: HashMap<String, String>,
    listing: Listing,
}

struct SourceVersion {
    stamp: Stamp,
    /// The list of domains that it names.
    list: Option<(PathBuf, Option<Stamp>)>,
    /// The list of users of the version that is served.
    users: Option<UserListSource>,
}

/// What a reading needs.
pub struct Load<'a> {
    pub reader: &'a ProviderReader,
    pub store: &'a ProviderStore,
    pub reading: &'a Reading,
    /// Watches a folder for changes.
    pub watch: &'a dyn Fn(&Path),
    /// Files that took too long at an earlier reading and are read now.
    pub late: Vec<(FileToRead, ReadOutcome)>,
}

/// What a reading changed.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// Files that were read and are served now.
    pub taken: usize,
    pub removed: usize,
    /// Files that are invalid.
    pub broken: Vec<BrokenFile>,
    /// Entries of the folder that were not skipped before.
    pub newly_skipped: Vec<(String, String)>,
    /// The files that were taken.
    fresh: BTreeSet<String>,
}

/// A file that is invalid.
#[derive(Debug)]
pub struct BrokenFile {
    pub name: String,
    /// The previous version is still served.
    pub is_served: bool,
}

/// Domains of one file that are reported one by one. The others are counted.
const MOST_REPORTED: usize = 5;

impl SourceIndex {
    pub fn new(sources: Sources, rules: DomainRules, owners: HashMap<String, String>) -> Self {
        Self {
            sources,
            rules,
            known: BTreeMap::new(),
            places: BTreeMap::new(),
            clashed: BTreeMap::new(),
            broken: BTreeSet::new(),
            slow: BTreeSet::new(),
            owners,
            listing: Listing::default(),
        }
    }

    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The number of files that are invalid now.
    pub fn broken(&self) -> usize {
        self.broken.len()
    }

    /// Whether files are still being read.
    pub fn is_reading(&self) -> bool {
        !self.slow.is_empty()
    }

    /// Whether a domain is named by two files.
    pub fn is_contested(&self) -> bool {
        !self.clashed.is_empty()
    }

    /// What was found instead of providers to serve.
    pub fn why_nothing_is_served(&self) -> String {
        let Some(folder) = self.sources.folder_path() else {
            return "the provider file is invalid".to_owned();
        };
        let folder = folder.display();
        let listing = &self.listing;
        let mut why = match listing.files.len() {
            0 => format!("{folder} has no file whose name ends in .toml"),
            1 => format!("{folder} has one provider file, and it cannot be served"),
            count => format!("{folder} has {count} provider files, and none can be served"),
        };
        let skipped = listing.skipped.iter().take(MOST_REPORTED);
        for (path, reason) in skipped {
            why += &format!("; {path} is skipped: {reason}");
        }
        if listing.skipped.len() > MOST_REPORTED {
            why += &format!("; {} more are skipped", listing.skipped.len() - MOST_REPORTED);
        }
        why
    }

    /// The lists of users that files name, by the name of the file. Only files that are served count.
    pub fn user_lists(&self) -> BTreeMap<String, UserListSource> {
        let served = self.known.iter().filter(|(name, _)| self.places.contains_key(*name));
        let named = served.filter_map(|(name, file)| Some((name, file.users.clone()?)));
        named.map(|(name, users)| (name.clone(), users)).collect()
    }

    /// The owner of each domain, also of domains that are kept for a file that is invalid.
    pub fn owners(&self, store: &ProviderStore) -> BTreeMap<String, String> {
        let mut owners = store.owners();
        for (domain, owner) in &self.owners {
            if self.is_kept_for(owner) {
                owners.entry(domain.clone()).or_insert_with(|| owner.clone());
            }
        }
        owners
    }

    /// Reads files that are new or have changed, and removes providers whose files are gone.
    ///
    /// # Errors
    ///
    /// The folder or file cannot be listed.
    pub fn load(&mut self, load: Load<'_>) -> io::Result<LoadReport> {
        let Load { reader, store, reading, watch, late } = load;
        let mut report = LoadReport::default();
        let report_findings = &reader.report_findings;
        let new_rules = self.rules.reload().unwrap_or_else(|findings| {
            report_findings(&findings);
            false
        });
        let listing = Listing::of(&self.sources.origin, watch)?;
        let before = std::mem::replace(&mut self.listing, listing);
        for (file, outcome) in late {
            self.slow.remove(&file.name);
            if self.listing.may_have(&file.name) {
                self.take(file, Delivery::Done(outcome), reader, store, &mut report);
            }
        }
        let gone = self.known.keys().filter(|name| !self.listing.may_have(name));
        for name in gone.cloned().collect::<Vec<_>>() {
            self.known.remove(&name);
            self.broken.remove(&name);
            self.clashed.remove(&name);
            if let Some(place) = self.places.remove(&name) {
                store.remove(place);
                report.removed += 1;
            }
        }
        let changed = self.listing.files.iter().filter(|(name, _)| !self.slow.contains(*name));
        // A file can be invalid because it was allowed no domain.
        let may_be_allowed = |name: &str| new_rules && self.broken.contains(name);
        let changed =
            changed.filter(|(name, stamp)| may_be_allowed(name) || self.has_changed(name, **stamp));
        let files: Vec<FileToRead> =
            changed.map(|(name, stamp)| FileToRead { name: name.clone(), stamp: *stamp }).collect();
        let sources = self.sources.clone();
        reader.read(files, &sources, reading, &mut |file, delivery| {
            self.take(file, delivery, reader, store, &mut report);
        });
        let lists = self.known.values().filter_map(|file| file.list.as_ref());
        lists.filter_map(|(path, _)| path.parent()).for_each(watch);
        self.share_out(new_rules, reader, store, &mut report);
        let lists = self.known.values().filter_map(|file| file.list.as_ref());
        let lists = lists.map(|(path, _)| path.clone());
        let users = self.known.values().filter_map(|file| file.users.as_ref()?.path());
        let lists: BTreeSet<PathBuf> = lists.chain(users).collect();
        let is_list = |path: &str| {
            let folder = self.sources.folder_path();
            folder.is_some_and(|folder| lists.contains(folder.join(path).as_path()))
        };
        let skipped = self.listing.skipped.iter();
        let skipped = skipped.filter(|(path, why)| before.skipped.get(*path) != Some(why));
        let skipped = skipped.filter(|(path, _)| !is_list(path));
        report.newly_skipped = skipped.map(|(path, why)| (path.clone(), why.clone())).collect();
        // The owners of the last run are of no use once all their files are read.
        if !self.owners.values().any(|owner| self.is_kept_for(owner)) {
            self.owners = HashMap::new();
        }
        Ok(report)
    }

    fn has_changed(&self, name: &str, stamp: Stamp) -> bool {
        let Some(known) = self.known.get(name) else { return true };
        let list_has_changed = |(path, stamp): &(PathBuf, Option<Stamp>)| stamp_of(path) != *stamp;
        known.stamp != stamp || known.list.as_ref().is_some_and(list_has_changed)
    }

    /// Whether domains of the last run are still kept for the file: it is there, but it was not
    /// valid since the server started.
    fn is_kept_for(&self, owner: &str) -> bool {
        !self.places.contains_key(owner) && self.listing.may_have(owner)
    }

    /// Takes what became of a file.
    fn take(
        &mut self,
        file: FileToRead,
        delivery: Delivery<ReadOutcome>,
        reader: &ProviderReader,
        store: &ProviderStore,
        report: &mut LoadReport,
    ) {
        let FileToRead { name, stamp } = file;
        let outcome = match delivery {
            Delivery::Done(outcome) => outcome,
            Delivery::Late => {
                let message = format!("{name} takes long to read; it is served when it is ready");
                (reader.report_findings)(&[Finding::new(codes::SLOW_PROVIDER, message)]);
                self.slow.insert(name);
                return;
            }
            // The next reload tries again.
            Delivery::NotStarted => {
                let message = format!("{name} is not read, because other files take too long");
                (reader.report_findings)(&[Finding::new(codes::SLOW_PROVIDER, message)]);
                return;
            }
        };
        (reader.report_findings)(&outcome.findings);
        // While the file is invalid, the version before it is served with its list.
        let users = match &outcome.packed {
            Some(_) => outcome.users,
            None => self.known.remove(&name).and_then(|before| before.users),
        };
        self.known.insert(name.clone(), SourceVersion { stamp, list: outcome.list, users });
        let packed = outcome.packed.as_deref().map(PackedProvider::from);
        let packed = packed.filter(|packed| self.may_have_any(&name, packed, reader));
        let Some(packed) = packed else {
            self.broken.insert(name.clone());
            let is_served = self.places.contains_key(&name);
            report.broken.push(BrokenFile { name, is_served });
            return;
        };
        let is_default = self.sources.default_name() == Some(&name);
        let place = self.places.get(&name).copied();
        let (place, clashes) = self.with_rules(|rules| store.put(place, packed, is_default, rules));
        self.places.insert(name.clone(), place);
        self.broken.remove(&name);
        match clashes.is_empty() {
            true => drop(self.clashed.remove(&name)),
            false => drop(self.clashed.insert(name.clone(), Vec::new())),
        }
        report.taken += 1;
        report.fresh.insert(name);
    }

    /// Whether the file may have a domain at all. Reports those that it may not have.
    fn may_have_any(&self, name: &str, packed: &PackedProvider, reader: &ProviderReader) -> bool {
        let mut findings = Vec::new();
        let mut refused = 0;
        let mut has_any = self.sources.default_name() == Some(name);
        for claim in packed.claims() {
            let Err(why) = self.rules.allow(name, claim) else {
                has_any |= claim.kind != ClaimKind::PublicHost;
                continue;
            };
            refused += 1;
            if refused > MOST_REPORTED {
                continue;
            }
            let (code, what) = match why {
                NotAllowed::PublicSuffix => (codes::PUBLIC_SUFFIX, "is a public suffix"),
                NotAllowed::Owner => (codes::DOMAIN_NOT_ALLOWED, "is not allowed for this file"),
            };
            let message = format!("{claim} of {name} {what}, so it is not served");
            findings.push(Finding::new(code, message).help(self.rules.help(why, name)));
        }
        if refused > MOST_REPORTED {
            let more = refused - MOST_REPORTED;
            let message = format!("{more} more domains of {name} are not allowed for this file");
            findings.push(Finding::new(codes::DOMAIN_NOT_ALLOWED, message));
        }
        (reader.report_findings)(&findings);
        has_any
    }

    /// Gives domains that are free now to those who wait for them, in the order of the files'
    /// names, and reports who still waits.
    fn share_out(
        &mut self,
        new_rules: bool,
        reader: &ProviderReader,
        store: &ProviderStore,
        report: &mut LoadReport,
    ) {
        let waiting: Vec<(String, u32)> = match new_rules && !self.known.is_empty() {
            true => self.places.iter().map(|(name, at)| (name.clone(), *at)).collect(),
            false => {
                let clashed = self.clashed.keys();
                clashed.filter_map(|name| Some((name.clone(), *self.places.get(name)?))).collect()
            }
        };
        // First take what is not allowed any more, then share it out.
        let rounds = if new_rules { 2 } else { 1 };
        for round in 1..=rounds {
            for (name, at) in &waiting {
                let clashes = self.with_rules(|rules| store.claim(*at, rules));
                if round < rounds {
                    continue;
                }
                if new_rules
                    && !report.fresh.contains(name)
                    && let Some(packed) = store.packed(*at)
                {
                    self.may_have_any(name, &packed, reader);
                }
                let told = self.clashed.remove(name).unwrap_or_default();
                if clashes.is_empty() {
                    continue;
                }
                if told != clashes || report.fresh.contains(name) {
                    (reader.report_findings)(&self.clash_findings(name, &clashes));
                }
                self.clashed.insert(name.clone(), clashes);
            }
        }
    }

    fn clash_findings(&self, name: &str, clashes: &[Clash]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = clashes
            .iter()
            .take(MOST_REPORTED)
            .map(|Clash { claim, owner }| {
                let message = match self.places.contains_key(owner) {
                    true => format!("{claim} of {name} is served by {owner} already"),
                    false => {
                        format!(
                            "{claim} of {name} is kept for {owner}, whose file is not valid now"
                        )
                    }
                };
                Finding::new(codes::CONTESTED_DOMAIN, message).help(format!(
                    "remove it from {name} or from {owner}; --domain-owners decides who may have it"
                ))
            })
            .collect();
        if clashes.len() > MOST_REPORTED {
            let more = clashes.len() - MOST_REPORTED;
            let message = format!("{more} more domains of {name} belong to other files");
            findings.push(Finding::new(codes::CONTESTED_DOMAIN, message));
        }
        findings
    }

    fn with_rules<T>(&self, work: impl FnOnce(&ClaimRules<'_>) -> T) -> T {
        work(&ClaimRules {
            may_claim: &|name, claim| self.rules.allow(name, claim).is_ok(),
            kept_for: &|claim| {
                let owner = self.owners.get(claim)?;
                self.is_kept_for(owner).then(|| owner.clone())
            },
        })
    }
}
