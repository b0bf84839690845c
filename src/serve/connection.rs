//! The state of one connection: what it waits for, since when, and what it holds.
//!
//! Deadlines measure the progress of requests. Bytes that are no request, such as PING and SETTINGS
//! frames of HTTP/2 or key updates of TLS, extend none of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::held::{HeldBytes, HeldStream, HeldTotal};

/// How long a connection may wait for its client.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the PROXY header and the TLS handshake.
    pub handshake: Duration,
    /// For the next request, while none is in flight.
    pub idle: Duration,
    /// For the first request, for the rest of a head, and for the rest of a body.
    pub reading: Duration,
    /// For the client to read more of an answer.
    pub writing: Duration,
    /// For a request, from its head to the last byte of its answer.
    pub request: Duration,
    /// For the client to close its half.
    pub closing: Duration,
    /// The age at which a connection ends after its current requests. As `keepalive_time` of nginx.
    pub lifetime: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            handshake: seconds(10),
            idle: seconds(60),
            reading: seconds(15),
            writing: seconds(30),
            request: seconds(60),
            // As `lingering_timeout` of nginx.
            closing: seconds(5),
            lifetime: seconds(3600),
        }
    }
}

/// Requests on one connection. Then it ends, so that its memory returns to the system.
const MAX_REQUESTS: u32 = 10_000;
/// Bodies of one connection that may be incomplete at a time.
const MAX_BODIES: usize = 4;

/// A clock that is set at each tick of the worker, because reading the system's clock for each
/// request would cost more than it is worth.
#[derive(Clone)]
pub struct CoarseClock(Rc<Cell<Instant>>);

impl CoarseClock {
    pub fn new() -> Self {
        Self(Rc::new(Cell::new(Instant::now())))
    }

    pub fn set(&self, now: Instant) {
        self.0.set(now);
    }

    pub fn now(&self) -> Instant {
        self.0.get()
    }
}

/// What to do with a connection at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    No,
    /// It is old: it ends after its current requests.
    Retire,
    /// Its client takes too long.
    Abort,
}

/// The state of a connection, shared with the worker that checks its deadlines.
pub struct ConnectionProgress {
    clock: CoarseClock,
    /// What is held for all clients of the worker.
    total: Arc<HeldTotal>,
    opened: Instant,
    is_secured: Cell<bool>,
    /// No byte has arrived yet.
    is_fresh: Cell<bool>,
    is_http2: Cell<bool>,
    /// Since when no request has been in flight.
    idle_since: Cell<Instant>,
    /// When the first byte of the next head arrived; HTTP/1 only.
    head_since: Cell<Option<Instant>>,
    /// Since when the client has read nothing of what waits for it.
    stalled_since: Cell<Option<Instant>>,
    closing_since: Cell<Option<Instant>>,
    requests: Cell<u32>,
    running: RefCell<Vec<Running>>,
    /// Bodies that are not complete, and their bytes.
    bodies: Cell<usize>,
    incoming: Cell<usize>,
    is_retired: Cell<bool>,
    /// The worker has given the connection up.
    is_aborted: Cell<bool>,
    /// The server is stopping: do not wait for clients that keep their connection open.
    server_ends: Cell<bool>,
    /// Wakes the connection's task when it has to end.
    waker: RefCell<Option<Waker>>,
}

/// A request that is in flight.
struct Running {
    number: u32,
    begun: Instant,
    /// HTTP/1 has one request at a time, which costs no more than its connection.
    _stream: Option<HeldStream>,
    /// The bytes of its answer, once it is made. The request ends when they are dropped.
    answer: Option<Weak<HeldBytes>>,
}

