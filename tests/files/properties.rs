//! For arbitrary settings and texts, every file of every target renders, parses, reads back as
//! planned and is the same in the next run, and no text changes its structure.
//!
//! `PROPTEST_CASES=2000 cargo test --test files properties` runs longer. Failures are stored in
//! `tests/proptest-regressions/properties.txt` and tried first in later runs.

mod settings;
mod shape;
mod texts;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use mailwright::internals::check::{Judges, PatternJudge, check};
use mailwright::internals::finding::{Finding, Severity};
use mailwright::internals::format::safe_component;
use mailwright::internals::plan::{Audience, Job, Plan, plan};
use mailwright::internals::render::pattern::Pattern;
use mailwright::internals::render::{Artifact, Recipient, Renderer};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use settings::{Case, TARGETS, World, cases, local_part};
use texts::{any_texts, visible_texts};

/// How often the files of each target were judged.
type Judged = RefCell<BTreeMap<String, usize>>;

#[test]
fn any_settings_and_any_text_make_files_that_read_back_as_planned_and_are_the_same_twice() {
    let renderer = RefCell::new(Renderer::new());
    run(128, cases(any_texts()), |case, judged| {
        all_right(&case.world(false)?, &mut renderer.borrow_mut(), judged)
    });
}

/// What once stopped a whole run, although nothing is wrong with it: a name of few letters and many
/// bytes and none for short, a page without a description and one in another language, another
/// user name for sending, submission on port 25 or without signing in, and a refusal that no guide
/// had a word for.
#[test]
fn settings_that_are_rare_and_right_are_written() {
    const RARE: &str = r#"
[emailProvider]
id = "example.com"
displayName = "Почта России и всех её друзей"
domains = ["example.com"]
[[incomingServer]]
type = "imap"
hostname = "imap.example.com"
port = 995
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILLOCALPART%"
[[outgoingServer]]
type = "smtp"
hostname = "smtp.example.com"
port = 25
socketType = "STARTTLS"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
[[enable]]
visitURL = "https://example.com/an"
instruction.de = ["Einschalten"]
[[documentation]]
url = "https://example.com/x"
[[documentation]]
url = "https://example.com/y"
descr.de = "Hilfe"
[[refuses]]
authentication = "TLS-client-cert"
source = "a letter"
"#;
    let without_sign_in = RARE.replace(
        "[\"password-cleartext\"]\nusername = \"%EMAILADDRESS%\"",
        "[\"none\"]\nusername = \"nobody\"",
    );
    assert_ne!(without_sign_in, RARE);
    for provider in [RARE, &without_sign_in] {
        let world = World::of(provider, "o'neil+x@example.com").unwrap();
        all_right(&world, &mut Renderer::new(), &Judged::default()).unwrap();
    }
}

#[test]
fn hostile_texts_make_files_of_the_same_structure_as_plain_ones() {
    let renderer = RefCell::new(Renderer::new());
    run(128, cases(visible_texts()), |case, judged| {
        same_structure(&renderer, (case, true), (case, false), judged)
    });
}

#[test]
fn a_hostile_address_makes_files_of_the_same_structure_as_a_plain_one() {
    let renderer = RefCell::new(Renderer::new());
    let with_address = (cases(visible_texts()), local_part())
        .prop_filter("somebody's address", |(case, _)| case.local_parts().next().is_some());
    run(64, with_address, |(case, hostile), judged| {
        // Some clients accept only ASCII addresses.
        let plain = if hostile.is_ascii() { "ann" } else { "änn" };
        let case = case.without_local_part_in_hostnames();
        let (plain, hostile) = (case.with_local_part(plain), case.with_local_part(hostile));
        same_structure(&renderer, (&plain, true), (&hostile, true), judged)
    });
}

