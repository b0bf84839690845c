//! `mailwright serve` as its clients see it: the finished program on a free port, asked over sockets.

mod answers;
mod bad_input;
mod host;
mod mutated;
mod reload;
#[cfg(feature = "verify")]
mod selftest;
mod soak;
#[path = "../support/mod.rs"]
mod support;
