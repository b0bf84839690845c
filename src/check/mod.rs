//! The judges: a file is written only if all of them accept it.
//!
//! 1. structure: the file parses to the same tree as its skeleton, with the raw values in place of
//!    the marks; this proves escaping and encoding of every byte.
//! 2. schema: XSD for XML, JSON Schema for other formats.
//! 3. reading: the typed reader of the client's format gives back the plan. For formats without a
//!    reader, every planned value must appear in the text.

pub mod advice;
pub mod dates;
pub mod defects;
pub mod encoding;
pub mod file;
pub mod fix;
pub mod matrix;
mod reading;
pub mod schema;
mod shown;
pub mod signature;
mod structure;

use std::collections::{BTreeMap, BTreeSet};

use crate::clients::Scope;
use crate::finding::Finding;
use crate::render::Artifact;

use schema::Schemas;

pub use structure::PatternJudge;

/// What the judges keep during a run: compiled schemas, and the files that passed.
#[derive(Default)]
pub struct Judges {
    schemas: Schemas,
    right: BTreeMap<String, BTreeSet<String>>,
}

impl Judges {
    /// Drops the record of files that passed; compiled schemas stay.
    pub fn forget(&mut self) {
        self.right.clear();
    }
}

/// Judges one file. Any finding is an error: the generated file is not what was planned.
///
/// A shared file is written in several places (to be hosted, for `isp/`, for a domain). The same
/// text of the same template is judged only once.
pub fn check(judges: &mut Judges, artifact: &Artifact<'_>) -> Vec<Finding> {
    let job = artifact.job;
    let shared = job.file.scope != Scope::Account;
    let template = || format!("{}/{}", job.target.name, job.file.template);
    if shared
        && let Some(right) = judges.right.get(&template())
        && right.contains(&artifact.text)
    {
        return Vec::new();
    }
    let findings = match structure::check(artifact) {
        Err(findings) => findings,
        // A file that does not parse is not judged further.
        Ok(tree) => {
            let mut findings = schema::check(&mut judges.schemas, artifact, tree.as_ref());
            findings.extend(reading::check(artifact, tree.as_ref()));
            findings.extend(shown::check(artifact));
            findings
        }
    };
    if !findings.is_empty() {
        return findings.into_iter().map(|finding| explained(finding, artifact)).collect();
    }
    if shared {
        judges.right.entry(template()).or_default().insert(artifact.text.clone());
    }
    Vec::new()
}

fn explained(mut finding: Finding, artifact: &Artifact<'_>) -> Finding {
    finding.target = Some(artifact.job.folder_target.name.clone());
    finding.subject = Some(artifact.job.subject.name().to_owned());
    if finding.help.is_none() {
        finding.help = Some(
            "what the settings, the template and its manifest make together would be misread; \
             nothing was written"
                .to_owned(),
        );
    }
    finding
}
