//! `mailwright serve` as its clients see it: the finished program on a free port, asked over sockets.

#[cfg(feature = "acme")]
mod acme;
mod answers;
mod bad_input;
#[allow(dead_code, reason = "each test crate uses its part")]
mod fixtures;
mod host;
mod mutated;
mod own_target;
#[cfg(feature = "acme")]
mod pebble;
#[cfg(feature = "acme")]
#[path = "../clients/support.rs"]
#[allow(dead_code, unused_macros, reason = "each test crate uses its part")]
mod programs;
mod reload;
mod requests;
#[path = "../support/mod.rs"]
mod runs;
#[cfg(feature = "verify")]
mod selftest;
mod soak;
use runs as support;