/// A rollout fills a file rendered for one user with another user's values. Whatever the template
/// does with them, the result equals a full rendering, or the pattern reports that it does not fit.
#[test]
fn a_pattern_that_is_filled_for_another_is_the_file_that_rendering_makes() {
    let renderer = RefCell::new(Renderer::new());
    let recording = RefCell::new(Renderer::new().for_patterns());
    let filled = RefCell::new((0, 0));
    let with_address = (cases(visible_texts()), local_part())
        .prop_filter("somebody's address", |(case, _)| case.local_parts().next().is_some());
    run(64, with_address, |(case, hostile), judged| {
        let plain = if hostile.is_ascii() { "ann" } else { "änn" };
        let case = case.without_local_part_in_hostnames();
        let (one, other) = (
            case.with_local_part(plain).world(false)?,
            case.with_local_part(hostile).world(false)?,
        );
        let (request, other_request) = (one.request(), other.request());
        let (one, other) = (plan(&request), plan(&other_request));
        let of_persons = |plan: &Plan<'_>| -> Vec<usize> {
            let jobs = plan.bundles.iter().flat_map(|bundle| &bundle.jobs).enumerate();
            jobs.filter(|(_, job)| job.subject.address().is_some()).map(|(at, _)| at).collect()
        };
        let (places, others) = (of_persons(&one), of_persons(&other));
        prop_assert_eq!(places.len(), others.len());
        let jobs: Vec<&Job<'_>> = one.bundles.iter().flat_map(|b| &b.jobs).collect();
        let other_jobs: Vec<&Job<'_>> = other.bundles.iter().flat_map(|b| &b.jobs).collect();
        // A shared file has no pattern.
        (0..jobs.len()).filter(|at| !places.contains(at)).for_each(|at| count(judged, jobs[at]));
        for (place, other_place) in places.into_iter().zip(others) {
            let (job, other_job) = (jobs[place], other_jobs[other_place]);
            let Some(artifact) = render(&mut recording.borrow_mut(), job)? else { continue };
            let Some(wanted) = render(&mut renderer.borrow_mut(), other_job)? else { continue };
            let Some(pattern) = Pattern::new(&artifact) else { continue };
            if !matches!(other_job.audience, Audience::Account { .. }) {
                continue;
            }
            let recipient = Recipient::new(other_job.audience, None);
            let counts = &mut *filled.borrow_mut();
            let Ok(made) = pattern.fill(&recipient) else {
                counts.1 += 1;
                continue;
            };
            counts.0 += 1;
            prop_assert_eq!(&made.path, &wanted.path);
            prop_assert!(
                made.bytes == wanted.bytes,
                "{}:\n{}\n{}",
                made.path,
                made.text,
                wanted.text
            );
            let judge = PatternJudge::of(&pattern).map_err(TestCaseError::fail)?;
            judge.judge(&pattern, &made).map_err(TestCaseError::fail)?;
            count(judged, job);
        }
        Ok(())
    });
    let (fits, misfits) = filled.into_inner();
    assert!(fits > 9 * misfits, "{fits} fit and {misfits} do not");
}

/// Every file of a world is as planned, and equals the output of another renderer.
fn all_right(world: &World, renderer: &mut Renderer, judged: &Judged) -> Result<(), TestCaseError> {
    let request = world.request();
    let Plan { bundles, findings } = plan(&request);
    no_error(&findings)?;
    let mut fresh = Renderer::new();
    let mut judges = Judges::default();
    for bundle in &bundles {
        let mut paths = BTreeSet::new();
        for component in bundle.folder.components() {
            safe(&component.as_os_str().to_string_lossy())?;
        }
        for job in &bundle.jobs {
            let (made, again) = (render(renderer, job)?, render(&mut fresh, job)?);
            let (Some(made), Some(again)) = (&made, &again) else {
                prop_assert_eq!(made.is_none(), again.is_none());
                continue;
            };
            prop_assert_eq!(&made.path, &again.path);
            prop_assert!(made.bytes == again.bytes, "{} is not the same twice", made.path);
            made.path.split('/').try_for_each(safe)?;
            prop_assert!(paths.insert(made.path.clone()), "{} is made twice", made.path);
            let mark = made.text.chars().find(|c| ('\u{F0000}'..='\u{FFFFD}').contains(c));
            prop_assert!(mark.is_none(), "{} has a mark: {mark:?}", made.path);
            no_finding(made, &check(&mut judges, made))?;
            count(judged, job);
        }
    }
    Ok(())
}

