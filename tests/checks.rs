//! The rules of `check`: each has a page, a file that breaks it, and one that does not.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use mailwright::check::file::{file, today};
use mailwright::check::matrix::matrix;
use mailwright::check::mend::mend;
use mailwright::rules::{self, Loses, Rule};
use mailwright::target::{Target, Targets};
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
        if rule.title.ends_with('.') {
            wrong.push(format!("{code}: the title is a sentence without a full stop"));
        }
        for text in [&rule.means, &rule.help] {
            if !text.ends_with('.') || text.len() < 10 {
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
    let sources =
        ["src/import", "src/check", "src/format"].map(|folder| files_below(&root().join(folder)));
    for (file, bytes) in sources.into_iter().flatten() {
        let text = String::from_utf8(bytes).unwrap();
        for call in [".add(", ".keep("] {
            // Without white space, since a call may go over several lines.
            let text: String = text.split_whitespace().collect();
            for (at, _) in text.match_indices(call) {
                let rest = &text[at + call.len()..];
                let Some(rest) = rest.strip_prefix('"') else { continue };
                let code = rest.split('"').next().unwrap();
                if !rules.contains(code) {
                    wrong.push(format!("{file}: {code} has no page in checks/"));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Everything that is found in a file's bytes.
fn codes_of(bytes: &[u8]) -> BTreeSet<&'static str> {
    let checked = file(bytes, today()).expect("a format that can be checked");
    checked.defects().map(|defect| defect.code).collect()
}

#[test]
fn every_rule_with_a_mend_is_mended_in_a_bad_file_and_no_other_one_is() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let only = |code: &str| code == rule.code;
        let mut mended_once = false;
        for file in fixtures(rule.code, "bad") {
            let bytes = fs::read(&file).unwrap();
            let Some(mended) = mend(&bytes, &only) else { continue };
            mended_once = true;
            let (before, after) = (codes_of(&bytes), codes_of(&mended.bytes));
            // What is in a code page is said to be.
            let new = after.difference(&before).filter(|new| **new != "prf-encoding-code-page");
            if after.contains(rule.code) || new.count() > 0 {
                wrong.push(format!("{}: {before:?} became {after:?}", file.display()));
            }
            if let Some(again) = mend(&mended.bytes, &only) {
                wrong.push(format!("{}: mended again: {}", file.display(), again.after));
            }
        }
        if mended_once != rule.mend.is_some() {
            let said = if mended_once { "is mended and does not say so" } else { "is not mended" };
            wrong.push(format!("{} {said}", rule.code));
        }
        for file in fixtures(rule.code, "good") {
            if mend(&fs::read(&file).unwrap(), &only).is_some() {
                wrong.push(format!("{} has nothing to mend", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn read_file(path: &std::path::Path) -> mailwright::check::file::Checked {
    file(&fs::read(path).unwrap(), today()).unwrap()
}

fn targets() -> Vec<Target> {
    let targets = Targets::new(None).unwrap();
    let names: Vec<String> = targets.names().map(str::to_owned).collect();
    names.iter().filter_map(|name| targets.get(name, &mut Vec::new())).collect()
}

/// Whom a rule hurts, beside the clients of the manifests: people, and programs that no file of ours
/// is for.
const OTHERS: [&str; 25] = [
    "Himalaya",
    "K-9 Mail of old",
    "Notepad of older Windows",
    "Outlook 2007",
    "Outlook on a PC with another code page",
    "Thunderbird's database",
    "Wine",
    "a device where it is installed by hand",
    "device management servers",
    "every client",
    "every other mail program",
    "everybody",
    "everybody on the way",
    "fetchmail before 6.4",
    "other readers",
    "profile editors",
    "regedit",
    "regedit (and reg import)",
    "regedit of Windows XP",
    "regedit of older Windows",
    "some servers",
    "the program that owns the key",
    "the user",
    "users in many networks",
    "whoever finds the file",
];

/// Or the matrix would say nothing of what the rule knows.
#[test]
fn every_client_that_a_rule_hurts_is_one_of_a_manifest_or_known_to_be_none() {
    let targets = targets();
    let clients: Vec<_> = targets.iter().flat_map(|target| &target.clients).collect();
    let mut wrong = Vec::new();
    for rule in rules::all() {
        for hurt in &rule.hurts {
            let known = clients.iter().any(|client| client.is_called(&hurt.client));
            if !known && !OTHERS.contains(&hurt.client.as_str()) {
                wrong.push(format!("{}: no client is called {}", rule.code, hurt.client));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_matrix_leaves_out_what_the_rules_say_a_client_loses() {
    let targets = targets();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for rule in rules::all() {
        for file in fixtures(rule.code, "bad") {
            let checked = read_file(&file);
            let Some(at) = checked.defects().find(|defect| defect.code == rule.code) else {
                continue;
            };
            let at = at.span.start;
            for row in matrix(&checked, &targets) {
                let clients = targets.iter().flat_map(|target| &target.clients);
                let client = clients.into_iter().find(|client| client.name == row.client).unwrap();
                let Some(hurt) = rule.hurts.iter().find(|hurt| client.is_called(&hurt.client))
                else {
                    continue;
                };
                seen += 1;
                let name = format!("{} for {}: {row:?}", file.display(), row.client);
                if !row.why.iter().any(|why| why.starts_with(&hurt.how)) {
                    // Another defect may have cost the file already.
                    if row.incoming.is_some() || row.outgoing.is_some() {
                        wrong.push(format!("{name} does not say why"));
                    }
                }
                let took = [&row.incoming, &row.outgoing].into_iter().flatten().collect::<Vec<_>>();
                if hurt.loses == Some(Loses::File) && !took.is_empty() {
                    wrong.push(format!("{name} takes something of the file"));
                }
                let lost = checked.examined.config.servers.iter().filter(|s| s.span.contains(&at));
                let lost: Vec<String> =
                    lost.map(|s| format!("{}:{} ", s.hostname, s.port)).collect();
                let kept = |lost: &String| took.iter().any(|took| took.contains(lost.as_str()));
                if hurt.loses == Some(Loses::Server) && lost.iter().any(kept) {
                    wrong.push(format!("{name} takes a server that is lost"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 200, "only {seen} rows were seen");
}

#[test]
fn the_list_of_rules_says_what_the_pages_say() {
    let mut text = String::from(
        "# What `mailwright check` finds\n\n\
         Made from `checks/` by `SNAPSHOTS=overwrite cargo test --test checks`; `mailwright explain CODE`\n\
         prints the same.\n",
    );
    for rule in rules::all() {
        text.push_str(&format!(
            "\n## {}\n\n*{}*: {}.\n\n{}\n",
            rule.code, rule.severity, rule.title, rule.means
        ));
        if !rule.hurts.is_empty() {
            text.push_str("\nWhom it hurts:\n\n");
            for hurt in &rule.hurts {
                text.push_str(&format!("- {} {}\n", hurt.client, hurt.how));
            }
        }
        text.push_str(&format!("\nWhat to do: {}\n", rule.help));
        if let Some(mend) = &rule.mend {
            text.push_str(&format!("\n`check --fix`: {mend}\n"));
        }
        text.push_str(&format!("\nKnown from: {}.\n", rule.source));
    }
    // An element in a sentence is none of the page.
    let text = text.replace('<', "\\<");
    let path = root().join("docs/checks.md");
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/checks.md is old: SNAPSHOTS=overwrite cargo test --test checks");
}

/// Files of others, where this machine has them; what they show is held by our own fixtures too.
#[test]
fn thunderbirds_own_database_has_the_defects_that_it_is_known_for_and_no_others_at_error_level() {
    let folder = root().join("../shared/ispdb");
    if !folder.is_dir() {
        return;
    }
    let run = Run::new();
    let ended = run.args(&["check", "--format", "json", &folder.display().to_string()]);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let has = |file: &str, code: &str| {
        findings.iter().any(|f| f["code"] == code && f["file"].as_str().unwrap().ends_with(file))
    };
    for (file, code) in [
        ("office365.com.xml", "autoconfig-placeholder"),
        ("nili.ca.xml", "autoconfig-unknown-element"),
        ("arubapec.it.xml", "autoconfig-port-of-another-protocol"),
        ("pdx.edu.xml", "autoconfig-port-of-another-protocol"),
        ("rediffmail.com.xml", "autoconfig-port-unusual"),
        ("cty-net.ne.jp.xml", "autoconfig-domain-twice"),
        ("gransy.com.xml", "autoconfig-name-too-long"),
        ("peoplepc.com.xml", "autoconfig-plain-socket"),
    ] {
        assert!(has(file, code), "{code} is not found in {file}");
    }
    let errors: Vec<_> = findings.iter().filter(|f| f["severity"] == "error").collect();
    // Both are the user name without its closing percent sign.
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(errors.iter().all(|f| f["code"] == "autoconfig-placeholder"), "{errors:#?}");
}
