//! The files that providers are read from: one that is named, or all of a folder; read anew where they
//! have changed, and only those.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::{fs, io, thread};

use crate::finding::{Finding, Source};
use crate::settings::Provider;

use super::super::kitchen::{Answers, Kitchen};
use super::{Clash, Packer, Store, dictionary};

/// Where providers come from.
pub struct Sources {
    origin: Origin,
    /// Whose provider answers for domains that nobody has.
    default: Option<String>,
    files: BTreeMap<String, Known>,
    /// Files that did not get all of their domains.
    clashed: BTreeSet<String>,
    /// Files that are not taken as they are now.
    broken: BTreeSet<String>,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// How it was when it was read.
    stamp: Stamp,
    /// Where what is served of it is in the store.
    place: Option<u32>,
}

enum Origin {
    BuiltIn { name: String, text: &'static str },
    File(PathBuf),
    Folder(PathBuf),
}

/// Time of change, length and inode of a file, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(u64);

/// What there is to say about a reading.
#[derive(Debug, Default)]
pub struct Said {
    /// How many files were read and taken.
    pub taken: usize,
    pub removed: usize,
    /// Files that were not taken, with what is wrong.
    pub broken: Vec<Broken>,
    /// What whoever hands the files out should know, of a provider that is alone.
    pub notes: Vec<Finding>,
    pub clashes: Vec<(String, Clash)>,
}

/// A file that was not taken.
#[derive(Debug)]
pub struct Broken {
    pub name: String,
    /// What was served of it before is served on.
    pub is_served: bool,
    pub findings: Vec<Finding>,
}

/// Everything of one file, read and made.
struct Read {
    provider: Arc<Provider>,
    text: String,
    answers: Answers,
    notes: Vec<Finding>,
}

impl Sources {
    pub fn built_in(name: &str, text: &'static str) -> Self {
        let origin = Origin::BuiltIn { name: name.to_owned(), text };
        Self::new(origin, Some(name.to_owned()))
    }

    pub fn file(path: &Path) -> Self {
        let name = stem(path);
        Self::new(Origin::File(path.to_owned()), Some(name))
    }

    pub fn folder(path: &Path, default: Option<String>) -> Self {
        Self::new(Origin::Folder(path.to_owned()), default)
    }

    fn new(origin: Origin, default: Option<String>) -> Self {
        let (files, clashed, broken) = Default::default();
        Self { origin, default, files, clashed, broken }
    }

