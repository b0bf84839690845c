//! Runs the requests of one HTTP/2 connection, no longer than the connection.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use tokio::task::JoinSet;

/// Runs the requests of one HTTP/2 connection on this thread. They end with the connection: hyper
/// lets one that waits for a page go on when its client is gone.
#[derive(Clone, Default)]
pub struct ConnectionExecutor(Rc<RefCell<JoinSet<()>>>);

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for ConnectionExecutor {
    fn execute(&self, future: F) {
        let mut tasks = self.0.borrow_mut();
        while tasks.try_join_next().is_some() {}
        tasks.spawn_local(future);
    }
}
