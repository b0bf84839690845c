//! Lists the provider files of a folder and its subfolders, and says why it skips other entries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::super::sources::{SourceOrigin, Stamp, stem};
use crate::regular_file;

/// What there is.
#[derive(Debug, Default)]
pub struct Listing {
    /// Every provider file by its name, with its stamp: `a/b` for `a/b.toml`.
    pub files: BTreeMap<String, Stamp>,
    /// Subfolders that cannot be read now, with a slash at the end. What was read from them before
    /// stays as it is.
    pub unreadable: BTreeSet<String>,
    /// Why an entry is skipped, by its path within the folder.
    pub skipped: BTreeMap<String, String>,
}

/// Subfolders below each other.
const DEEPEST: usize = 8;
const ENDING: &str = "toml";

impl Listing {
    /// Whether the file is there, or may be there in a folder that cannot be read.
    pub fn may_have(&self, name: &str) -> bool {
        self.files.contains_key(name)
            || self.unreadable.iter().any(|folder| name.starts_with(folder.as_str()))
    }

    /// Lists the files. `watch` is called with each folder before it is listed, so that no change
    /// is missed.
    ///
    /// # Errors
    ///
    /// The file or folder itself cannot be read.
    pub fn of(origin: &SourceOrigin, watch: &dyn Fn(&Path)) -> io::Result<Self> {
        let mut listing = Self::default();
        match origin {
            SourceOrigin::BuiltIn { name, text } => {
                listing.files.insert(name.clone(), Stamp(text.len() as u64));
            }
            SourceOrigin::File(path) => {
                listing.files.insert(stem(path), stamp(&fs::metadata(path)?));
            }
            SourceOrigin::Folder(folder) => {
                let whole = folder.canonicalize()?;
                let seen = BTreeSet::from([whole.clone()]);
                let walk = &mut Walk { whole, seen, links: VecDeque::new(), watch };
                listing.add_folder(folder, "", 0, walk)?;
                // Links come last, so that a link to a folder never gives it another name.
                while let Some((path, shown, depth)) = walk.links.pop_front() {
                    listing.add_or_skip(&path, &shown, depth, walk);
                }
            }
        }
        Ok(listing)
    }

    fn add_folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        depth: usize,
        walk: &mut Walk<'_>,
    ) -> io::Result<()> {
        (walk.watch)(folder);
        let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let file_name = path.file_name().unwrap_or_default();
            let shown = format!("{prefix}{}", file_name.to_string_lossy());
            // Editors' files, and the folders that Kubernetes puts the real files into.
            if file_name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // Something was deleted while the folder was listed.
            let Ok(own) = fs::symlink_metadata(&path) else { continue };
            let target = fs::metadata(&path);
            if target.as_ref().is_ok_and(fs::Metadata::is_dir) {
                match own.is_symlink() {
                    true => walk.links.push_back((path, shown, depth + 1)),
                    false => self.add_or_skip(&path, &shown, depth + 1, walk),
                }
                continue;
            }
            // A name becomes a line of the log and of the file with the owners.
            let name = file_name.to_str().filter(|name| !name.chars().any(char::is_control));
            let why = match name {
                None => "its name is not printable UTF-8 text".to_owned(),
                Some(_) if path.extension().is_some_and(|ending| ending == ENDING) => {
                    // A link that leads nowhere is a file that cannot be read.
                    let stamp = stamp(target.as_ref().unwrap_or(&own));
                    self.files.insert(format!("{prefix}{}", stem(&path)), stamp);
                    continue;
                }
                Some(_) if own.is_file() || own.is_symlink() => {
                    format!("its name does not end in .{ENDING}")
                }
                Some(_) => format!("it is {}", regular_file::kind(own.file_type())),
            };
            self.skipped.insert(shown.escape_debug().to_string(), why);
        }
        Ok(())
    }

    fn add_or_skip(&mut self, path: &Path, shown: &str, depth: usize, walk: &mut Walk<'_>) {
        if let Err(why) = self.add_subfolder(path, shown, depth, walk) {
            self.skipped.insert(format!("{}/", shown.escape_debug()), why);
        }
    }

    fn add_subfolder(
        &mut self,
        path: &Path,
        shown: &str,
        depth: usize,
        walk: &mut Walk<'_>,
    ) -> Result<(), String> {
        if shown.chars().any(char::is_control) {
            return Err("its name is not printable UTF-8 text".to_owned());
        }
        if depth > DEEPEST {
            return Err(format!("it is more than {DEEPEST} folders deep"));
        }
        let prefix = format!("{shown}/");
        let mut unreadable = |why: io::Error| {
            self.unreadable.insert(prefix.clone());
            format!("it cannot be read: {why}")
        };
        let real = path.canonicalize().map_err(&mut unreadable)?;
        if !real.starts_with(&walk.whole) {
            return Err("it is a link to a place outside of the folder".to_owned());
        }
        if !walk.seen.insert(real) {
            return Err("its files are read already, by another path".to_owned());
        }
        match self.add_folder(path, &prefix, depth, walk) {
            Ok(()) => Ok(()),
            Err(why) => {
                self.unreadable.insert(prefix);
                Err(format!("it cannot be read: {why}"))
            }
        }
    }
}

