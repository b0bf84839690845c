//! Every fuzz target; the environment variable FUZZ_TARGET says which one runs.
#![no_main]

mod asking;
mod directory;
mod dns;
mod lists;
mod mail_server;
mod proxy_header;
mod read;
mod signed_profile;

use std::sync::LazyLock;

use mailwright::internals::import::Reader;

type Target = fn(&[u8]);

/// Name, and what it does with its bytes. `fuzz/run` reads the names here.
const TARGETS: [(&str, Target); 24] = [
    ("ask", asking::ask),
    ("ask_http2", asking::ask_http2),
    ("autoconfig", |bytes| read::all(Reader::Autoconfig, bytes)),
    ("autodiscover", |bytes| read::all(Reader::Autodiscover, bytes)),
    ("directory", directory::answers),
    ("dns", dns::answers),
    ("domain_list", lists::domain_list),
    ("domain_owners", lists::domain_owners),
    ("fetchmail", |bytes| read::all(Reader::Fetchmail, bytes)),
    ("getmail", |bytes| read::all(Reader::Getmail, bytes)),
    ("imap", mail_server::imap),
    ("k9s", |bytes| read::all(Reader::K9s, bytes)),
    ("mobileconfig", |bytes| read::all(Reader::Mobileconfig, bytes)),
    ("mpop", |bytes| read::all(Reader::Mpop, bytes)),
    ("msmtp", |bytes| read::all(Reader::Msmtp, bytes)),
    ("pop3", mail_server::pop3),
    ("prefs", |bytes| read::all(Reader::Prefs, bytes)),
    ("prf", |bytes| read::all(Reader::Prf, bytes)),
    ("provider_file", lists::provider_file),
    ("proxy_header", proxy_header::read),
    ("qr_payload", |bytes| read::all(Reader::QrPayload, bytes)),
    ("reg", |bytes| read::all(Reader::Reg, bytes)),
    ("signed_profile", signed_profile::check),
    ("smtp", mail_server::smtp),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("there is no target \"{wanted}\"; see fuzz/run --list")).1
});

// The first run may read templates or start a server, which has no time limit.
libfuzzer_sys::fuzz_target!(init: TARGET(b""), |bytes: &[u8]| TARGET(bytes));
