//! An overview of what was found about domains: which clients find settings, and what to fix first.

use std::fmt::Write as _;

use super::table::TextTable;
use crate::verify::hosted::HostedReport;
use crate::verify::{Step, StepOutcome};

/// A row for each domain.
pub fn overview(reports: &[HostedReport], width: usize) -> String {
    let mut table = TextTable::new(&["domain", "clients that find their settings", "fix first"]);
    for report in reports {
        let fix = first_to_fix(report).map_or_else(
            || "nothing".to_owned(),
            |(place, step)| match step.code {
                Some(code) => format!("{place}: {} ({code})", step.detail),
                None => format!("{place}: {}", step.detail),
            },
        );
        table.row(vec![report.domain.clone(), clients(report), fix]);
    }
    table.render(width)
}

/// One line for a report that stands above it: what to fix first. Empty if that is nothing.
pub fn fix_first(report: &HostedReport) -> String {
    let Some((place, step)) = first_to_fix(report) else { return String::new() };
    let mut line = format!("Fix first: {place}: {}", step.detail);
    if let Some(help) = step.help() {
        let _ = write!(line, "; {help}");
    }
    line + "\n"
}

fn clients(report: &HostedReport) -> String {
    let (found, nothing): (Vec<_>, Vec<_>) =
        report.clients.iter().partition(|view| view.place.is_some());
    let all = report.clients.len();
    let nothing: Vec<&str> = nothing.iter().map(|view| view.client).collect();
    match nothing.is_empty() {
        true => format!("all {all}"),
        false => format!("{} of {all}; not {}", found.len(), nothing.join(", ")),
    }
}

/// The first step that failed, else the first one with a warning, and where that was.
fn first_to_fix(report: &HostedReport) -> Option<(&str, &Step)> {
    let steps = || {
        let courses = report.courses.iter();
        courses.flat_map(|course| course.steps.iter().map(|step| (course.name.as_str(), step)))
    };
    let with = |outcome: StepOutcome| steps().find(|(_, step)| step.outcome == outcome);
    with(StepOutcome::Failed).or_else(|| with(StepOutcome::Warning))
}
