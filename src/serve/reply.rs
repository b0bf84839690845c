//! An answer with its status, headers and body.

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::answer_body::AnswerBody;
use super::connection::RequestInFlight;

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
    /// The connection closes after this answer, for example since the rest of the request is not
    /// read.
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

    /// Converts it for hyper. The request is in flight until the answer is sent.
    pub fn into_response(self, request: RequestInFlight, is_http2: bool) -> Response<AnswerBody> {
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
        // HTTP/2 has no such header; its connections end with a frame.
        if self.last && !is_http2 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let mut response = Response::new(AnswerBody::new(self.body, request, is_http2));
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}

/// Allows scripts of any origin to read the answer.
pub(super) fn for_all_origins(reply: HttpReply) -> HttpReply {
    reply.with(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))
}

/// The answer to a method that the path does not have.
pub fn not_allowed(method: &Method, allowed: &'static str) -> HttpReply {
    let status = match *method {
        Method::OPTIONS => StatusCode::NO_CONTENT,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    };
    let reply = HttpReply::empty(status).with(header::ALLOW, HeaderValue::from_static(allowed));
    match *method {
        Method::OPTIONS => for_all_origins(reply)
            .with(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(allowed)),
        _ => reply,
    }
}
