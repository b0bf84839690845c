//! Writes the table of the files that are built into the program: a walk over three folders.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FOLDERS: [&str; 3] = ["providers", "schemas", "templates"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        walk(&root.join(folder), &mut files)?;
    }
    let mut rows: Vec<(String, PathBuf)> = Vec::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let below = file.strip_prefix(&root).expect("walk stays below the root");
        let parts: Vec<_> = below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        rows.push((parts.join("/"), file));
    }
    // By the text of the names: `embedded::file` halves over them.
    rows.sort();
    let mut table = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for (name, file) in rows {
        writeln!(table, "    ({name:?}, include_str!({file:?})),")
            .expect("a string takes everything");
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), table)
}

/// All files below a folder, but for hidden ones.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
