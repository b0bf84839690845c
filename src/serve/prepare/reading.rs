//! Reads provider files on several threads: parses, renders, checks and packs them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, mpsc};
use std::{fs, io, thread};

use super::super::sources::{SourceOrigin, Sources, Stamp, stem};
use super::super::store::{PackedProvider, ProviderPacker, dictionary};
use super::AnswerBuilder;
use crate::bundle::Builder;
use crate::codes;
use crate::finding::{Finding, Severity, Source, any_error};

/// Prints findings about files.
pub type ReportFindings = dyn Fn(&[Finding]) + Send + Sync;

/// Reads provider files.
pub struct ProviderReader {
    pub builder: Arc<AnswerBuilder>,
    pub threads: usize,
    /// Prints the findings of each file.
    pub report_findings: Box<ReportFindings>,
}

/// Which files to read. By default, those whose stamp changed.
#[derive(Debug, Clone, Copy)]
pub struct SourceSelection<'a> {
    pub known: &'a BTreeMap<String, Stamp>,
    /// Read these files only, even if they did not change.
    pub only: Option<&'a BTreeSet<String>>,
    /// What answers are packed against. If there is none, the first valid provider becomes the
    /// dictionary.
    pub dictionary: Option<&'a [u8]>,
}

/// What reading found out about a file, in the order of the file names.
pub enum SourceEvent {
    Dictionary(Vec<u8>),
    /// The file does not exist any more.
    Gone(String),
    Taken {
        name: String,
        stamp: Stamp,
        packed: PackedProvider,
    },
    /// The file is invalid; its findings have been printed.
    Broken {
        name: String,
        stamp: Stamp,
    },
}

/// A file that was read.
struct ReadOutcome {
    /// The packed provider; `None` if the file is invalid.
    packed: Option<Vec<u8>>,
    findings: Vec<Finding>,
}

/// What one thread reads files with. Its compiled templates and schemas are freed with it.
struct FileReader<'a> {
    reader: &'a ProviderReader,
    sources: &'a Sources,
    /// Set by the first valid file.
    dictionary: &'a OnceLock<Vec<u8>>,
    bundle_builder: Builder,
    packer: Option<ProviderPacker>,
    with_notes: bool,
}

/// How many files a thread may be ahead of the collecting thread. It bounds the memory in use.
const MOST_AHEAD: usize = 16;

impl ProviderReader {
    /// Reads the files that are wanted.
    ///
    /// # Errors
    ///
    /// The folder or file cannot be listed.
    pub fn read(
        &self,
        sources: &Sources,
        wanted: &SourceSelection<'_>,
        tell: &mut dyn FnMut(SourceEvent),
    ) -> io::Result<()> {
        let there = there(&sources.origin)?;
        for name in wanted.known.keys().filter(|name| !there.contains_key(*name)) {
            tell(SourceEvent::Gone(name.clone()));
        }
        let is_wanted = |name: &str, stamp: Stamp| match wanted.only {
            Some(only) => only.contains(name),
            None => wanted.known.get(name) != Some(&stamp),
        };
        let files = there.into_iter().filter(|(name, stamp)| is_wanted(name, *stamp));
        self.take(&files.collect::<Vec<_>>(), sources, wanted.dictionary, tell);
        self.builder.drop_idle();
        Ok(())
    }

