//! Answers requests for web pages, in the language of the browser.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

use crate::bundle::Builder;
use crate::plan::Audience;
use crate::render::Recipient;
use crate::settings::Provider;

use super::address::{RequestedAddress, parameters};
use super::files::come_again;
use super::prepare::{AnswerBuilder, PageKind, PageRequest, account};
use super::reply::{CacheControl, HttpReply};
use super::request::RequestHead;
use super::routes::RouteMatch;
use super::worker::Worker;

/// The language if the browser asks for none that there is.
const FALLBACK: &str = "en";

impl Worker {
    /// The page of a route: the form, or the page for the address that was entered.
    pub(super) async fn page(
        &self,
        head: &RequestHead<'_>,
        matched: &RouteMatch<'_>,
        asked: &RequestedAddress<'_>,
    ) -> HttpReply {
        let languages = &self.shared.builder.routes.resources[matched.number].languages;
        let known: Vec<&str> = languages.iter().map(String::as_str).collect();
        let by_name = matched.language.or_else(|| parameters(head.query, &["lang"]).next());
        let accepted = head.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        let language = match by_name.and_then(|name| known_language(name, &known)) {
            Some(language) => language,
            // The path names a language that there is no page in.
            None if matched.language.is_some() => return HttpReply::empty(StatusCode::NOT_FOUND),
            None => negotiate(accepted.unwrap_or_default(), &known),
        }
        .to_owned();
        // The form was submitted empty.
        let typed = parameters(head.query, &["email"]).next().is_some();
        let (page, status, site) = match asked {
            RequestedAddress::Missing if typed => {
                (PageKind::Wrong, StatusCode::BAD_REQUEST, self.at_host(head))
            }
            RequestedAddress::Address(_) => match self.site(head, asked, true) {
                Some(site) => match asked.at(&site.domain) {
                    Some(address) => {
                        return self
                            .for_person(head, matched.number, &site, address, language)
                            .await;
                    }
                    None => (PageKind::Wrong, StatusCode::BAD_REQUEST, self.at_host(head)),
                },
                None => (PageKind::Unknown, StatusCode::NOT_FOUND, self.at_host(head)),
            },
            RequestedAddress::Invalid => {
                (PageKind::Wrong, StatusCode::BAD_REQUEST, self.at_host(head))
            }
            RequestedAddress::Missing => (PageKind::Usual, StatusCode::OK, self.at_host(head)),
        };
        let number = matched.number;
        let tongue = language.clone();
        let is_own_host = head.host.is_some_and(|host| self.shared.builder.server.is_host(host));
        let made = match site {
            Some(site) => {
                let domain = site.domain.clone();
                let owner = site.owner;
                let work = move |answers: &AnswerBuilder,
                                 provider: &Arc<Provider>,
                                 builder: &mut Builder| {
                    let recipient = &Recipient::new(Audience::Everybody { domain: &domain }, None);
                    let asked = PageRequest { number, page, language: &tongue, owner, recipient };
                    answers.page(builder, provider, asked)
                };
                self.build_blocking(head.client, &site, work).await
            }
            None if is_own_host => {
                let pool = &self.shared.blocking_jobs.rendering;
                let shared = Arc::clone(&self.shared);
                let work = move || {
                    shared.builder.with_builder(|builder| {
                        shared.builder.neutral_page(builder, number, page, &tongue)
                    })
                };
                match self.run_blocking(pool, head.client, work).await {
                    Ok(Ok(made)) => Ok(made),
                    Ok(Err(findings)) => {
                        let why = findings.first().map_or_else(String::new, ToString::to_string);
                        Err(self.internal_error("the page of its own host", &why))
                    }
                    Err(reply) => Err(reply),
                }
            }
            None => return self.no_provider(head),
        };
        let cache =
            if page == PageKind::Usual { CacheControl::Public } else { CacheControl::NoStore };
        match made {
            Ok(Some(bytes)) => {
                with_headers(HttpReply { status, ..html(bytes, cache) }, &language, head.tls)
            }
            Ok(None) => HttpReply::empty(StatusCode::NOT_FOUND),
            Err(reply) => reply,
        }
    }

