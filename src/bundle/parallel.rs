//! Builds all files of a plan on all cores.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::codes;
use crate::finding::Finding;
use crate::output::{Bundle, OutFile};
use crate::plan::{BundlePlan, Job};

use super::{Builder, out_file};

/// A step between the checks and the output, such as a signature.
pub type Finish<'f> = dyn Fn(&Job<'_>, OutFile) -> Result<OutFile, Vec<Finding>> + Sync + 'f;

/// Builds every file of a plan. `each` gets every file in the plan's order, before identical files
/// are merged.
///
/// Problems are added to `findings` in the plan's order; the valid files are built anyway.
pub fn build_all(
    bundles: &[BundlePlan<'_>],
    finish: &Finish<'_>,
    progress: &(dyn Fn() + Sync),
    findings: &mut Vec<Finding>,
    each: &mut dyn FnMut(&BundlePlan<'_>, &Job<'_>, &OutFile),
) -> Vec<Bundle> {
    let mut finished = finish_all(bundles, finish, progress);
    let mut built = Vec::new();
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
            each(bundle, job, &file);
            let path = file.path.clone();
            if let Some(other) = files.insert(path.clone(), file)
                && other.bytes != files[&path].bytes
            {
                findings.push(
                    Finding::new(codes::SAME_PATH_TWICE, format!("two files would be {path}"))
                        .at(&job.target.source, job.file.span.clone())
                        .help("give one of them another path in its manifest"),
                );
            }
        }
        if files.is_empty() {
            continue;
        }
        built.push(Bundle {
            folder: bundle.folder.clone(),
            subject: bundle.subject.clone(),
            files: files.into_values().collect(),
        });
    }
    built
}

/// The index of a bundle and the index of a job in it.
type JobNumber = (usize, usize);
type FinishedFiles = BTreeMap<JobNumber, Result<OutFile, Vec<Finding>>>;

/// Runs all jobs. Jobs that share templates or a schema go to one worker, which compiles them once.
fn finish_all(
    bundles: &[BundlePlan<'_>],
    finish: &Finish<'_>,
    progress: &(dyn Fn() + Sync),
) -> FinishedFiles {
    let mut groups: BTreeMap<&str, Vec<JobNumber>> = BTreeMap::new();
    for (at, bundle) in bundles.iter().enumerate() {
        for (number, job) in bundle.jobs.iter().enumerate() {
            let schema = job.target.schemas.keys().next();
            let shared = schema.unwrap_or(&job.target.name);
            groups.entry(shared).or_default().push((at, number));
        }
    }
    let mut groups: Vec<Vec<JobNumber>> = groups.into_values().collect();
    let job = |&(at, number): &JobNumber| &bundles[at].jobs[number];
    // The heaviest group first, so that no worker ends with it alone. Compiling a schema takes
    // about as long as rendering a template of its length.
    let weight = |group: &Vec<JobNumber>| -> usize {
        let template = |job: &Job<'_>| job.target.templates[&job.file.template].text.len();
        let schemas = |job: &Job<'_>| job.target.schemas.values().map(|s| s.text.len()).sum();
        let compiled: usize = group.first().map_or(0, |number| schemas(job(number)));
        compiled + group.iter().map(|number| template(job(number))).sum::<usize>()
    };
    groups.sort_by_key(|group| std::cmp::Reverse(weight(group)));
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(groups.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut builder = Builder::new();
        let mut finished = FinishedFiles::new();
        while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
            // No other group uses the schemas of this one, and schemas are the largest objects
            // here.
            builder.forget_schemas();
            for number in group {
                let job = job(number);
                let file = builder.file(job).and_then(|built| finish(job, out_file(built)));
                finished.insert(*number, file);
                progress();
            }
        }
        finished
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut finished = work();
        for other in others {
            match other.join() {
                Ok(more) => finished.extend(more),
                // A panic in a worker is a bug: let it continue here.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        finished
    })
}

fn password_in_file(bundle: &BundlePlan<'_>, job: &Job<'_>, file: &OutFile) -> Finding {
    Finding::new(codes::PASSWORD_IN_FILE, format!("{} holds the password in clear", file.path))
        .target(&job.folder_target.name)
        .subject(&bundle.subject)
        .help("hand it over on a way that nobody else reads, and delete it afterwards")
}
