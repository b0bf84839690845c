//! Where the users' files are written: folders, one zip per user, or one zip or tar of all.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use crate::output::{self, Bundle};

use super::super::Failure;
use super::super::args::GenerateArgs;
use super::journal::Journal;

#[cfg(any(feature = "tar", feature = "zip"))]
use std::borrow::Cow;
#[cfg(feature = "zip")]
use std::{fs, io, path::Path};

#[cfg(any(feature = "tar", feature = "zip"))]
use crate::output::archive::ArchiveEntry;
#[cfg(feature = "zip")]
use crate::output::stream::{PackedFile, Packer, ZipFiles, ZipStream};
#[cfg(feature = "tar")]
use crate::output::tar::{self, TarFile};

#[cfg(any(feature = "tar", feature = "zip"))]
use super::single_archive::SingleArchive;

pub struct Sink<'a> {
    out: PathBuf,
    options: output::Options,
    interrupted: &'a AtomicBool,
    kind: OutputKind,
    journal: Mutex<Journal>,
    #[cfg(feature = "zip")]
    level: u32,
    #[cfg(feature = "tar")]
    tar_level: i32,
}

enum OutputKind {
    Folders,
    #[cfg(feature = "zip")]
    ZipEach,
    #[cfg(feature = "zip")]
    OneZip(Box<SingleArchive<ZipFiles>>),
    #[cfg(feature = "tar")]
    OneTar(Box<SingleArchive<TarFile>>),
}

impl<'a> Sink<'a> {
    pub fn open(
        args: &GenerateArgs,
        stem: &str,
        mut journal: Journal,
        interrupted: &'a AtomicBool,
    ) -> Result<Self, Failure> {
        Ok(Self {
            out: args.out.clone(),
            options: output::Options { fsync: args.fsync },
            interrupted,
            kind: OutputKind::open(args, stem, &mut journal)?,
            journal: Mutex::new(journal),
            #[cfg(feature = "zip")]
            level: args.archive.zip_level,
            #[cfg(feature = "tar")]
            tar_level: args.archive.tar_level,
        })
    }

    /// The kind of output, for a run's fingerprint.
    pub fn kind(args: &GenerateArgs) -> String {
        let mut kind = String::new();
        #[cfg(feature = "zip")]
        kind.push_str(&format!(
            "{} {} {}",
            args.archive.zip, args.archive.zip_each, args.archive.zip_level
        ));
        #[cfg(feature = "tar")]
        kind.push_str(&format!(" {} {}", args.archive.tar, args.archive.tar_level));
        let _ = (args, &mut kind);
        kind
    }

    /// Whether an earlier run has put this batch in place.
    pub fn has(&self, batch: u64) -> bool {
        self.journal().has(batch)
    }

    /// The writer for one worker's batches.
    pub fn hand(&self) -> SinkWriter<'_, 'a> {
        SinkWriter {
            sink: self,
            #[cfg(feature = "zip")]
            packer: Packer::new(self.level),
        }
    }

    fn journal(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes the archive and removes the journal, unless there is work left. Returns where the
    /// files are.
    pub fn finish(self, ended_early: bool) -> Result<String, Failure> {
        let target = match self.kind {
            #[cfg(feature = "zip")]
            OutputKind::OneZip(one) => {
                one.finish(ended_early, self.options.fsync, &self.journal)?
            }
            #[cfg(feature = "tar")]
            OutputKind::OneTar(one) => {
                one.finish(ended_early, self.options.fsync, &self.journal)?
            }
            _ => self.out,
        };
        if !ended_early {
            let journal = self.journal.into_inner();
            journal.unwrap_or_else(PoisonError::into_inner).remove()?;
        }
        Ok(target.display().to_string())
    }
}

impl OutputKind {
    fn open(args: &GenerateArgs, stem: &str, journal: &mut Journal) -> Result<Self, Failure> {
        #[cfg(feature = "tar")]
        if args.archive.tar {
            return Ok(Self::OneTar(Box::new(SingleArchive::open(args, stem, journal)?)));
        }
        #[cfg(feature = "zip")]
        if args.archive.zip {
            return Ok(Self::OneZip(Box::new(SingleArchive::open(args, stem, journal)?)));
        }
        #[cfg(feature = "zip")]
        if args.archive.zip_each {
            return Ok(Self::ZipEach);
        }
        let _ = (args, stem, journal);
        Ok(Self::Folders)
    }
}

pub struct SinkWriter<'s, 'a> {
    sink: &'s Sink<'a>,
    #[cfg(feature = "zip")]
    packer: Packer,
}

impl SinkWriter<'_, '_> {
    /// Writes the shared files: as folders, or as the first entries of the single archive.
    pub fn put_shared(&mut self, batch: u64, bundles: &[Bundle]) -> Result<(), Failure> {
        match &self.sink.kind {
            #[cfg(feature = "zip")]
            OutputKind::OneZip(_) => self.put(batch, bundles),
            #[cfg(feature = "tar")]
            OutputKind::OneTar(_) => self.put(batch, bundles),
            _ => {
                let sink = self.sink;
                output::write_dirs(&sink.out, bundles, &sink.options, sink.interrupted)?;
                Ok(sink.journal().done(batch)?)
            }
        }
    }

