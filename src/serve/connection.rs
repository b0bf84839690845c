//! The state of one connection, the timeout of each state, and a close that lets the client read
//! its last answer.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// For the next request.
    Idle,
    /// For the rest of a request.
    Reading,
    /// For the client to read the answer.
    Writing,
    /// For the client to close its half.
    Closing,
}

/// How long a connection may stay in each state.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub idle: Duration,
    pub reading: Duration,
    pub writing: Duration,
    pub closing: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            idle: seconds(60),
            reading: seconds(15),
            writing: seconds(30),
            // As `lingering_timeout` of nginx.
            closing: seconds(5),
        }
    }
}

/// The state of a connection, shared with the worker that checks for timeouts.
pub struct ConnectionProgress {
    state: Cell<ConnectionState>,
    /// No byte has arrived yet.
    fresh: Cell<bool>,
    /// When the worker first saw the connection in this state. The worker sets it, because reading
    /// the clock for each request would cost more than it is worth.
    since: Cell<Option<Instant>>,
    /// The server is stopping: do not wait for clients that keep their connection open.
    server_ends: Cell<bool>,
    /// Wakes the connection's task when the server stops.
    waker: RefCell<Option<Waker>>,
}

impl ConnectionProgress {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            // A client that opens a connection and sends nothing gets no more time than one that
            // sends slowly.
            state: Cell::new(ConnectionState::Reading),
            fresh: Cell::new(true),
            since: Cell::new(None),
            server_ends: Cell::new(false),
            waker: RefCell::default(),
        })
    }

    /// Whether the connection has been in its state for too long. The worker calls this at each
    /// tick.
    pub fn has_timed_out(&self, now: Instant, timeouts: &Timeouts) -> bool {
        let limit = match self.state.get() {
            ConnectionState::Idle => timeouts.idle,
            ConnectionState::Reading => timeouts.reading,
            ConnectionState::Writing => timeouts.writing,
            ConnectionState::Closing => timeouts.closing,
        };
        let since = self.since.get().unwrap_or(now);
        self.since.set(Some(since));
        now.saturating_duration_since(since) > limit
    }

    pub fn is_fresh(&self) -> bool {
        self.fresh.get()
    }

    fn set_state(&self, state: ConnectionState) {
        if self.state.replace(state) != state || state == ConnectionState::Idle {
            self.since.set(None);
        }
    }

    pub fn remember(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    /// Tells the connection that the server is stopping.
    pub fn end(&self) {
        self.server_ends.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// A stream that tracks the state of its connection, and that closes in two steps.
///
/// When the client still sends after the socket is closed, TCP answers with a reset, and many
/// clients then lose the answer that they have not read yet. So the server first ends its own half,
/// and then reads and drops bytes until the client has closed its half. RFC 9112 section 9.6
pub struct LingeringStream<S> {
    stream: S,
    progress: Rc<ConnectionProgress>,
    /// When the server ended its half; `None` before that.
    closing: Option<Instant>,
    /// The client has sent something since then.
    dropped: bool,
}

/// A client that still sends after this time is cut off. As `lingering_time` of nginx.
const LONGEST_CLOSE: Duration = Duration::from_secs(30);

impl<S> LingeringStream<S> {
    pub fn new(stream: S, progress: Rc<ConnectionProgress>) -> Self {
        Self { stream, progress, closing: None, dropped: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LingeringStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.progress.fresh.set(false);
            if self.progress.state.get() == ConnectionState::Idle {
                self.progress.set_state(ConnectionState::Reading);
            }
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for LingeringStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.progress.set_state(after(&written));
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.progress.set_state(after(&written));
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let begun = match self.closing {
            Some(begun) => begun,
            None => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
                self.progress.set_state(ConnectionState::Closing);
                *self.closing.insert(Instant::now())
            }
        };
        let mut bytes = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.dropped = true;
                    if begun.elapsed() > LONGEST_CLOSE {
                        return Poll::Ready(Ok(()));
                    }
                    self.progress.since.set(None);
                }
                // The server is stopping, and the last request was read to its end, so the client
                // has nothing left to send.
                Poll::Pending if self.progress.server_ends.get() && !self.dropped => {
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
                // The client has closed its half, or the connection is broken.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

fn after(written: &Poll<io::Result<usize>>) -> ConnectionState {
    match written {
        Poll::Pending => ConnectionState::Writing,
        Poll::Ready(_) => ConnectionState::Idle,
    }
}
