//! `MANIFEST.json`: the files of a bundle with their checksums.
//!
//! It lists only the bundle's own files, not those of users' folders below it, and contains nothing
//! about the machine or the time: equal files give equal bytes. A later run reads it to learn which
//! files in a folder are mailwright's.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Bundle, OutFile};
use crate::format::{FileFormat, hex};

/// The file name, in every bundle.
pub const FILE: &str = "MANIFEST.json";

/// The manifest of `bundle`: sorted by path, indented by two spaces, with a final newline.
pub fn render(bundle: &Bundle) -> Vec<u8> {
    let mut files: Vec<&OutFile> = bundle.files.iter().collect();
    files.sort_by_key(|file| &file.path);
    // Formatted by hand for speed: a run can write a million manifests.
    let mut json = String::with_capacity(256 + 400 * files.len());
    // No version: a new release that generates the same files must not change the bundle.
    json.push_str("{\n  \"subject\": ");
    push_text(&mut json, &bundle.subject);
    json.push_str(",\n  \"generator\": ");
    push_text(&mut json, GENERATOR);
    json.push_str(",\n  \"files\": [");
    for (at, file) in files.iter().enumerate() {
        json.push_str(if at == 0 { "\n" } else { ",\n" });
        push_entry(&mut json, file);
    }
    json.push_str(if files.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
    json.into_bytes()
}

fn push_entry(json: &mut String, file: &OutFile) {
    json.push_str("    {\n      \"path\": ");
    push_text(json, &file.path);
    json.push_str(",\n      \"sha256\": \"");
    json.push_str(&hex(&Sha256::digest(&file.bytes)));
    json.push_str("\",\n      \"bytes\": ");
    json.push_str(&file.bytes.len().to_string());
    json.push_str(",\n      \"mediaType\": ");
    push_text(json, &file.media_type);
    json.push_str(",\n      \"target\": ");
    push_text(json, &file.target);
    for (at, note) in file.notes.iter().enumerate() {
        json.push_str(match at {
            0 => ",\n      \"notes\": [\n        ",
            _ => ",\n        ",
        });
        push_text(json, note);
    }
    json.push_str(if file.notes.is_empty() { "\n    }" } else { "\n      ]\n    }" });
}

fn push_text(json: &mut String, text: &str) {
    json.push('"');
    json.push_str(&FileFormat::Json.escape(text).expect("a string of JSON can hold every text"));
    json.push('"');
}

/// The paths that the manifest in `folder` lists. `None` if there is no manifest by mailwright.
pub(super) fn listed(folder: &Path) -> Option<BTreeSet<String>> {
    let path = folder.join(FILE);
    // mailwright never creates a link here.
    fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let known: KnownManifest = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    known
        .generator
        .eq(GENERATOR)
        .then(|| known.files.into_iter().map(|file| file.path).chain([FILE.to_owned()]).collect())
}

const GENERATOR: &str = "mailwright";

/// The parts of a manifest that a later run needs; all others may change.
#[derive(Deserialize)]
struct KnownManifest {
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
    fn a_manifest_is_json_whatever_is_in_it() {
        for text in ["", "a\"b\\c", "\u{0}\n\u{1F}\u{7F}", "é日\u{2028}\u{1F600}"] {
            let notes = vec![text.to_owned(), "x".to_owned()];
            let named = |path: &str| OutFile { path: path.into(), ..OutFile::default() };
            let file = OutFile {
                media_type: text.into(),
                target: text.into(),
                notes,
                ..named(&format!("a{text}"))
            };
            let files = vec![file, named("z")];
            let bundle = Bundle { folder: "a".into(), subject: text.into(), files };
            let json = render(&bundle);
            let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(value["subject"], text);
            assert_eq!(value["files"][0]["notes"], serde_json::json!([text, "x"]));
            assert_eq!(value["files"][1]["path"], "z");
            // The same format as serde_json's.
            assert_eq!(
                serde_json::to_string_pretty(&value).unwrap() + "\n",
                String::from_utf8(json).unwrap()
            );
        }
        let nothing = Bundle { folder: "a".into(), subject: "a".into(), files: Vec::new() };
        let value: serde_json::Value = serde_json::from_slice(&render(&nothing)).unwrap();
        assert_eq!(serde_json::to_vec_pretty(&value).unwrap(), render(&nothing).trim_ascii_end());
    }

    #[test]
    fn a_manifest_of_another_program_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), r#"{"generator":"other 1","files":[]}"#).unwrap();
        assert_eq!(listed(folder.path()), None);
    }
}
