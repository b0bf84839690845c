//! Can people read, hear and use the pages that a server shows, and do the pages keep to themselves?

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::support::{self, Bundle};

/// Leaves the test when the browser, or what `tests/run` brings by npm, is not here.
macro_rules! needs_judge {
    () => {
        needs!("chromium", "node");
        if !$crate::landing::folder().join("node_modules/axe-core/axe.min.js").is_file() {
            return $crate::support::skip("axe-core");
        }
    };
}
#[cfg(feature = "serve")]
pub(crate) use needs_judge;

/// What `axe/judge.mjs` says of a page in one scheme and width.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    file: PathBuf,
    scheme: String,
    width: u32,
    language: String,
    title: String,
    background: String,
    /// How many pixels have to be scrolled for.
    too_wide: i64,
    /// The widths of the pictures; 0: not there.
    pictures: Vec<u32>,
    /// Of the browser: what its policy stopped, what it asked others for.
    complaints: Vec<String>,
    /// Where the Tab key leads to without being seen.
    unseen: Vec<String>,
    /// Of axe-core.
    violations: Vec<String>,
    passes: usize,
}

#[test]
fn every_page_is_clear_in_every_language_light_and_dark_wide_and_narrow() {
    needs_judge!();
    let bundle = bundle();
    // Each run of the browser is to keep well within the time that a program has.
    let judged: Vec<_> = pages(&bundle).chunks(6).flat_map(|some| judge(&bundle, some)).collect();
    let mut titles = BTreeSet::new();
    for page in &judged {
        let name = format!("{} {} {}", bundle.name(&page.file), page.scheme, page.width);
        assert_eq!(page.violations, [""; 0], "{name}");
        assert_eq!(page.unseen, [""; 0], "{name}");
        assert_eq!(page.complaints, [""; 0], "{name}");
        assert_eq!(page.too_wide, 0, "{name}");
        assert!(page.passes > 30, "{name}: axe-core judged only {} rules", page.passes);
        assert!(!page.pictures.contains(&0), "{name}: a picture is missing");
        let file = page.file.display().to_string();
        assert!(file.ends_with(&format!(".{}.html", page.language)), "{name} is {}", page.language);
        titles.insert(&page.title);
    }
    let of = |scheme| {
        let pages = judged.iter().filter(move |page| page.scheme == scheme);
        pages.map(|page| page.background.as_str()).collect::<BTreeSet<_>>()
    };
    assert!(of("light").is_disjoint(&of("dark")), "{:?}", of("dark"));
    // Of one provider four pages in nine languages, and two that only differ in what is wrong.
    assert!(titles.len() >= 27, "{titles:#?}");
}

/// Otherwise the test above says nothing.
#[test]
fn the_judge_sees_what_is_wrong_with_a_page() {
    needs_judge!();
    let bundle = bundle();
    let page = bundle.file("outlook.com/landing", "index.en.html");
    let text = fs::read_to_string(page).expect("UTF-8");
    let broken = [
        ("<label for=\"email\">", "<label>"),
        (".hint { ", ".hint { min-width: 90rem; "),
        (":focus-visible { outline: 3px", ":focus-visible { outline: 0px"),
        (
            "<p class=\"hint\"",
            "<img src=\"https://elsewhere.example/x.png\" alt=\"\"/><p class=\"hint\"",
        ),
    ];
    let broken = broken.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let wrong = bundle.folder().join("wrong.en.html");
    fs::write(&wrong, broken).expect("a temporary file");
    for page in judge(&bundle, &[wrong]) {
        assert!(page.violations.iter().any(|v| v.starts_with("label:")), "{:?}", page.violations);
        assert!(page.too_wide > 0, "{}", page.too_wide);
        assert!(!page.unseen.is_empty());
        assert!(!page.complaints.is_empty());
        assert_eq!(page.pictures, [0]);
    }
}

#[test]
fn a_page_has_one_style_no_script_and_nothing_from_elsewhere() {
    let bundle = bundle();
    for page in pages(&bundle) {
        let text = fs::read_to_string(&page).expect("UTF-8");
        let name = bundle.name(&page);
        assert_eq!(text.matches("<style>").count(), 1, "{name}");
        let words = [
            "style=", "<script", "<link", "<iframe", "<object", "srcset=", "url(", "@import", " on",
        ];
        for word in words {
            let markup = text.split('<').filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag);
            let inside = markup.filter(|tag| format!("<{tag}").contains(word));
            assert_eq!(inside.collect::<Vec<_>>(), [""; 0], "{name}: {word}");
        }
        let style = text.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
        for word in ["url(", "@import", "image-set("] {
            assert!(!style.expect("seen above").contains(word), "{name}: {word}");
        }
        for rest in text.split(" src=\"").skip(1) {
            assert!(rest.starts_with("./"), "{name}: {rest:.40}");
        }
        // The address of a person is in the address of the page.
        assert!(text.contains("<meta name=\"referrer\" content=\"no-referrer\"/>"), "{name}");
    }
}

