//! The documents for people, and what a published package contains.

use crate::support::{files_below, root};
use crate::{assert_none, read};

/// The arguments of every `mailwright …` in a Markdown text, in blocks of code and in line.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let pieces: Vec<&str> = match fenced {
            true => vec![line.split(" # ").next().unwrap_or_default().trim()],
            false => line.split('`').skip(1).step_by(2).collect(),
        };
        for piece in pieces {
            let piece = piece.strip_prefix("$ ").unwrap_or(piece);
            let piece = piece.replace("cargo run --release --", "mailwright");
            if let Some(arguments) = piece.strip_prefix("mailwright ") {
                found.push(arguments.split_whitespace().map(str::to_owned).collect());
            }
        }
    }
    found
}

#[test]
fn the_commands_that_the_documents_show_are_taken() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"] {
        for arguments in commands(&read(file)) {
            seen += 1;
            let line = std::iter::once("mailwright").chain(arguments.iter().map(String::as_str));
            if let Err(e) = mailwright::internals::cli::definition().try_get_matches_from(line) {
                let why = e.to_string();
                wrong.push(format!(
                    "{file}: mailwright {}: {}",
                    arguments.join(" "),
                    why.lines().next().unwrap_or_default()
                ));
            }
        }
    }
    assert_none(&wrong);
    assert!(seen > 5, "only {seen} commands were seen");
}

#[test]
fn every_path_that_the_documents_link_to_is_there() {
    let mut wrong = Vec::new();
    for file in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"] {
        let text = read(file);
        for rest in text.split("](").skip(1) {
            let link = rest.split([')', '#', ' ']).next().unwrap_or_default();
            if !link.is_empty() && !link.contains("://") && !root().join(link).exists() {
                wrong.push(format!("{file}: there is no {link}"));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_changelog_begins_with_what_is_not_released_yet() {
    let text = read("CHANGELOG.md");
    let first = text.lines().find(|line| line.starts_with("## "));
    assert!(first.is_some_and(|line| line.contains("Unreleased")), "{first:?}");
}

#[test]
fn the_published_package_holds_what_a_build_needs_and_no_tests() {
    let listed = std::process::Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<&str> = listed.lines().collect();
    assert!((300..900).contains(&files.len()), "{} files", files.len());
    for folder in ["build", "codes", "mdm", "providers", "schemas", "src", "templates"] {
        let own = files_below(&root().join(folder));
        let missing = own.keys().map(|name| format!("{folder}/{name}"));
        let missing: Vec<String> = missing.filter(|name| !files.contains(&name.as_str())).collect();
        assert!(missing.is_empty(), "the package lacks {missing:?}");
    }
    let tests: Vec<&&str> =
        files.iter().filter(|f| f.starts_with("tests/") || f.starts_with("out/")).collect();
    assert!(tests.is_empty(), "{tests:?}");
}
