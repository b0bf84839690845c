//! Problems as JSON. RFC 9457

use hyper::StatusCode;
use hyper::header::HeaderValue;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::reply::{CacheControl, HttpReply};

pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why there is no answer.
#[derive(Serialize, JsonSchema)]
pub struct ProblemDetails {
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What the status means.
    title: &'static str,
    /// What is wrong with this request.
    detail: &'static str,
}

pub fn problem(status: StatusCode, detail: &'static str) -> HttpReply {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = ProblemDetails { status: status.as_u16(), title, detail };
    let json = serde_json::to_vec(&problem).unwrap_or_default();
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    HttpReply { status, ..HttpReply::new(media_type, json, CacheControl::NoStore) }
}