#[test]
fn a_page_that_refuses_an_address_says_why_at_the_field() {
    let bundle = bundle();
    for page in pages(&bundle) {
        let text = fs::read_to_string(&page).expect("UTF-8");
        let name = bundle.name(&page);
        let refuses = name.contains("/index.wrong.") || name.contains("/index.unknown.");
        assert_eq!(text.contains("id=\"problem\" role=\"alert\""), refuses, "{name}");
        let field = text.split("<input id=\"email\"").nth(1).expect("every page asks");
        let field = field.split("/>").next().expect("a field ends");
        assert_eq!(field.contains("aria-invalid=\"true\""), refuses, "{name}");
        assert_eq!(field.contains("aria-describedby=\"problem hint\""), refuses, "{name}");
        assert!(!field.contains("value="), "{name}");
    }
}

#[test]
fn the_code_on_the_page_is_where_the_profile_is() {
    needs!("rsvg-convert", "zbarimg");
    let public = ["--public-host", "setup.example"];
    let bundle = bundle()
        .and(&[&["ann@gmx.de", "--target", "landing"], &public[..]].concat())
        .and(&["jörg@bücher.example", "--provider", "posteo", "--target", "landing"]);
    let seen: Vec<_> = bundle
        .files("landing", ".profile.svg")
        .iter()
        .map(|file| crate::qr::scan(&fs::read_to_string(file).expect("UTF-8")))
        .collect();
    for code in [
        "https://setup.example/ann%40gmx.de.mobileconfig",
        "https://autoconfig.posteo.de/ann%40posteo.de.mobileconfig",
        "https://autoconfig.xn--bcher-kva.example/j%C3%B6rg%40xn--bcher-kva.example.mobileconfig",
    ] {
        assert!(seen.iter().any(|seen| seen == code), "{code}: {seen:#?}");
    }
}

#[test]
fn only_what_can_sign_in_is_offered() {
    let bundle = bundle();
    let page = |folder: &str, end: &str| {
        let file = bundle.file(folder, end);
        fs::read_to_string(file).expect("UTF-8")
    };
    // Outlook.com takes no password, and a profile cannot say anything else.
    let outlook = page("ann@outlook.com/landing", ".com.en.html");
    assert!(!outlook.contains(".mobileconfig"), "{outlook}");
    assert!(outlook.contains("src=\"./ann%40outlook.com.svg\""), "{outlook}");
    let posteo = page("ann@posteo.de/landing", ".de.en.html");
    assert!(posteo.contains("href=\"./ann%40posteo.de.mobileconfig\""), "{posteo}");
    // Thunderbird for Android takes no address outside ASCII.
    let bücher = page("jörg@xn--bcher-kva.example/landing", ".example.de.html");
    assert!(!bücher.contains("src=\"./j%C3%B6rg%40xn--bcher-kva.example.svg\""), "{bücher}");
}

#[test]
fn no_password_stands_in_what_is_to_be_served() {
    let bundle = Bundle::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mailwright"));
    command
        .args(["generate", "ann@posteo.de", "--target", "landing,apple-mail", "--out", "out"])
        .args(["--password-from", "env:SECRET"])
        .env("SECRET", "correct horse")
        .env("LC_ALL", "C.UTF-8")
        .current_dir(bundle.folder());
    support::run(&mut command).fine();
    let with: Vec<_> = support::walk(&bundle.out())
        .into_iter()
        .filter(|file| fs::read_to_string(file).expect("UTF-8").contains("correct horse"))
        .map(|file| bundle.name(&file))
        .collect();
    assert_eq!(with, ["posteo.de/ann@posteo.de/apple-mail/ann@posteo.de.mobileconfig"]);
}

fn bundle() -> Bundle {
    let all = ["--target", "landing", "--language", "de,en,es,fr,it,ja,nl,pl,pt"];
    let german = ["--target", "landing", "--language", "de"];
    Bundle::of(&[&["ann@outlook.com"], &all[..]].concat())
        .and(&["ann@posteo.de", "--target", "landing", "--language", "en,de"])
        .and(&["ann@gmail.com", "--protocol", "both", "--target", "landing", "--language", "es"])
        .and(&[&["jörg@bücher.example", "--provider", "microsoft365"], &german[..]].concat())
}

fn pages(bundle: &Bundle) -> Vec<PathBuf> {
    bundle.files("landing", ".html")
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/axe")
}

/// Each page in light and wide, and in dark and narrow.
#[track_caller]
fn judge(bundle: &Bundle, pages: &[PathBuf]) -> Vec<Judged> {
    let home = bundle.folder().join("home");
    fs::create_dir_all(&home).expect("a temporary folder");
    let files = support::walk(&bundle.out());
    let roots: BTreeSet<_> = files.iter().filter_map(|file| file.parent()).collect();
    let settings = serde_json::json!({
        "chromium": support::program("chromium"), "home": home, "pages": pages, "roots": roots,
    });
    let mut node = support::command("node");
    let said = support::run(node.arg(folder().join("judge.mjs")).arg(settings.to_string())).fine();
    let judged: Vec<Judged> = serde_json::from_str(&said.stdout).expect("findings");
    assert_eq!(judged.len(), 2 * pages.len(), "{judged:#?}");
    judged
}
