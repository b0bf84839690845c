//! Reads files of providers in this process, on several threads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::{fs, io, thread};

use crate::finding::{Finding, Severity, Source};
use crate::settings::Provider;

use super::super::TellFindings;
use super::super::reader::{Origin, Reader, Sources, Stamp, Told, Wanted, stem};
use super::super::store::{Packer, dictionary};
use super::{Answers, Kitchen};

/// The kitchen, and what it reads with.
pub struct Here {
    pub kitchen: Arc<Kitchen>,
    pub threads: usize,
    /// Says what is found in the files.
    pub tell_findings: Box<TellFindings>,
}

/// Everything of one file, read and made.
struct Read {
    provider: Arc<Provider>,
    text: String,
    answers: Answers,
    notes: Vec<Finding>,
}

/// What is packed, and against what.
struct Packing<'a> {
    dictionary: Option<&'a [u8]>,
    packer: Option<Packer>,
}

impl Reader for Here {
    fn read(
        &self,
        sources: &Sources,
        wanted: &Wanted<'_>,
        tell: &mut dyn FnMut(Told),
    ) -> io::Result<()> {
        let there = there(&sources.origin)?;
        for name in wanted.known.keys().filter(|name| !there.contains_key(*name)) {
            tell(Told::Gone(name.clone()));
        }
        let is_wanted = |name: &str, stamp: Stamp| match wanted.only {
            Some(only) => only.contains(name),
            None => wanted.known.get(name) != Some(&stamp),
        };
        let files = there.into_iter().filter(|(name, stamp)| is_wanted(name, *stamp));
        self.take(&files.collect::<Vec<_>>(), sources, wanted.dictionary, tell);
        self.kitchen.rest();
        tell(Told::End(None));
        Ok(())
    }
}

impl Here {
    /// In the order of their names, whichever thread is ready first.
    fn take(
        &self,
        files: &[(String, Stamp)],
        sources: &Sources,
        dictionary: Option<&[u8]>,
        tell: &mut dyn FnMut(Told),
    ) {
        let alone = files.len() == 1;
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::sync_channel(64);
        let work = |sender: mpsc::SyncSender<(usize, Result<Read, Vec<Finding>>)>| {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((name, _)) = files.get(at) else { return };
                let mut read = self.one(name, sources);
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
                for _ in 0..self.threads.max(1).min(files.len()) {
                    let (work, sender) = (&work, sender.clone());
                    scope.spawn(move || work(sender));
                }
                drop(sender);
            }
            let mut packing = Packing { dictionary, packer: None };
            let mut waiting = BTreeMap::new();
            let mut done = 0;
            for (at, read) in receiver {
                waiting.insert(at, read);
                while let Some(read) = waiting.remove(&done) {
                    let (name, stamp) = files[done].clone();
                    done += 1;
                    let told =
                        read.and_then(|read| packing.pack(name.clone(), stamp, read, self, tell));
                    tell(told.unwrap_or_else(|findings| {
                        (self.tell_findings)(&findings);
                        Told::Broken { name, stamp }
                    }));
                }
            }
        });
    }

    fn one(&self, name: &str, sources: &Sources) -> Result<Read, Vec<Finding>> {
        let kitchen = &*self.kitchen;
        let unreadable = |path: &Path, why: io::Error| {
            let message = format!("cannot read {}: {why}", path.display());
            vec![Finding::error("unreadable-provider", message)]
        };
        let source = match &sources.origin {
            Origin::BuiltIn { text, .. } => {
                Source::new(format!("providers/{name}.toml"), text.to_string())
            }
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
        let is_default = sources.default_name() == Some(name);
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

    /// What whoever hands the files out should know: of each thing once, since it is found for each kind
    /// of domain and person.
    fn note(&self, notes: &[Finding]) {
        let mut seen = BTreeSet::new();
        // Of a target that is not for every provider, nobody misses the file.
        let of_use = |name: &str| {
            !self.kitchen.targets.iter().any(|target| target.opt_in && target.name == name)
        };
        let severe =
            |f: &&Finding| f.severity > Severity::Note && f.target.as_deref().is_none_or(of_use);
        let mut once = |f: &&Finding| seen.insert((f.code, f.message.clone()));
        let notes: Vec<Finding> =
            notes.iter().filter(severe).filter(|f| once(f)).cloned().collect();
        (self.tell_findings)(&notes);
    }
}

impl Packing<'_> {
    fn pack(
        &mut self,
        name: String,
        stamp: Stamp,
        read: Read,
        here: &Here,
        tell: &mut dyn FnMut(Told),
    ) -> Result<Told, Vec<Finding>> {
        let Read { provider, text, answers, notes } = read;
        let unpackable = |why: io::Error| {
            let message = format!("{name} cannot be packed: {why}");
            vec![Finding::error("unservable-provider", message)]
        };
        let packer = match &mut self.packer {
            Some(packer) => packer,
            none => {
                let new = match self.dictionary {
                    Some(known) => Packer::new(known),
                    None => {
                        let own = dictionary(&answers, &text);
                        let new = Packer::new(&own);
                        tell(Told::Dictionary(own));
                        new
                    }
                };
                none.insert(new.map_err(unpackable)?)
            }
        };
        let packed = packer.pack(&name, &provider, &answers, &text).map_err(unpackable)?;
        here.note(&notes);
        Ok(Told::Taken { name, stamp, packed })
    }
}

/// The files that are there now.
fn there(origin: &Origin) -> io::Result<BTreeMap<String, Stamp>> {
    match origin {
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

fn stamp(metadata: &fs::Metadata) -> Stamp {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    metadata.modified().ok().hash(&mut hasher);
    metadata.len().hash(&mut hasher);
    #[cfg(unix)]
    std::os::unix::fs::MetadataExt::ino(metadata).hash(&mut hasher);
    Stamp(hasher.finish())
}
