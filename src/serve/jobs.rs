//! Threads for work that takes milliseconds, such as rendering and signing. Clients take turns, and
//! a pool notices when its work no longer ends.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::fair_queue::{FairQueue, QueueLimits};

/// A piece of work. Dropping it without running it means that there was no room.
pub type BlockingJob = Box<dyn FnOnce() + Send>;

/// The kinds of work that have threads of their own, so that one kind does not delay the other.
pub struct BlockingJobs {
    /// Pages, images and files that are rendered for each request.
    pub rendering: Arc<JobPool>,
    /// Signatures of Apple profiles.
    pub signing: Arc<JobPool>,
    /// For files that visitors have checked, so that no page waits for them.
    pub checking: Arc<JobPool>,
}

/// Threads that work on a queue.
pub struct JobPool {
    name: &'static str,
    max_threads: usize,
    state: Mutex<PoolState>,
    changed: Condvar,
}

struct PoolState {
    queue: FairQueue<BlockingJob>,
    threads: usize,
    /// Threads that wait for work.
    idle: usize,
    /// When a job last ended, or began after a pause.
    last_progress: Instant,
}

/// Jobs that may wait. One Thunderbird sends seven requests at a time, and an office behind one
/// address is many people.
const LIMITS: QueueLimits = QueueLimits { link: 256, subscriber: 512, total: 1024 };
/// How long a thread waits for work before it ends.
const KEEP: Duration = Duration::from_secs(5);
/// If all threads are busy, jobs wait, and none has ended for this long, the pool is stuck.
const STUCK: Duration = Duration::from_secs(10);

impl BlockingJobs {
    pub fn new(threads: usize) -> Self {
        let pool = |name| Arc::new(JobPool::new(name, threads));
        Self {
            rendering: pool("rendering"),
            signing: pool("signing"),
            checking: Arc::new(JobPool::new("checking", 1)),
        }
    }

    pub fn pools(&self) -> [&JobPool; 3] {
        [&self.rendering, &self.signing, &self.checking]
    }

    pub fn are_stuck(&self) -> bool {
        self.pools().iter().any(|pool| pool.is_stuck())
    }
}

impl JobPool {
    fn new(name: &'static str, max_threads: usize) -> Self {
        let state = PoolState {
            queue: FairQueue::new(LIMITS),
            threads: 0,
            idle: 0,
            last_progress: Instant::now(),
        };
        Self { name, max_threads, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many jobs run or wait.
    pub fn count(&self) -> usize {
        let state = self.state();
        state.queue.len() + state.threads - state.idle
    }

    /// Whether jobs wait and none has ended for ten seconds.
    fn is_stuck(&self) -> bool {
        let state = self.state();
        state.queue.len() > 0 && state.last_progress.elapsed() > STUCK
    }

    /// Adds a job of a client. A job that there is no room for is dropped, which need not be this
    /// one.
    pub fn add(self: &Arc<Self>, client: IpAddr, job: BlockingJob) {
        let mut state = self.state();
        if state.queue.len() == 0 && state.idle == state.threads {
            state.last_progress = Instant::now();
        }
        let dropped = state.queue.push(client, job);
        if state.idle == 0 && state.threads < self.max_threads {
            let pool = Arc::clone(self);
            let thread = thread::Builder::new().name(format!("serve-{}", self.name));
            // Without a new thread the job waits for another one. If there is none at all, the pool
            // is stuck, which `/readyz` reports.
            if thread.spawn(move || pool.work()).is_ok() {
                state.threads += 1;
            }
        } else {
            self.changed.notify_one();
        }
        drop(state);
        // What a job drops, such as its channel, can take a lock of its own.
        drop(dropped);
    }

    /// Runs jobs until there are none for a while.
    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some(job) = state.queue.pop() {
                drop(state);
                // The request is answered with 500; the thread goes on with the next one.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = self.state();
                state.last_progress = Instant::now();
                continue;
            }
            state.idle += 1;
            let (after, waited) =
                self.changed.wait_timeout(state, KEEP).unwrap_or_else(PoisonError::into_inner);
            state = after;
            state.idle -= 1;
            if waited.timed_out() && state.queue.len() == 0 {
                state.threads -= 1;
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const ANN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn jobs_of_another_client_come_between_those_of_one_that_has_many() {
        let pool = Arc::new(JobPool::new("test", 1));
        let (begin, begun) = channel();
        let (go, wait) = channel::<()>();
        pool.add(
            ANN,
            Box::new(move || {
                begin.send(()).unwrap();
                wait.recv().unwrap();
            }),
        );
        begun.recv_timeout(PATIENCE).unwrap();
        let (sender, order) = channel();
        for (client, name) in [(ANN, "ann 1"), (ANN, "ann 2"), (ANN, "ann 3"), (BOB, "bob")] {
            let sender = sender.clone();
            pool.add(client, Box::new(move || sender.send(name).unwrap()));
        }
        assert_eq!(pool.count(), 5);
        go.send(()).unwrap();
        let order: Vec<_> = (0..4).map(|_| order.recv_timeout(PATIENCE).unwrap()).collect();
        assert_eq!(order, ["ann 1", "bob", "ann 2", "ann 3"]);
    }

    #[test]
    fn a_job_that_panics_ends_like_any_other() {
        let pool = Arc::new(JobPool::new("test", 1));
        pool.add(ANN, Box::new(|| panic!("as this test wants it")));
        let (sender, received) = channel();
        pool.add(ANN, Box::new(move || sender.send(()).unwrap()));
        received.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn a_pool_is_stuck_when_jobs_wait_and_none_ends_for_long() {
        let pool = Arc::new(JobPool::new("test", 0));
        assert!(!pool.is_stuck());
        pool.add(ANN, Box::new(|| {}));
        assert!(!pool.is_stuck());
        pool.state().last_progress = Instant::now() - 2 * STUCK;
        assert!(pool.is_stuck());
        assert_eq!(pool.count(), 1);
    }
}
