//! The JSON API for panels and webmail, with `--api`: settings of an address, and findings about a
//! client's file. `openapi` describes it.

mod openapi;
mod problem;
mod settings;

use std::time::SystemTime;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};

use crate::authorities::Authorities;
use crate::check;
use crate::finding::Source;
use crate::render::Recipient;
use crate::report::checked_json;

use super::address::RequestedAddress;
use super::connection::RequestInFlight;
use super::files::come_again;
use super::prepare::account;
use super::reply::{CacheControl, HttpReply, for_all_origins, not_allowed};
use super::request::{RequestHead, RequestLog};
use super::request_body::read_body;
use super::worker::Worker;

pub use openapi::PREFIX;
use openapi::{MAX_FILE, openapi};
pub use problem::problem;
use settings::AccountSettings;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What the place of a finding calls the file.
const FILE: &str = "file";

impl Worker {
    /// Answers a path below [`PREFIX`]. All problems are JSON, too.
    pub(super) async fn api(
        &self,
        head: &RequestHead<'_>,
        (body, in_flight): (Incoming, &RequestInFlight),
        request_log: &mut RequestLog,
    ) -> HttpReply {
        let reply = match (&head.path[PREFIX.len()..], head.method) {
            ("settings", &Method::GET | &Method::HEAD) => {
                self.api_settings(head, request_log).await
            }
            ("check", &Method::POST) => self.api_check(head, (body, in_flight)).await,
            ("openapi.json", &Method::GET | &Method::HEAD) => {
                HttpReply::new(JSON, openapi().to_string(), CacheControl::Public)
            }
            ("settings" | "openapi.json", method) => {
                return not_allowed(method, "GET, HEAD, OPTIONS");
            }
            ("check", method) => return not_allowed(method, "POST, OPTIONS"),
            _ => problem(StatusCode::NOT_FOUND, "the API has no such path"),
        };
        for_all_origins(reply)
    }

    async fn api_settings(
        &self,
        head: &RequestHead<'_>,
        request_log: &mut RequestLog,
    ) -> HttpReply {
        let no_address = || problem(StatusCode::BAD_REQUEST, "email= is not an e-mail address");
        let asked = RequestedAddress::by_query(head.query);
        if !matches!(asked, RequestedAddress::Address(_)) {
            return no_address();
        }
        let site = self.site(head, &asked, true);
        let address = match &site {
            Some(site) => asked.at(&site.domain),
            None => asked.valid(),
        };
        let Some(address) = address else { return no_address() };
        let Some(site) = site else {
            let reply = self.no_provider(head);
            let why = match reply.status {
                StatusCode::NOT_FOUND => "no provider here serves this domain",
                _ => "the providers are still being read",
            };
            return HttpReply { more: reply.more, ..problem(reply.status, why) };
        };
        request_log.site = Some(site.clone());
        request_log.address = Some(address.clone());
        let Ok(login) = self.login_name(&site, &address) else {
            let HttpReply { status, more, .. } = come_again();
            return HttpReply { more, ..problem(status, "the login names cannot be read now") };
        };
        let owner = site.owner;
        let made = self.build_blocking(head.client, &site, move |answers, provider, _| {
            let recipient = Recipient::new(account(&address), login.as_deref());
            let (subject, _) = answers.subject(provider, owner, &recipient)?;
            let settings = AccountSettings::of(&subject, &address, answers.protocol);
            Ok(serde_json::to_vec(&settings).unwrap_or_default())
        });
        match made.await {
            Ok(json) => HttpReply::new(JSON, json, CacheControl::NoStore),
            Err(reply) => busy(reply),
        }
    }

    async fn api_check(
        &self,
        head: &RequestHead<'_>,
        (body, in_flight): (Incoming, &RequestInFlight),
    ) -> HttpReply {
        let timeout = self.shared.options.timeouts.reading;
        let body = match read_body(body, in_flight, MAX_FILE, timeout).await {
            Ok(body) => body,
            Err(reply) => {
                let why = "the file is too large, or did not arrive whole and in time";
                return HttpReply { last: reply.last, ..problem(reply.status, why) };
            }
        };
        let pool = &self.shared.blocking_jobs.checking;
        let checked = self.run_blocking(pool, head.client, move || {
            let checked = check::file::file(&body, SystemTime::now(), &Authorities::default())?;
            let source = Source::new(FILE, checked.text.clone());
            Some(checked_json(&[FILE.to_owned()], &checked.findings(&source)))
        });
        match checked.await {
            Ok(Some(json)) => HttpReply::new(JSON, json, CacheControl::NoStore),
            Ok(None) => {
                let why = "the body is no client's file that is known here";
                problem(StatusCode::UNPROCESSABLE_ENTITY, why)
            }
            Err(reply) => busy(reply),
        }
    }
}

/// The problem for a reply without JSON.
fn busy(reply: HttpReply) -> HttpReply {
    let why = match reply.status {
        StatusCode::SERVICE_UNAVAILABLE => "too many requests of this client wait",
        _ => "the answer cannot be made; the server's log says why",
    };
    HttpReply { more: reply.more, ..problem(reply.status, why) }
}
