//! `mailwright serve` as its clients see it: the finished program on a free port, asked over sockets.

mod answers;
mod bad_input;
mod host;
mod reload;
mod soak;
#[path = "../support/mod.rs"]
mod support;
