//! The pages of the codes: their texts, the build that reads them, and the documents made of them.

#[path = "../../build/codes.rs"]
mod registry;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mailwright::internals::codes::{self, Code, Family};

use crate::support::{files_below, root};

#[test]
fn every_page_has_texts_of_the_same_form() {
    let mut wrong = Vec::new();
    for code in codes::all() {
        if !code.name.starts_with(|c: char| c.is_ascii_lowercase())
            || !code.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        {
            wrong.push(format!("{code} is not in kebab case"));
        }
        if code.title.ends_with('.') || code.title.is_empty() {
            wrong.push(format!("{code}: the title is a sentence without a full stop"));
        }
        for text in [code.means, code.help].into_iter().chain(code.fix) {
            if !text.ends_with('.') || text.len() < 10 {
                wrong.push(format!("{code}: {text}"));
            }
        }
        if code.source.ends_with('.') || code.source.is_empty() {
            wrong.push(format!("{code}: the source is not a sentence: {}", code.source));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(codes::all().count() > 700);
}

/// The build's error for a folder with this file.
fn build(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("family.toml"), text).unwrap();
    let out = tempfile::tempdir().unwrap();
    match registry::generate(folder.path(), out.path()) {
        Ok(()) => fs::read_to_string(out.path().join("codes.rs")).unwrap(),
        Err(e) => e.to_string(),
    }
}

#[test]
fn the_build_names_the_file_and_the_key_of_a_page_that_is_not_whole() {
    let whole = "title = \"Family\"\n[a-code]\nseverity = \"note\"\ntitle = \"t\"\n\
                 means = \"m\"\nhelp = \"h\"\nsource = \"s\"\n";
    assert!(build(whole).contains("pub const A_CODE: Code = Code(0);"), "{}", build(whole));
    for key in ["severity", "means", "help", "source"] {
        let said = build(&whole.replace(key, "other"));
        assert!(said.contains(&format!("family.toml: [a-code] has no {key}")), "{said}");
    }
    for (from, to, words) in [
        ("\"note\"", "\"fatal\"", "use error, warning or note"),
        ("\"m\"", "\"\"", "has a means that is not a text, or an empty one"),
        ("a-code", "A_code", "is not in kebab case"),
        ("source =", "sources = []\nsource =", "has the unknown key sources"),
        ("title = \"Family\"", "", "family.toml: has no title"),
    ] {
        let said = build(&whole.replace(from, to));
        assert!(said.contains(words), "{said}");
    }
}

/// A page for a code that is never reported would be misleading.
#[test]
fn every_code_is_reported_somewhere() {
    let sources = files_below(&root().join("src"));
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (file, bytes) in sources {
        if !file.ends_with(".rs") || file.ends_with("tests.rs") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for rest in text.split("codes::").skip(1) {
            let name = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_';
            used.insert(rest.chars().take_while(name).collect());
        }
    }
    let constant = |code: &Code| code.name.to_uppercase().replace('-', "_");
    let unused: Vec<_> = codes::all().filter(|code| !used.contains(&constant(code))).collect();
    assert!(unused.is_empty(), "nothing in src reports {unused:?}");
}

/// The page about one family.
fn page(family: &Family, codes: &[Code]) -> String {
    let mut text = format!("# {}\n\n{NOTE} `codes/{}.toml`.\n", family.title, family.name);
    for code in codes {
        text += &format!("\n## {code}\n\n*{}*: {}.\n\n{}\n", code.severity, code.title, code.means);
        if !code.hurts.is_empty() {
            text += "\nAffected clients:\n\n";
            for hurt in code.hurts {
                text += &format!("- {} {}\n", hurt.client, hurt.how);
            }
        }
        text += &format!("\nWhat to do: {}\n", code.help);
        if let Some(fix) = code.fix {
            text += &format!("\n`check --fix`: {fix}\n");
        }
        text += &format!("\nSource: {}.\n", code.source);
    }
    escaped(&text)
}

/// All families with their codes.
fn index() -> String {
    let mut text = format!(
        "# Codes\n\n{NOTE} `codes/`. `mailwright explain CODE` prints the page of a code,\n\
         `mailwright explain WORD` lists the codes that are about something. `-D CODE` makes a code an\n\
         error, `-W CODE` a warning, and `-A CODE` hides it.\n"
    );
    for (family, codes) in codes::families() {
        let file = format!("{}.md", family.name);
        text += &format!("\n## [{}]({file})\n\n", family.title);
        text += "| code | severity | what was found |\n|---|---|---|\n";
        for code in codes {
            let title = code.title.replace('|', "\\|");
            text += &format!("| [{code}]({file}#{code}) | {} | {title} |\n", code.severity);
        }
    }
    escaped(&text)
}

const NOTE: &str = "Generated by `SNAPSHOTS=overwrite cargo test --test house` from";

/// An element in a sentence is text, not markup.
fn escaped(text: &str) -> String {
    text.replace('<', "\\<")
}

#[test]
fn docs_codes_says_what_the_pages_say() {
    let pages = codes::families()
        .map(|(family, codes)| (format!("{}.md", family.name), page(family, &codes)));
    let wanted: BTreeMap<String, String> =
        pages.chain([("README.md".to_owned(), index())]).collect();
    let folder = root().join("docs/codes");
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &wanted {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let found: BTreeMap<String, String> = files_below(&folder)
        .into_iter()
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect();
    let all: BTreeSet<_> = wanted.keys().chain(found.keys()).collect();
    let old: Vec<_> =
        all.into_iter().filter(|name| wanted.get(*name) != found.get(*name)).collect();
    assert!(old.is_empty(), "docs/codes: {old:?}: SNAPSHOTS=overwrite cargo test --test house");
}
