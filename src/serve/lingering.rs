//! A stream that reports what its client does, and that closes so that the client can read its last
//! answer.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::ConnectionProgress;

/// A stream that tells its connection's progress what arrives and stalls, and that closes in two
/// steps.
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
            self.progress.received();
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
        self.progress.stalls(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.progress.stalls(written.is_pending());
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
                self.progress.closes();
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
                    self.progress.closes();
                }
                // The server is stopping, and the last request was read to its end, so the client
                // has nothing left to send.
                Poll::Pending if self.progress.server_ends() && !self.dropped => {
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
                // The client has closed its half, or the connection is broken.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}