impl ConnectionProgress {
    pub fn new(clock: &CoarseClock, total: &Arc<HeldTotal>) -> Rc<Self> {
        let now = clock.now();
        Rc::new(Self {
            clock: clock.clone(),
            total: Arc::clone(total),
            opened: now,
            is_secured: Cell::new(false),
            is_fresh: Cell::new(true),
            is_http2: Cell::new(false),
            idle_since: Cell::new(now),
            head_since: Cell::new(None),
            stalled_since: Cell::new(None),
            closing_since: Cell::new(None),
            requests: Cell::new(0),
            running: RefCell::default(),
            bodies: Cell::new(0),
            incoming: Cell::new(0),
            is_retired: Cell::new(false),
            is_aborted: Cell::new(false),
            server_ends: Cell::new(false),
            waker: RefCell::default(),
        })
    }

    /// The handshake is over, and the first request is waited for.
    pub fn secured(&self) {
        self.is_secured.set(true);
        self.idle_since.set(self.clock.now());
    }

    /// What is due now. The worker calls this at each tick.
    pub fn overdue(&self, timeouts: &Timeouts) -> Overdue {
        let now = self.clock.now();
        let is_over = |since: Instant, limit| now.saturating_duration_since(since) > limit;
        let is_over_since =
            |since: &Cell<Option<Instant>>, limit| since.get().is_some_and(|at| is_over(at, limit));
        if self.closing_since.get().is_some() {
            return match is_over_since(&self.closing_since, timeouts.closing) {
                true => Overdue::Abort,
                false => Overdue::No,
            };
        }
        let mut running = self.running.borrow_mut();
        let before = running.len();
        running.retain(|request| !request.has_ended());
        if before > 0 && running.is_empty() {
            self.idle_since.set(now);
        }
        let waits_too_long = match running.is_empty() {
            _ if !self.is_secured.get() => is_over(self.opened, timeouts.handshake),
            false => running.iter().any(|request| is_over(request.begun, timeouts.request)),
            true if self.requests.get() == 0 => is_over(self.idle_since.get(), timeouts.reading),
            true => {
                is_over(self.idle_since.get(), timeouts.idle)
                    || is_over_since(&self.head_since, timeouts.reading)
            }
        };
        if waits_too_long || is_over_since(&self.stalled_since, timeouts.writing) {
            return Overdue::Abort;
        }
        if self.is_retired.get() || !is_over(self.opened, timeouts.lifetime) {
            return Overdue::No;
        }
        Overdue::Retire
    }

    /// A request has arrived. Dropping what is returned ends it, unless its answer is being sent.
    pub fn begin(self: &Rc<Self>, is_http2: bool) -> RequestInFlight {
        let number = self.requests.get().wrapping_add(1);
        self.requests.set(number);
        self.is_http2.set(is_http2);
        self.head_since.set(None);
        if number == MAX_REQUESTS {
            self.retire();
        }
        let stream = is_http2.then(|| HeldStream::new(&self.total));
        let request = Running { number, begun: self.clock.now(), _stream: stream, answer: None };
        self.running.borrow_mut().push(request);
        RequestInFlight { progress: Rc::clone(self), number }
    }

    /// Bytes have arrived.
    pub fn received(&self) {
        self.is_fresh.set(false);
        if !self.is_http2.get() && self.head_since.get().is_none() && self.is_idle() {
            self.head_since.set(Some(self.clock.now()));
        }
    }

    /// The client's window is full, or it has read some of what waited.
    pub fn stalls(&self, stalls: bool) {
        match (stalls, self.stalled_since.get()) {
            (true, None) => self.stalled_since.set(Some(self.clock.now())),
            (false, Some(_)) => self.stalled_since.set(None),
            _ => {}
        }
    }

    /// The server has ended its half.
    pub fn closes(&self) {
        self.closing_since.set(Some(self.clock.now()));
    }

    pub fn is_fresh(&self) -> bool {
        self.is_fresh.get()
    }

    fn is_idle(&self) -> bool {
        self.running.borrow().iter().all(Running::has_ended)
    }

