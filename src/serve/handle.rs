//! Routes a request and answers it.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};

use crate::model::EmailAddress;

use super::address::RequestedAddress;
use super::answer_body::AnswerBody;
use super::answer_cache::Site;
use super::api;
use super::autodiscover::AUTODISCOVER_JSON;
use super::connection::RequestInFlight;
use super::diagnosis::Cause;
use super::log::LogLine;
use super::proxy::RequestOrigin;
use super::reply::{CacheControl, HttpReply, not_allowed};
use super::request::{RequestHead, RequestLog};
use super::request_body::read_body;
use super::routes::OTHER_ROUTES;
use super::unanswered::unanswered;
use super::worker::{Connection, Worker};

/// Bytes of an Autodiscover request. A larger one gets 413. Usual ones have about 500.
const MAX_POSTED: usize = 16 * 1024;

pub async fn handle(
    worker: Rc<Worker>,
    connection: Rc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let is_http2 = parts.version == Version::HTTP_2;
    let in_flight = connection.progress.begin(is_http2);
    let shared = &worker.shared;
    let RequestOrigin { client, tls, host: forwarded_host, unreadable } = match connection.is_proxy
    {
        true => shared.options.trust.origin(connection.peer, connection.tls, &parts.headers),
        false => RequestOrigin::direct(connection.peer, connection.tls),
    };
    if let Some(header) = unreadable
        && shared.diagnoses.is_due(Cause::UnreadableClient)
    {
        let peer = connection.peer;
        shared.tell(&format!(
            "the header {header} of the proxy {peer} has no address in it, so all its \
             clients count as one"
        ));
    }
    let family = connection.family(parts.headers.get(header::USER_AGENT));
    let none = shared.builder.routes.resources.len() + OTHER_ROUTES.len() - 1;
    let mut request_log = RequestLog { route: none, site: None, address: None };
    let mut is_unanswered = false;
    let mut reply = match host(&parts) {
        _ if is_http2 && worker.has_too_many_streams(&connection.progress) => {
            HttpReply::empty(StatusCode::SERVICE_UNAVAILABLE)
                .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
        }
        Ok(host) => {
            let host = forwarded_host.as_deref().map(without_port).or(host);
            let head = RequestHead {
                method: &parts.method,
                path: shared.builder.server.path.strip(parts.uri.path()),
                query: parts.uri.query().unwrap_or_default(),
                // HTTP/1.0 has no Host; the name of the TLS handshake (SNI) is used then.
                host: host.or(connection.server_name.as_deref()),
                headers: &parts.headers,
                tls,
                client,
                is_unanswered: Cell::new(false),
            };
            let reply =
                worker.answer(&connection, &head, (body, &in_flight), &mut request_log).await;
            if head.is_unanswered.get() {
                is_unanswered = true;
                worker.diagnose(&connection, &head);
            }
            reply
        }
        Err(words) => HttpReply::words(StatusCode::BAD_REQUEST, words),
    };
    let length = reply.body.len();
    if parts.method == Method::HEAD && parts.version < Version::HTTP_2 {
        reply = reply.with(header::CONTENT_LENGTH, HeaderValue::from(length));
        reply.body = Bytes::new();
    }
    let took = begun.elapsed();
    let status = reply.status.as_u16();
    worker.counts.count(request_log.route, family, status, took);
    if worker.lines.is_on() {
        worker.lines.add(&LogLine {
            method: parts.method.as_str(),
            route: shared.route_name(request_log.route),
            domain: request_log.site.as_ref().map_or("", |site| site.domain.as_str()),
            host: is_unanswered.then(|| host(&parts).ok().flatten().unwrap_or_default()),
            address: request_log.address.as_ref().map(EmailAddress::as_str),
            status,
            bytes: length,
            begun,
            took,
            family,
            peer: client,
            tls,
        });
    }
    reply.last |= connection.progress.is_retired();
    // A cache in front must not give the answer for one host to those who ask for another.
    if forwarded_host.is_some() {
        reply = reply.with(header::VARY, HeaderValue::from_static("x-forwarded-host, forwarded"));
    }
    let response = reply.into_response(in_flight, is_http2);
    worker.limit_held_bytes();
    Ok(response)
}

