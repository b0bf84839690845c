//! A bar for work that takes longer than a second, where somebody looks on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long people wait without asking themselves what is going on.
const PATIENCE: Duration = Duration::from_secs(1);

pub struct Progress {
    shown: bool,
    total: u64,
    done: AtomicU64,
    began: Instant,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// `shown` only where stderr is a terminal that may be talked to.
    pub fn new(total: usize, shown: bool) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        Self { shown, total, done: AtomicU64::new(0), began: Instant::now(), bar: OnceLock::new() }
    }

    /// One more is done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shown && self.began.elapsed() > PATIENCE {
            self.bar.get_or_init(|| bar(self.total)).set_position(done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    // A template that is wrong leaves the plain bar.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files, {eta} left") {
        bar.set_style(style);
    }
    bar
}
