//! What each stage costs for `ann@outlook.com`, all targets: `cargo bench`.
//!
//! Whole processes are measured by `benches/generate.sh`.

use std::collections::BTreeMap;
use std::process::Command;

use criterion::{Criterion, criterion_group, criterion_main};
use mailwright::internals::check::{Judges, check};
use mailwright::internals::clients::{Target, Targets};
use mailwright::internals::plan::{Request, plan};
use mailwright::internals::render::Renderer;
use mailwright::internals::settings::{
    Catalog, Choice, Organization, Override, Subject, Who, resolve,
};

fn subject() -> Subject {
    let mut findings = Vec::new();
    let catalog = Catalog::new(None).expect("built-in providers need no disk");
    let overrides = Override::default();
    let choice = Choice { provider: None, overrides: &overrides, display_name: None };
    let who = Who::parse("ann@outlook.com").expect("an address");
    resolve(Some(&who), &choice, &catalog, &mut findings)
        .expect("no disk")
        .expect("the default provider has this domain")
}

fn targets() -> Vec<Target> {
    let mut findings = Vec::new();
    let all = Targets::new(None).expect("built-in targets need no disk");
    let names: Vec<String> = all.names().map(str::to_owned).collect();
    names.iter().filter_map(|name| all.get(name, &mut findings)).collect()
}

fn stages(criterion: &mut Criterion) {
    criterion.bench_function("read the provider", |b| b.iter(subject));
    criterion.bench_function("read all targets", |b| b.iter(targets));
    let subjects = [subject()];
    let targets = targets();
    let selected: Vec<String> =
        targets.iter().filter(|t| !t.opt_in).map(|t| t.name.clone()).collect();
    let options = BTreeMap::new();
    let organization = Organization::default();
    let request = Request {
        subjects: &subjects,
        targets: &targets,
        selected: &selected,
        protocol: None,
        languages: &[],
        locale: None,
        all_domains: false,
        options: &options,
        organization: &organization,
        password: None,
        mdm: None,
    };
    criterion.bench_function("plan", |b| b.iter(|| plan(&request)));
    let planned = plan(&request);
    let jobs: Vec<_> = planned.bundles.iter().flat_map(|bundle| &bundle.jobs).collect();
    let mut renderer = Renderer::new();
    criterion.bench_function("render all files, templates parsed", |b| {
        b.iter(|| jobs.iter().map(|job| renderer.render(job).is_ok()).filter(|ok| *ok).count());
    });
    criterion.bench_function("render all files, templates parsed anew", |b| {
        b.iter(|| {
            let mut renderer = Renderer::new();
            jobs.iter().map(|job| renderer.render(job).is_ok()).filter(|ok| *ok).count()
        });
    });
    let artifacts: Vec<_> = jobs.iter().filter_map(|job| renderer.render(job).ok()).collect();
    criterion.bench_function("check all files, schemas compiled anew", |b| {
        b.iter(|| {
            let mut judges = Judges::default();
            artifacts.iter().map(|a| check(&mut judges, a).len()).sum::<usize>()
        });
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    for artifact in &artifacts {
        let path = folder.path().join("made").join(&artifact.path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, &artifact.bytes).expect("a file");
    }
    let (made, copy) = (folder.path().join("made"), folder.path().join("copy"));
    let copied = || {
        let copying = Command::new("cp").arg("-r").args([&made, &copy]).status();
        assert!(copying.expect("cp starts").success());
        std::fs::remove_dir_all(&copy)
    };
    criterion.bench_function("cp -r and rm -r of the finished files", |b| b.iter(copied));
}

criterion_group!(benches, stages);
criterion_main!(benches);
