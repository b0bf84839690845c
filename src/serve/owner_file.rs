//! Keeps the owner of each domain on disk, so that a restart gives no domain to another provider
//! file.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::regular_file::{self, Links, Refused};

/// The file with the owners, in the folder of `--state-dir`.
#[derive(Debug)]
pub struct OwnerFile {
    path: PathBuf,
    /// A hash of what was written last.
    written: Option<u64>,
}

const NAME: &str = "domain-owners";
const FIRST_LINE: &str = "# The provider file that has each domain. Written by mailwright serve.\n";
/// Bytes. Ten million domains.
const LARGEST: u64 = 1 << 30;

impl OwnerFile {
    /// Creates the folder for `user` if the process is root.
    ///
    /// # Errors
    ///
    /// The folder cannot be created.
    pub fn prepare(folder: &Path, user: Option<&str>) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let made = std::fs::create_dir_all(folder);
        let made = made.and_then(|()| super::privileges::give_to_user(folder, user));
        made.map_err(|why| {
            io::Error::new(why.kind(), format!("cannot make {}: {why}", folder.display()))
        })
    }

    /// Reads the owners, and checks that the folder can be written to.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read, or the folder is not writable.
    pub fn open(folder: &Path) -> io::Result<(Self, HashMap<String, String>)> {
        NamedTempFile::new_in(folder).map_err(|why| {
            let words = format!(
                "cannot write to {}: {why}; the user who runs this must own it, or name another \
                 folder with --state-dir",
                folder.display()
            );
            io::Error::new(why.kind(), words)
        })?;
        let path = folder.join(NAME);
        let shown = path.display();
        let failed = |why: &dyn std::fmt::Display| {
            io::Error::other(format!(
                "cannot read {shown}: {why}; correct it, or delete it to give contested domains to \
                 the first file by name"
            ))
        };
        let bytes = match regular_file::read(&path, LARGEST, Links::Within(folder)) {
            Ok(bytes) => bytes,
            Err(Refused::Io(why)) if why.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(why) => return Err(failed(&why)),
        };
        let text = String::from_utf8(bytes).map_err(|_| failed(&"it is not UTF-8 text"))?;
        let mut owners = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            match line.split_once(' ') {
                _ if line.is_empty() || line.starts_with('#') => {}
                Some((domain, name)) if !domain.is_empty() && !name.is_empty() => {
                    owners.insert(domain.to_owned(), name.to_owned());
                }
                _ => return Err(failed(&format!("line {} is not DOMAIN NAME", number + 1))),
            }
        }
        Ok((Self { path, written: None }, owners))
    }

    /// Replaces the file if the owners have changed.
    ///
    /// # Errors
    ///
    /// The file cannot be written. The old one stays.
    pub fn write(&mut self, owners: &BTreeMap<String, String>) -> io::Result<()> {
        let mut text = FIRST_LINE.to_owned();
        for (domain, name) in owners {
            let _ = writeln!(text, "{domain} {name}");
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(text.as_bytes());
        let hash = Some(hasher.finish());
        if self.written == hash {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let written = || {
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map(drop).map_err(|failed| failed.error)
        };
        written().map_err(|why| {
            io::Error::new(why.kind(), format!("cannot write {}: {why}", self.path.display()))
        })?;
        self.written = hash;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_found_again_and_a_broken_file_is_not_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/state");
        OwnerFile::prepare(&state, None).unwrap();
        OwnerFile::prepare(&state, None).unwrap();
        let (mut file, owners) = OwnerFile::open(&state).unwrap();
        assert!(owners.is_empty());
        let owners = [("*.a.example", "t/with space"), ("a.example", "a")];
        let owners = owners.map(|(domain, name)| (domain.to_owned(), name.to_owned()));
        file.write(&BTreeMap::from(owners.clone())).unwrap();
        assert_eq!(OwnerFile::open(&state).unwrap().1, HashMap::from(owners.clone()));
        // Nothing is written if nothing has changed.
        std::fs::remove_file(state.join(NAME)).unwrap();
        file.write(&BTreeMap::from(owners)).unwrap();
        assert!(!state.join(NAME).exists());
        std::fs::write(state.join(NAME), "# x\na.example\n").unwrap();
        let why = OwnerFile::open(&state).unwrap_err().to_string();
        assert!(why.contains("line 2 is not DOMAIN NAME") && why.contains("delete it"), "{why}");
    }
}
