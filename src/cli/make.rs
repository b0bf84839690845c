//! Builds the files of a plan, with the rows of `generate`'s table.

use crate::bundle::build_all;
use crate::codes::Code;
use crate::finding::Finding;
use crate::output::OutFile;
use crate::plan::{BundlePlan, Job};

use super::generated::{FileRow, GeneratedFiles};
use super::signing::Signing;
use super::terminal::Terminal;

/// Builds everything. Problems are added to the findings, in the plan's order.
pub fn make(
    bundles: &[BundlePlan<'_>],
    signing: &Signing,
    terminal: &Terminal,
    findings: &mut Vec<Finding>,
) -> GeneratedFiles {
    let files = bundles.iter().map(|bundle| bundle.jobs.len()).sum();
    let progress = terminal.progress(files, "files");
    let mut rows = Vec::new();
    let bundles = build_all(
        bundles,
        &|job, file| signing.sign_if_profile(job, file),
        &|| progress.step(),
        findings,
        &mut |bundle, job, file| rows.push(row(bundle, job, file, terminal)),
    );
    GeneratedFiles { bundles, rows }
}

fn row(bundle: &BundlePlan<'_>, job: &Job<'_>, file: &OutFile, terminal: &Terminal) -> FileRow {
    let wanted = |code: &Code| terminal.levels().of(*code, code.severity).is_some();
    FileRow {
        clients: job.target.clients.iter().map(|c| c.name.clone()).collect(),
        target: job.folder_target.name.clone(),
        file: format!("{}/{}", bundle.folder.display(), file.path),
        delivery: job.file.delivery.clone().unwrap_or_else(|| job.target.delivery.clone()),
        notes: file.notes.clone(),
        bundle: bundle.folder.display().to_string(),
        short: match file.path.rsplit_once(&format!(".{}.", job.language)) {
            Some((before, after)) if job.file.per_language => format!("{before}.*.{after}"),
            _ => file.path.clone(),
        },
        codes: job.notes.iter().map(|(code, _)| *code).filter(wanted).collect(),
    }
}
