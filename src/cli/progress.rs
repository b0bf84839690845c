//! A bar for work that takes longer than a second, where somebody looks on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long people wait without asking themselves what is going on.
const PATIENCE: Duration = Duration::from_secs(1);

pub struct Progress {
    shown: bool,
    /// What is counted: `files`, `servers`.
    unit: &'static str,
    total: u64,
    done: AtomicU64,
    began: Instant,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// `shown` only where stderr is a terminal that may be talked to.
    pub fn new(total: usize, unit: &'static str, shown: bool) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        Self {
            shown,
            unit,
            total,
            done: AtomicU64::new(0),
            began: Instant::now(),
            bar: OnceLock::new(),
        }
    }

    /// One more is done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(bar) = self.bar() {
            bar.set_position(done);
        }
    }

    /// What is being done now.
    #[cfg(feature = "verify")]
    pub fn working_on(&self, what: &str) {
        if let Some(bar) = self.bar() {
            bar.set_message(what.to_owned());
        }
    }

    fn bar(&self) -> Option<&ProgressBar> {
        let due = self.shown && self.began.elapsed() > PATIENCE;
        due.then(|| self.bar.get_or_init(|| bar(self.total, self.unit)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64, unit: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    // A template that is wrong leaves the plain bar.
    if let Ok(style) = ProgressStyle::with_template(&format!(
        "{{bar:30}} {{pos}}/{{len}} {unit}, {{eta}} left {{msg}}"
    )) {
        bar.set_style(style);
    }
    bar
}
