//! `mailwright verify --watch`: repeats the tests and reports to a monitoring system.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::codes::Code;
use crate::net::{Listener, Net, PendingRequest};
use crate::report::{METRICS_TYPE, Runs, VerifyReport, human_verified, metrics};
use crate::verify::{StepOutcome, date};

use super::args::{ReportFormat, VerifyArgs};
use super::credentials::Keys;
use super::terminal::Terminal;
use super::test_plan::{TestPlan, run_tests};
use super::{Failure, Outcome};

/// How quickly the end is noticed.
const PAUSE: Duration = Duration::from_millis(50);
/// The maximum number of simultaneous scrapes; more are a mistake.
const MOST_SCRAPES: usize = 16;

/// Runs until a signal ends it, which counts as success.
pub fn run(
    args: &VerifyArgs,
    every: Duration,
    tested: &TestPlan,
    mut keys: Option<Keys<'_>>,
    net: &Net,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    if args.format == ReportFormat::Junit {
        return Err("--format junit is one report of one run; --watch takes human or json".into());
    }
    let over = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second signal ends it in the middle of a run.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&over))?;
        signal_hook::flag::register(signal, Arc::clone(&over))?;
    }
    let mut runs = Runs::default();
    let page = Mutex::new(metrics(&VerifyReport::default(), runs));
    let listener = args.metrics_listen.map(Listener::bind).transpose();
    let listener = listener.map_err(|e| format!("--metrics-listen: {e}"))?;
    if let Some(listener) = &listener {
        terminal.say(&format!("metrics on http://{}/metrics", listener.address()?));
    }
    thread::scope(|scope| {
        if let Some(listener) = &listener {
            scope.spawn(|| serve(listener, &page, &over));
        }
        let mut before = None;
        let ended = loop {
            let begun = Instant::now();
            let result = run_tests(args, tested, keys.as_mut(), net, terminal);
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            runs =
                Runs { count: runs.count + 1, last: now.as_secs_f64(), complete: result.is_ok() };
            let result = result.unwrap_or_else(|failure| {
                terminal.failure(failure.as_ref());
                VerifyReport::default()
            });
            *page.lock().unwrap_or_else(PoisonError::into_inner) = metrics(&result, runs);
            if runs.complete
                && let Err(failure) = tell(args, terminal, &result, before.as_ref(), now.as_secs())
            {
                break Err(failure);
            }
            before = Some(result);
            while begun.elapsed() < every && !over.load(Ordering::Relaxed) {
                thread::sleep(PAUSE);
            }
            if over.load(Ordering::Relaxed) {
                break Ok(Outcome::Fine);
            }
        };
        over.store(true, Ordering::Relaxed);
        ended
    })
}

/// Prints everything the first time, then one line and the changes.
fn tell(
    args: &VerifyArgs,
    terminal: &Terminal,
    result: &VerifyReport,
    before: Option<&VerifyReport>,
    now: u64,
) -> Result<(), Failure> {
    if args.format == ReportFormat::Json {
        let mut json = result.json(args.transcript);
        json["time"] = now.into();
        terminal.print(&format!("{json}\n"))?;
        return Ok(());
    }
    terminal.print(&format!("{}\n", date(now)))?;
    let same = before.is_some_and(|before| failures(before) == failures(result));
    match same {
        true => terminal.print(&format!("{}\n", result.summary()))?,
        false => terminal.print(&human_verified(result, args.transcript, terminal.width()))?,
    }
    Ok(())
}

/// The problems, for comparison with the previous run.
fn failures(result: &VerifyReport) -> Vec<(String, Code)> {
    let servers = result.servers.iter().map(|server| (server.name(), &server.steps));
    let courses = result.courses().map(|course| (course.name.clone(), &course.steps));
    let all = servers.chain(courses).flat_map(|(name, steps)| {
        let failed = steps.iter().filter(|step| step.outcome >= StepOutcome::Warning);
        failed.filter_map(move |step| Some((name.clone(), step.code?)))
    });
    all.collect()
}

fn serve(listener: &Listener, page: &Mutex<String>, over: &AtomicBool) {
    let running = AtomicUsize::new(0);
    thread::scope(|scope| {
        while let Some(stream) = listener.accept(|| over.load(Ordering::Relaxed)) {
            if running.load(Ordering::Relaxed) >= MOST_SCRAPES {
                continue;
            }
            running.fetch_add(1, Ordering::Relaxed);
            scope.spawn(|| {
                if let Some(asked) = PendingRequest::read(stream) {
                    answer(asked, page);
                }
                running.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
}

fn answer(asked: PendingRequest, page: &Mutex<String>) {
    let path = asked.target.split('?').next().unwrap_or_default();
    match path {
        "/metrics" => {
            let text = page.lock().unwrap_or_else(PoisonError::into_inner).clone();
            asked.answer("200 OK", METRICS_TYPE, &text);
        }
        _ => asked.answer("404 Not Found", "text/plain", "the figures are at /metrics\n"),
    }
}
