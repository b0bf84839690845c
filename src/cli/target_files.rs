//! `mailwright targets show TARGET WHO`: the shared files of a target, each with its size and
//! digest, and the DNS record with which clients verify it.

use crate::bundle::Builder;
use crate::clients::Scope;
use crate::format::{digest_record, sha256_hex};
use crate::plan::Job;
use crate::render::Artifact;

use super::args::{Global, SubjectArgs};
use super::session::Session;
use super::terminal::Terminal;
use super::{Failure, Outcome};

/// Renders and judges the files without writing them.
pub fn show(
    target: &str,
    subject: SubjectArgs,
    global: &Global,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let args = SubjectArgs { targets: vec![target.to_owned()], ..subject };
    let mut session = Session::open(&args, global)?;
    let mut findings = std::mem::take(&mut session.findings);
    let mut text = String::new();
    if !terminal.stops(&mut findings) {
        let request = session.request(None);
        match Builder::new().files(&request, &is_shared, &mut |artifact| lines(&artifact)) {
            Ok(built) => {
                findings.extend(built.findings);
                text = built.files.concat();
            }
            Err(own) => findings.extend(own),
        }
    }
    if terminal.report(&mut findings) {
        return Ok(Outcome::Findings);
    }
    if text.is_empty() {
        terminal.say(&format!("{target} makes no file that is the same for everybody there"));
        return Ok(Outcome::Fine);
    }
    terminal.print(&text)?;
    Ok(Outcome::Fine)
}

fn is_shared(job: &Job<'_>) -> bool {
    matches!(job.audience.scope(), Scope::Provider | Scope::Domain)
}

/// The lines about a file as `generate` would write it, except for a signature.
fn lines(artifact: &Artifact<'_>) -> String {
    let job = artifact.job;
    let file = job.file;
    let mut text = format!("{}\n", artifact.path);
    // An included file is served by the web server's configuration, not by its own target's routes.
    if !job.is_included() {
        for route in &file.routes {
            text.push_str(&format!("  served under {route} as {}\n", file.media_type));
        }
    }
    let bytes = &artifact.bytes;
    text.push_str(&format!("  {} bytes, SHA-256 {}\n", bytes.len(), sha256_hex(bytes)));
    if let Some(label) = &file.digest {
        let domain = job.audience.domain();
        text.push_str(&format!("  {label}.{domain} TXT \"{}\"\n", digest_record(bytes)));
    }
    text
}
