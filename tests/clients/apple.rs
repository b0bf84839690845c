//! Are our profiles property lists, and does Apple's own schema allow what stands in them?

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{self, Bundle};

/// The rules of Apple's schema as a program; it belongs to the workshop, not to this project, so
/// its test is not there where it is not.
const VALIDATOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/apple/validate_profile.py");

#[test]
fn plistutil_reads_the_same_texts_as_stand_in_our_profiles() {
    needs!("plistutil");
    let bundle = bundle();
    for profile in profiles(&bundle) {
        // A property list in its binary form and back again; plistutil ends with 0 whatever
        // happens, so what counts is what it wrote.
        let [binary, back] = ["profile.binary", "profile.xml"].map(|n| bundle.folder().join(n));
        plistutil(&profile, &binary);
        plistutil(&binary, &back);
        let ours = texts(&fs::read_to_string(&profile).expect("UTF-8"));
        let theirs = texts(&fs::read_to_string(&back).expect("written by plistutil"));
        assert_eq!(ours, theirs, "{}", bundle.name(&profile));
        fs::remove_file(back).expect("written above");
    }
}

#[test]
fn every_profile_keeps_to_the_schema_of_apple() {
    if !Path::new(VALIDATOR).exists() {
        return;
    }
    needs!("python3");
    let bundle = bundle();
    let mut python = support::command("python3");
    support::run(python.args([VALIDATOR, "--strict"]).args(profiles(&bundle))).fine();
}

fn bundle() -> Bundle {
    let hostile = support::provider(
        r#"<b>"Ann" & 'Bob'</b> ]]> %00 $(id)"#,
        &[
            "imap imap.example.net 143 STARTTLS password-encrypted",
            "pop3 pop.example.net 995 SSL password-cleartext",
            "smtp smtp.example.net 465 SSL password-cleartext",
        ],
    );
    let mut bundle = Bundle::new().with_file("hostile.toml", &hostile);
    for provider in support::providers() {
        bundle = bundle.and(&[&provider]);
    }
    bundle
        .and(&["ann@outlook.com", "--name", "Ann <Exämple> & \"Sons\""])
        .and(&["ann@gmx.de", "--protocol", "imap"])
        .and(&["ann@outlook.com", "--target", "apple-exchange"])
        .and(&["example.org", "--provider", "microsoft365"])
        .and(&["jörg@bücher.example", "--provider", "fastmail"])
        .and(&["--provider", "hostile.toml"])
        .and(&["jamf.example", "--provider", "fastmail", "--mdm", "jamf"])
        .and(&["addigy.example", "--provider", "fastmail", "--mdm", "addigy"])
}

#[track_caller]
fn profiles(bundle: &Bundle) -> Vec<PathBuf> {
    let is_profile = |file: &PathBuf| file.extension().is_some_and(|end| end == "mobileconfig");
    let profiles: Vec<_> = support::walk(&bundle.out()).into_iter().filter(is_profile).collect();
    assert!(profiles.len() >= 10, "{profiles:#?}");
    profiles
}

#[track_caller]
fn plistutil(from: &Path, to: &Path) {
    let said = support::run(support::command("plistutil").arg("-i").arg(from).arg("-o").arg(to));
    assert!(to.exists(), "{}: {}", from.display(), said.stderr);
}

/// Every `<string>` of a property list, read without its escapes and sorted.
fn texts(plist: &str) -> Vec<String> {
    let mut texts: Vec<_> = plist
        .split("<string>")
        .skip(1)
        .filter_map(|rest| rest.split_once("</string>"))
        .map(|(text, _)| {
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'")]
                .iter()
                .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
                .replace("&amp;", "&")
        })
        .collect();
    texts.sort();
    texts
}
