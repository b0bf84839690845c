//! Builds bundles: a request goes in, validated files come out.
//!
//! Every file that leaves the program is planned, rendered and checked here: for `generate`, user
//! lists, `convert`, message attachments, and the answers and pages of `serve`. There are three
//! entry points over one engine:
//!
//! - [`Builder::files`]: the requested files of one request, in the plan's order.
//! - [`build_all`]: all files of a plan, on all cores.
//! - [`Patterns`]: the same files for the next user, filled in instead of rendered again.

mod parallel;
mod patterns;

use crate::check::{Judges, check};
use crate::finding::{Finding, any_error};
use crate::output::OutFile;
use crate::plan::{self, Job, Request};
use crate::render::{Artifact, Renderer};

pub use parallel::build_all;
pub use patterns::{FilePattern, Patterns};

/// Compiled templates and schemas, for one thread at a time.
#[derive(Default)]
pub struct Builder {
    renderer: Renderer,
    judges: Judges,
}

/// The result of [`Builder::files`].
pub struct BuiltFiles<T> {
    pub files: Vec<T>,
    /// Warnings and notes of the plan, and a warning for each file that cannot hold its values.
    pub findings: Vec<Finding>,
    /// Whether a file was left out because it cannot hold one of this user's values.
    pub left_out: bool,
}

impl Builder {
    /// A builder for single files.
    pub fn new() -> Self {
        Self::default()
    }

    /// A builder whose files can become patterns for other users.
    pub fn for_patterns() -> Self {
        Self { renderer: Renderer::new().for_patterns(), judges: Judges::default() }
    }

    /// Renders and checks one file.
    ///
    /// # Errors
    /// Errors mean that the template or the file is wrong. If there are only warnings, this one
    /// file cannot hold its values.
    pub fn file<'j>(&mut self, job: &'j Job<'j>) -> Result<Artifact<'j>, Vec<Finding>> {
        let artifact = self.renderer.render(job)?;
        let findings = check(&mut self.judges, &artifact);
        if findings.is_empty() { Ok(artifact) } else { Err(findings) }
    }

    /// Plans a request and builds the files for which `wanted` is true; `take` gets each of them.
    ///
    /// # Errors
    /// The plan has an error, or a template or a file is wrong. No file is returned in that case.
    pub fn files<T>(
        &mut self,
        request: &Request<'_>,
        wanted: &dyn Fn(&Job<'_>) -> bool,
        take: &mut dyn FnMut(Artifact<'_>) -> T,
    ) -> Result<BuiltFiles<T>, Vec<Finding>> {
        let plan = plan::plan(request);
        let mut built = BuiltFiles { files: Vec::new(), findings: plan.findings, left_out: false };
        if any_error(&built.findings) {
            return Err(built.findings);
        }
        let jobs = plan.bundles.iter().flat_map(|bundle| &bundle.jobs);
        for job in jobs.filter(|job| wanted(job)) {
            match self.file(job) {
                Ok(artifact) => built.files.push(take(artifact)),
                Err(own) if any_error(&own) => return Err(own),
                Err(own) => {
                    built.findings.extend(own);
                    built.left_out = true;
                }
            }
        }
        Ok(built)
    }

    /// Drops the compiled schemas.
    fn forget_schemas(&mut self) {
        self.judges = Judges::default();
    }

    /// Drops the record of files that passed the checks, so that it does not grow in a server that
    /// runs for months. Compiled templates and schemas stay.
    pub fn forget(&mut self) {
        self.judges.forget();
    }
}

/// Converts a validated file for output.
pub fn out_file(artifact: Artifact<'_>) -> OutFile {
    OutFile { path: artifact.path, bytes: artifact.bytes, ..about(artifact.job) }
}

/// All properties of a file except its path and its bytes.
fn about(job: &Job<'_>) -> OutFile {
    OutFile {
        path: String::new(),
        bytes: Vec::new(),
        media_type: job.file.media_type.clone(),
        target: job.folder_target.name.clone(),
        notes: job.notes.iter().map(|(_, text)| text.clone()).collect(),
        secret: job.password.is_some(),
    }
}
