//! Why a directory cannot be read.

use std::io;

/// Why a directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is wrong, for example its filter.
    #[error("{0}")]
    Request(String),
    #[error("{place}: {why}")]
    Server { place: String, why: String },
    #[error("cannot keep what the directory says in a temporary file: {0}")]
    Spool(io::Error),
    #[error("interrupted")]
    Interrupted,
}
