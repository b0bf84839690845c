//! The rules of `check`: each has a page, a file that breaks it, and one that does not.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use mailwright::check::rules::{self, Rule};
use support::{Run, files_below, fixture, root};

/// `bad.xml`, `good.xml` and the like of a rule.
fn fixtures(code: &str, kind: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(fixture("check").join(code)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_string_lossy().starts_with(kind));
    files.sort();
    files
}

/// Code and severity of each finding.
fn found(file: &std::path::Path) -> Vec<(String, String)> {
    let run = Run::new();
    let ended = run.args(&["check", "--format", "json", &file.display().to_string()]);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|e| panic!("{e}: {} {}", ended.stdout, ended.stderr));
    let findings = json["findings"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    findings.iter().map(|f| (text(&f["code"]), text(&f["severity"]))).collect()
}

#[test]
fn every_rule_has_a_whole_page() {
    let mut wrong = Vec::new();
    let files = files_below(&root().join("checks"));
    let rules: Vec<Rule> = rules::all().collect();
    assert_eq!(rules.len(), files.len(), "a page in checks/ lacks a key or has a wrong severity");
    for rule in rules {
        let code = rule.code;
        if !code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            wrong.push(format!("{code} is not in kebab case"));
        }
        if rule.title.ends_with('.') || rule.title.starts_with(char::is_uppercase) {
            wrong
                .push(format!("{code}: the title is a sentence in lower case without a full stop"));
        }
        for text in [&rule.means, &rule.help] {
            if !text.ends_with('.') || text.len() < 25 {
                wrong.push(format!("{code}: {text}"));
            }
        }
        if rule.source.is_empty() {
            wrong.push(format!("{code} does not say where it is known from"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_broken_by_its_bad_file_and_kept_by_its_good_one() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let (bad, good) = (fixtures(rule.code, "bad"), fixtures(rule.code, "good"));
        if bad.is_empty() || good.is_empty() {
            wrong.push(format!("tests/fixtures/check/{}: bad and good are wanted", rule.code));
        }
        for file in bad {
            let found = found(&file);
            if !found.iter().any(|(code, _)| code == rule.code) {
                wrong.push(format!("{} is not found in {}: {found:?}", rule.code, file.display()));
            }
        }
        for file in good {
            let found = found(&file);
            let bad =
                |(code, severity): &(String, String)| code == rule.code || severity == "error";
            if found.iter().any(bad) {
                wrong.push(format!("{}: {found:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fixture_and_every_code_of_a_reader_has_a_rule() {
    let rules: BTreeSet<&str> = rules::all().map(|rule| rule.code).collect();
    let mut wrong = Vec::new();
    for file in files_below(&fixture("check")).keys() {
        let code = file.split('/').next().unwrap();
        if !rules.contains(code) {
            wrong.push(format!("tests/fixtures/check/{code} has no page in checks/"));
        }
    }
    for (file, bytes) in files_below(&root().join("src/import")) {
        let text = String::from_utf8(bytes).unwrap();
        for call in ["errors.add(", "errors.keep("] {
            // Without white space, since a call may go over several lines.
            let text: String = text.split_whitespace().collect();
            for (at, _) in text.match_indices(call) {
                let rest = &text[at + call.len()..];
                let Some(rest) = rest.strip_prefix('"') else { continue };
                let code = rest.split('"').next().unwrap();
                if !rules.contains(code) {
                    wrong.push(format!("src/import/{file}: {code} has no page in checks/"));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
