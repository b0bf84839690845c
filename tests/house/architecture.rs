//! The house rules that a compiler does not know.

use std::collections::BTreeMap;

use crate::source::{code, first_word, source_code, without_visibility};
use crate::support::{files_below, root};

/// Who may import whom: a module may use those in its own row and in every row below.
const FLOORS: [&[&str]; 11] = [
    &["cli", "internals"],
    &["api", "serve"],
    &["bundle", "report"],
    &["check", "output", "sign"],
    &["render"],
    &["plan"],
    &["settings", "import", "clients", "users", "verify"],
    &["net"],
    &["authorities", "document", "embedded", "format", "regular_file"],
    &["model", "finding"],
    &["codes"],
];

/// On one floor modules do not know each other, but for these.
const NEIGHBOURS: [(&str, &str); 7] = [
    // Names for tests only.
    ("internals", "cli"),
    ("clients", "import"),
    ("verify", "import"),
    ("verify", "settings"),
    ("document", "format"),
    ("model", "finding"),
    ("finding", "model"),
];

fn floor(module: &str) -> usize {
    FLOORS
        .iter()
        .position(|floor| floor.contains(&module))
        .unwrap_or_else(|| panic!("{module} has no floor; give it one here and in ARCHITECTURE.md"))
}

#[test]
fn imports_point_one_way() {
    let mut seen = 0;
    for (file, bytes) in files_below(&root().join("src")) {
        let module = file.split(['/', '.']).next().unwrap().to_owned();
        if !file.ends_with(".rs") || module == "lib" || module == "main" {
            continue;
        }
        for used in modules_used(&String::from_utf8(bytes).unwrap()) {
            if used == module {
                continue;
            }
            seen += 1;
            let downwards = floor(&used) > floor(&module);
            let neighbours = NEIGHBOURS.contains(&(module.as_str(), used.as_str()));
            assert!(
                downwards || neighbours,
                "{file}: {module} imports {used}, which stands above it"
            );
        }
    }
    assert!(seen > 50, "only {seen} imports were seen");
}

/// The top-level modules that a text names: `crate::plan::Job`, `use crate::{plan, render::Artifact}`.
fn modules_used(text: &str) -> Vec<String> {
    let name = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut used = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut is_first = true;
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_first = true,
                c if is_first && !c.is_whitespace() => {
                    used.push(name(&list[at..]));
                    is_first = false;
                }
                _ => {}
            }
        }
    }
    used.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    used
}

#[test]
fn imports_in_braces_are_seen() {
    let text = "use crate::{plan::{Job, scope}, render};\nuse crate::check::check; crate::Error";
    assert_eq!(modules_used(text), ["plan", "render", "check"]);
}

/// What makes a program hard to follow, and the files that may use it, each for a reason that stands there.
const ALLOWED: [(&str, &[&str]); 3] = [
    // Identity by memory address: things have names and numbers.
    ("ptr::eq", &[]),
    // The process ends like any other.
    ("mem::forget", &[]),
    // clap reads MAILWRIGHT_…; others read what the system and the user's terminal say.
    (
        "env::var",
        &[
            "cli/environment.rs",
            "cli/secret.rs",
            "cli/terminal.rs",
            "output/tests.rs",
            "serve/sockets.rs",
        ],
    ),
];

#[test]
fn addresses_forgotten_memory_and_the_environment_are_used_only_where_it_is_allowed() {
    for (file, bytes) in files_below(&root().join("src")) {
        let text = String::from_utf8(bytes).unwrap();
        for (what, files) in ALLOWED {
            assert!(!text.contains(what) || files.contains(&&*file), "{file} uses {what}");
        }
    }
}

#[test]
fn every_source_file_says_first_what_it_is_for() {
    for (file, bytes) in files_below(&root().join("src")) {
        if file.ends_with(".rs") {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with("//! "), "{file} does not begin with //!");
        }
    }
}

