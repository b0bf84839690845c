//! Does a browser print our guide on one page, and does the page fetch nothing?

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use crate::support::{self, Bundle};

#[test]
fn every_guide_prints_on_exactly_one_a4_page() {
    needs!("chromium", "pdfinfo");
    let bundle = bundle();
    let pages = bundle.files("guide", ".html");
    // A browser takes a second for a page, whatever is on it: two of them at a time.
    let (one, other) = pages.split_at(pages.len() / 2);
    thread::scope(|scope| {
        for (browser, pages) in [("one", one), ("other", other)] {
            let bundle = &bundle;
            scope.spawn(move || {
                for page in pages {
                    let pdf = print(&bundle.folder().join(browser), page);
                    let said = support::run(support::command("pdfinfo").arg(pdf)).fine();
                    let said = support::pairs(&said.stdout, ":");
                    assert_eq!(said["Pages"], "1", "{}", bundle.name(page));
                    let size = &said["Page size"];
                    assert!(size.ends_with("(A4)"), "{}: {size}", bundle.name(page));
                }
            });
        }
    });
}

#[test]
fn a_guide_takes_nothing_from_outside() {
    let bundle = bundle();
    for page in bundle.files("guide", ".html") {
        let text = fs::read_to_string(&page).expect("UTF-8");
        let mut outside: Vec<&str> = Vec::new();
        for word in ["src=", "srcset=", "url(", "@import", "<link", "<script", "<iframe", "<object"]
        {
            outside.extend(text.match_indices(word).map(|(at, _)| line(&text, at)));
        }
        // A link that the reader follows is not fetched; every other address would be.
        outside.extend(
            text.match_indices("href=")
                .filter(|(at, _)| !text[..*at].trim_end().ends_with("<a"))
                .map(|(at, _)| line(&text, at)),
        );
        assert_eq!(outside, [""; 0], "{}", bundle.name(&page));
    }
}

fn bundle() -> Bundle {
    // Those that the texts of providers are not in.
    let ours = "it,ja,nl,pl,pt";
    let mut bundle = Bundle::new();
    for provider in support::providers() {
        bundle = bundle.and(&[&provider, "--target", "guide"]);
    }
    bundle
        .and(&["ann@outlook.com", "--name", "Ann Exämple", "--target", "guide"])
        .and(&["ann@gmail.com", "--protocol", "both", "--target", "guide", "--language", "de,fr"])
        .and(&["ben@gmail.com", "--protocol", "both", "--target", "guide", "--language", ours])
        .and(&["jörg@bücher.example", "--provider", "microsoft365", "--target", "guide"])
}

/// The page as the browser's own "Print to PDF" makes it.
#[track_caller]
fn print(profile: &Path, page: &Path) -> PathBuf {
    let pdf = profile.with_extension("pdf");
    let _ = fs::remove_file(&pdf);
    let mut chromium = support::command("chromium");
    chromium
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // Nothing may leave this machine: every name ends nowhere.
        .args(["--proxy-server=127.0.0.1:9", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(page)
        .env("HOME", profile);
    let said = support::run(&mut chromium);
    assert!(pdf.exists(), "{}: {}", page.display(), said.stderr);
    pdf
}

fn line(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next().unwrap_or("")
}
