//! How a command ended.

/// Why a command could not run, with what to do if that is known.
pub type Failure = Box<dyn std::error::Error>;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Fine,
    Findings,
}
