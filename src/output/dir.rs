//! Writes bundles as folders, each replaced as a whole.
//!
//! What it promises:
//! - A process killed at any moment leaves of each bundle the old one or the new one, never half.
//!   The next run removes what the killed one left behind.
//! - After an error nothing has changed: everything is staged and judged before the first bundle
//!   is put in place, and what was put in place is taken back if a later one fails.
//! - No other subject's files are touched, and no files that somebody put into a bundle by hand:
//!   they are carried over (`keep`) and stay out of the manifest. Files that the old manifest
//!   lists are mailwright's, also when edited by hand.
//! - A bundle that would not change is not touched at all, whatever lies in its folder.
//! - Runs into one output folder may overlap; they stage side by side and put in place in turn.
//!
//! Ctrl-C is heeded until the first bundle is put in place; from there to the end it is a matter
//! of renames.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::folder::NewFolder;
use super::keep::look;
use super::staging::{NEW, OutLock, Staging};
use super::swap::{ASIDE, Step, place, replace};
use super::{Bundle, Error, Options, layout, manifest};

/// Writes `bundles` below `out` and says where each one is, in their order.
pub fn write_dirs(
    out: &Path,
    bundles: &[Bundle],
    options: &Options,
    interrupted: &AtomicBool,
) -> Result<Vec<PathBuf>, Error> {
    layout::check(bundles)?;
    if bundles.is_empty() {
        return Ok(Vec::new());
    }
    let mut staging = Staging::begin(out, interrupted)?;
    let run = Run { out, options, interrupted };
    let mut staged = Vec::with_capacity(bundles.len());
    for (n, bundle) in bundles.iter().enumerate() {
        let bundle = run.describe(bundle, staging.path(), n)?;
        // Reading what is there costs less than writing it again.
        if !run.is_there(&bundle)? {
            run.stage(&bundle)?;
            staged.push(bundle);
        }
    }
    // A provider before its persons, whose folders are inside.
    staged.sort_by(|a, b| a.bundle.folder.cmp(&b.bundle.folder));

    let lock = OutLock::acquire(out, interrupted)?;
    let mut changes = Vec::new();
    for bundle in &staged {
        run.go_on()?;
        changes.extend(run.prepare(bundle)?);
    }
    run.put_in_place(&changes)?;
    staging.keep_out();
    drop(lock);
    Ok(bundles.iter().map(|bundle| out.join(&bundle.folder)).collect())
}

struct Run<'a> {
    out: &'a Path,
    options: &'a Options,
    interrupted: &'a AtomicBool,
}

/// A bundle that is written, but not yet where it belongs.
struct Staged<'a> {
    bundle: &'a Bundle,
    /// Its folder with `/`.
    folder: String,
    manifest: Vec<u8>,
    /// Where it is.
    staged: PathBuf,
    /// Where an old one can be moved aside to.
    slot: PathBuf,
}

/// What has to happen to put a staged bundle in place.
struct Change<'a> {
    staged: &'a Staged<'a>,
    replaces: bool,
}

