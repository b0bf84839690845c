//! Why a list cannot be read.

use std::io;

/// Why a list cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {name}: {source}")]
    Io { name: String, source: io::Error },
    #[error("{name}:{line}: {why}")]
    Broken { name: String, line: u64, why: String },
    #[error(
        "{name} has no column of addresses; it has {}. --column address=NAME names one",
        .found.join(", ")
    )]
    NoAddress { name: String, found: Vec<String> },
    #[error("{name} has no column \"{column}\"; it has {}", .found.join(", "))]
    NoColumn { name: String, column: String, found: Vec<String> },
    #[error("{name} is empty")]
    Empty { name: String },
}
