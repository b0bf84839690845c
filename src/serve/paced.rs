//! A stream that gives hyper little at a time, so that the tasks of the requests run in between.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are read before other tasks get their turn.
///
/// hyper's HTTP/2 takes in everything that has arrived before a request runs, and keeps some 300
/// bytes for each frame: a megabyte of frames with one byte each would become 30 MB.
const AT_A_TIME: usize = 1024;

/// Reads at most [`AT_A_TIME`] bytes between two yields of its task.
pub struct PacedStream<S> {
    stream: S,
    left: usize,
}

impl<S> PacedStream<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, left: AT_A_TIME }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            self.left = AT_A_TIME;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = match buffer.remaining() <= self.left {
            true => Pin::new(&mut self.stream).poll_read(cx, buffer),
            false => {
                let left = self.left;
                let mut part = ReadBuf::new(buffer.initialize_unfilled_to(left));
                let read = Pin::new(&mut self.stream).poll_read(cx, &mut part);
                let filled = part.filled().len();
                buffer.advance(filled);
                read
            }
        };
        match read.is_pending() {
            true => self.left = AT_A_TIME,
            false => self.left = self.left.saturating_sub(buffer.filled().len() - before),
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
