//! mailwright: one description of a mail provider, rendered into every file that its users' mail
//! clients want, and proven right.
//!
//! The pipeline: `settings` and `clients` are read, `plan` decides who gets what, `render` makes
//! the bytes, `check` judges them, `output` writes them. Everything from plan to check is pure:
//! no files, sockets, clock or randomness. ARCHITECTURE.md has the map.

#![forbid(unsafe_code)]

pub mod bundle;
pub mod check;
pub mod cli;
pub mod clients;
pub mod codes;
pub mod document;
pub mod embedded;
pub mod finding;
pub mod format;
pub mod import;
pub mod model;
#[cfg(feature = "net")]
pub mod net;
pub mod output;
pub mod plan;
pub mod render;
pub mod report;
#[cfg(feature = "serve")]
pub mod serve;
pub mod settings;
#[cfg(feature = "sign")]
pub mod sign;
pub mod users;
#[cfg(feature = "verify")]
pub mod verify;