    async fn for_person(
        &self,
        head: &RequestHead<'_>,
        number: usize,
        site: &super::answer_cache::Site,
        address: crate::model::EmailAddress,
        language: String,
    ) -> HttpReply {
        let owner = site.owner;
        let tongue = language.clone();
        let Ok(login) = self.login_name(site, &address) else { return come_again() };
        let made = self.build_blocking(head.client, site, move |answers, provider, builder| {
            let page = PageKind::Usual;
            let recipient = &Recipient::new(account(&address), login.as_deref());
            let asked = PageRequest { number, page, language: &tongue, owner, recipient };
            answers.page(builder, provider, asked)
        });
        match made.await {
            Ok(Some(bytes)) => {
                with_headers(html(bytes, CacheControl::NoStore), &language, head.tls)
            }
            Ok(None) => HttpReply::empty(StatusCode::NOT_FOUND),
            Err(reply) => reply,
        }
    }
}

fn html(bytes: Vec<u8>, cache: CacheControl) -> HttpReply {
    HttpReply::new(HeaderValue::from_static("text/html; charset=utf-8"), bytes, cache)
}

/// Adds the security headers of a page. A page loads nothing and runs no script.
fn with_headers(reply: HttpReply, language: &str, tls: bool) -> HttpReply {
    let policy = policy(&String::from_utf8_lossy(&reply.body));
    let mut reply = reply
        .with(header::VARY, HeaderValue::from_static("accept-language"))
        .with(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        .with(
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("interest-cohort=()"),
        )
        .with(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Browsers ignore this header over plain HTTP and print a warning.
    if tls {
        let own = HeaderValue::from_static("same-origin");
        reply = reply.with(HeaderName::from_static("cross-origin-opener-policy"), own);
    }
    if let Ok(policy) = HeaderValue::try_from(policy) {
        reply = reply.with(header::CONTENT_SECURITY_POLICY, policy);
    }
    match HeaderValue::try_from(language) {
        Ok(language) => reply.with(header::CONTENT_LANGUAGE, language),
        Err(_) => reply,
    }
}

/// The Content-Security-Policy: no script, and no style but the page's own.
fn policy(page: &str) -> String {
    use base64::Engine as _;
    let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let style = match style {
        Some((style, _)) => {
            let digest = Sha256::digest(style.as_bytes());
            format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(digest))
        }
        None => "'none'".to_owned(),
    };
    format!(
        "default-src 'none'; style-src {style}; img-src 'self' data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The language of ours for a language tag: `pt-BR` itself, else `pt`.
fn known_language<'k>(wanted: &str, known: &[&'k str]) -> Option<&'k str> {
    let is = |name: &str| known.iter().copied().find(|k| k.eq_ignore_ascii_case(name));
    is(wanted).or_else(|| is(wanted.split(['-', '_']).next()?))
}

/// The language that Accept-Language prefers among ours. RFC 9110 section 12.5.4
fn negotiate<'k>(accepted: &str, known: &[&'k str]) -> &'k str {
    let mut best: Option<(f32, &str)> = None;
    for part in accepted.split(',').take(32) {
        let mut parts = part.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let quality = parts
            .find_map(|p| p.trim().strip_prefix("q="))
            .map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
        let language = match name {
            "*" => known.iter().copied().find(|k| *k == FALLBACK),
            name => known_language(name, known),
        };
        if let Some(language) = language
            && quality > 0.0
            && best.is_none_or(|(other, _)| quality > other)
        {
            best = Some((quality, language));
        }
    }
    best.map(|(_, language)| language)
        .or_else(|| known.iter().copied().find(|k| *k == FALLBACK))
        .or_else(|| known.first().copied())
        .unwrap_or("en")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_likes_best_of_ours() {
        let known = ["de", "en", "es", "fr"];
        for (accepted, language) in [
            ("", "en"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("nl,fr;q=0.5,en;q=0.4", "fr"),
            ("ja", "en"),
            ("es;q=0,en", "en"),
            ("*", "en"),
            (";;q=,x;q=y", "en"),
        ] {
            assert_eq!(negotiate(accepted, &known), language, "{accepted}");
        }
    }

    #[test]
    fn a_page_may_have_its_own_style_and_nothing_else() {
        let policy = policy("<style>a{}</style>");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
