//! What a reader found in somebody's file, with all that is known about it.

use std::sync::Arc;

use crate::finding::{Finding, Source};
use crate::import::Defect;
use crate::rules::{self, Hurt};

/// The defect with its rule's page.
pub fn finding(defect: &Defect, source: &Arc<Source>) -> Finding {
    match rules::find(defect.code) {
        Some(rule) => {
            let mut finding = Finding::new(rule.code, rule.severity, defect.message.clone());
            finding.help = Some(rule.help);
            finding.spec = Some(rule.source);
            finding.hurts = rule
                .hurts
                .into_iter()
                .map(|Hurt { client, how, .. }| format!("{client} {how}"))
                .collect();
            finding
        }
        None => Finding::error(defect.code, defect.message.clone()),
    }
    .at(source, defect.span.clone())
}
