//! One archive of all users' files: batches arrive in any order and are written in sequence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use crate::output;
use crate::output::archive::beside;
#[cfg(feature = "zip")]
use crate::output::stream::{PackedFile, ZipFiles, ZipPosition};
#[cfg(feature = "tar")]
use crate::output::tar::{self, TarFile};
#[cfg(feature = "zip")]
use crate::output::zip;

use super::super::Failure;
use super::super::args::{GenerateArgs, Shard};
use super::journal::Journal;

/// After how many batches the archive's position is recorded in the journal.
const TOLD_AFTER: u64 = 4;

/// The interface of an archive format for a rollout.
pub trait Archive: Sized {
    /// The file name extension.
    const ENDING: &str;
    /// A batch as packed by a worker.
    type Packed;

    /// Starts the archive `target`, or continues it at `place`. An empty `place` is the beginning.
    fn open(target: &Path, place: &[u64]) -> io::Result<Self>;
    fn add(&mut self, packed: Self::Packed) -> io::Result<()>;
    /// Flushes all data to the system. Returns the position from which it can be continued.
    fn flush(&mut self) -> io::Result<Vec<u64>>;
    /// Completes the archive and moves it to `target`.
    fn finish(self, target: &Path, fsync: bool) -> io::Result<()>;
}

pub struct SingleArchive<A: Archive> {
    target: PathBuf,
    state: Mutex<ArchiveState<A>>,
}

struct ArchiveState<A: Archive> {
    archive: A,
    next: u64,
    waiting: BTreeMap<u64, A::Packed>,
}

impl<A: Archive> SingleArchive<A> {
    pub fn open(args: &GenerateArgs, stem: &str, journal: &mut Journal) -> Result<Self, Failure> {
        let mut name = stem.to_owned();
        // Several shards may be made at once, in one folder.
        if let Some(Shard { number, of }) = args.shard {
            name += &format!("-{number}-of-{of}");
        }
        let target = output::check_archive_target(&args.out, &name, A::ENDING)?;
        // The run was killed after the final rename but before the journal was removed, or the file
        // was deleted.
        if !part(&target).exists() {
            journal.up_to = None;
        }
        let (next, place) =
            journal.up_to.as_ref().map_or((0, &[][..]), |(next, place)| (*next, place));
        let failed = |e: io::Error| output::Error::io("write", part(&target), e);
        let archive = A::open(&target, place).map_err(failed)?;
        let state = ArchiveState { archive, next, waiting: BTreeMap::new() };
        Ok(Self { target, state: Mutex::new(state) })
    }

    pub fn put(
        &self,
        batch: u64,
        packed: A::Packed,
        journal: &Mutex<Journal>,
    ) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |e: io::Error| output::Error::io("write", &self.target, e);
        state.waiting.insert(batch, packed);
        loop {
            let next = state.next;
            let Some(packed) = state.waiting.remove(&next) else { return Ok(()) };
            state.archive.add(packed).map_err(failed)?;
            if (next + 1).is_multiple_of(TOLD_AFTER) {
                let place = state.archive.flush().map_err(failed)?;
                let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
                journal.up_to(next + 1, &place)?;
            }
            state.next += 1;
        }
    }

    /// Completes the archive, unless there is work left. Returns its path.
    pub fn finish(
        self,
        ended_early: bool,
        fsync: bool,
        journal: &Mutex<Journal>,
    ) -> Result<PathBuf, Failure> {
        let failed = |e: io::Error| output::Error::io("write", &self.target, e);
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if ended_early {
            let place = state.archive.flush().map_err(failed)?;
            let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
            journal.up_to(state.next, &place)?;
        } else {
            state.archive.finish(&self.target, fsync).map_err(failed)?;
        }
        Ok(self.target)
    }
}

#[cfg(feature = "tar")]
impl Archive for TarFile {
    const ENDING: &str = tar::ENDING;
    type Packed = Vec<u8>;

    fn open(target: &Path, place: &[u64]) -> io::Result<Self> {
        match *place {
            [] => Self::open(&part(target), 0),
            [length] => Self::open(&part(target), length),
            _ => Err(no_place()),
        }
    }

    fn add(&mut self, packed: Vec<u8>) -> io::Result<()> {
        Self::add(self, &packed)
    }

    fn flush(&mut self) -> io::Result<Vec<u64>> {
        Ok(vec![Self::flush(self)?])
    }

    fn finish(self, target: &Path, fsync: bool) -> io::Result<()> {
        Self::finish(self, fsync)?;
        fs::rename(part(target), target)
    }
}

#[cfg(feature = "zip")]
impl Archive for ZipFiles {
    const ENDING: &str = zip::ENDING;
    type Packed = Vec<PackedFile>;

    fn open(target: &Path, place: &[u64]) -> io::Result<Self> {
        let place = match *place {
            [] => ZipPosition::default(),
            [data, list, entries] => ZipPosition { data, list, entries },
            _ => return Err(no_place()),
        };
        Self::open(&part(target), &list(target), place)
    }

    fn add(&mut self, packed: Vec<PackedFile>) -> io::Result<()> {
        packed.iter().try_for_each(|packed| Self::add(self, packed))
    }

    fn flush(&mut self) -> io::Result<Vec<u64>> {
        let ZipPosition { data, list, entries } = Self::flush(self)?;
        Ok(vec![data, list, entries])
    }

    fn finish(self, target: &Path, fsync: bool) -> io::Result<()> {
        Self::finish(self, fsync)?;
        fs::rename(part(target), target)?;
        fs::remove_file(list(target))
    }
}

/// The partly written archive.
fn part(target: &Path) -> PathBuf {
    beside(target, ".part")
}

/// The central directory of a zip.
#[cfg(feature = "zip")]
fn list(target: &Path) -> PathBuf {
    beside(target, ".list")
}

fn no_place() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what is noted of it is damaged")
}