/// The host that the request names, without the port.
///
/// RFC 9112 section 3.2: HTTP/1.1 requires exactly one Host header, and an absolute target takes
/// precedence.
fn host(parts: &hyper::http::request::Parts) -> Result<Option<&str>, &'static str> {
    let mut named = parts.headers.get_all(header::HOST).iter();
    let first = named.next();
    if named.next().is_some() {
        return Err("more than one Host\n");
    }
    if let Some(authority) = parts.uri.authority() {
        return Ok(Some(authority.host()));
    }
    match first {
        None if parts.version == Version::HTTP_11 => Err("no Host\n"),
        None => Ok(None),
        Some(host) => match host.to_str() {
            Ok(host) => Ok(Some(without_port(host))),
            Err(_) => Err("a Host that is none\n"),
        },
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => {
            host.trim_end_matches('.')
        }
        _ => host.trim_end_matches('.'),
    }
}

impl Worker {
    async fn answer(
        &self,
        connection: &Connection,
        head: &RequestHead<'_>,
        (body, in_flight): (Incoming, &RequestInFlight),
        request_log: &mut RequestLog,
    ) -> HttpReply {
        let shared = &self.shared;
        let resources = shared.builder.routes.resources.len();
        if let Some(reply) = self.redirect_to_folder(head) {
            return reply;
        }
        if let Some(reply) = self.internal(connection, head) {
            request_log.route = resources + 2;
            return reply;
        }
        if let Some(words) = shared.acme.as_ref().and_then(|acme| acme.at_path(head.path)) {
            request_log.route = resources + 3;
            let media_type = HeaderValue::from_static("application/octet-stream");
            return match head.method {
                &Method::GET | &Method::HEAD => {
                    HttpReply::new(media_type, words, CacheControl::NoStore)
                }
                _ => not_allowed(head.method, "GET, HEAD"),
            };
        }
        let path = head.path;
        let is_api = shared.options.api && path.starts_with(api::PREFIX);
        if let Some(limit) = &shared.rate_limit
            && let Err(seconds) = limit.ask(head.client)
        {
            shared.metrics.shared.limited.fetch_add(1, Ordering::Relaxed);
            let words = "Too many requests; please wait a little\n";
            let reply = match is_api {
                true => api::problem(StatusCode::TOO_MANY_REQUESTS, words.trim_end()),
                false => HttpReply::words(StatusCode::TOO_MANY_REQUESTS, words),
            };
            return reply.with(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if path.len() >= AUTODISCOVER_JSON.len()
            && path.as_bytes()[..AUTODISCOVER_JSON.len()]
                .eq_ignore_ascii_case(AUTODISCOVER_JSON.as_bytes())
        {
            request_log.route = resources;
            return match head.method {
                &Method::GET | &Method::HEAD => self.autodiscover_json(head, request_log),
                _ => not_allowed(head.method, "GET, HEAD, OPTIONS"),
            };
        }
        if is_api {
            request_log.route = resources + 4;
            return self.api(head, (body, in_flight), request_log).await;
        }
        if let Some(reply) = self.picture(head).await {
            request_log.route = resources + 1;
            return reply;
        }
        let Some(matched) = shared.builder.routes.find(path) else {
            request_log.route = resources + OTHER_ROUTES.len() - 1;
            return HttpReply::empty(StatusCode::NOT_FOUND);
        };
        request_log.route = matched.number;
        let resource = &shared.builder.routes.resources[matched.number];
        let is_post = *head.method == Method::POST && resource.is_autodiscover;
        if !is_post && ![Method::GET, Method::HEAD].contains(head.method) {
            let allowed = if resource.is_autodiscover {
                "GET, HEAD, POST, OPTIONS"
            } else {
                "GET, HEAD, OPTIONS"
            };
            return not_allowed(head.method, allowed);
        }
        if is_post {
            let timeout = shared.options.timeouts.reading;
            return match read_body(body, in_flight, MAX_POSTED, timeout).await {
                Ok(body) => self.posted(head, matched.number, &body, request_log).await,
                Err(reply) => reply,
            };
        }
        // Nobody reads this body, so its frames are not kept while the answer is made.
        drop(body);
        let asked = match matched.address {
            Some(address) => RequestedAddress::by_text(address),
            None => RequestedAddress::by_query(head.query),
        };
        match resource.is_page {
            true => self.page(head, &matched, &asked).await,
            false => self.file(head, &matched, resource, &asked, request_log).await,
        }
    }

    pub(super) fn at_host(&self, head: &RequestHead<'_>) -> Option<Rc<Site>> {
        let own = self.shared.builder.server.host.as_ref();
        self.cache.at_host(&self.shared.store, head.host.unwrap_or_default(), own)
    }

    /// The site that answers: by the domain of the address if it is served, else by the host. A
    /// personal file is never answered for the host's domain instead.
    ///
    /// A visitor at a host of provider A gets nothing of provider B. A host belongs to A if A's file
    /// names it, also as `publicHost`, the domain behind `autoconfig.` and the like, or a wildcard
    /// over it. There, an
    /// address of another provider's domain gets no personal file, and A's shared files, as an
    /// unknown domain does: Thunderbird asks `autoconfig.` of the MX host's domain for customers'
    /// addresses. Addresses of every provider are answered at the server's own host, at an IP address,
    /// and at hosts that no provider names. Customers of B whose SRV record or CNAME leads to a host
    /// of A therefore need that host as `--public-host`.
    pub(super) fn site(
        &self,
        head: &RequestHead<'_>,
        asked: &RequestedAddress<'_>,
        is_personal: bool,
    ) -> Option<Rc<Site>> {
        let mut by_address =
            asked.domain().and_then(|domain| self.cache.of_domain(&self.shared.store, domain));
        if let (Some(asked), Some(host)) = (&by_address, self.owner_of_host(head))
            && asked.packed.name() != host.packed.name()
        {
            let (host, asked) = (host.packed.name(), asked.packed.name());
            self.shared.foreign_hosts.note(host, asked, &*self.shared.tell);
            by_address = None;
        }
        if by_address.as_ref().is_some_and(|site| !site.is_default)
            || (is_personal && matches!(asked, RequestedAddress::Address(_)))
        {
            return by_address;
        }
        match self.at_host(head) {
            Some(site) if site.is_default => by_address.or(Some(site)),
            by_host => by_host.or(by_address),
        }
    }

    /// The site of a host that belongs to one provider. `None` for the server's own host, an IP
    /// address, and hosts that no provider names.
    fn owner_of_host(&self, head: &RequestHead<'_>) -> Option<Rc<Site>> {
        if head.host.is_none_or(|host| self.shared.builder.server.is_host(host)) {
            return None;
        }
        self.at_host(head).filter(|site| !site.is_default)
    }

    /// 404 if no provider serves the domain, or 503 while the providers are still being read.
    pub(super) fn no_provider(&self, head: &RequestHead<'_>) -> HttpReply {
        head.is_unanswered.set(true);
        match self.shared.is_ready() {
            true => HttpReply::empty(StatusCode::NOT_FOUND),
            false => HttpReply::empty(StatusCode::SERVICE_UNAVAILABLE)
                .with(header::RETRY_AFTER, HeaderValue::from_static("2")),
        }
    }

    /// Reports why a request may have no answer.
    fn diagnose(&self, connection: &Connection, head: &RequestHead<'_>) {
        if !self.shared.is_ready() {
            return;
        }
        let (cause, words) = unanswered(head, connection.is_proxy);
        if self.shared.diagnoses.is_due(cause) {
            self.shared.tell(&words);
        }
    }

    /// 500 for an answer that was valid when it was prepared and cannot be made now: a bug of ours.
    pub(super) fn internal_error(&self, what: &str, why: &str) -> HttpReply {
        self.shared.tell(&format!("cannot answer for {what}: {why}"));
        HttpReply::empty(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
