//! A thread for the library, which ends its thread where an answer is no LDAP.

use std::panic;
use std::sync::Arc;
use std::thread;

/// The library takes answers that are no LDAP for its own mistakes and panics; none of it reaches the
/// user. None where that happened.
pub(super) fn catch_panic<T: Send>(job: impl FnOnce() -> T + Send) -> Option<T> {
    let before: Arc<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync> =
        Arc::from(panic::take_hook());
    let others = Arc::clone(&before);
    panic::set_hook(Box::new(move |info| {
        if thread::current().name() != Some(THREAD) {
            others(info);
        }
    }));
    let done = thread::scope(|scope| {
        let thread = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK);
        let handle = thread.spawn_scoped(scope, job);
        handle.ok().and_then(|handle| handle.join().ok())
    });
    panic::set_hook(Box::new(move |info| before(info)));
    done
}

/// The library reads nested values by recursion, and takes them as deep as they come.
const STACK: usize = 64 * 1024 * 1024;
const THREAD: &str = "ldap";
