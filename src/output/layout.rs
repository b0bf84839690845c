//! Checks that bundles fit together: every path is safe and unique, and no bundle is inside
//! another's files.
//!
//! This runs before anything is written, for folders and for the zip.

use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path};

use super::{Bundle, Error, manifest};
use crate::format::safe_component;

/// Checks all paths of all bundles. Afterwards they can be written in any order.
pub(super) fn check(bundles: &[Bundle]) -> Result<(), Error> {
    let mut folders = Vec::with_capacity(bundles.len());
    for bundle in bundles {
        folders.push(folder_path(&bundle.folder)?);
        paths(bundle).try_for_each(safe_path)?;
    }
    let all: HashSet<&str> = folders.iter().map(String::as_str).collect();
    let nested = |folder: &String| parents(folder).any(|parent| all.contains(parent));
    if all.len() == folders.len() && !folders.iter().any(nested) {
        // The folders cannot overlap, so each bundle is checked alone.
        return bundles.iter().zip(&folders).try_for_each(|(bundle, folder)| alone(bundle, folder));
    }
    together(bundles, &folders)
}

fn alone(bundle: &Bundle, folder: &str) -> Result<(), Error> {
    let mut files: Vec<&str> = paths(bundle).collect();
    files.sort_unstable();
    let twice = files.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    let as_folder = || {
        let mut parents = files.iter().flat_map(|file| parents(file));
        parents.find(|parent| files.binary_search(parent).is_ok())
    };
    match twice.or_else(as_folder) {
        Some(path) => Err(Error::Twice { path: format!("{folder}/{path}") }),
        None => Ok(()),
    }
}

fn together(bundles: &[Bundle], folders: &[String]) -> Result<(), Error> {
    // Each file's full path, with its bundle's folder.
    let mut files = BTreeMap::new();
    for (bundle, folder) in bundles.iter().zip(folders) {
        for path in paths(bundle) {
            let full = format!("{folder}/{path}");
            if files.insert(full.clone(), folder).is_some() {
                // Two bundles with one folder both contain a manifest.
                return Err(Error::Twice { path: full });
            }
        }
    }
    for (file, own) in &files {
        for parent in parents(file) {
            let in_another =
                parent.len() > own.len() && folders.iter().any(|folder| folder == parent);
            if in_another || files.contains_key(parent) {
                return Err(Error::Twice { path: parent.to_owned() });
            }
        }
    }
    Ok(())
}

/// The parent folders of a path, outermost first.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

/// A bundle's folder with `/` as separator on every system. Each component is checked.
pub fn folder_path(folder: &Path) -> Result<String, Error> {
    let unsafe_path = |reason: &str| Error::UnsafePath {
        path: folder.to_string_lossy().into_owned(),
        reason: reason.to_owned(),
    };
    let mut parts = Vec::new();
    for component in folder.components() {
        match component {
            Component::Normal(part) => {
                parts.push(part.to_str().ok_or_else(|| unsafe_path("it is not UTF-8"))?);
            }
            _ => return Err(unsafe_path("it leads out of the output folder")),
        }
    }
    let path = parts.join("/");
    safe_path(&path)?;
    if path.to_ascii_lowercase().starts_with(OWN_PREFIX) {
        return Err(unsafe_path("names with this beginning are kept for staging folders"));
    }
    Ok(path)
}

fn paths(bundle: &Bundle) -> impl Iterator<Item = &str> {
    bundle.files.iter().map(|file| file.path.as_str()).chain([manifest::FILE])
}

fn safe_path(path: &str) -> Result<(), Error> {
    path.split('/')
        .try_for_each(safe_component)
        .map_err(|reason| Error::UnsafePath { path: path.to_owned(), reason: reason.to_string() })
}

/// The prefix of the lock's name and of staging folders, which are directly in the output folder.
pub(super) const OWN_PREFIX: &str = ".mailwright";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutFile;

    fn bundle(folder: &str, paths: &[&str]) -> Bundle {
        let file = |path: &&str| OutFile { path: path.to_string(), ..OutFile::default() };
        let files = paths.iter().map(file).collect();
        Bundle { folder: folder.into(), subject: folder.into(), files }
    }

    #[test]
    fn no_path_leaves_the_output_folder() {
        for folder in ["", ".", "..", "/etc", "../x", "a/..", "a/../../b", "con", ".mailwright-1"] {
            assert!(check(&[bundle(folder, &["t/a"])]).is_err(), "{folder}");
        }
        for path in ["", "/a", "a//b", "../a", "a/../b", "a/", "a\\b", "C:/a", "t/con.xml"] {
            assert!(check(&[bundle("a.example", &[path])]).is_err(), "{path}");
        }
        assert!(check(&[bundle("a.example/ann@a.example", &["hosting/.well-known/x"])]).is_ok());
    }

    #[test]
    fn a_path_that_would_be_written_twice_is_refused() {
        for bundles in [
            vec![bundle("a", &["t/x", "t/x"])],
            vec![bundle("a", &["t", "t/x"])],
            vec![bundle("a", &["MANIFEST.json"])],
            vec![bundle("a", &["t/x"]), bundle("a", &["t/y"])],
            vec![bundle("a", &["t/x"]), bundle("a/t", &["y"])],
            vec![bundle("a", &["t"]), bundle("a/t", &["y"])],
        ] {
            assert!(matches!(check(&bundles), Err(Error::Twice { .. })));
        }
        assert!(check(&[bundle("a", &["t/x"]), bundle("a/b", &["t/x"])]).is_ok());
    }
}
