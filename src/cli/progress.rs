//! A progress bar for work that takes more than a second, on a terminal only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{
    HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};

/// How long users wait before they want to see progress.
const PATIENCE: Duration = Duration::from_secs(1);

pub struct Progress {
    shown: bool,
    counted: Arc<ProgressCounter>,
    began: Instant,
    bar: OnceLock<ProgressBar>,
}

/// The progress of the work. It computes its own rate: indicatif's would count work done before the
/// bar appeared, or by an earlier run, as done in a moment.
struct ProgressCounter {
    /// The unit: `files`, `servers`.
    unit: &'static str,
    total: u64,
    done: AtomicU64,
    /// How many of `done` were done by an earlier run.
    before: AtomicU64,
    /// When this run's own work began, in nanoseconds after `began`.
    since: AtomicU64,
}

impl Progress {
    /// `shown` must be true only if stderr is a terminal and output is not quiet.
    pub fn new(total: usize, unit: &'static str, shown: bool) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        Self {
            shown,
            counted: Arc::new(ProgressCounter::new(unit, total)),
            began: Instant::now(),
            bar: OnceLock::new(),
        }
    }

    /// Counts one more as done.
    pub fn step(&self) {
        self.steps(1);
    }

    /// Counts `count` more as done.
    pub fn steps(&self, count: u64) {
        self.counted.steps(count);
        self.show();
    }

    /// Counts items that an earlier run had done; they do not affect the rate.
    pub fn done_before(&self, count: u64) {
        self.counted.done_before(count, self.began.elapsed());
        self.show();
    }

    /// Shows what is being done now.
    #[cfg(feature = "verify")]
    pub fn working_on(&self, what: &str) {
        if let Some(bar) = self.bar() {
            bar.set_message(what.to_owned());
        }
    }

    /// This is cheap: the bar is drawn at most twenty times a second.
    fn show(&self) {
        if let Some(bar) = self.bar() {
            bar.set_position(self.counted.done.load(Ordering::Relaxed));
        }
    }

    fn bar(&self) -> Option<&ProgressBar> {
        let due = self.shown && self.began.elapsed() > PATIENCE;
        due.then(|| self.bar.get_or_init(|| bar(&self.counted, self.began)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

impl ProgressCounter {
    fn new(unit: &'static str, total: u64) -> Self {
        let [done, before, since] = [0, 0, 0].map(AtomicU64::new);
        Self { unit, total, done, before, since }
    }

    fn steps(&self, count: u64) {
        self.done.fetch_add(count, Ordering::Relaxed);
    }

    fn done_before(&self, count: u64, elapsed: Duration) {
        let before = self.before.fetch_add(count, Ordering::Relaxed) + count;
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        // So far the list was only read.
        if done == before {
            let now = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
            self.since.store(now, Ordering::Relaxed);
        }
    }

    /// `, 1,234 users/s, 4m left`. A rate below one per second is not shown.
    fn pace(&self, elapsed: Duration) -> String {
        let done = self.done.load(Ordering::Relaxed);
        let own = done.saturating_sub(self.before.load(Ordering::Relaxed));
        let since = Duration::from_nanos(self.since.load(Ordering::Relaxed));
        let took = elapsed.saturating_sub(since).as_secs_f64();
        if own == 0 || took <= 0.0 {
            return String::new();
        }
        let rate = own as f64 / took;
        let mut pace = String::new();
        if rate >= 1.0 {
            pace = format!(", {} {}/s", HumanCount(rate.round() as u64), self.unit);
        }
        let left = self.total.saturating_sub(done);
        if left > 0
            && let Ok(left) = Duration::try_from_secs_f64(left as f64 / rate)
        {
            pace += &format!(", {:#} left", HumanDuration(left));
        }
        pace
    }
}

fn bar(counted: &Arc<ProgressCounter>, began: Instant) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(counted.total), ProgressDrawTarget::stderr());
    let unit = counted.unit;
    // An invalid template leaves the default bar.
    if let Ok(style) = ProgressStyle::with_template(&format!(
        "{{bar:24}} {{human_pos}}/{{human_len}} {unit}{{pace}} {{msg}}"
    )) {
        let counted = Arc::clone(counted);
        let pace = move |_: &ProgressState, words: &mut dyn std::fmt::Write| {
            // A failure only loses text in the bar.
            let _ = words.write_str(&counted.pace(began.elapsed()));
        };
        bar.set_style(style.with_key("pace", pace));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_pace_is_the_rate_and_the_time_that_is_left_at_it() {
        let users = ProgressCounter::new("users", 1_000_000);
        assert_eq!(users.pace(SECOND), "", "nothing is known yet");
        users.steps(12_345);
        assert_eq!(users.pace(10 * SECOND), ", 1,235 users/s, 13m left");
        users.steps(987_655);
        assert_eq!(users.pace(100 * SECOND), ", 10,000 users/s");
    }

    #[test]
    fn what_an_earlier_run_had_done_does_not_make_this_one_fast() {
        let users = ProgressCounter::new("users", 1000);
        // Eight hundred rows are skipped in one second; then ten users are made per second.
        users.done_before(500, SECOND / 2);
        users.done_before(300, SECOND);
        assert_eq!(users.pace(SECOND), "");
        users.steps(100);
        assert_eq!(users.pace(11 * SECOND), ", 10 users/s, 10s left");
        // A batch that was already done follows one that was not.
        users.done_before(50, 11 * SECOND);
        assert_eq!(users.pace(11 * SECOND), ", 10 users/s, 5s left");
    }

    #[test]
    fn less_than_one_a_second_and_an_unknown_total_are_not_told() {
        let servers = ProgressCounter::new("servers", 3);
        servers.steps(1);
        assert_eq!(servers.pace(4 * SECOND), ", 8s left");
        let answers = ProgressCounter::new("answers", 0);
        answers.steps(6);
        assert_eq!(answers.pace(2 * SECOND), ", 3 answers/s");
    }
}
