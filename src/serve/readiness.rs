//! Whether the server can answer: it has read its providers, and there is one to serve.

use std::sync::{PoisonError, RwLock};

/// What `/readyz` answers.
#[derive(Debug, Default)]
pub struct Readiness(RwLock<ReadyState>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ReadyState {
    #[default]
    Reading,
    Ready,
    /// No provider is served, for this reason.
    Nothing(String),
}

impl Readiness {
    pub fn get(&self) -> ReadyState {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, state: ReadyState) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
