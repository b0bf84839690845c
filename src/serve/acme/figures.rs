//! Metrics of ACME.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is counted.
#[derive(Debug, Default)]
pub struct AcmeFigures {
    pub orders: AtomicU64,
    pub failures: AtomicU64,
    pub limited: AtomicU64,
    pub refused: AtomicU64,
    ends: Mutex<Vec<(String, i64)>>,
}

/// Certificates in the metrics: those that expire first. A time series for each of a hundred
/// thousand names would be too many.
const MOST_NAMES: usize = 100;

impl AcmeFigures {
    /// Sets names and expiry of the certificates, in seconds since 1970.
    pub fn note(&self, mut ends: Vec<(String, i64)>) {
        ends.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        ends.truncate(MOST_NAMES);
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
    }

    pub fn ends(&self) -> Vec<(String, i64)> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn counters(&self) -> [(&'static str, &'static str, u64); 4] {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("acme_orders", "Certificates that were asked for", value(&self.orders)),
            ("acme_failures", "Orders that brought no certificate", value(&self.failures)),
            ("acme_limited", "Orders beyond --acme-orders", value(&self.limited)),
            (
                "acme_refused",
                "Names that lead elsewhere or that --acme-ask refuses",
                value(&self.refused),
            ),
        ]
    }
}