impl<'a> Run<'a> {
    fn go_on(&self) -> Result<(), Error> {
        match self.interrupted.load(Ordering::Relaxed) {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    }

    fn describe(&self, bundle: &'a Bundle, staging: &Path, n: usize) -> Result<Staged<'a>, Error> {
        Ok(Staged {
            bundle,
            folder: layout::folder_path(&bundle.folder)?,
            manifest: manifest::render(bundle),
            staged: staging.join(NEW).join(n.to_string()),
            slot: staging.join(ASIDE).join(n.to_string()),
        })
    }

    /// Whether the bundle lies in its place already, byte for byte.
    fn is_there(&self, staged: &Staged<'_>) -> Result<bool, Error> {
        let old = look(self.out, &staged.folder)?;
        Ok(old.is_some_and(|old| old.has(staged.files(), staged.bundle.is_secret())))
    }

    /// Writes a bundle into the staging folder.
    fn stage(&self, staged: &Staged<'_>) -> Result<(), Error> {
        let mut made = HashSet::from([""]);
        let secret = staged.bundle.is_secret();
        let failed =
            |path: &str, e| Error::io("write", self.out.join(&staged.bundle.folder).join(path), e);
        let new = NewFolder::make(&staged.staged).map_err(|e| failed("", e))?;
        for (path, bytes) in staged.files() {
            self.go_on()?;
            let ends = path.match_indices('/').map(|(end, _)| end);
            for folder in ends.map(|end| &path[..end]) {
                if made.insert(folder) {
                    new.folder(folder).map_err(|e| failed(folder, e))?;
                }
            }
            self.write(&new, path, bytes, secret).map_err(|e| failed(path, e))?;
        }
        Ok(())
    }

    fn write(&self, new: &NewFolder, path: &str, bytes: &[u8], secret: bool) -> io::Result<()> {
        let mut file = new.create(path, secret)?;
        file.write_all(bytes)?;
        if self.options.fsync { file.sync_all() } else { Ok(()) }
    }

    /// Makes a staged bundle complete with what stays of the old one; nothing if it is unchanged.
    fn prepare(&self, staged: &'a Staged<'a>) -> Result<Option<Change<'a>>, Error> {
        let old = look(self.out, &staged.folder)?;
        if let Some(old) = &old {
            if old.has(staged.files(), staged.bundle.is_secret()) {
                return Ok(None);
            }
            old.keep(&staged.staged, self.options.fsync)?;
        }
        if self.options.fsync {
            sync_folders(&staged.staged)
                .map_err(|e| Error::io("write", self.out.join(&staged.folder), e))?;
        }
        Ok(Some(Change { staged, replaces: old.is_some() }))
    }

    fn put_in_place(&self, changes: &[Change]) -> Result<(), Error> {
        let mut done = Vec::new();
        let result = changes
            .iter()
            .try_for_each(|change| {
                self.put_one(change, &mut done)
                    .map_err(|e| Error::io("replace", self.out.join(&change.staged.folder), e))
            })
            .and_then(|()| self.sync_parents(changes));
        if result.is_err() {
            done.into_iter().rev().for_each(Step::undo);
        }
        result
    }

    fn put_one(&self, change: &Change, done: &mut Vec<Step>) -> io::Result<()> {
        let Staged { folder, staged, slot, .. } = change.staged;
        let target = self.out.join(folder);
        if change.replaces {
            done.push(replace(staged.clone(), target, slot.clone(), folder)?);
            return Ok(());
        }
        for (end, _) in folder.match_indices('/') {
            let parent = self.out.join(&folder[..end]);
            if !parent.is_dir() {
                fs::create_dir(&parent)?;
                done.push(Step::Made(parent));
            }
        }
        done.push(place(staged.clone(), target)?);
        Ok(())
    }

    /// After this a power cut cannot undo the renames.
    fn sync_parents(&self, changes: &[Change]) -> Result<(), Error> {
        if !self.options.fsync || changes.is_empty() {
            return Ok(());
        }
        let mut parents: Vec<_> = changes
            .iter()
            .flat_map(|change| Path::new(&change.staged.folder).ancestors().skip(1))
            .collect();
        parents.sort_unstable();
        parents.dedup();
        // `out` itself may be new as well.
        let parents = parents.iter().map(|parent| self.out.join(parent));
        let above = self.out.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty());
        for folder in parents.chain(above.take(1).map(Path::to_owned)) {
            sync_folder(&folder).map_err(|e| Error::io("write", folder, e))?;
        }
        Ok(())
    }
}

impl Staged<'_> {
    fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.bundle.files.iter().map(|file| (file.path.as_str(), &file.bytes[..]));
        files.chain([(manifest::FILE, &self.manifest[..])])
    }
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

/// Writes out the names in a folder. Windows has no such call and does it on its own.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}