/// What the steps of a walk share.
struct Walk<'a> {
    /// The path of the folder without links.
    whole: PathBuf,
    /// Folders that were listed, so that links in a circle end.
    seen: BTreeSet<PathBuf>,
    /// Links to folders, which come after the folders themselves: path, shown path and depth.
    links: VecDeque<(PathBuf, String, usize)>,
    watch: &'a dyn Fn(&Path),
}

/// The stamp of a file; `None` if it is not there.
pub fn stamp_of(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|metadata| stamp(&metadata))
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    metadata.modified().ok().hash(&mut hasher);
    metadata.len().hash(&mut hasher);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.ino().hash(&mut hasher);
        // It also changes with the permissions.
        (metadata.ctime(), metadata.ctime_nsec()).hash(&mut hasher);
    }
    Stamp(hasher.finish())
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::RefCell;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn subfolders_are_listed_and_what_is_skipped_has_a_reason() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("p");
        let deep = folder.join("1/2/3/4/5/6/7/8/9");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir_all(folder.join("..data/sub")).unwrap();
        for file in ["a.toml", "1/a.toml", "..data/sub/k.toml", "notes.txt", ".a.toml.swp"] {
            fs::write(folder.join(file), "").unwrap();
        }
        fs::write(deep.join("x.toml"), "").unwrap();
        fs::write(folder.join("line\nbreak.toml"), "").unwrap();
        // Kubernetes links the first part of a path.
        symlink("..data/sub", folder.join("sub")).unwrap();
        symlink("..", folder.join("1/up")).unwrap();
        symlink("/", folder.join("root")).unwrap();
        symlink("nowhere", folder.join("b.toml")).unwrap();
        let watched = RefCell::new(Vec::new());
        let watch = |folder: &Path| watched.borrow_mut().push(folder.to_owned());
        let listing = Listing::of(&SourceOrigin::Folder(folder.clone()), &watch).unwrap();
        let names: Vec<&str> = listing.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["1/a", "a", "b", "sub/k"]);
        let skipped: Vec<String> =
            listing.skipped.iter().map(|(path, why)| format!("{path}: {why}")).collect();
        assert_eq!(
            skipped,
            [
                "1/2/3/4/5/6/7/8/9/: it is more than 8 folders deep",
                "1/up/: its files are read already, by another path",
                "line\\nbreak.toml: its name is not printable UTF-8 text",
                "notes.txt: its name does not end in .toml",
                "root/: it is a link to a place outside of the folder",
            ]
        );
        assert_eq!(watched.borrow().len(), 10);
        assert!(watched.borrow().contains(&folder.join("sub")));
    }

    #[test]
    fn files_of_a_folder_that_cannot_be_read_may_be_there() {
        let listing =
            Listing { unreadable: BTreeSet::from(["a/".to_owned()]), ..Listing::default() };
        assert!(listing.may_have("a/b") && listing.may_have("a/b/c"));
        assert!(!listing.may_have("a") && !listing.may_have("ab"));
    }
}
