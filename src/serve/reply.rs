//! An answer with its status, headers and body.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

/// A body that is sent in one piece.
pub struct WholeBody(Option<Bytes>);

impl hyper::body::Body for WholeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// The Cache-Control header of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheControl {
    /// Caches may keep it for an hour: it is the same for everybody.
    Public,
    /// No cache may keep it: it is about one person, or it is an error that can be fixed.
    NoStore,
}

#[derive(Debug)]
pub struct HttpReply {
    pub status: StatusCode,
    pub media_type: Option<HeaderValue>,
    pub body: Bytes,
    pub cache: CacheControl,
    pub tag: Option<HeaderValue>,
    /// Further headers.
    pub more: Vec<(HeaderName, HeaderValue)>,
    /// The rest of the request will not be read, so the connection closes after this answer.
    pub last: bool,
}

const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=3600");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

impl HttpReply {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            media_type: None,
            body: Bytes::new(),
            cache: CacheControl::NoStore,
            tag: None,
            more: Vec::new(),
            last: false,
        }
    }

    pub fn new(media_type: HeaderValue, body: impl Into<Bytes>, cache: CacheControl) -> Self {
        let (media_type, body) = (Some(media_type), body.into());
        Self { media_type, body, cache, ..Self::empty(StatusCode::OK) }
    }

    /// A plain text for people.
    pub fn words(status: StatusCode, words: &'static str) -> Self {
        let media_type = HeaderValue::from_static("text/plain; charset=utf-8");
        Self { status, ..Self::new(media_type, words, CacheControl::NoStore) }
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.push((name, value));
        self
    }

    /// Converts it for hyper, which sends no body in the answer to HEAD.
    pub fn into_response(self) -> Response<WholeBody> {
        let mut headers = HeaderMap::with_capacity(8);
        if let Some(media_type) = self.media_type {
            headers.insert(header::CONTENT_TYPE, media_type);
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        }
        headers.insert(
            header::CACHE_CONTROL,
            match self.cache {
                CacheControl::Public => PUBLIC,
                CacheControl::NoStore => NO_STORE,
            },
        );
        if let Some(tag) = self.tag {
            headers.insert(header::ETAG, tag);
        }
        for (name, value) in self.more {
            headers.append(name, value);
        }
        if self.last {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let body = (!self.body.is_empty()).then_some(self.body);
        let mut response = Response::new(WholeBody(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}

/// Allows scripts of any origin to read the answer.
pub(super) fn for_all_origins(reply: HttpReply) -> HttpReply {
    reply.with(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))
}
