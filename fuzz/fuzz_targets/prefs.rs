//! Whatever is in a file: it is read without a panic, and so is what comes of it.
#![no_main]

use mailwright::internals::import::Reader;

mod read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read::all(Reader::Prefs, bytes));
