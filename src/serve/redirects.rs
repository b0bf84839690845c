//! Redirects to where the server has a certificate, and into the folder that a proxy forwards.

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};

use super::answer_cache::Site;
use super::reply::HttpReply;
use super::request::RequestHead;
use super::worker::Worker;

impl Worker {
    /// Redirects Autodiscover over plain HTTP to the public host, which has a certificate. Outlook
    /// asks the user and follows. `None` if there is nothing to redirect.
    pub(super) fn redirect_to_https(
        &self,
        head: &RequestHead<'_>,
        site: &Site,
    ) -> Option<HttpReply> {
        if head.tls {
            return None;
        }
        let public = site.public_address(&self.shared.builder.server)?;
        if head.host.is_some_and(|host| host.eq_ignore_ascii_case(public.host.as_str())) {
            return None;
        }
        let url = format!("{public}/autodiscover/autodiscover.xml");
        let url = HeaderValue::try_from(url).expect("a host name and a path");
        Some(HttpReply::empty(StatusCode::FOUND).with(header::LOCATION, url))
    }

    /// Redirects from `/mail-setup` to `/mail-setup/`, so that the links of the page lead below it.
    pub(super) fn redirect_to_folder(&self, head: &RequestHead<'_>) -> Option<HttpReply> {
        if !self.shared.builder.server.path.is_folder(head.path) {
            return None;
        }
        let query = if head.query.is_empty() { "" } else { "?" };
        let folder = HeaderValue::try_from([head.path, "/", query, head.query].concat()).ok()?;
        Some(HttpReply::empty(StatusCode::PERMANENT_REDIRECT).with(header::LOCATION, folder))
    }
}
