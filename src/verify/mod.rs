//! The connection test: every step of a sign-in, with a code for each fault.
//!
//! Dialogues over [`crate::net`]; nothing here prints or reads files. Calls block, with one thread
//! per server: a dialogue is a sequence, and at most 64 run at once (`pool.rs`).

mod capabilities;
mod greeting;
pub mod hosted;
mod imap;
mod login;
mod mailbox;
#[cfg(test)]
mod memory;
mod message;
pub mod oauth2;
mod pool;
mod pop3;
mod probe;
mod reach;
mod redact;
mod rehearsal;
mod round_trip;
mod sasl;
mod secure;
mod server;
mod session;
mod smtp;
mod step;
mod web;
mod wire;

pub use login::Credentials;
pub use message::date;
pub use pool::each;
pub use probe::{Probe, probes_of_file, probes_of_subject};
pub use redact::Redactor;
pub use rehearsal::rehearse;
pub use round_trip::{RoundTripSetup, impossible, round_trip};
pub use sasl::Mechanism;
pub use server::{Options, test};
pub use step::{ServerReport, Step, StepOutcome, StepSequence, seconds};
