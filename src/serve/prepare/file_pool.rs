//! Works on many files at once, and delivers the results in the order of the files. A file that
//! takes too long is left behind: its thread goes on, and its result comes later.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What a thread does with each file. It is made once for each thread.
pub type Work<T, R> = dyn FnMut(&T) -> R;

/// How to work on files.
pub struct FilePool<T, R> {
    pub threads: usize,
    /// How long one file may take before the others go on without it.
    pub deadline: Duration,
    /// Makes what a thread works with.
    pub work: Arc<dyn Fn() -> Box<Work<T, R>> + Send + Sync>,
    /// How many files may be worked on or wait for those before them. It bounds the memory in use.
    pub most_ahead: Arc<dyn Fn() -> usize + Send + Sync>,
    /// Gets the results that come too late.
    pub late: Arc<dyn Fn(T, R) + Send + Sync>,
}

/// What becomes of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery<R> {
    Done(R),
    /// It takes too long. Its result comes through [`FilePool::late`].
    Late,
    /// Too many other files take too long.
    NotStarted,
}

/// Threads that may be busy with files that take too long.
const MOST_LATE: usize = 16;

struct Queue<T> {
    waiting: VecDeque<(usize, T)>,
    /// When work on each file began that is not delivered.
    begun: BTreeMap<usize, Instant>,
    late: Vec<usize>,
    delivered: usize,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    changed: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Send + 'static, R: Send + 'static> FilePool<T, R> {
    /// Works on all files, and delivers them one after the other.
    pub fn run(&self, files: Vec<T>, deliver: &mut dyn FnMut(T, Delivery<R>)) {
        let threads = self.threads.max(1).min(files.len());
        let waiting = files.iter().cloned().enumerate().collect();
        let queue = Queue { waiting, begun: BTreeMap::new(), late: Vec::new(), delivered: 0 };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), changed: Condvar::new() });
        let (results, received) = channel();
        let mut left_behind = 0;
        for _ in 0..threads {
            if !self.start(&shared, &results) {
                left_behind = MOST_LATE + 1;
            }
        }
        let mut ready = BTreeMap::new();
        for (at, file) in files.into_iter().enumerate() {
            let delivery = loop {
                if let Some(result) = ready.remove(&at) {
                    break Delivery::Done(result);
                }
                if left_behind > MOST_LATE {
                    break Delivery::NotStarted;
                }
                let begun = shared.lock().begun.get(&at).copied();
                let wait = begun
                    .map_or(self.deadline, |begun| self.deadline.saturating_sub(begun.elapsed()));
                match received.recv_timeout(wait) {
                    Ok((other, result)) => drop(ready.insert(other, result)),
                    Err(RecvTimeoutError::Timeout) if begun.is_some() => {
                        let mut queue = shared.lock();
                        // It may have ended at this very moment.
                        if queue.begun.remove(&at).is_some() {
                            queue.late.push(at);
                            drop(queue);
                            left_behind += 1;
                            if left_behind <= MOST_LATE && !self.start(&shared, &results) {
                                left_behind = MOST_LATE + 1;
                            }
                            break Delivery::Late;
                        }
                    }
                    Err(_) => {}
                }
            };
            let mut queue = shared.lock();
            queue.delivered = at + 1;
            if matches!(delivery, Delivery::NotStarted) {
                queue.waiting.retain(|(waiting, _)| *waiting != at);
            }
            drop(queue);
            shared.changed.notify_all();
            deliver(file, delivery);
        }
    }

    /// Starts a thread, if the system lets us. It ends when no file waits, or when it was left
    /// behind with one.
    fn start(&self, shared: &Arc<Shared<T>>, results: &Sender<(usize, R)>) -> bool {
        let (shared, results) = (Arc::clone(shared), results.clone());
        let (work, late) = (Arc::clone(&self.work), Arc::clone(&self.late));
        let most_ahead = Arc::clone(&self.most_ahead);
        let run = move || {
            let mut work = work();
            while let Some((at, file)) = next(&shared, &*most_ahead) {
                let result = work(&file);
                let mut queue = shared.lock();
                if let Some(place) = queue.late.iter().position(|late| *late == at) {
                    queue.late.swap_remove(place);
                    drop(queue);
                    late(file, result);
                    return;
                }
                queue.begun.remove(&at);
                drop(queue);
                if results.send((at, result)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("providers-read".to_owned()).spawn(run).is_ok()
    }
}

/// The next file to work on. Waits while too many results are not delivered.
fn next<T>(shared: &Shared<T>, most_ahead: &dyn Fn() -> usize) -> Option<(usize, T)> {
    let mut queue = shared.lock();
    loop {
        let (at, _) = queue.waiting.front()?;
        if *at < queue.delivered + most_ahead().max(1) {
            let (at, file) = queue.waiting.pop_front()?;
            queue.begun.insert(at, Instant::now());
            return Some((at, file));
        }
        queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    type Pair = (usize, usize);

    /// Numbers that are doubled. Work on one of `stuck` ends when the sender sends or is dropped.
    fn pool(
        threads: usize,
        deadline: Duration,
        stuck: &'static [usize],
    ) -> (FilePool<usize, usize>, Sender<()>, Receiver<Pair>) {
        let (release, released) = channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let (sender, late) = channel();
        let sender = Mutex::new(sender);
        let work = move || -> Box<Work<usize, usize>> {
            let released = Arc::clone(&released);
            Box::new(move |number: &usize| {
                if stuck.contains(number) {
                    let _ = released.lock().unwrap().recv_timeout(PATIENCE);
                }
                number * 2
            })
        };
        let pool = FilePool {
            threads,
            deadline,
            work: Arc::new(work),
            most_ahead: Arc::new(|| 3),
            late: Arc::new(move |file, result| {
                sender.lock().unwrap().send((file, result)).unwrap();
            }),
        };
        (pool, release, late)
    }

    #[test]
    fn results_come_in_order_from_any_number_of_threads() {
        for threads in [1, 2, 7] {
            let (pool, _release, _) = pool(threads, PATIENCE, &[]);
            let mut all = Vec::new();
            pool.run((0..50).collect(), &mut |file, result| all.push((file, result)));
            let wanted: Vec<_> = (0..50).map(|n| (n, Delivery::Done(n * 2))).collect();
            assert_eq!(all, wanted);
        }
    }

    #[test]
    fn a_file_that_does_not_end_is_left_behind_and_comes_later() {
        for threads in [1, 2] {
            let (pool, release, late) = pool(threads, Duration::from_millis(50), &[1]);
            let mut all = Vec::new();
            pool.run((0..9).collect(), &mut |file, result| all.push((file, result)));
            assert_eq!(all.len(), 9);
            assert_eq!(all[1], (1, Delivery::Late));
            release.send(()).unwrap();
            assert_eq!(late.recv_timeout(PATIENCE), Ok((1, 2)));
        }
    }

    #[test]
    fn no_more_threads_than_allowed_are_left_behind() {
        const ALL: [usize; 30] = {
            let mut all = [0; 30];
            let mut at = 0;
            while at < 30 {
                all[at] = at;
                at += 1;
            }
            all
        };
        let (pool, release, late) = pool(1, Duration::from_millis(2), &ALL);
        let mut all = Vec::new();
        pool.run(ALL.to_vec(), &mut |_, result| all.push(result));
        let late_ones = all.iter().filter(|result| **result == Delivery::Late).count();
        assert_eq!(late_ones, MOST_LATE + 1);
        assert!(all[MOST_LATE + 1..].iter().all(|result| *result == Delivery::NotStarted));
        drop(release);
        for _ in 0..late_ones {
            late.recv_timeout(PATIENCE).unwrap();
        }
    }
}
