//! `MANIFEST.json`: what is in a bundle, with the checksum of each file.
//!
//! It lists the bundle's own files only, not those of persons' folders below it, and nothing of
//! the machine or the moment: the same files give the same bytes. Read back, it tells a later run
//! which files in a folder are mailwright's to replace.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Bundle, OutFile};
use crate::format::hex;

/// Its file name, in every bundle.
pub const FILE: &str = "MANIFEST.json";

/// The manifest of `bundle`: sorted by path, two spaces, a newline at the end.
pub fn render(bundle: &Bundle) -> Vec<u8> {
    let mut files: Vec<_> = bundle.files.iter().map(Entry::new).collect();
    files.sort_by_key(|entry| entry.path);
    // Without a version: a new release that writes the same files must not change the bundle.
    let manifest = Manifest { subject: &bundle.subject, generator: GENERATOR, files };
    let mut json = serde_json::to_vec_pretty(&manifest)
        .expect("a manifest has string keys only, so it is always JSON");
    json.push(b'\n');
    json
}

/// The paths that the manifest in `folder` lists; nothing if there is none of mailwright's.
pub(super) fn listed(folder: &Path) -> Option<BTreeSet<String>> {
    let path = folder.join(FILE);
    // A link is nothing that mailwright made.
    fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let known: Known = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    known
        .generator
        .eq(GENERATOR)
        .then(|| known.files.into_iter().map(|file| file.path).chain([FILE.to_owned()]).collect())
}

const GENERATOR: &str = "mailwright";

#[derive(Serialize)]
struct Manifest<'a> {
    subject: &'a str,
    generator: &'a str,
    files: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    path: &'a str,
    sha256: String,
    bytes: usize,
    media_type: &'a str,
    target: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

impl<'a> Entry<'a> {
    fn new(file: &'a OutFile) -> Self {
        Self {
            path: &file.path,
            sha256: hex(&Sha256::digest(&file.bytes)),
            bytes: file.bytes.len(),
            media_type: &file.media_type,
            target: &file.target,
            notes: &file.notes,
        }
    }
}

/// What a later run wants to know of a manifest; everything else in it may change.
#[derive(Deserialize)]
struct Known {
    generator: String,
    files: Vec<KnownFile>,
}

#[derive(Deserialize)]
struct KnownFile {
    path: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_sorted_and_says_what_to_know() {
        let file = |path: &str, notes: &[&str]| OutFile {
            path: path.into(),
            bytes: b"abc".to_vec(),
            media_type: "text/plain".into(),
            target: "t".into(),
            notes: notes.iter().map(ToString::to_string).collect(),
            secret: false,
        };
        let bundle = Bundle {
            folder: "a.example".into(),
            subject: "a.example".into(),
            files: vec![file("t/b", &["asks for a password"]), file("t/a", &[])],
        };
        let expected = r#"{
  "subject": "a.example",
  "generator": "mailwright",
  "files": [
    {
      "path": "t/a",
      "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "bytes": 3,
      "mediaType": "text/plain",
      "target": "t"
    },
    {
      "path": "t/b",
      "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "bytes": 3,
      "mediaType": "text/plain",
      "target": "t",
      "notes": [
        "asks for a password"
      ]
    }
  ]
}
"#;
        assert_eq!(String::from_utf8(render(&bundle)).unwrap(), expected);
    }

    #[test]
    fn a_manifest_of_another_program_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), r#"{"generator":"other 1","files":[]}"#).unwrap();
        assert_eq!(listed(folder.path()), None);
    }
}
