//! Runs the LDAP library on a thread of its own, because it panics if an answer is not LDAP.

use std::panic;
use std::sync::Arc;
use std::thread;

/// Runs `job` and returns None if it panics. The library takes answers that are not LDAP for its
/// own bugs and panics; its message is not shown to the user.
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

/// Large, because the library reads nested values by recursion, with no limit on their depth.
const STACK: usize = 64 * 1024 * 1024;
const THREAD: &str = "ldap";
