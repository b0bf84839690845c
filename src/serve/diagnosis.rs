//! Causes of requests that are not answered as the operator expects. Each is reported once a minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When each cause was last reported.
#[derive(Default)]
pub struct Diagnoses(Mutex<HashMap<Cause, Instant>>);

/// Why a request is not answered as the operator expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The Host is an address, or the name of this machine.
    HostReplaced,
    /// The Host has another name, which no provider names.
    UnknownHost,
    /// A proxy that is not trusted says for whom it asks.
    UntrustedProxy,
    /// A trusted proxy sends a header that has no address in it.
    UnreadableClient,
    /// A trusted balancer sends no PROXY header, or one that is not valid.
    NoProxyHeader,
}

const AGAIN: Duration = Duration::from_secs(60);

impl Diagnoses {
    /// Whether it is time to report this cause.
    pub fn is_due(&self, cause: Cause) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = known.get(&cause).is_none_or(|at| at.elapsed() >= AGAIN);
        if is_due {
            known.insert(cause, Instant::now());
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_reported_once_a_minute() {
        let diagnoses = Diagnoses::default();
        assert!(diagnoses.is_due(Cause::UnknownHost));
        assert!(!diagnoses.is_due(Cause::UnknownHost));
        assert!(diagnoses.is_due(Cause::HostReplaced));
        let past = Instant::now() - AGAIN;
        diagnoses.0.lock().unwrap().insert(Cause::UnknownHost, past);
        assert!(diagnoses.is_due(Cause::UnknownHost));
    }
}
