//! One connection: how far it is, how long that may last, and how it ends so that the client still sees
//! its last answer.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Between two requests.
    Nothing,
    /// A request has begun, and is not answered.
    Asking,
    /// An answer does not go out, because the client does not read.
    Answering,
    /// It has been answered for the last time.
    Ending,
}

/// How long each of them may last.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Patience {
    pub between: Duration,
    pub asking: Duration,
    pub answering: Duration,
    pub ending: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            between: seconds(60),
            asking: seconds(15),
            answering: seconds(30),
            ending: seconds(2),
        }
    }
}

/// How far a connection is, for whoever watches over all of them.
pub struct Progress {
    doing: Cell<Doing>,
    /// Nothing has come on it yet.
    fresh: Cell<bool>,
    /// When it was seen doing that for the first time. Asking the clock on every request would cost
    /// more than it is worth: who watches does.
    since: Cell<Option<Instant>>,
    /// Wakes the connection up, to be told that the server ends.
    waker: RefCell<Option<Waker>>,
}

impl Progress {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            // A connection on which nothing is asked is no better than one that asks slowly.
            doing: Cell::new(Doing::Asking),
            fresh: Cell::new(true),
            since: Cell::new(None),
            waker: RefCell::default(),
        })
    }

    /// Whether that has lasted too long, for whoever looks at it from time to time.
    pub fn is_over(&self, now: Instant, patience: &Patience) -> bool {
        let limit = match self.doing.get() {
            Doing::Nothing => patience.between,
            Doing::Asking => patience.asking,
            Doing::Answering => patience.answering,
            Doing::Ending => patience.ending,
        };
        let since = self.since.get().unwrap_or(now);
        self.since.set(Some(since));
        now.saturating_duration_since(since) > limit
    }

    pub fn is_fresh(&self) -> bool {
        self.fresh.get()
    }

    fn is_doing(&self, doing: Doing) {
        if self.doing.replace(doing) != doing || doing == Doing::Nothing {
            self.since.set(None);
        }
    }

    pub fn remember(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    pub fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// A stream that says how far it is, and lingers when it is closed.
///
/// A close in front of bytes that nobody has read is a reset, and a reset makes the client forget the
/// answer that it has not read either. So after the last answer a bounded amount of what the client still
/// sends is read and dropped. RFC 9112 section 9.6
pub struct Guarded<S> {
    stream: S,
    progress: Rc<Progress>,
    /// What may still be dropped; none: the end of writing has not been said yet.
    dropping: Option<usize>,
    /// Something was there to be dropped.
    dropped: bool,
}

const MOST_DROPPED: usize = 512 * 1024;

impl<S> Guarded<S> {
    pub fn new(stream: S, progress: Rc<Progress>) -> Self {
        Self { stream, progress, dropping: None, dropped: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.progress.fresh.set(false);
            if self.progress.doing.get() == Doing::Nothing {
                self.progress.is_doing(Doing::Asking);
            }
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.progress.is_doing(after(&written));
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.progress.is_doing(after(&written));
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.dropping.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.progress.is_doing(Doing::Ending);
            self.dropping = Some(MOST_DROPPED);
        }
        let mut bytes = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.dropped = true;
                    let left = self.dropping.unwrap_or_default();
                    match left.checked_sub(buffer.filled().len()) {
                        Some(left) => self.dropping = Some(left),
                        None => return Poll::Ready(Ok(())),
                    }
                }
                // Nothing was on its way, so nothing is lost.
                Poll::Pending if !self.dropped => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

fn after(written: &Poll<io::Result<usize>>) -> Doing {
    match written {
        Poll::Pending => Doing::Answering,
        Poll::Ready(_) => Doing::Nothing,
    }
}
