//! Runs many tests at the same time, up to a limit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many run at the same time.
pub const MOST: usize = 64;
/// Bytes; enough for a handshake and a dialogue. Only the part that is used takes memory.
const STACK: usize = 512 * 1024;

/// Runs `job` for each item, at most 64 at once. The results are in the order of the items.
pub fn each<I: Sync, R: Send>(items: &[I], job: impl Fn(&I) -> R + Sync) -> Vec<R> {
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = job(item);
            results.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..items.len().min(MOST) {
            let builder = thread::Builder::new().name("verify".to_owned()).stack_size(STACK);
            // If a thread cannot start, this one does the work with those that exist.
            if builder.spawn_scoped(scope, work).is_err() {
                work();
                break;
            }
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(|result| result.expect("every item was taken")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn every_item_is_done_once_in_order_and_never_too_many_at_once() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<usize> = (0..1000).collect();
        let results = each(&items, |item| {
            let running = now.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(running, Ordering::SeqCst);
            thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            item * 2
        });
        assert_eq!(results, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= MOST);
    }
}
