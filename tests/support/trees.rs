//! Folders of files: what is in them, and whether that equals what is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below a folder, sorted.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Every file below a folder, by its path with `/`; nothing if there is no such folder.
pub fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    if !folder.is_dir() {
        return BTreeMap::new();
    }
    let name = |path: &Path| {
        let parts = path.strip_prefix(folder).expect("a path below the folder").components();
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    };
    let bytes = |path: &Path| fs::read(path).expect("a readable file");
    walk(folder).iter().map(|path| (name(path), bytes(path))).collect()
}

/// Compares a tree with a committed one; `SNAPSHOTS=overwrite` makes the committed one equal.
#[track_caller]
pub fn assert_tree(expected: &Path, found: &BTreeMap<String, Vec<u8>>) {
    assert_tree_of(expected, found, |_| true);
}

/// The same for a tree that has other files too: only those whose names are ours are compared.
#[track_caller]
pub fn assert_tree_of(
    expected: &Path,
    found: &BTreeMap<String, Vec<u8>>,
    is_ours: impl Fn(&str) -> bool,
) {
    assert!(!found.is_empty(), "nothing was written");
    let mut wanted = files_below(expected);
    wanted.retain(|name, _| is_ours(name));
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        overwrite(expected, &wanted, found);
        return;
    }
    let mut wrong = Vec::new();
    for (name, bytes) in found {
        match wanted.get(name) {
            None => wrong.push(format!("{name} is new")),
            Some(other) if other != bytes => wrong.push(difference(name, other, bytes)),
            Some(_) => {}
        }
    }
    wrong.extend(wanted.keys().filter(|n| !found.contains_key(*n)).map(|n| format!("{n} is gone")));
    assert!(
        wrong.is_empty(),
        "{} is not what is written now; look at the difference, then SNAPSHOTS=overwrite cargo test --test files golden\n{}",
        expected.display(),
        wrong.join("\n")
    );
}

/// Touches only files that differ: other tests may be reading the same tree.
fn overwrite(folder: &Path, old: &BTreeMap<String, Vec<u8>>, new: &BTreeMap<String, Vec<u8>>) {
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        fs::remove_file(folder.join(name)).expect("a file of ours");
    }
    for (name, bytes) in new.iter().filter(|(name, bytes)| old.get(*name) != Some(*bytes)) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}

/// The first line in which two versions of a file differ.
fn difference(name: &str, old: &[u8], new: &[u8]) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let at = old.lines().zip(new.lines()).position(|(old, new)| old != new);
    let (number, old, new) = match at {
        Some(at) => (at + 1, old.lines().nth(at), new.lines().nth(at)),
        None => (0, Some("(one ends early)"), Some("(the other goes on)")),
    };
    format!("{name}:{number} differs\n  - {}\n  + {}", old.unwrap_or(""), new.unwrap_or(""))
}