#[test]
fn no_source_file_has_grown_a_second_idea() {
    for (file, bytes) in files_below(&root().join("src")) {
        let lines = String::from_utf8_lossy(&bytes).lines().count();
        assert!(lines <= 500, "{file} has {lines} lines; find the second idea in it");
    }
}

#[test]
fn only_the_command_line_prints() {
    for (file, bytes) in files_below(&root().join("src")) {
        let text = String::from_utf8(bytes).unwrap();
        let code = without_comments(text.split("#[cfg(test)]").next().unwrap_or_default());
        if !file.starts_with("cli/") && file != "main.rs" && !file.ends_with("tests.rs") {
            for print in ["println!", "eprintln!", "print!(", "dbg!"] {
                assert!(!code.contains(print), "{file} prints");
            }
        }
    }
}

/// What a file has before its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

/// The examples in the documentation print, and name codes as text.
fn without_comments(text: &str) -> String {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// A code is named by its constant, so that the compiler knows it and the pages are complete.
#[test]
fn no_code_is_written_as_text_outside_the_registry() {
    // Also keys of manifests and of formats.
    const OTHER_MEANINGS: [&str; 1] = ["schema"];
    let mut seen = 0;
    for (file, bytes) in files_below(&root().join("src")) {
        // verify/memory.rs is a test.
        if !file.ends_with(".rs") || file.ends_with("tests.rs") || file == "verify/memory.rs" {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        for word in without_comments(without_tests(&text)).split('"') {
            seen += 1;
            let is_code = mailwright::internals::codes::find(word).is_some();
            assert!(
                !is_code || OTHER_MEANINGS.contains(&word),
                "{file} has the code {word} as text; name it by its constant in codes::"
            );
        }
    }
    assert!(seen > 5_000, "only {seen} pieces of text were seen");
}

#[test]
fn unsafe_code_is_forbidden() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert!(text.contains("#![forbid(unsafe_code)]"));
}

/// Names that mean the same in every module that has such a type.
const COMMON_TYPE_NAMES: [&str; 3] = ["Error", "Options", "Result"];

/// Types with two definitions, of which `#[cfg]` selects one.
const ALTERNATIVE_TYPES: [&str; 4] = ["Acme", "AcmeFigures", "AcmeSettings", "NewFolder"];

#[test]
fn a_type_name_means_one_thing() {
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, code) in source_code() {
        for name in types_defined(&code) {
            defined.entry(name).or_default().push(file.clone());
        }
    }
    assert!(defined.len() > 450, "only {} types were seen", defined.len());
    for (name, files) in defined {
        let most = match &*name {
            name if COMMON_TYPE_NAMES.contains(&name) => usize::MAX,
            name if ALTERNATIVE_TYPES.contains(&name) => 2,
            _ => 1,
        };
        assert!(files.len() <= most, "{name} is defined in {files:?}; name each for what it is");
    }
}

#[test]
fn definitions_of_types_are_seen() {
    let text = "pub struct One;\npub(super) enum Two {}\ntype Three = u8;\nimpl Iterator for One {\n    \
                type Item = u8;\n}\nmod on {\n    pub struct Four;\n}\npub trait Five {}\nwords! {\n    Six, \"six\" {\n";
    assert_eq!(types_defined(&code(text)), ["One", "Two", "Three", "Four", "Five", "Six"]);
}

/// An associated type is indented, and its name is the trait's.
fn types_defined(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in code.lines() {
        let item = without_visibility(line.trim_start());
        // `words!` of model/words.rs: the name of a type, and of its keywords in messages.
        if let Some(name) = item.strip_suffix(",  {") {
            names.push(name.to_owned());
        }
        let Some((keyword, rest)) = item.split_once(' ') else { continue };
        let is_alias = keyword == "type" && !line.starts_with(' ');
        if is_alias || ["struct", "enum", "trait", "union"].contains(&keyword) {
            names.push(first_word(rest).to_owned());
        }
    }
    names
}
