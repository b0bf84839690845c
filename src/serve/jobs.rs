//! Bounds the jobs on blocking threads, and notices when they no longer end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Jobs that may run or wait. Further requests get 503 at once instead of a long wait.
const MAX_BLOCKING_JOBS: usize = 128;
/// If every permit is taken and no job has ended for this long, the jobs are stuck.
const STUCK: Duration = Duration::from_secs(10);

/// The jobs that run or wait.
pub struct BlockingJobs {
    permits: Arc<Semaphore>,
    begun: Instant,
    /// When the last job began after a pause, or ended: milliseconds since `begun`.
    last_progress: AtomicU64,
}

impl BlockingJobs {
    pub fn new() -> Self {
        let permits = Arc::new(Semaphore::new(MAX_BLOCKING_JOBS));
        Self { permits, begun: Instant::now(), last_progress: AtomicU64::new(0) }
    }

    /// How many run or wait.
    pub fn count(&self) -> usize {
        MAX_BLOCKING_JOBS - self.permits.available_permits()
    }

    /// Whether no more jobs are taken and none has ended for ten seconds.
    pub fn are_stuck(&self) -> bool {
        let last = Duration::from_millis(self.last_progress.load(Ordering::Relaxed));
        self.permits.available_permits() == 0 && self.begun.elapsed() > last + STUCK
    }

    /// A permit for a job, which it keeps until it ends. `None` if there are too many jobs.
    pub fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if self.count() == 0 {
            self.note_progress();
        }
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// A job has ended.
    pub fn note_progress(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_progress.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_comes_back_when_it_is_dropped() {
        let jobs = BlockingJobs::new();
        let permits: Vec<_> = std::iter::from_fn(|| jobs.permit()).collect();
        assert_eq!((permits.len(), jobs.count()), (MAX_BLOCKING_JOBS, MAX_BLOCKING_JOBS));
        drop(permits);
        assert_eq!(jobs.count(), 0);
    }

    #[test]
    fn jobs_are_stuck_when_all_permits_are_taken_and_none_ends_for_long() {
        let jobs = BlockingJobs { begun: Instant::now() - 2 * STUCK, ..BlockingJobs::new() };
        let permits: Vec<_> = (0..MAX_BLOCKING_JOBS).map(|_| jobs.permits.clone()).collect();
        let taken: Vec<_> =
            permits.into_iter().map(|permits| permits.try_acquire_owned().unwrap()).collect();
        assert!(jobs.are_stuck());
        jobs.note_progress();
        assert!(!jobs.are_stuck());
        drop(taken);
    }
}
