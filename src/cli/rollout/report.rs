//! Prints the result of a rollout, as text or JSON.

use serde::Serialize;

use crate::finding::{Finding, any_error};

use super::super::Failure;
use super::super::args::{Format, GenerateArgs};
use super::super::terminal::Terminal;
use super::list::ListSummary;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RolloutReport<'a> {
    users: u64,
    files: u64,
    done_before: u64,
    rejected: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_file: Option<&'a str>,
    written: &'a [String],
    findings: &'a [Finding],
}

pub(super) fn tell(
    args: &GenerateArgs,
    terminal: &Terminal,
    looked: &ListSummary,
    done: &RolloutResult,
    findings: &[Finding],
) -> Result<(), Failure> {
    let rejected = looked.bad_count + looked.doubles.len() as u64;
    if args.format == Format::Json {
        let told = RolloutReport {
            users: done.users,
            files: done.files,
            done_before: done.before,
            rejected,
            rejected_file: done.rejected.as_deref(),
            written: &done.written,
            findings,
        };
        terminal.json(&format!("{}\n", serde_json::to_string_pretty(&told)?))?;
        return Ok(());
    }
    terminal.findings(findings);
    let summary = crate::report::summary(findings).map(|s| format!("; {s}")).unwrap_or_default();
    if any_error(findings) && done.users == 0 {
        terminal.say(&format!("{} users{summary}; nothing was written", looked.users));
        return Ok(());
    }
    if args.dry_run {
        terminal.say(&format!("files for {} users would be written{summary}", looked.users));
        return Ok(());
    }
    let before = match done.before {
        0 => String::new(),
        before => format!(", {before} were done before"),
    };
    let left = match &done.rejected {
        Some(file) => format!("; {rejected} rows are in {file}"),
        None => String::new(),
    };
    let (users, files) = (done.users, done.files);
    let where_ = done.written.join(", ");
    terminal.say(&format!("{users} users, {files} files in {where_}{before}{left}{summary}"));
    Ok(())
}

/// The result of a rollout.
#[derive(Default)]
pub(super) struct RolloutResult {
    pub(super) users: u64,
    pub(super) files: u64,
    /// Users that an earlier run had done.
    pub(super) before: u64,
    pub(super) rejected: Option<String>,
    pub(super) written: Vec<String>,
}
