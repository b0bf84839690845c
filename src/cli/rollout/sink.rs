//! Where the users' files go: folders, a zip each, or one zip of all; and the rows that are no users.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use crate::output::{self, Bundle};
use crate::users::Row;

use super::super::Failure;
use super::super::args::GenerateArgs;
use super::journal::Journal;
use super::list::Shard;

#[cfg(feature = "zip")]
use std::{fs, io};

#[cfg(feature = "zip")]
use crate::output::stream::{Packed, Packer, Place, ZipFiles, ZipStream};

/// The journal is told how far the one zip is after so many batches.
#[cfg(feature = "zip")]
const TOLD_AFTER: u64 = 4;

pub struct Sink<'a> {
    out: PathBuf,
    options: output::Options,
    interrupted: &'a AtomicBool,
    kind: Kind,
    journal: Mutex<Journal>,
    #[cfg(feature = "zip")]
    level: u32,
}

enum Kind {
    Folders,
    #[cfg(feature = "zip")]
    ZipEach,
    #[cfg(feature = "zip")]
    OneZip(Box<OneZip>),
}

/// Batches come in any order and are written in theirs.
#[cfg(feature = "zip")]
struct OneZip {
    target: PathBuf,
    data: PathBuf,
    list: PathBuf,
    state: Mutex<State>,
}

#[cfg(feature = "zip")]
struct State {
    zip: Option<ZipFiles>,
    next: u64,
    waiting: std::collections::BTreeMap<u64, Vec<Packed>>,
}

impl<'a> Sink<'a> {
    pub fn open(
        args: &GenerateArgs,
        stem: &str,
        journal: Journal,
        interrupted: &'a AtomicBool,
    ) -> Result<Self, Failure> {
        let out = args.out.clone();
        #[cfg(feature = "zip")]
        let kind = match (args.zip, args.zip_each) {
            (true, _) => Kind::OneZip(Box::new(OneZip::open(args, stem, &journal)?)),
            (_, true) => Kind::ZipEach,
            _ => Kind::Folders,
        };
        #[cfg(not(feature = "zip"))]
        let kind = Kind::Folders;
        let _ = stem;
        Ok(Self {
            out,
            options: output::Options { fsync: args.fsync },
            interrupted,
            kind,
            journal: Mutex::new(journal),
            #[cfg(feature = "zip")]
            level: args.zip_level,
        })
    }

    /// For the fingerprint of a run.
    pub fn kind(args: &GenerateArgs) -> String {
        #[cfg(feature = "zip")]
        return format!("{} {} {}", args.zip, args.zip_each, args.zip_level);
        #[cfg(not(feature = "zip"))]
        {
            let _ = args;
            String::new()
        }
    }

    /// Whether an earlier run has put this batch in place.
    pub fn has(&self, batch: u64) -> bool {
        self.journal().has(batch)
    }

    /// What a worker puts its batches in place with.
    pub fn hand(&self) -> Hand<'_, 'a> {
        Hand {
            sink: self,
            #[cfg(feature = "zip")]
            packer: Packer::new(self.level),
        }
    }

    fn journal(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the zip, and the journal with it, unless something is left to do. Says where all is.
    pub fn finish(self, ended_early: bool) -> Result<String, Failure> {
        let mut written = self.out.display().to_string();
        let mut journal = self.journal.into_inner().unwrap_or_else(PoisonError::into_inner);
        #[cfg(feature = "zip")]
        if let Kind::OneZip(one) = self.kind {
            written = one.target.display().to_string();
            one.finish(ended_early, self.options.fsync, &mut journal)?;
        }
        let _ = (&mut written, &mut journal);
        if !ended_early {
            journal.remove()?;
        }
        Ok(written)
    }
}

pub struct Hand<'s, 'a> {
    sink: &'s Sink<'a>,
    #[cfg(feature = "zip")]
    packer: Packer,
}

impl Hand<'_, '_> {
    /// What is the same for everybody: folders, or the first entries of the one zip.
    pub fn put_shared(&mut self, batch: u64, bundles: &[Bundle]) -> Result<(), Failure> {
        match &self.sink.kind {
            #[cfg(feature = "zip")]
            Kind::OneZip(_) => self.put(batch, bundles),
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
            Kind::Folders => {
                output::write_dirs(&sink.out, bundles, &sink.options, sink.interrupted)?;
                sink.journal().done(batch)?;
            }
            #[cfg(feature = "zip")]
            Kind::ZipEach => {
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
            Kind::OneZip(one) => {
                let mut packed = Vec::new();
                for bundle in bundles {
                    packed.extend(self.pack(bundle, true)?);
                }
                one.put(batch, packed, &sink.journal)?;
            }
        }
        Ok(())
    }

    /// A bundle's files in the order of their paths, with its manifest.
    #[cfg(feature = "zip")]
    fn pack(&mut self, bundle: &Bundle, with_folder: bool) -> Result<Vec<Packed>, Failure> {
        let folder = output::folder_path(&bundle.folder)?;
        let manifest = output::manifest::render(bundle);
        let files = bundle.files.iter().map(|file| (file.path.as_str(), &file.bytes[..]));
        let mut files: Vec<_> = files.chain([(output::manifest::FILE, &manifest[..])]).collect();
        files.sort_unstable_by_key(|(path, _)| *path);
        let name = |path: &str| match with_folder {
            true => format!("{folder}/{path}"),
            false => path.to_owned(),
        };
        Ok(files.into_iter().map(|(path, bytes)| self.packer.pack(name(path), bytes)).collect())
    }
}

/// A user's zip, whole or not at all.
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

#[cfg(feature = "zip")]
impl OneZip {
    fn open(args: &GenerateArgs, stem: &str, journal: &Journal) -> Result<Self, Failure> {
        let mut name = stem.to_owned();
        // Shares may be made at once, in one folder.
        if let Some(Shard { number, of }) = args.shard {
            name += &format!("-{number}-of-{of}");
        }
        let target = output::check_zip_target(&args.out, &name)?;
        let beside = |end: &str| target.with_extension(end);
        let (data, list) = (beside("zip.part"), beside("zip.list"));
        let (next, place) = journal.zip.unwrap_or((0, Place::default()));
        let failed = |e: io::Error| output::Error::io("write", &data, e);
        let zip = ZipFiles::open(&data, &list, place).map_err(failed)?;
        let state = State { zip: Some(zip), next, waiting: std::collections::BTreeMap::new() };
        Ok(Self { target, data, list, state: Mutex::new(state) })
    }

