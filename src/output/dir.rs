//! Writes bundles as folders, each replaced as a whole.
//!
//! Guarantees:
//! - If the process is killed at any moment, each bundle on disk is the old one or the new one,
//!   never half of each. The next run removes leftovers.
//! - After an error nothing has changed: everything is staged and checked before the first bundle
//!   is put in place, and replaced bundles are restored if a later one fails.
//! - Files of other subjects, and files that somebody added to a bundle by hand, are not touched:
//!   they are carried over (`keep`) and stay out of the manifest. Files in the old manifest belong
//!   to mailwright, even if they were edited by hand.
//! - A bundle that would not change is not touched at all, whatever else is in its folder.
//! - Several runs may use one output folder at the same time; they stage separately and put their
//!   bundles in place one after the other.
//!
//! Ctrl-C is obeyed until the first bundle is put in place; the rest are only renames.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::folder::NewFolder;
use super::keep::look;
use super::staging::{NEW, OutLock, Staging};
use super::swap::{ASIDE, FolderChange, place, replace};
use super::{Bundle, Error, Options, layout, manifest};

/// Writes `bundles` below `out` and returns the folder of each, in the same order.
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
    let run = BundleWriter { out, options, interrupted };
    let mut staged = Vec::with_capacity(bundles.len());
    for (n, bundle) in bundles.iter().enumerate() {
        let bundle = run.describe(bundle, staging.path(), n)?;
        // Reading the existing files costs less than writing them again.
        if !run.is_there(&bundle)? {
            run.stage(&bundle)?;
            staged.push(bundle);
        }
    }
    // A provider comes before its accounts, whose folders are inside its own.
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

struct BundleWriter<'a> {
    out: &'a Path,
    options: &'a Options,
    interrupted: &'a AtomicBool,
}

/// A bundle that is staged, but not yet in place.
struct StagedBundle<'a> {
    bundle: &'a Bundle,
    /// Its folder, with `/` as separator.
    folder: String,
    manifest: Vec<u8>,
    /// Where the staged bundle is.
    staged: PathBuf,
    /// Where the old bundle can be moved aside to.
    slot: PathBuf,
}

/// The change that puts a staged bundle in place.
struct Change<'a> {
    staged: &'a StagedBundle<'a>,
    replaces: bool,
}

impl<'a> BundleWriter<'a> {
    fn go_on(&self) -> Result<(), Error> {
        match self.interrupted.load(Ordering::Relaxed) {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    }

    fn describe(
        &self,
        bundle: &'a Bundle,
        staging: &Path,
        n: usize,
    ) -> Result<StagedBundle<'a>, Error> {
        Ok(StagedBundle {
            bundle,
            folder: layout::folder_path(&bundle.folder)?,
            manifest: manifest::render(bundle),
            staged: staging.join(NEW).join(n.to_string()),
            slot: staging.join(ASIDE).join(n.to_string()),
        })
    }

    /// Whether the same bundle is already in place, byte for byte.
    fn is_there(&self, staged: &StagedBundle<'_>) -> Result<bool, Error> {
        let old = look(self.out, &staged.folder)?;
        Ok(old.is_some_and(|old| old.has(staged.files(), staged.bundle.is_secret())))
    }

    /// Writes a bundle into the staging folder.
    fn stage(&self, staged: &StagedBundle<'_>) -> Result<(), Error> {
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

    /// Adds what is kept from the old bundle to a staged one. `None` if the bundle is unchanged.
    fn prepare(&self, staged: &'a StagedBundle<'a>) -> Result<Option<Change<'a>>, Error> {
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
            done.into_iter().rev().for_each(FolderChange::undo);
        }
        result
    }

    fn put_one(&self, change: &Change, done: &mut Vec<FolderChange>) -> io::Result<()> {
        let StagedBundle { folder, staged, slot, .. } = change.staged;
        let target = self.out.join(folder);
        if change.replaces {
            done.push(replace(staged.clone(), target, slot.clone(), folder)?);
            return Ok(());
        }
        for (end, _) in folder.match_indices('/') {
            let parent = self.out.join(&folder[..end]);
            if !parent.is_dir() {
                fs::create_dir(&parent)?;
                done.push(FolderChange::Made(parent));
            }
        }
        done.push(place(staged.clone(), target)?);
        Ok(())
    }

    /// Syncs the parent folders, after which a power failure cannot undo the renames.
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

impl StagedBundle<'_> {
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

/// Syncs the entries of a folder. Windows has no such call and does this itself.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}
