//! Generates the tables of embedded data: the files of four folders, the parsed templates, an index
//! of the target manifests, and the registry of codes.

#[path = "build/codes.rs"]
mod codes;
#[path = "build/manifest.rs"]
mod manifest;
#[path = "build/parse.rs"]
mod parse;
#[path = "src/render/parsed.rs"]
mod parsed;
#[path = "src/clients/summary.rs"]
mod summary;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FOLDERS: [&str; 4] = ["mdm", "providers", "schemas", "templates"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        walk(&root.join(folder), &mut files)?;
    }
    let shared = ["src/render/parsed.rs", "src/clients/summary.rs"];
    for code in ["build.rs", "build"].into_iter().chain(shared) {
        println!("cargo::rerun-if-changed={code}");
    }
    let mut rows: Vec<(String, PathBuf)> = Vec::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let below = file.strip_prefix(&root).expect("walk stays below the root");
        let parts: Vec<_> = below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        rows.push((parts.join("/"), file));
    }
    // Sort by name as text: `embedded::file` uses a binary search.
    rows.sort();
    let mut files = String::from("static FILES: &[(&str, &str)] = &[\n");
    let mut templates = String::from("static TEMPLATES: &[(&str, &str)] = &[\n");
    let mut manifests = String::from("static MANIFESTS: &[(&str, Summary)] = &[\n");
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    for (name, file) in rows {
        writeln!(files, "    ({name:?}, include_str!({file:?})),")
            .expect("a string takes everything");
        if name.ends_with(".hbs") {
            let failed = |why: String| io::Error::other(format!("{name}: {why}"));
            let text = fs::read_to_string(&file).map_err(|e| failed(e.to_string()))?;
            if let Some(form) = parse::parse(&text).map_err(failed)? {
                writeln!(templates, "    ({name:?}, {form:?}),")
                    .expect("a string takes everything");
            }
        }
        if let Some(target) = manifest::target_of(&name) {
            let text = fs::read_to_string(&file)?;
            let read = manifest::read(target, &text);
            let read = read.map_err(|why| io::Error::other(format!("{name}: {why}")))?;
            manifests.push_str(&read.row);
            for path in read.paths {
                if let Some(form) = parse::parse(&path).map_err(io::Error::other)? {
                    paths.insert(path, form);
                }
            }
        }
    }
    let paths: String = paths.iter().map(|pair| format!("    {pair:?},\n")).collect();
    let paths = format!("static PATHS: &[(&str, &str)] = &[\n{paths}];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    codes::generate(&root.join("codes"), &out)?;
    fs::write(out.join("manifests.rs"), format!("{manifests}];\n"))?;
    fs::write(out.join("embedded.rs"), format!("{files}];\n{templates}];\n{paths}"))
}

/// All files below a folder, except hidden ones.
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
