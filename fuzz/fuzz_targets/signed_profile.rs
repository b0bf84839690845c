//! Signed profiles: the container, the signature, its signer and the signer's chain.

use std::time::{Duration, SystemTime};

use mailwright::internals::authorities::Authorities;
use mailwright::internals::check::defects;
use mailwright::internals::check::signature::signature;
use mailwright::internals::finding::Source;
use mailwright::internals::import::{Reader, envelope};

thread_local! {
    static AUTHORITIES: Authorities = Authorities::default();
}

/// A day on which the certificates of our fixtures are valid.
const NOW: Duration = Duration::from_secs(1_790_000_000);

pub fn check(bytes: &[u8]) {
    let _ = envelope::open(bytes);
    let now = SystemTime::UNIX_EPOCH + NOW;
    let found =
        AUTHORITIES.with(|authorities| signature(Reader::Mobileconfig, bytes, now, authorities));
    let source = Source::new("fuzzed", String::new());
    for defect in found.iter() {
        let shown = defects::finding(defect, &source).to_string();
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    }
}