    fn put(
        &self,
        batch: u64,
        packed: Vec<Packed>,
        journal: &Mutex<Journal>,
    ) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |e: io::Error| output::Error::io("write", &self.target, e);
        state.waiting.insert(batch, packed);
        loop {
            let next = state.next;
            let Some(packed) = state.waiting.remove(&next) else { return Ok(()) };
            let Some(zip) = state.zip.as_mut() else { return Ok(()) };
            packed.iter().try_for_each(|packed| zip.add(packed)).map_err(failed)?;
            if (next + 1).is_multiple_of(TOLD_AFTER) {
                let place = zip.flush().map_err(failed)?;
                let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
                journal.zip_up_to(next + 1, place)?;
            }
            state.next += 1;
        }
    }

    fn finish(self, ended_early: bool, fsync: bool, journal: &mut Journal) -> Result<(), Failure> {
        let failed = |e: io::Error| output::Error::io("write", &self.target, e);
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(mut zip) = state.zip else { return Ok(()) };
        if ended_early {
            let place = zip.flush().map_err(failed)?;
            journal.zip_up_to(state.next, place)?;
            return Ok(());
        }
        zip.finish(fsync).map_err(failed)?;
        fs::rename(&self.data, &self.target).map_err(failed)?;
        fs::remove_file(&self.list).map_err(failed)?;
        Ok(())
    }
}

/// `rejected.csv`: the rows that are no users, with the reason behind their own columns.
pub struct Rejected {
    path: PathBuf,
    writer: Option<csv::Writer<BufWriter<File>>>,
}

impl Rejected {
    pub fn new(out: &Path, shard: Option<Shard>) -> Self {
        let name = match shard {
            Some(Shard { number, of }) => format!("rejected-{number}-of-{of}.csv"),
            None => "rejected.csv".to_owned(),
        };
        Self { path: out.join(name), writer: None }
    }

    pub fn add(&mut self, header: &[String], row: &Row, why: &str) -> Result<(), Failure> {
        let failed =
            |e: &dyn std::fmt::Display| format!("cannot write {}: {e}", self.path.display());
        let writer = match &mut self.writer {
            Some(writer) => writer,
            empty => {
                let file = File::create(&self.path).map_err(|e| failed(&e))?;
                let mut builder = csv::WriterBuilder::new();
                let mut writer = builder.flexible(true).from_writer(BufWriter::new(file));
                // An entry of a directory has a name and no line.
                let line = row.name.is_none().then_some("line");
                let columns = header.iter().map(String::as_str).chain(line).chain(["reason"]);
                writer.write_record(columns).map_err(|e| failed(&e))?;
                empty.insert(writer)
            }
        };
        let mut fields: Vec<String> = row.fields.iter().map(|field| harmless(field)).collect();
        fields.resize(fields.len().max(header.len()), String::new());
        fields.extend(row.name.is_none().then(|| row.line.to_string()));
        fields.push(why.to_owned());
        writer.write_record(&fields).map_err(|e| failed(&e))?;
        Ok(())
    }

    /// The file, if there is one.
    pub fn finish(self) -> Result<Option<String>, Failure> {
        let Some(mut writer) = self.writer else { return Ok(None) };
        writer.flush()?;
        Ok(Some(self.path.display().to_string()))
    }
}

/// What a spreadsheet would compute is shown to it as a text.
fn harmless(field: &str) -> String {
    const LONGEST: usize = 1000;
    let cut: String = field.chars().take(LONGEST).collect();
    match cut.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cut}"),
        false => cut,
    }
}
