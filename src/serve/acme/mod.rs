//! Certificates from an ACME authority, ordered when a client first asks for a name.
//!
//! `accept` sees the name in a handshake; `ask` asks `certificate_names` whether it may have a certificate, and
//! `order_limiter` whether now, within the
//! `order_budget`. A thread of its own (`thread`) asks for
//! `permission`: the name has to lead here (`destination`), and a program of the operator's has to agree
//! (`ask_program`). It places one order for each name
//! (`order`), while `challenges` proves to the authority that the name is ours. Certificates are
//! kept in memory (`issued`) and on disk (`cache`).
//!
//! RFC 8555; RFC 8737 for TLS-ALPN-01

mod accept;
mod ask;
mod ask_program;
mod cache;
mod challenges;
mod destination;
mod figures;
mod issued;
mod order;
mod order_budget;
mod order_limiter;
mod permission;
mod renewals;
mod resolver;
mod settings;
mod state;
mod thread;

pub use figures::AcmeFigures;
pub use settings::{AcmeSettings, ChallengeKind, ExternalAccount};
pub use state::Acme;