    /// The folder that has to be watched, and the one file in it that matters, if it is one.
    pub fn watched(&self) -> Option<(PathBuf, Option<String>)> {
        match &self.origin {
            Origin::BuiltIn { .. } => None,
            Origin::File(path) => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new(".")).to_owned();
                Some((folder, path.file_name().map(|n| n.to_string_lossy().into_owned())))
            }
            Origin::Folder(path) => Some((path.clone(), None)),
        }
    }

    /// Whether it is many files, of which one more broken one does not end the service.
    pub fn is_folder(&self) -> bool {
        matches!(self.origin, Origin::Folder(_))
    }

    /// How many files are not taken as they are now.
    pub fn broken(&self) -> usize {
        self.broken.len()
    }

    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// Reads what is new or has changed, on `threads` threads, and takes out what is gone.
    pub fn load(&mut self, kitchen: &Kitchen, store: &Store, threads: usize) -> io::Result<Said> {
        let mut said = Said::default();
        let there = self.there()?;
        let gone: Vec<String> =
            self.files.keys().filter(|name| !there.contains_key(*name)).cloned().collect();
        for name in gone {
            let known = self.files.remove(&name);
            self.clashed.remove(&name);
            self.broken.remove(&name);
            if let Some(place) = known.and_then(|known| known.place) {
                store.remove(place);
                said.removed += 1;
            }
        }
        let changed: Vec<(String, Stamp)> = there
            .into_iter()
            .filter(|(name, stamp)| self.files.get(name).map(|known| known.stamp) != Some(*stamp))
            .collect();
        // What another file had may be free now.
        let freed = said.removed > 0 || !changed.is_empty();
        self.take(changed, kitchen, store, threads, &mut said);
        if freed && !self.clashed.is_empty() {
            let again: Vec<(String, Stamp)> = std::mem::take(&mut self.clashed)
                .into_iter()
                .filter_map(|name| {
                    let stamp = self.files.get(&name)?.stamp;
                    Some((name, stamp))
                })
                .collect();
            let mut own = Said::default();
            self.take(again, kitchen, store, threads, &mut own);
            said.clashes = own.clashes;
        }
        kitchen.rest();
        Ok(said)
    }

    /// In the order of their names, whichever thread is ready first.
    fn take(
        &mut self,
        files: Vec<(String, Stamp)>,
        kitchen: &Kitchen,
        store: &Store,
        threads: usize,
        said: &mut Said,
    ) {
        let alone = files.len() == 1;
        let next = AtomicUsize::new(0);
        let this = &*self;
        let mut done = Vec::new();
        let (sender, receiver) = mpsc::sync_channel(64);
        let work = |sender: mpsc::SyncSender<(usize, Result<Read, Vec<Finding>>)>| {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((name, _)) = files.get(at) else { return };
                let mut read = this.read(name, kitchen);
                // What is to be known of a hundred thousand providers is nothing that anybody reads.
                if let (Ok(read), false) = (&mut read, alone) {
                    read.notes = Vec::new();
                }
                if sender.send((at, read)).is_err() {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            if alone {
                work(sender);
            } else {
                for _ in 0..threads.max(1).min(files.len()) {
                    let (work, sender) = (&work, sender.clone());
                    scope.spawn(move || work(sender));
                }
                drop(sender);
            }
            let mut waiting = BTreeMap::new();
            let mut packer = None;
            for (at, read) in receiver {
                waiting.insert(at, read);
                while let Some(read) = waiting.remove(&done.len()) {
                    let (name, _) = &files[done.len()];
                    done.push(this.keep(name, read, store, &mut packer, said));
                }
            }
        });
        for ((name, stamp), (place, clashed)) in files.into_iter().zip(done) {
            match clashed {
                true => drop(self.clashed.insert(name.clone())),
                false => drop(self.clashed.remove(&name)),
            }
            match place {
                Ok(place) => {
                    self.broken.remove(&name);
                    self.files.insert(name, Known { stamp, place: Some(place) });
                }
                Err(place) => {
                    self.broken.insert(name.clone());
                    self.files.insert(name, Known { stamp, place });
                }
            }
        }
    }

    /// Puts a provider into the store; where it is, or what of it was there before, and whether it did not
    /// get all of its domains.
    fn keep(
        &self,
        name: &str,
        read: Result<Read, Vec<Finding>>,
        store: &Store,
        packer: &mut Option<Packer>,
        said: &mut Said,
    ) -> (Result<u32, Option<u32>>, bool) {
        let before = self.files.get(name).and_then(|known| known.place);
        let mut broken = |findings: Vec<Finding>| {
            let (name, is_served) = (name.to_owned(), before.is_some());
            said.broken.push(Broken { name, is_served, findings });
            (Err(before), false)
        };
        let Read { provider, text, answers, notes } = match read {
            Ok(read) => read,
            Err(findings) => return broken(findings),
        };
        let dictionary = store.dictionary(|| dictionary(&answers, &text));
        let packed = match packer {
            Some(packer) => packer.pack(name, &provider, &answers, &text),
            None => Packer::new(dictionary)
                .and_then(|new| packer.insert(new).pack(name, &provider, &answers, &text)),
        };
        let packed = match packed {
            Ok(packed) => packed,
            Err(why) => {
                let message = format!("{name} cannot be packed: {why}");
                return broken(vec![Finding::error("unservable-provider", message)]);
            }
        };
        let is_default = self.default.as_deref() == Some(name);
        let (place, clashes) = store.put(before, packed, is_default);
        said.taken += 1;
        said.notes.extend(notes);
        let clashed = !clashes.is_empty();
        said.clashes.extend(clashes.into_iter().map(|clash| (name.to_owned(), clash)));
        (Ok(place), clashed)
    }

    fn read(&self, name: &str, kitchen: &Kitchen) -> Result<Read, Vec<Finding>> {
        let unreadable = |path: &Path, why: io::Error| {
            let message = format!("cannot read {}: {why}", path.display());
            vec![Finding::error("unreadable-provider", message)]
        };
        let source = match &self.origin {
            Origin::BuiltIn { text, .. } => Source::new(format!("providers/{name}.toml"), *text),
            Origin::File(path) => {
                let text = fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
                Source::new(path.display().to_string(), text)
            }
            Origin::Folder(folder) => {
                let path = folder.join(format!("{name}.toml"));
                let text = fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
                Source::new(path.display().to_string(), text)
            }
        };
        let (provider, mut notes) = kitchen.read(name, &source);
        let Some(provider) = provider else { return Err(notes) };
        let is_default = self.default.as_deref() == Some(name);
        let customers = is_default || !provider.wildcards.is_empty();
        let made = kitchen.with_maker(|maker| {
            let made = maker.answers(kitchen, &provider, customers);
            maker.forget();
            made
        });
        let (answers, own) = made?;
        notes.extend(own);
        Ok(Read { provider, text: source.text.to_string(), answers, notes })
    }

    /// The files that are there now.
    fn there(&self) -> io::Result<BTreeMap<String, Stamp>> {
        match &self.origin {
            Origin::BuiltIn { name, text } => {
                let length = text.len() as u64;
                let stamp = Stamp(length);
                Ok(BTreeMap::from([(name.clone(), stamp)]))
            }
            Origin::File(path) => {
                let stamp = stamp(&fs::metadata(path)?);
                Ok(BTreeMap::from([(stem(path), stamp)]))
            }
            Origin::Folder(folder) => {
                let mut all = BTreeMap::new();
                for entry in fs::read_dir(folder)? {
                    let path = entry?.path();
                    if path.extension().is_none_or(|e| e != "toml") {
                        continue;
                    }
                    // One that goes away while we look was not there.
                    let Ok(metadata) = fs::metadata(&path) else { continue };
                    all.insert(stem(&path), stamp(&metadata));
                }
                Ok(all)
            }
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    metadata.modified().ok().hash(&mut hasher);
    metadata.len().hash(&mut hasher);
    #[cfg(unix)]
    std::os::unix::fs::MetadataExt::ino(metadata).hash(&mut hasher);
    Stamp(hasher.finish())
}
