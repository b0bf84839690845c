//! The short form of `fuzz/`: tests each reader with randomly changed files.
//!
//! Each target of `fuzz/` does the same with its bytes, guided by code coverage.
//! `PROPTEST_CASES=50000 cargo test --test files mutations` runs longer. Failures are stored in
//! `tests/proptest-regressions/mutations.txt` and tried first in later runs.

#[path = "../../fuzz/fuzz_targets/read/mod.rs"]
mod read;

use mailwright::internals::import::{Reader, recognise};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

use crate::support::{files_below, fixture};

/// Pieces of text that often cause errors, or that start something new.
const WORDS: [&str; 24] = [
    "%EMAILADDRESS%",
    "%EMAILLOCALPART",
    "{{",
    "$USER",
    "<",
    "</",
    "/>",
    "<!--",
    "]]>",
    "&#0;",
    "&x;",
    "\"",
    "\\",
    "\0",
    "\u{FEFF}",
    "\u{e9}",
    "\u{202E}",
    "\n",
    "[",
    "=",
    "-1",
    "99999999999",
    "hex:",
    "\r",
];

/// One change of a file.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Word(Index, &'static str),
    Delete(Index, usize),
    /// Copies a piece to another place.
    Copy(Index, usize, Index),
    End(Index),
}

impl Change {
    fn any() -> impl Strategy<Value = Self> {
        let piece = 1_usize..300;
        prop_oneof![
            (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Self::Byte(at, byte)),
            (any::<Index>(), prop::sample::select(&WORDS[..]))
                .prop_map(|(at, w)| Self::Word(at, w)),
            (any::<Index>(), piece.clone()).prop_map(|(at, length)| Self::Delete(at, length)),
            (any::<Index>(), piece, any::<Index>())
                .prop_map(|(at, length, to)| Self::Copy(at, length, to)),
            any::<Index>().prop_map(Self::End),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Self::Byte(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Byte(..) => {}
            Self::Word(at, word) => {
                let at = place(at, bytes);
                bytes.splice(at..at, word.bytes());
            }
            Self::Delete(at, length) => {
                let at = place(at, bytes);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Self::Copy(at, length, to) => {
                let at = place(at, bytes);
                let piece = bytes[at..(at + length).min(bytes.len())].to_vec();
                let to = place(to, bytes);
                bytes.splice(to..to, piece);
            }
            Self::End(at) => bytes.truncate(place(at, bytes)),
        }
    }
}

/// All fixtures of a reader's rules, decoded, as in `fuzz/seed`.
fn seeds(prefix: &str) -> Vec<String> {
    let files = files_below(&fixture("check"));
    let own = files.into_iter().filter(|(name, _)| name.starts_with(prefix));
    own.map(|(_, bytes)| match recognise(&bytes) {
        Some((_, text)) => text,
        None => String::from_utf8_lossy(&bytes).into_owned(),
    })
    .collect()
}

fn changed(reader: Reader, prefix: &str) {
    let seeds = seeds(prefix);
    assert!(seeds.len() > 15, "{} files for {prefix}", seeds.len());
    let config = Config {
        // About ten seconds for each reader, unless PROPTEST_CASES asks for more.
        cases: Config::default().cases.max(4096),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/proptest-regressions/mutations.txt"
        )))),
        ..Config::default()
    };
    let strategy = (any::<Index>(), prop::collection::vec(Change::any(), 1..8));
    let result = TestRunner::new(config).run(&strategy, |(seed, changes)| {
        let mut bytes = seed.get(&seeds).clone().into_bytes();
        changes.iter().for_each(|change| change.apply(&mut bytes));
        read::all(reader, &bytes);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn changed_autoconfig_files_are_read_without_a_panic() {
    changed(Reader::Autoconfig, "autoconfig-");
}

#[test]
fn changed_autodiscover_answers_are_read_without_a_panic() {
    changed(Reader::Autodiscover, "autodiscover-");
}

#[test]
fn changed_profiles_are_read_without_a_panic() {
    changed(Reader::Mobileconfig, "profile-");
}

#[test]
fn changed_prf_files_are_read_without_a_panic() {
    changed(Reader::Prf, "prf-");
}

#[test]
fn changed_registry_files_are_read_without_a_panic() {
    changed(Reader::Reg, "reg-");
}

#[test]
fn changed_qr_payloads_are_read_without_a_panic() {
    changed(Reader::QrPayload, "qr-");
}

#[test]
fn changed_fetchmail_files_are_read_without_a_panic() {
    changed(Reader::Fetchmail, "fetchmail-");
}

#[test]
fn changed_getmail_files_are_read_without_a_panic() {
    changed(Reader::Getmail, "getmail-");
}

#[test]
fn changed_settings_of_k9_are_read_without_a_panic() {
    changed(Reader::K9s, "k9s-");
}

#[test]
fn changed_mpop_files_are_read_without_a_panic() {
    changed(Reader::Mpop, "msmtp-");
}

#[test]
fn changed_msmtp_files_are_read_without_a_panic() {
    changed(Reader::Msmtp, "msmtp-");
}

#[test]
fn changed_preferences_of_thunderbird_are_read_without_a_panic() {
    changed(Reader::Prefs, "prefs-");
}
