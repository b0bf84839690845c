//! Whatever is asked, in whatever form of HTTP: an answer, and never one at the 500s.
#![no_main]

mod asking;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| asking::ask(bytes));
