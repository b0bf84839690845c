//! The body of an answer, and until when its request is in flight.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::connection::RequestInFlight;

/// The body of an answer.
pub struct AnswerBody {
    rest: Bytes,
    /// Ends the request when the body is sent or dropped.
    request: Option<RequestInFlight>,
}

/// Bytes that hyper gets at a time. It copies them next to the head, and keeps that memory as long as
/// the connection is open.
const PIECE: usize = 8 * 1024;

impl AnswerBody {
    pub fn new(bytes: Bytes, request: RequestInFlight, is_http2: bool) -> Self {
        // A client of HTTP/2 decides itself when an answer is sent, for each of its requests. In
        // HTTP/1 there is one answer at a time, and its first piece is in the system's buffers.
        let is_held = is_http2 || bytes.len() > PIECE;
        let rest = match is_held && !bytes.is_empty() {
            true => request.hold(bytes),
            false => bytes,
        };
        Self { rest, request: Some(request) }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        if self.rest.is_empty() {
            self.rest = Bytes::new();
            self.request = None;
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
