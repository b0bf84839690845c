//! The built-in providers: they read without findings, and every fact and text is complete.

use std::collections::BTreeSet;

use mailwright::internals::embedded;
use mailwright::internals::finding::Source;
use mailwright::internals::model::{ClientConfig, ServerType};
use mailwright::internals::settings::read_provider;

use crate::assert_none;

/// What every text of a provider is written in; pages in other languages show it in English.
const LANGUAGES_OF_PROVIDERS: [&str; 4] = ["de", "en", "es", "fr"];

/// Where `init` starts people off; commented, and its texts are examples.
const STARTING_POINT: &str = "example.com.toml";

fn providers() -> Vec<(&'static str, ClientConfig)> {
    let files: Vec<_> = embedded::files_below("providers").collect();
    assert!(files.len() > 5);
    files
        .into_iter()
        .map(|(file, text)| {
            let (provider, findings) = read_provider(file, &Source::new(file, text));
            assert_none(&findings.iter().map(ToString::to_string).collect::<Vec<_>>());
            (file, provider.expect("without findings there is a provider").config)
        })
        .collect()
}

#[test]
fn every_provider_reads_without_findings_and_lists_imap_before_pop3() {
    for (file, config) in providers() {
        let first = |t: ServerType| config.incoming.iter().position(|s| s.server_type == t);
        if let (Some(imap), Some(pop3)) = (first(ServerType::Imap), first(ServerType::Pop3)) {
            assert!(imap < pop3, "{file} lists pop3 before imap, and FairEmail then drops imap");
        }
    }
}

#[test]
fn every_text_of_a_provider_is_in_every_language_of_providers() {
    let mut wrong = Vec::new();
    for (file, config) in providers().into_iter().filter(|(file, _)| *file != STARTING_POINT) {
        let mut all: Vec<(String, Vec<&String>)> = Vec::new();
        for enable in &config.enable {
            all.push((enable.visit_url.to_string(), enable.instruction.keys().collect()));
        }
        for page in &config.documentation {
            all.push((page.url.to_string(), page.descr.keys().collect()));
        }
        for refusal in &config.refuses {
            all.push((refusal.authentication.to_string(), refusal.instead.keys().collect()));
        }
        if let Some(app) = &config.app_password {
            all.push((app.url.to_string(), app.note.keys().collect()));
        }
        for (what, languages) in
            all.into_iter().filter(|(_, languages)| *languages != LANGUAGES_OF_PROVIDERS)
        {
            wrong.push(format!("{file}: {what} has texts in {languages:?}"));
        }
        for enable in &config.enable {
            let counts: BTreeSet<usize> = enable.instruction.values().map(Vec::len).collect();
            if counts.len() > 1 {
                wrong.push(format!(
                    "{file}: {} has not the same steps everywhere",
                    enable.visit_url
                ));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_server_and_every_refusal_says_where_it_is_known_from() {
    let mut wrong = Vec::new();
    for (file, text) in embedded::files_below("providers").filter(|(f, _)| *f != STARTING_POINT) {
        let root: toml::Table = text.parse().unwrap();
        let mut seen = 0;
        for key in ["incomingServer", "outgoingServer", "refuses"] {
            for table in root.get(key).and_then(|v| v.as_array()).into_iter().flatten() {
                seen += 1;
                let source = table.get("source").and_then(|s| s.as_str()).unwrap_or_default();
                if source.trim().is_empty() {
                    wrong.push(format!("{file}: a table of {key} has no source: {table}"));
                }
            }
        }
        assert!(seen > 1, "{file} has no servers");
    }
    assert_none(&wrong);
}
