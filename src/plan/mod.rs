//! Plans who gets which file, with which servers and authentication methods, or reports why not.
//!
//! Settings × targets × subjects → jobs. This module is pure: all input has been read before.

mod audience;
mod choose;
mod job;
mod managed;
mod options;
mod request;
mod scope;
mod servers;

use std::path::PathBuf;

use crate::codes;
use crate::finding::Finding;

pub use audience::Audience;
pub use job::{Job, PlannedServer};
use options::resolve_options;
pub use request::Request;
pub use servers::services;

/// All planned files, with the findings about them.
pub struct Plan<'a> {
    pub bundles: Vec<BundlePlan<'a>>,
    pub findings: Vec<Finding>,
}

/// One folder: the shared files of a domain, or the files of one user.
pub struct BundlePlan<'a> {
    /// Relative to the output folder.
    pub folder: PathBuf,
    pub subject: String,
    pub jobs: Vec<Job<'a>>,
}

/// Plans everything that was requested.
pub fn plan<'a>(request: &'a Request<'a>) -> Plan<'a> {
    let mut findings = Vec::new();
    let mut bundles: Vec<BundlePlan<'a>> = Vec::new();
    let options = resolve_options(request, &mut findings);
    for subject in request.subjects {
        let shared = subject.shared_folder();
        let at = match bundles.iter().position(|b| b.folder == shared) {
            Some(at) => at,
            None => {
                let name = shared.to_string_lossy().into_owned();
                bundles.push(BundlePlan {
                    folder: shared.clone(),
                    subject: name,
                    jobs: Vec::new(),
                });
                let jobs = scope::shared_jobs(request, subject, &options, &mut findings);
                let last = bundles.len() - 1;
                bundles[last].jobs = jobs;
                last
            }
        };
        if let Some(address) = subject.address() {
            let folder = bundles[at].folder.join(crate::format::file_name(address.as_str()));
            if bundles.iter().any(|b| b.folder == folder) {
                findings.push(
                    Finding::new(
                        codes::SAME_SUBJECT_TWICE,
                        format!("{address} was asked for twice"),
                    )
                    .subject(address.as_str()),
                );
                continue;
            }
            let jobs = scope::account_jobs(request, subject, &options, &mut findings);
            let subject = address.to_string();
            bundles.push(BundlePlan { folder, subject, jobs });
        }
    }
    for bundle in &mut bundles {
        bundle.jobs.sort_by(|a, b| a.folder_target.name.cmp(&b.folder_target.name));
    }
    // An empty bundle would replace an existing one that has files.
    bundles.retain(|bundle| !bundle.jobs.is_empty());
    findings.dedup();
    Plan { bundles, findings }
}
