//! What is known about a request.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;

use hyper::Method;

use crate::model::EmailAddress;

use super::answer_cache::Site;

/// What the access log and the metrics record about a request.
pub(super) struct RequestLog {
    pub route: usize,
    pub site: Option<Rc<Site>>,
    pub address: Option<EmailAddress>,
}

/// A request without its body.
pub(super) struct RequestHead<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub query: &'a str,
    pub host: Option<&'a str>,
    pub headers: &'a hyper::HeaderMap,
    pub tls: bool,
    /// The address of the client, also behind a proxy.
    pub client: IpAddr,
    /// No provider answers it.
    pub is_unanswered: Cell<bool>,
}
