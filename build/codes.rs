//! Generates the registry of codes from `codes/FAMILY.toml`: Rust data with one constant per code,
//! so that nothing is parsed at run time and a code without a page does not compile.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use toml::{Table, Value};

/// Each code with its page and the index of its family in the list of families.
type Pages = BTreeMap<String, (usize, String)>;

/// Writes `codes.rs` into `out`.
pub fn generate(folder: &Path, out: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut families = String::new();
    let mut pages = Pages::new();
    for (number, file) in files.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        let failed = |why: String| io::Error::other(format!("{}: {why}", file.display()));
        let text = fs::read_to_string(file)?;
        let table: Table = text.parse().map_err(|e: toml::de::Error| failed(e.to_string()))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        families += &family(&name, number, table, &mut pages).map_err(failed)?;
    }
    let mut code = format!("static FAMILIES: &[Family] = &[\n{families}];\n");
    let mut all = String::new();
    // By name, so that a code is found by binary search and codes sort by their names.
    for (index, (name, (_, page))) in pages.iter().enumerate() {
        let constant = name.to_uppercase().replace('-', "_");
        writeln!(code, "#[doc = {name:?}]\npub const {constant}: Code = Code({index});")
            .expect("a string takes everything");
        all += page;
    }
    writeln!(code, "static PAGES: [Page; {}] = [\n{all}];", pages.len())
        .expect("a string takes everything");
    fs::write(out.join("codes.rs"), code)
}

/// Adds the pages of one file to `pages` and returns the Rust source of the family.
fn family(
    name: &str,
    number: usize,
    mut table: Table,
    pages: &mut Pages,
) -> Result<String, String> {
    let title = text(&mut table, "title")?;
    for (code, value) in table {
        let Value::Table(page) = value else {
            return Err(format!("{code} is not a table, so it cannot be the page of a code"));
        };
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !code.chars().all(kebab) {
            return Err(format!("[{code}] is not in kebab case"));
        }
        let page = self::page(&code, number, page).map_err(|why| format!("[{code}] {why}"))?;
        if pages.insert(code.clone(), (number, page)).is_some() {
            return Err(format!("[{code}] is also the name of a code in another family"));
        }
    }
    Ok(format!("    Family {{ name: {name:?}, title: {title:?} }},\n"))
}

fn page(code: &str, family: usize, mut table: Table) -> Result<String, String> {
    let severity = match text(&mut table, "severity")?.as_str() {
        "error" => "Error",
        "warning" => "Warning",
        "note" => "Note",
        other => return Err(format!("has severity = {other:?}; use error, warning or note")),
    };
    let [title, means, help, source] =
        ["title", "means", "help", "source"].map(|key| text(&mut table, key));
    let (title, means, help, source) = (title?, means?, help?, source?);
    let fix = match table.contains_key("fix") {
        true => Some(text(&mut table, "fix")?),
        false => None,
    };
    let hurts = match table.remove("hurts") {
        None => String::new(),
        Some(Value::Array(all)) => all.into_iter().map(hurt).collect::<Result<_, _>>()?,
        Some(_) => return Err("has hurts that are not [[…hurts]] tables".to_owned()),
    };
    nothing_else(&table)?;
    Ok(format!(
        "    Page {{ name: {code:?}, family: &FAMILIES[{family}], severity: Severity::{severity}, \
         title: {title:?}, means: {means:?}, help: {help:?}, fix: {fix:?}, source: {source:?}, \
         hurts: &[{hurts}] }},\n"
    ))
}

fn hurt(value: Value) -> Result<String, String> {
    let Value::Table(mut table) = value else {
        return Err("has hurts that are not [[…hurts]] tables".to_owned());
    };
    let [client, how] = ["client", "how"].map(|key| text(&mut table, key));
    let (client, how) = (client?, how?);
    let loses = match table.remove("loses") {
        None => "None",
        Some(Value::String(word)) if word == "file" => "Some(Loses::File)",
        Some(Value::String(word)) if word == "server" => "Some(Loses::Server)",
        Some(other) => return Err(format!("has loses = {other}; use \"file\" or \"server\"")),
    };
    nothing_else(&table)?;
    Ok(format!("Hurt {{ client: {client:?}, how: {how:?}, loses: {loses} }}, "))
}

/// Removes a required text from the table and returns it.
fn text(table: &mut Table, key: &str) -> Result<String, String> {
    match table.remove(key) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
        Some(_) => Err(format!("has a {key} that is not a text, or an empty one")),
        None => Err(format!("has no {key}")),
    }
}

fn nothing_else(table: &Table) -> Result<(), String> {
    match table.keys().next() {
        Some(key) => Err(format!("has the unknown key {key}")),
        None => Ok(()),
    }
}