    pub fn put(&mut self, batch: u64, bundles: &[Bundle]) -> Result<(), Failure> {
        let sink = self.sink;
        match &sink.kind {
            OutputKind::Folders => {
                output::write_dirs(&sink.out, bundles, &sink.options, sink.interrupted)?;
                sink.journal().done(batch)?;
            }
            #[cfg(feature = "zip")]
            OutputKind::ZipEach => {
                for bundle in bundles {
                    let packed = self.pack(bundle, false)?;
                    write_one(
                        &sink.out,
                        bundle,
                        &ZipStream::in_memory(&packed)?,
                        sink.options.fsync,
                    )?;
                }
                sink.journal().done(batch)?;
            }
            #[cfg(feature = "zip")]
            OutputKind::OneZip(one) => {
                let mut packed = Vec::new();
                for bundle in bundles {
                    packed.extend(self.pack(bundle, true)?);
                }
                one.put(batch, packed, &sink.journal)?;
            }
            #[cfg(feature = "tar")]
            OutputKind::OneTar(one) => {
                let mut entries = Vec::new();
                for bundle in bundles {
                    entries.extend(files(bundle, true)?);
                }
                one.put(batch, tar::pack(&entries, sink.tar_level)?, &sink.journal)?;
            }
        }
        Ok(())
    }

    #[cfg(feature = "zip")]
    fn pack(&mut self, bundle: &Bundle, with_folder: bool) -> Result<Vec<PackedFile>, Failure> {
        let files = files(bundle, with_folder)?.into_iter();
        Ok(files.map(|(path, bytes)| self.packer.pack(path, &bytes)).collect())
    }
}

/// A bundle's files and its manifest, sorted by path.
#[cfg(any(feature = "tar", feature = "zip"))]
fn files(bundle: &Bundle, with_folder: bool) -> Result<Vec<ArchiveEntry<'_>>, Failure> {
    let folder = output::folder_path(&bundle.folder)?;
    let files = bundle.files.iter().map(|file| (file.path.as_str(), Cow::from(&file.bytes)));
    let manifest = (output::manifest::FILE, output::manifest::render(bundle).into());
    let mut files: Vec<_> = files.chain([manifest]).collect();
    files.sort_unstable_by_key(|(path, _)| *path);
    let name = |path: &str| match with_folder {
        true => format!("{folder}/{path}"),
        false => path.to_owned(),
    };
    Ok(files.into_iter().map(|(path, bytes)| (name(path), bytes)).collect())
}

/// Writes a user's zip atomically.
#[cfg(feature = "zip")]
fn write_one(out: &Path, bundle: &Bundle, bytes: &[u8], fsync: bool) -> Result<(), Failure> {
    use std::io::Write as _;
    let folder = output::folder_path(&bundle.folder)?;
    let target = out.join(format!("{folder}.zip"));
    let failed = |e: io::Error| output::Error::io("write", &target, e);
    let parent = target.parent().unwrap_or(out);
    fs::create_dir_all(parent).map_err(failed)?;
    let mut new = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        new.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = new.prefix(".mailwright").tempfile_in(parent).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if fsync {
        file.as_file().sync_all().map_err(failed)?;
    }
    file.persist(&target).map_err(|e| failed(e.error))?;
    Ok(())
}