    /// Reads the files and reports them in the order of their names, on several threads if there
    /// are many.
    ///
    /// The first valid file is read before the others, since its answers are the dictionary for all
    /// of them. So the result does not depend on the number of threads. What is kept is allocated
    /// by the calling thread, so that no long-lived memory lies between what the other threads
    /// free.
    fn take(
        &self,
        files: &[(String, Stamp)],
        sources: &Sources,
        known: Option<&[u8]>,
        tell: &mut dyn FnMut(SourceEvent),
    ) {
        let dictionary = OnceLock::new();
        if let Some(known) = known {
            let _ = dictionary.set(known.to_vec());
        }
        let event = |(name, stamp): &(String, Stamp), read: ReadOutcome| {
            (self.report_findings)(&read.findings);
            let (name, stamp) = (name.clone(), *stamp);
            match read.packed {
                Some(bytes) => SourceEvent::Taken {
                    name,
                    stamp,
                    packed: PackedProvider::from(bytes.as_slice()),
                },
                None => SourceEvent::Broken { name, stamp },
            }
        };
        let reader = || FileReader {
            reader: self,
            sources,
            dictionary: &dictionary,
            bundle_builder: Builder::for_patterns(),
            packer: None,
            // With many files, nobody reads notes about each of them.
            with_notes: files.len() == 1,
        };
        let mut left = files;
        let mut first = reader();
        while let [file, rest @ ..] = left
            && (dictionary.get().is_none() || rest.is_empty())
        {
            let is_new = dictionary.get().is_none();
            let read = first.read(&file.0);
            if let Some(own) = dictionary.get().filter(|_| is_new) {
                tell(SourceEvent::Dictionary(own.clone()));
            }
            tell(event(file, read));
            left = rest;
        }
        drop(first);
        let threads = self.threads.max(1).min(left.len());
        thread::scope(|scope| {
            let start = |number: usize| {
                let (sender, receiver) = mpsc::sync_channel(MOST_AHEAD);
                let own = left.iter().skip(number).step_by(threads);
                let reader = &reader;
                scope.spawn(move || {
                    let mut reader = reader();
                    for (name, _) in own {
                        if sender.send(reader.read(name)).is_err() {
                            return;
                        }
                    }
                });
                receiver
            };
            let receivers: Vec<_> = (0..threads).map(start).collect();
            for (file, receiver) in left.iter().zip(receivers.iter().cycle()) {
                // The thread panicked; the scope passes that on.
                let Ok(read) = receiver.recv() else { return };
                tell(event(file, read));
            }
        });
    }

    /// Drops notes, duplicates and findings about opt-in targets that do not fit the provider, at the
    /// severities that the operator wants.
    ///
    /// # Errors
    /// Something is an error by `-D`.
    fn worth_saying(&self, mut notes: Vec<Finding>) -> Result<Vec<Finding>, Vec<Finding>> {
        // A target that is not for every provider may be missing.
        let of_use = |name: &str| {
            !self.builder.targets.iter().any(|target| target.opt_in && target.name == name)
        };
        // The same is found for each kind of domain and person.
        let mut seen = BTreeSet::new();
        notes.retain(|note| {
            note.target.as_deref().is_none_or(of_use)
                && seen.insert((note.code, note.message.clone()))
        });
        self.builder.levels.apply_except_errors(&mut notes);
        if any_error(&notes) {
            return Err(notes);
        }
        notes.retain(|note| note.severity > Severity::Note);
        Ok(notes)
    }
}

impl FileReader<'_> {
    fn read(&mut self, name: &str) -> ReadOutcome {
        match self.pack(name) {
            Ok((packed, notes)) => {
                let findings = match self.with_notes {
                    true => notes,
                    false => Vec::new(),
                };
                ReadOutcome { packed: Some(packed), findings }
            }
            Err(findings) => ReadOutcome { packed: None, findings },
        }
    }

    /// Packs a provider, and returns its findings, too.
    fn pack(&mut self, name: &str) -> Result<(Vec<u8>, Vec<Finding>), Vec<Finding>> {
        let source = source(name, &self.sources.origin)?;
        let builder = &*self.reader.builder;
        let (provider, mut notes) = builder.read(name, &source);
        let Some(provider) = provider else { return Err(notes) };
        let is_default = self.sources.default_name() == Some(name);
        let customers = is_default || !provider.wildcards.is_empty();
        let built = builder.answers(&mut self.bundle_builder, &provider, customers);
        self.bundle_builder.forget();
        let (answers, own) = built?;
        notes.extend(own);
        let notes = self.reader.worth_saying(notes)?;
        let unpackable = |why: io::Error| {
            let message = format!("{name} cannot be packed: {why}");
            vec![Finding::new(codes::UNSERVABLE_PROVIDER, message)]
        };
        let packer = match &mut self.packer {
            Some(packer) => packer,
            none => {
                let dictionary = self.dictionary.get_or_init(|| dictionary(&answers, &source.text));
                none.insert(ProviderPacker::new(dictionary).map_err(unpackable)?)
            }
        };
        let packed = packer.pack(name, &provider, &answers, &source.text).map_err(unpackable)?;
        Ok((packed, notes))
    }
}

