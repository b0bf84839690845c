//! The defects that a reader found in a file, as findings with what their pages say.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codes::{self, Code, Hurt};
use crate::finding::{Finding, Source};
use crate::import::Defect;

/// More of one kind in one file say nothing new: they are counted.
const MOST: usize = 20;

/// Every defect with its page, in the order of their places, each once.
pub fn findings<'a>(
    defects: impl Iterator<Item = &'a Defect>,
    source: &Arc<Source>,
) -> Vec<Finding> {
    let mut sorted: Vec<&Defect> = defects.collect();
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
    for (code, count) in counts.into_iter().filter(|(_, count)| *count > MOST) {
        let message = format!("{} more of {code} in {}", count - MOST, source.name);
        findings.push(Finding::new(codes::MORE_OF_THE_SAME, message));
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

/// The defect with its page.
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
