//! Plan → finished files: every job rendered and judged, on all cores.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Serialize;

use crate::check::{Judges, check};
use crate::finding::Finding;
use crate::output::{Bundle, OutFile};
use crate::plan::{BundlePlan, Job};
use crate::render::Renderer;

use super::progress::Progress;
use super::signing::Signing;
use super::terminal::Terminal;

/// What will be written, with what the table says about each file.
#[derive(Default)]
pub struct Made {
    pub bundles: Vec<Bundle>,
    pub rows: Vec<Row>,
}

/// A file as people are told about it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub clients: Vec<String>,
    pub target: String,
    /// Below the output folder.
    pub file: String,
    pub delivery: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(skip)]
    pub bundle: String,
    /// Below the bundle, `*` for the language where there is one file for each.
    #[serde(skip)]
    pub short: String,
    #[serde(skip)]
    pub codes: Vec<&'static str>,
}

impl Made {
    pub fn has_secrets(&self) -> bool {
        self.bundles.iter().flat_map(|b| &b.files).any(|f| f.secret)
    }
}

/// Renders and judges everything. What is wrong is in the findings, in the plan's order.
pub fn make(
    bundles: &[BundlePlan<'_>],
    signing: &Signing,
    terminal: &Terminal,
    findings: &mut Vec<Finding>,
) -> Made {
    let files = bundles.iter().map(|bundle| bundle.jobs.len()).sum();
    let mut finished = finish_all(bundles, signing, &terminal.progress(files, "files"));
    let mut made = Made::default();
    for (at, bundle) in bundles.iter().enumerate() {
        let mut files: BTreeMap<String, OutFile> = BTreeMap::new();
        for (number, job) in bundle.jobs.iter().enumerate() {
            let file = match finished.remove(&(at, number)) {
                Some(Ok(file)) => file,
                Some(Err(mut own)) => {
                    findings.append(&mut own);
                    continue;
                }
                None => unreachable!("every job is in exactly one group"),
            };
            if file.secret {
                findings.push(password_in_file(bundle, job, &file));
            }
            made.rows.push(row(bundle, job, &file));
            let path = file.path.clone();
            if let Some(other) = files.insert(path.clone(), file)
                && other.bytes != files[&path].bytes
            {
                findings.push(
                    Finding::error("same-path-twice", format!("two files would be {path}"))
                        .at(&job.target.source, job.file.span.clone())
                        .help("give one of them another path in its manifest"),
                );
            }
        }
        if files.is_empty() {
            continue;
        }
        made.bundles.push(Bundle {
            folder: bundle.folder.clone(),
            subject: bundle.subject.clone(),
            files: files.into_values().collect(),
        });
    }
    made
}

/// A bundle's number and a job's in it.
type Place = (usize, usize);
type Finished = BTreeMap<Place, Result<OutFile, Vec<Finding>>>;

/// All jobs that share templates or a schema go to one worker, which compiles them once.
fn finish_all(bundles: &[BundlePlan<'_>], signing: &Signing, progress: &Progress) -> Finished {
    let mut groups: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    for (at, bundle) in bundles.iter().enumerate() {
        for (number, job) in bundle.jobs.iter().enumerate() {
            let schema = job.target.schemas.keys().next();
            let shared = schema.unwrap_or(&job.target.name);
            groups.entry(shared).or_default().push((at, number));
        }
    }
    let mut groups: Vec<Vec<Place>> = groups.into_values().collect();
    let job = |&(at, number): &Place| &bundles[at].jobs[number];
    // The heaviest first, so that no worker is left with it alone at the end. Compiling a schema
    // takes about as long as rendering a template of its length.
    let weight = |group: &Vec<Place>| -> usize {
        let template = |job: &Job<'_>| job.target.templates[&job.file.template].text.len();
        let schemas = |job: &Job<'_>| job.target.schemas.values().map(|s| s.text.len()).sum();
        let compiled: usize = group.first().map_or(0, |place| schemas(job(place)));
        compiled + group.iter().map(|place| template(job(place))).sum::<usize>()
    };
    groups.sort_by_key(|group| std::cmp::Reverse(weight(group)));
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(groups.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut renderer = Renderer::new();
        let mut finished = Finished::new();
        while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
            // No other group asks for the schemas of this one, which are the largest things here.
            let mut judges = Judges::default();
            for place in group {
                let file = finish(&mut renderer, &mut judges, signing, job(place));
                finished.insert(*place, file);
                progress.step();
            }
        }
        // The process ends soon, and the system takes them apart faster.
        std::mem::forget(renderer);
        finished
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut finished = work();
        for other in others {
            match other.join() {
                Ok(more) => finished.extend(more),
                // A bug over there is a bug here.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        finished
    })
}

fn finish(
    renderer: &mut Renderer,
    judges: &mut Judges,
    signing: &Signing,
    job: &Job<'_>,
) -> Result<OutFile, Vec<Finding>> {
    let artifact = renderer.render(job)?;
    let findings = check(judges, &artifact);
    if !findings.is_empty() {
        return Err(findings);
    }
    let file = OutFile {
        path: artifact.path,
        bytes: artifact.bytes,
        media_type: job.file.media_type.clone(),
        target: job.folder_target.name.clone(),
        notes: job.notes.iter().map(|(_, text)| text.clone()).collect(),
        secret: job.password.is_some(),
    };
    signing.finish(job, file)
}

fn password_in_file(bundle: &BundlePlan<'_>, job: &Job<'_>, file: &OutFile) -> Finding {
    Finding::warning("password-in-file", format!("{} holds the password in clear", file.path))
        .target(&job.folder_target.name)
        .subject(&bundle.subject)
        .help("hand it over on a way that nobody else reads, and delete it afterwards")
}

fn row(bundle: &BundlePlan<'_>, job: &Job<'_>, file: &OutFile) -> Row {
    Row {
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
        codes: job.notes.iter().map(|(code, _)| *code).collect(),
    }
}