    /// Since when the connection has had no request in flight. `None` if it has one, or does not
    /// exist for long enough to have had a chance.
    pub fn idle_since(&self) -> Option<Instant> {
        let is_idle = !self.is_aborted.get() && self.opened < self.clock.now() && self.is_idle();
        is_idle.then(|| self.idle_since.get())
    }

    /// Since when the connection has only waited for its client: for the rest of a body, or for an
    /// answer to be read. `None` if a request of it is being worked on, or for less than a tick.
    pub fn waits_since(&self) -> Option<Instant> {
        if self.is_aborted.get() {
            return None;
        }
        let running = self.running.borrow();
        let waits = |request: &Running| request.answer.is_some() || self.bodies.get() > 0;
        let since = running.iter().map(|request| request.begun).max()?;
        (running.iter().all(waits) && since < self.clock.now()).then_some(since)
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> usize {
        self.running.borrow().len()
    }

    /// Bytes of answers that the client has not read, and of bodies that are not complete.
    pub fn held(&self) -> usize {
        if self.is_aborted.get() {
            return 0;
        }
        let running = self.running.borrow();
        let answers = running.iter().filter_map(|request| request.answer.as_ref()?.upgrade());
        self.incoming.get() + answers.map(|answer| answer.len()).sum::<usize>()
    }

    /// The connection accepts no further requests.
    pub fn retire(&self) {
        self.is_retired.set(true);
        self.wake();
    }

    pub fn is_retired(&self) -> bool {
        self.is_retired.get()
    }

    /// Notes that the worker has given the connection up.
    pub fn abort(&self) {
        self.is_aborted.set(true);
    }

    /// Tells the connection that the server is stopping.
    pub fn end(&self) {
        self.server_ends.set(true);
        self.wake();
    }

    pub fn server_ends(&self) -> bool {
        self.server_ends.get()
    }

    pub fn remember(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

impl Running {
    fn has_ended(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.strong_count() == 0)
    }
}

/// A request that is in flight until this is dropped, or until its answer is sent.
pub struct RequestInFlight {
    progress: Rc<ConnectionProgress>,
    number: u32,
}

impl RequestInFlight {
    /// Takes the bytes of the answer into account until the client has read them, and returns them.
    pub fn hold(&self, bytes: Bytes) -> Bytes {
        let (bytes, held) = HeldBytes::hold(bytes, &self.progress.total);
        let mut running = self.progress.running.borrow_mut();
        if let Some(own) = running.iter_mut().find(|request| request.number == self.number) {
            own.answer = Some(held);
        }
        bytes
    }

    /// The body of the request is going to be read. `None` if the connection has too many bodies
    /// that are not complete.
    pub fn body(&self) -> Option<IncomingBytes> {
        IncomingBytes::new(&self.progress)
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        let mut running = self.progress.running.borrow_mut();
        running.retain(|request| request.number != self.number || request.answer.is_some());
        if running.is_empty() {
            self.progress.idle_since.set(self.progress.clock.now());
        }
    }
}

/// Bytes of a body that is not complete, until this is dropped.
pub struct IncomingBytes {
    progress: Rc<ConnectionProgress>,
    bytes: usize,
}

impl IncomingBytes {
    fn new(progress: &Rc<ConnectionProgress>) -> Option<Self> {
        let bodies = progress.bodies.get();
        (bodies < MAX_BODIES).then(|| {
            progress.bodies.set(bodies + 1);
            Self { progress: Rc::clone(progress), bytes: 0 }
        })
    }

    pub fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.progress.incoming.set(self.progress.incoming.get() + bytes);
        self.progress.total.add(bytes);
    }
}

impl Drop for IncomingBytes {
    fn drop(&mut self) {
        let progress = &self.progress;
        progress.bodies.set(progress.bodies.get() - 1);
        progress.incoming.set(progress.incoming.get() - self.bytes);
        progress.total.subtract(self.bytes);
    }
}

#[cfg(test)]
mod tests;