/// Reads the text of a provider's file.
fn source(name: &str, origin: &SourceOrigin) -> Result<Arc<Source>, Vec<Finding>> {
    let path = match origin {
        SourceOrigin::BuiltIn { text, .. } => {
            return Ok(Source::new(format!("providers/{name}.toml"), *text));
        }
        SourceOrigin::File(path) => path.clone(),
        SourceOrigin::Folder(folder) => folder.join(format!("{name}.toml")),
    };
    let text = fs::read_to_string(&path).map_err(|why| {
        let message = format!("cannot read {}: {why}", path.display());
        vec![Finding::new(codes::UNREADABLE_PROVIDER, message)]
    })?;
    Ok(Source::new(path.display().to_string(), text))
}

/// Lists the files with their stamps.
fn there(origin: &SourceOrigin) -> io::Result<BTreeMap<String, Stamp>> {
    match origin {
        SourceOrigin::BuiltIn { name, text } => {
            let length = text.len() as u64;
            let stamp = Stamp(length);
            Ok(BTreeMap::from([(name.clone(), stamp)]))
        }
        SourceOrigin::File(path) => {
            let stamp = stamp(&fs::metadata(path)?);
            Ok(BTreeMap::from([(stem(path), stamp)]))
        }
        SourceOrigin::Folder(folder) => {
            let mut all = BTreeMap::new();
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.extension().is_none_or(|e| e != "toml") {
                    continue;
                }
                // The file was deleted while the folder was listed.
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clients::Targets;
    use crate::finding::Levels;
    use crate::model::Protocol;
    use crate::settings::{Organization, Override};

    /// All events for a folder, with the packed bytes.
    fn events(folder: &Path, threads: usize) -> Vec<String> {
        let all = Targets::new(None).unwrap();
        let targets = all.names_routed().filter_map(|name| all.get(name, &mut Vec::new()));
        let (organization, overrides) = (Organization::default(), Override::default());
        let targets = targets.collect();
        let builder = AnswerBuilder::new(
            targets,
            Protocol::Both,
            BTreeMap::new(),
            organization,
            overrides,
            Levels::default(),
        );
        let reader = ProviderReader {
            builder: Arc::new(builder),
            threads,
            report_findings: Box::new(|_| {}),
        };
        let wanted = SourceSelection { known: &BTreeMap::new(), only: None, dictionary: None };
        let mut all = Vec::new();
        reader
            .read(&Sources::folder(folder, None), &wanted, &mut |event| {
                all.push(match event {
                    SourceEvent::Dictionary(bytes) => format!("dictionary {bytes:?}"),
                    SourceEvent::Gone(name) => format!("gone {name}"),
                    SourceEvent::Taken { name, packed, .. } => format!("taken {name} {packed:?}"),
                    SourceEvent::Broken { name, .. } => format!("broken {name}"),
                });
            })
            .unwrap();
        all
    }

    #[test]
    fn one_thread_and_many_read_the_same_in_the_same_order() {
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../../../tests/fixtures/providers/both.example.toml");
        for number in 0..30 {
            let domain = format!("d{number:02}.example");
            let text = match number {
                // An invalid file cannot become the dictionary.
                0 | 7 | 20 => "[emailProvider]\n".to_owned(),
                _ => text.replace("both.example", &domain).replace("beide", &format!("b{number}")),
            };
            std::fs::write(folder.path().join(format!("{domain}.toml")), text).unwrap();
        }
        let one = events(folder.path(), 1);
        assert_eq!(one.len(), 31);
        assert_eq!(one[0], "broken d00.example");
        assert!(one[1].starts_with("dictionary ") && one[2].starts_with("taken d01.example "));
        for threads in [2, 3, 8, 64] {
            assert!(one == events(folder.path(), threads), "{threads} threads");
        }
    }
}
