//! Builds bundles: a request goes in, judged files come out.
//!
//! Every file that leaves the program is planned, rendered and judged here, whoever asks for it: `generate`,
//! a list of people, `convert`, a message's attachments, `serve`'s answers and pages. There are three ways to
//! ask, over one engine:
//!
//! - [`Builder::files`]: the files of one request that are wanted, in the plan's order.
//! - [`build_all`]: all files of a plan, on all cores.
//! - [`Patterns`]: the same files for the next person, filled in instead of rendered again.

mod parallel;
mod patterns;

use crate::check::{Judges, check};
use crate::finding::{Finding, any_error};
use crate::output::OutFile;
use crate::plan::{self, Job, Request};
use crate::render::{Artifact, Renderer};

pub use parallel::{Finish, build_all};
pub use patterns::{FilePattern, Patterns};

/// Compiled templates and schemas, for one thread at a time.
#[derive(Default)]
pub struct Builder {
    renderer: Renderer,
    judges: Judges,
}

/// What [`Builder::files`] built.
pub struct Built<T> {
    pub files: Vec<T>,
    /// Warnings and notes of the plan, and a warning for each file that cannot hold its values.
    pub findings: Vec<Finding>,
    /// Whether a file was left out because it cannot hold a value of this person's.
    pub left_out: bool,
}

impl Builder {
    pub fn new() -> Self {
        Self::default()
    }

    /// A builder whose files can become patterns for other people.
    pub fn for_patterns() -> Self {
        Self { renderer: Renderer::new().for_patterns(), judges: Judges::default() }
    }

    /// One file, rendered and judged.
    ///
    /// # Errors
    /// A finding at error level says that the template or the file is wrong; only warnings say that this
    /// one file cannot hold its values.
    pub fn file<'j>(&mut self, job: &'j Job<'j>) -> Result<Artifact<'j>, Vec<Finding>> {
        let artifact = self.renderer.render(job)?;
        let findings = check(&mut self.judges, &artifact);
        if findings.is_empty() { Ok(artifact) } else { Err(findings) }
    }

    /// Plans a request and builds the files that are wanted; `take` gets each of them.
    ///
    /// # Errors
    /// The plan has an error, or a template or a file is wrong: then there are no files at all.
    pub fn files<T>(
        &mut self,
        request: &Request<'_>,
        wanted: &dyn Fn(&Job<'_>) -> bool,
        take: &mut dyn FnMut(Artifact<'_>) -> T,
    ) -> Result<Built<T>, Vec<Finding>> {
        let plan = plan::plan(request);
        let mut built = Built { files: Vec::new(), findings: plan.findings, left_out: false };
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

    /// Forgets compiled schemas as well.
    fn forget_schemas(&mut self) {
        self.judges = Judges::default();
    }

    /// Forgets which files were right, so that a server that runs for months does not collect them;
    /// compiled templates and schemas stay.
    pub fn forget(&mut self) {
        self.judges.forget();
    }
}

/// A judged file as it is written.
pub fn out_file(artifact: Artifact<'_>) -> OutFile {
    OutFile { path: artifact.path, bytes: artifact.bytes, ..about(artifact.job) }
}

/// Everything about a file but its path and its bytes.
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
