//! Formats findings and results for people and for programs.

mod checked;
mod human;
mod matrix;
#[cfg(feature = "verify")]
mod metrics;
#[cfg(feature = "verify")]
mod overview;
mod table;
#[cfg(feature = "verify")]
mod verified;

pub use checked::{checked_json, checked_junit, checked_sarif};
pub use human::findings as human_findings;
pub use matrix::matrix_page;
#[cfg(feature = "verify")]
pub use metrics::{MEDIA_TYPE as METRICS_TYPE, Runs, metrics};
#[cfg(feature = "verify")]
pub use overview::overview;
pub use table::TextTable;
#[cfg(feature = "verify")]
pub use verified::{VerifyReport, human_verified, junit_verified};

use crate::finding::{Finding, Severity};

/// The number of findings of each severity for a closing line. `None` if there is nothing to
/// report.
pub fn summary(findings: &[Finding]) -> Option<String> {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning")]
        .into_iter()
        .filter_map(|(severity, word)| match count(severity) {
            0 => None,
            1 => Some(format!("1 {word}")),
            n => Some(format!("{n} {word}s")),
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
