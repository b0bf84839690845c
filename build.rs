//! Writes the tables of what is built into the program: the files of five folders, the parsed templates
//! among them, and an index of the targets' manifests.

#[path = "build/manifest.rs"]
mod manifest;
#[path = "build/parse.rs"]
mod parse;
#[path = "src/render/parsed.rs"]
mod parsed;
#[path = "src/target/summary.rs"]
mod summary;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

const ORDER: &str = "build/order.txt";
const FOLDERS: [&str; 5] = ["checks", "mdm", "providers", "schemas", "templates"];

/// A tenth of the memory that a short run takes are the notes on what has to be relocated, which pack
/// to a fiftieth. Loaders understand that since glibc 2.36, which a program that was linked to a
/// library as new as that asks for.
fn relocate_in_little_room() {
    let of = |name: &str| env::var(name).unwrap_or_default();
    let (host, target) = (of("HOST"), of("TARGET"));
    if host != target || of("CARGO_CFG_TARGET_ENV") != "gnu" || of("CARGO_CFG_TARGET_OS") != "linux"
    {
        return;
    }
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    let version = said.unwrap_or_default();
    let version =
        version.trim().strip_prefix("glibc 2.").and_then(|minor| minor.parse::<u32>().ok());
    if version.is_some_and(|minor| minor >= 36) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// What runs stands together: functions are spread over all of the program otherwise, and each that is
/// touched brings sixteen pages into memory. Names are those of a release build with the default features
/// (`benches/order.sh`); what is not found is left where it is.
fn put_together_what_runs(root: &Path) {
    let order = root.join(ORDER);
    println!("cargo::rerun-if-changed={}", order.display());
    let of = |name: &str| env::var(name).unwrap_or_default();
    let (host, target) = (of("HOST"), of("TARGET"));
    if host != target || target != "x86_64-unknown-linux-gnu" || of("PROFILE") != "release" {
        return;
    }
    let arguments = [
        format!("-Wl,--symbol-ordering-file={}", order.display()),
        "-Wl,--no-warn-symbol-ordering".to_owned(),
    ];
    if links_with(&arguments) {
        for argument in arguments {
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}

/// Whether the linker takes the arguments, whichever it is: LLVM's does, with which Rust comes.
fn links_with(arguments: &[String]) -> bool {
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let source = out.join("links.rs");
    let mut rustc = Command::new(env::var_os("RUSTC").expect("cargo sets it"));
    rustc.args(["--edition=2024", "--crate-type=bin", "-o"]).arg(out.join("links")).arg(&source);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut argument = std::ffi::OsString::from("-Clinker=");
        argument.push(linker);
        rustc.arg(argument);
    }
    rustc.args(arguments.iter().map(|argument| format!("-Clink-arg={argument}")));
    fs::write(&source, "fn main() {}").is_ok()
        && rustc.output().is_ok_and(|done| done.status.success())
}

fn main() -> io::Result<()> {
    relocate_in_little_room();
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    put_together_what_runs(&root);
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        walk(&root.join(folder), &mut files)?;
    }
    for code in ["build.rs", "build", "src/render/parsed.rs", "src/target/summary.rs"] {
        println!("cargo::rerun-if-changed={code}");
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
    fs::write(out.join("manifests.rs"), format!("{manifests}];\n"))?;
    fs::write(out.join("embedded.rs"), format!("{files}];\n{templates}];\n{paths}"))
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
