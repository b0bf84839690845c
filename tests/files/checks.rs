//! The rules of `check`: each has a file that violates it, and one that does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use mailwright::internals::authorities::Authorities;
use mailwright::internals::check::file::file;
use mailwright::internals::check::fix::fix;
use mailwright::internals::check::matrix::matrix;
use mailwright::internals::clients::{Target, Targets};
use mailwright::internals::codes::{self, Code, Loses};

use crate::support::{Run, files_below, fixture, root};

/// The fixtures of a rule: `bad.xml`, `good.xml` and similar files.
fn fixtures(code: Code, kind: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(fixture("check").join(code.name)) else { return Vec::new() };
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

/// The families whose codes a reader of a client's file reports.
const FORMATS: [&str; 11] = [
    "autoconfig",
    "autodiscover",
    "fetchmail",
    "getmail",
    "k9s",
    "mobileconfig",
    "msmtp",
    "prefs",
    "prf",
    "qr",
    "reg",
];
/// Defects that files of several formats can have.
const OF_ANY_FORMAT: [Code; 2] = [codes::MALFORMED, codes::XML_ENCODING];

/// Every code that is a defect of a client's file.
fn rules() -> impl Iterator<Item = Code> {
    codes::all().filter(|code| FORMATS.contains(&code.family.name) || OF_ANY_FORMAT.contains(code))
}

#[test]
fn every_rule_is_broken_by_its_bad_file_and_kept_by_its_good_one() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let (bad, good) = (fixtures(rule, "bad"), fixtures(rule, "good"));
        if bad.is_empty() || good.is_empty() {
            wrong.push(format!("tests/fixtures/check/{}: bad and good are wanted", rule));
        }
        for file in bad {
            let found = found(&file);
            if !found.iter().any(|(code, _)| rule == code.as_str()) {
                wrong.push(format!("{} is not found in {}: {found:?}", rule, file.display()));
            }
        }
        for file in good {
            let found = found(&file);
            let bad =
                |(code, severity): &(String, String)| rule == code.as_str() || severity == "error";
            if found.iter().any(bad) {
                wrong.push(format!("{}: {found:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fixture_is_of_a_rule() {
    for file in files_below(&fixture("check")).keys() {
        let code = file.split('/').next().unwrap();
        assert!(rules().any(|rule| rule == code), "tests/fixtures/check/{code} is of no rule");
    }
}

/// The codes of all defects in a file's bytes.
fn codes_of(bytes: &[u8]) -> BTreeSet<Code> {
    let checked = file(bytes, SystemTime::now(), &Authorities::default())
        .expect("a format that can be checked");
    checked.defects().map(|defect| defect.code).collect()
}

#[test]
fn every_rule_with_a_mend_is_mended_in_a_bad_file_and_no_other_one_is() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let only = |code: Code| code == rule;
        let mut mended_once = false;
        for file in fixtures(rule, "bad") {
            let bytes = fs::read(&file).unwrap();
            let Some(fixed) = fix(&bytes, &only) else { continue };
            mended_once = true;
            let (before, after) = (codes_of(&bytes), codes_of(&fixed.bytes));
            // The fix may introduce a code page, which is then reported.
            let new =
                after.difference(&before).filter(|new| **new != codes::PRF_ENCODING_CODE_PAGE);
            if after.contains(&rule) || new.count() > 0 {
                wrong.push(format!("{}: {before:?} became {after:?}", file.display()));
            }
            if let Some(again) = fix(&fixed.bytes, &only) {
                wrong.push(format!("{}: fixed again: {}", file.display(), again.after));
            }
        }
        if mended_once != rule.fix.is_some() {
            let said = if mended_once { "is fixed and does not say so" } else { "is not fixed" };
            wrong.push(format!("{} {said}", rule));
        }
        for file in fixtures(rule, "good") {
            if fix(&fs::read(&file).unwrap(), &only).is_some() {
                wrong.push(format!("{} has nothing to mend", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn read_file(path: &std::path::Path) -> mailwright::internals::check::file::CheckedFile {
    file(&fs::read(path).unwrap(), SystemTime::now(), &Authorities::default()).unwrap()
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

/// Otherwise the matrix could not show the rule's effect.
#[test]
fn every_client_that_a_rule_hurts_is_one_of_a_manifest_or_known_to_be_none() {
    let targets = targets();
    let clients: Vec<_> = targets.iter().flat_map(|target| &target.clients).collect();
    let mut wrong = Vec::new();
    for rule in rules() {
        for hurt in rule.hurts {
            let known = clients.iter().any(|client| client.is_called(hurt.client));
            if !known && !OTHERS.contains(&hurt.client) {
                wrong.push(format!("{}: no client is called {}", rule, hurt.client));
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
    for rule in rules() {
        for file in fixtures(rule, "bad") {
            let checked = read_file(&file);
            let Some(at) = checked.defects().find(|defect| defect.code == rule) else {
                continue;
            };
            let at = at.span.start;
            for row in matrix(&checked, &targets) {
                let clients = targets.iter().flat_map(|target| &target.clients);
                let client = clients.into_iter().find(|client| client.name == row.client).unwrap();
                let Some(hurt) = rule.hurts.iter().find(|hurt| client.is_called(hurt.client))
                else {
                    continue;
                };
                seen += 1;
                let name = format!("{} for {}: {row:?}", file.display(), row.client);
                if !row.why.iter().any(|why| why.starts_with(hurt.how)) {
                    // Another defect may already have made the file unusable.
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
