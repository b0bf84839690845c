//! Finds what must be kept from an old bundle, and carries it over into the new one.
//!
//! The files in the old manifest are mailwright's and are dropped. Everything else stays: users'
//! folders (bundles of their own) and files that somebody added by hand. They are hard-linked into
//! the staged bundle, so both bundles are complete and the swap loses nothing. Files are copied
//! only if the file system has no hard links.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Error, manifest};

/// An existing folder at the place of a bundle.
pub(super) struct OldFolder {
    folder: PathBuf,
    /// The files in its manifest, and the manifest itself. Empty if so far only users have folders
    /// there.
    listed: BTreeSet<String>,
}

/// Looks at the place of a bundle. `None` if nothing is there.
///
/// # Errors
/// The folder contains files, but neither a manifest nor a bundle, so it is not mailwright's.
pub(super) fn look(out: &Path, folder: &str) -> Result<Option<OldFolder>, Error> {
    let mut path = out.to_owned();
    for component in folder.split('/') {
        path.push(component);
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("look into", path, e)),
        };
        if found.is_symlink() {
            return Err(Error::Symlink { path });
        }
        if !found.is_dir() {
            return Err(Error::NotAFolder { path });
        }
    }
    match manifest::listed(&path) {
        Some(listed) => Ok(Some(OldFolder { folder: path, listed })),
        None if may_become_a_bundle(&path)? => {
            Ok(Some(OldFolder { folder: path, listed: BTreeSet::new() }))
        }
        None => Err(Error::NotOurs { folder: path }),
    }
}

/// Whether a folder without a manifest is empty or contains a bundle. If so, it was created for a
/// user.
fn may_become_a_bundle(folder: &Path) -> Result<bool, Error> {
    let failed = |e| Error::io("look into", folder, e);
    let mut empty = true;
    for entry in fs::read_dir(folder).map_err(failed)? {
        if manifest::listed(&entry.map_err(failed)?.path()).is_some() {
            return Ok(true);
        }
        empty = false;
    }
    Ok(empty)
}

impl OldFolder {
    /// Whether all `files` (including the manifest) already exist, byte for byte.
    pub(super) fn has<'a>(
        &self,
        mut files: impl Iterator<Item = (&'a str, &'a [u8])>,
        secret: bool,
    ) -> bool {
        files.all(|(path, bytes)| {
            let path = self.folder.join(path);
            // An unreadable file counts as different and is replaced.
            fs::symlink_metadata(&path).is_ok_and(|found| {
                found.is_file()
                    && found.len() == bytes.len() as u64
                    && !(secret && is_open_to_others(&found))
                    && fs::read(&path).is_ok_and(|old| old == bytes)
            })
        })
    }

    /// Carries everything that the old manifest does not list over to the bundle staged at `new`.
    pub(super) fn keep(&self, new: &Path, fsync: bool) -> Result<(), Error> {
        let mover = Mover { old: &self.folder, new, fsync };
        mover.folder(Path::new(""), Some(&self.listed))
    }
}

struct Mover<'a> {
    old: &'a Path,
    new: &'a Path,
    fsync: bool,
}

impl Mover<'_> {
    /// Carries over everything below `inside`, except the listed files. Without a list, the folder
    /// is a bundle of its own and is carried over completely.
    fn folder(&self, inside: &Path, listed: Option<&BTreeSet<String>>) -> Result<(), Error> {
        let (old, new) = (self.old.join(inside), self.new.join(inside));
        let failed = |e| Error::io("look into", &old, e);
        let mut empty = true;
        for entry in fs::read_dir(&old).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            empty = false;
            let path = inside.join(entry.file_name());
            if entry.file_type().map_err(failed)?.is_dir() {
                let own = path.join(manifest::FILE);
                let is_bundle = self.old.join(&own).is_file() && !is_listed(listed, &own);
                self.folder(&path, listed.filter(|_| !is_bundle))?;
            } else if !is_listed(listed, &path) {
                self.make_folder(inside)?;
                self.file(&path)?;
            }
        }
        if empty {
            self.make_folder(inside)?;
        }
        // The admin may have changed the permissions, for example for the web server's group.
        if new.is_dir() {
            let permissions = fs::metadata(&old).map_err(failed)?.permissions();
            fs::set_permissions(&new, permissions).map_err(|e| Error::io("write", &old, e))?;
        }
        Ok(())
    }

    /// Creates the folders down to `inside`. It is an error if a new file is in the way.
    fn make_folder(&self, inside: &Path) -> Result<(), Error> {
        let mut path = PathBuf::new();
        for component in inside.components() {
            path.push(component);
            let new = self.new.join(&path);
            match fs::create_dir(&new) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::AlreadyExists && new.is_dir() => {}
                Err(e) => return Err(self.failed(&path, e)),
            }
        }
        Ok(())
    }

    fn file(&self, path: &Path) -> Result<(), Error> {
        let (old, new) = (self.old.join(path), self.new.join(path));
        match fs::hard_link(&old, &new) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Err(self.failed(path, e)),
            // The file system has no hard links (FAT, some network file systems), the file has too
            // many, or links to other users' files are forbidden.
            Err(e) => self.copy(&old, &new, e).map_err(|e| self.failed(path, e)),
        }
    }

    fn copy(&self, old: &Path, new: &Path, no_link: std::io::Error) -> std::io::Result<()> {
        let kind = fs::symlink_metadata(old)?.file_type();
        #[cfg(unix)]
        if kind.is_symlink() {
            return std::os::unix::fs::symlink(fs::read_link(old)?, new);
        }
        if !kind.is_file() {
            // Reading a pipe or socket could block forever.
            return Err(no_link);
        }
        fs::copy(old, new)?;
        if self.fsync {
            fs::OpenOptions::new().write(true).open(new)?.sync_all()?;
        }
        Ok(())
    }

    fn failed(&self, path: &Path, error: std::io::Error) -> Error {
        let path = self.old.join(path);
        match error.kind() {
            ErrorKind::AlreadyExists => Error::InTheWay { path },
            _ => Error::io("keep", path, error),
        }
    }
}

fn is_listed(listed: Option<&BTreeSet<String>>, path: &Path) -> bool {
    // Only UTF-8 paths are written, so other paths are never listed.
    let parts: Option<Vec<_>> = path.iter().map(|part| part.to_str()).collect();
    listed.zip(parts).is_some_and(|(listed, parts)| listed.contains(&parts.join("/")))
}

#[cfg(unix)]
fn is_open_to_others(found: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_linked_is_copied_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::create_dir(&old).unwrap();
        fs::create_dir(&new).unwrap();
        fs::write(old.join("x"), "text").unwrap();
        let mover = Mover { old: &old, new: &new, fsync: true };
        let no_link = ErrorKind::Unsupported.into();
        mover.copy(&old.join("x"), &new.join("x"), no_link).unwrap();
        assert_eq!(fs::read_to_string(new.join("x")).unwrap(), "text");
        let mode = |folder: &Path| fs::metadata(folder.join("x")).unwrap().permissions();
        assert_eq!(mode(&old), mode(&new));
    }
}
