//! What a reader found in somebody's file, with all that is known about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Finding, Source};
use crate::import::Defect;
use crate::rules::{self, Hurt};

/// More of one kind in one file say nothing new: they are counted.
const MOST: usize = 20;

/// Every defect with its rule's page, in the order of their places, each once.
pub fn findings<'a>(
    defects: impl Iterator<Item = &'a Defect>,
    source: &Arc<Source>,
) -> Vec<Finding> {
    let mut sorted: Vec<&Defect> = defects.collect();
    sorted.sort_by_key(|defect| defect.span.start);
    sorted.dedup();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for defect in sorted {
        let count = counts.entry(defect.code).or_default();
        *count += 1;
        if *count <= MOST {
            findings.push(finding(defect, source));
        }
    }
    for (code, count) in counts.into_iter().filter(|(_, count)| *count > MOST) {
        let message = format!("{} more of {code} in {}", count - MOST, source.name);
        findings.push(Finding::note("more-of-the-same", message));
    }
    findings
}

/// As much of a message as people read; a file's own text can be in it.
const LONGEST: usize = 400;

fn short(message: &str) -> String {
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &message[..end]),
        None => message.to_owned(),
    }
}

/// The defect with its rule's page.
pub fn finding(defect: &Defect, source: &Arc<Source>) -> Finding {
    match rules::find(defect.code) {
        Some(rule) => {
            let mut finding = Finding::new(rule.code, rule.severity, short(&defect.message));
            finding.help = Some(rule.help);
            finding.spec = Some(rule.source);
            finding.hurts = rule
                .hurts
                .into_iter()
                .map(|Hurt { client, how, .. }| format!("{client} {how}"))
                .collect();
            finding
        }
        None => Finding::error(defect.code, short(&defect.message)),
    }
    .at(source, defect.span.clone())
}
