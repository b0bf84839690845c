//! Paths for the operator: health, metrics, and whether a name may have a certificate.

use std::time::SystemTime;

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};

use super::address::{decode, parameters};
use super::certificate_names::whose;
use super::readiness::ReadyState;
use super::reply::{CacheControl, HttpReply, not_allowed};
use super::request::RequestHead;
use super::worker::{Connection, Worker};

impl Worker {
    /// `/healthz` and `/readyz`, and on the metrics listener `/metrics` and `/internal/ask`. `None`
    /// for any other path.
    pub(super) fn internal(
        &self,
        connection: &Connection,
        head: &RequestHead<'_>,
    ) -> Option<HttpReply> {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        let reply = match head.path {
            "/healthz" => HttpReply::new(text, "ok\n", CacheControl::NoStore),
            "/readyz" if self.shared.blocking_jobs.are_stuck() => HttpReply::words(
                StatusCode::SERVICE_UNAVAILABLE,
                "pages and profiles wait for work that does not end\n",
            ),
            "/readyz" => match self.shared.readiness.get() {
                ReadyState::Ready => HttpReply::new(text, "ok\n", CacheControl::NoStore),
                ReadyState::Reading => {
                    HttpReply::words(StatusCode::SERVICE_UNAVAILABLE, "still reading providers\n")
                }
                ReadyState::Nothing(why) => HttpReply {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    ..HttpReply::new(
                        text,
                        format!("no provider is served: {why}\n"),
                        CacheControl::NoStore,
                    )
                },
            },
            "/metrics" if connection.is_inside => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
                let text = self.shared.metrics.text(now, &self.shared.blocking_jobs);
                let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                HttpReply::new(HeaderValue::from_static(media_type), text, CacheControl::NoStore)
            }
            "/internal/ask" if connection.is_inside => self.may_have_certificate(head.query),
            _ if connection.is_inside => HttpReply::empty(StatusCode::NOT_FOUND),
            _ => return None,
        };
        Some(match *head.method {
            Method::GET | Method::HEAD => reply,
            _ => not_allowed(head.method, "GET, HEAD"),
        })
    }

    /// Whether `?domain=NAME` may have a certificate, as the on-demand TLS of Caddy asks: 200 or
    /// 404. <https://caddyserver.com/docs/automatic-https#on-demand-tls>
    fn may_have_certificate(&self, query: &str) -> HttpReply {
        let name = parameters(query, &["domain"]).next().and_then(decode);
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return HttpReply::words(StatusCode::BAD_REQUEST, "write ?domain=NAME\n");
        };
        let own = self.shared.builder.server.host.as_ref();
        match whose(&name.to_ascii_lowercase(), &self.shared.store, own) {
            Some(_) => HttpReply::words(StatusCode::OK, "it may have a certificate\n"),
            None => HttpReply::words(StatusCode::NOT_FOUND, "no client asks for this name here\n"),
        }
    }
}