/// Each file of one world has the same structure as the same file in another world.
fn same_structure(
    renderer: &RefCell<Renderer>,
    (one, one_is_plain): (&Case, bool),
    (other, other_is_plain): (&Case, bool),
    judged: &Judged,
) -> Result<(), TestCaseError> {
    let (one, other) = (one.world(one_is_plain)?, other.world(other_is_plain)?);
    let (request, other_request) = (one.request(), other.request());
    let (one, other) = (plan(&request), plan(&other_request));
    let jobs: Vec<_> = one.bundles.iter().flat_map(|b| &b.jobs).collect();
    let others: Vec<_> = other.bundles.iter().flat_map(|b| &b.jobs).collect();
    prop_assert_eq!(jobs.len(), others.len(), "another number of files");
    for (job, other_job) in jobs.into_iter().zip(others) {
        prop_assert_eq!(&job.file.template, &other_job.file.template);
        let made = render(&mut renderer.borrow_mut(), job)?;
        let other = render(&mut renderer.borrow_mut(), other_job)?;
        if let (Some(made), Some(other)) = (made, other) {
            let difference = shape::difference(&made, &other);
            prop_assert!(
                difference.is_none(),
                "{}: {}",
                other.path,
                difference.unwrap_or_default()
            );
            count(judged, job);
        }
    }
    Ok(())
}

/// How often the cases of a property are drawn until every target has had a file.
const MOST_ROUNDS: usize = 8;

/// The targets of which no file was judged.
fn forgotten(judged: &Judged) -> Vec<&'static str> {
    let judged = judged.borrow();
    let names = TARGETS.iter().map(|target| target.name.as_str());
    names.filter(|name| !judged.contains_key(*name)).collect()
}

/// Runs a property and then checks that it covered every target.
#[track_caller]
fn run<T: std::fmt::Debug>(
    cases: u32,
    strategy: impl Strategy<Value = T>,
    property: impl Fn(&T, &Judged) -> Result<(), TestCaseError>,
) {
    let mut config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/proptest-regressions/properties.txt"
        )))),
        max_shrink_time: 60_000,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let enough = config.cases >= cases;
    let judged = Judged::default();
    // Some targets take few settings (PACC only three ports), so that chance can leave one out.
    for _ in 0..MOST_ROUNDS {
        let mut runner = TestRunner::new(config.clone());
        if let Err(why) = runner.run(&strategy, |value| property(&value, &judged)) {
            panic!("{why}");
        }
        if !enough || forgotten(&judged).is_empty() {
            return;
        }
    }
    panic!("no file of {:?} was judged; {judged:?}", forgotten(&judged));
}

fn count(judged: &Judged, job: &Job<'_>) {
    *judged.borrow_mut().entry(job.folder_target.name.clone()).or_default() += 1;
}

/// None where the format cannot hold a value, which is said as a warning.
fn render<'a>(
    renderer: &mut Renderer,
    job: &'a Job<'a>,
) -> Result<Option<Artifact<'a>>, TestCaseError> {
    match renderer.render(job) {
        Ok(artifact) => Ok(Some(artifact)),
        Err(findings) => no_error(&findings).map(|()| None),
    }
}

fn no_error(findings: &[Finding]) -> Result<(), TestCaseError> {
    let errors: Vec<_> = findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    prop_assert!(errors.is_empty(), "{}", errors.join("\n"));
    Ok(())
}

fn no_finding(artifact: &Artifact<'_>, findings: &[Finding]) -> Result<(), TestCaseError> {
    let all: Vec<_> = findings.iter().map(ToString::to_string).collect();
    prop_assert!(all.is_empty(), "{}\n{}", all.join("\n"), artifact.text);
    Ok(())
}

fn safe(component: &str) -> Result<(), TestCaseError> {
    let why = safe_component(component).err();
    prop_assert!(why.is_none(), "{component:?}: {why:?}");
    Ok(())
}
