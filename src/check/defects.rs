//! Converts the defects of a reader into findings, with the contents of their pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codes::{self, Code, Hurt};
use crate::finding::{Finding, Source};
use crate::import::{Defect, DefectList};

/// How many defects of one kind are listed per file; the others are only counted.
const MOST: usize = 20;

/// Every defect once, in the order of their places.
pub fn findings(lists: &[&DefectList], source: &Arc<Source>) -> Vec<Finding> {
    let mut sorted: Vec<&Defect> = lists.iter().flat_map(|list| list.iter()).collect();
    sorted.sort_by_key(|defect| defect.span.start);
    sorted.dedup();
    let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for defect in sorted {
        let count = counts.entry(defect.code).or_default();
        *count += 1;
        if *count <= MOST {
            findings.push(finding(defect, source));
        }
    }
    for (code, count) in lists.iter().flat_map(|list| list.left_out()) {
        *counts.entry(code).or_default() += count;
    }
    for (code, count) in counts.into_iter().filter(|(_, count)| *count > MOST) {
        let message = format!("{} more of {code} in {}", count - MOST, source.name);
        findings.push(Finding::new(codes::MORE_OF_THE_SAME, message));
    }
    findings
}

/// The maximum length of a message in characters, because it may quote the file.
const LONGEST: usize = 400;

fn short(message: &str) -> String {
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &message[..end]),
        None => message.to_owned(),
    }
}

/// A defect as a finding, with the contents of its page.
pub fn finding(defect: &Defect, source: &Arc<Source>) -> Finding {
    let code = defect.code;
    let mut finding = Finding::new(code, short(&defect.message))
        .help(code.help)
        .spec(code.source)
        .at(source, defect.span.clone());
    let hurts = code.hurts.iter().map(|Hurt { client, how, .. }| format!("{client} {how}"));
    finding.hurts = hurts.collect();
    finding
}
