//! The rules of `check`: each has a page, a file that violates it, and one that does not.

#[path = "../build/codes.rs"]
mod registry;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use mailwright::internals::check::file::{file, today};
use mailwright::internals::check::fix::fix;
use mailwright::internals::check::matrix::matrix;
use mailwright::internals::codes::{self, Code, Family, Loses};

use mailwright::internals::clients::{Target, Targets};
use support::{Run, files_below, fixture, root};

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
    let checked = file(bytes, today()).expect("a format that can be checked");
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
                wrong.push(format!("{}: mended again: {}", file.display(), again.after));
            }
        }
        if mended_once != rule.fix.is_some() {
            let said = if mended_once { "is mended and does not say so" } else { "is not mended" };
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

const NOTE: &str = "Generated by `SNAPSHOTS=overwrite cargo test --test checks` from";

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
    assert!(old.is_empty(), "docs/codes: {old:?}: SNAPSHOTS=overwrite cargo test --test checks");
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
