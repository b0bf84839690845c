//! Answers requests for files: the shared file of a domain, the personal file of an address, and
//! Autodiscover.

use std::rc::Rc;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};

use crate::model::EmailAddress;
use crate::plan::Audience;
use crate::render::Recipient;

use super::address::{RequestedAddress, decode, parameters};
use super::answer_cache::{CachedAnswer, Site};
use super::autodiscover::{
    self, AUTODISCOVER_JSON, AUTODISCOVER_JSON_PATH, AutodiscoverError, PostedRequest,
};
use super::full_name::full_name;
use super::login_lists::Unread;
use super::prepare::{DomainOwner, account};
use super::reply::{CacheControl, HttpReply, for_all_origins};
use super::request::{RequestHead, RequestLog};
use super::routes::{Resource, RouteMatch};
use super::state::ReloadedSigner;
use super::worker::Worker;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");

impl Worker {
    pub(super) async fn file(
        &self,
        head: &RequestHead<'_>,
        matched: &RouteMatch<'_>,
        resource: &Resource,
        asked: &RequestedAddress<'_>,
        request_log: &mut RequestLog,
    ) -> HttpReply {
        let is_personal = resource.personal.is_some();
        let Some(site) = self.site(head, asked, is_personal) else { return self.no_provider(head) };
        request_log.site = Some(Rc::clone(&site));
        if resource.is_autodiscover
            && let Some(reply) = self.redirect_to_https(head, &site)
        {
            return reply;
        }
        if !is_personal || *asked == RequestedAddress::Missing {
            return self.shared_file(head, matched.number, resource, &site).await;
        }
        match asked.at(&site.domain) {
            Some(address) => {
                let number = matched.number;
                let reply = self.personal_file(head, number, resource, &site, &address).await;
                request_log.address = Some(address);
                reply
            }
            None if resource.is_autodiscover => refusal(AutodiscoverError::InvalidRequest),
            None => HttpReply::words(StatusCode::BAD_REQUEST, "That is no e-mail address.\n"),
        }
    }

    /// The file that is the same for everybody at the domain.
    async fn shared_file(
        &self,
        head: &RequestHead<'_>,
        number: usize,
        resource: &Resource,
        site: &Rc<Site>,
    ) -> HttpReply {
        let mut ready = match self.cache.ready(&self.shared.store, site, number, false) {
            Ok(ready) => ready,
            Err(why) => return self.internal_error(site.packed.name(), &why.to_string()),
        };
        if let CachedAnswer::InFull = *ready {
            let domain = site.domain.clone();
            let made = self.build_blocking(head.client, site, move |answers, provider, builder| {
                let recipient = Recipient::new(Audience::Everybody { domain: &domain }, None);
                answers.in_full(builder, provider, number, DomainOwner::Customer, &recipient)
            });
            ready = match made.await {
                Ok(Some(bytes)) => self.cache.insert(site, number, bytes.into()),
                Ok(None) => return HttpReply::empty(StatusCode::NOT_FOUND),
                Err(reply) => return reply,
            };
        }
        let CachedAnswer::Fixed { bytes, tag } = &*ready else {
            return HttpReply::empty(StatusCode::NOT_FOUND);
        };
        let media_type = self.shared.media_types[number].clone();
        if resource.is_profile
            && let Some(signer) = self.shared.signer()
        {
            let reply = HttpReply::new(media_type, bytes.clone(), CacheControl::NoStore);
            return self.signed_shared_file(head, (reply, number), resource, site, signer).await;
        }
        let known = head.headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let own = tag.to_str().unwrap_or_default();
        let is_known = known.is_some_and(|tags| {
            tags.split(',').any(|one| {
                matches!(one.trim().trim_start_matches("W/"), "*")
                    || one.trim().trim_start_matches("W/") == own
            })
        });
        let mut reply = match is_known {
            true => HttpReply {
                cache: CacheControl::Public,
                ..HttpReply::empty(StatusCode::NOT_MODIFIED)
            },
            false => HttpReply::new(media_type, bytes.clone(), CacheControl::Public),
        };
        reply.tag = Some(tag.clone());
        with_headers(reply, resource, None)
    }

    /// The file of one address.
    async fn personal_file(
        &self,
        head: &RequestHead<'_>,
        number: usize,
        resource: &Resource,
        site: &Rc<Site>,
        address: &EmailAddress,
    ) -> HttpReply {
        let ready = match self.cache.ready(&self.shared.store, site, number, true) {
            Ok(ready) => ready,
            Err(why) => return self.internal_error(site.packed.name(), &why.to_string()),
        };
        if matches!(*ready, CachedAnswer::Nothing) {
            return HttpReply::empty(StatusCode::NOT_FOUND);
        }
        let name = full_name(head.query).filter(|_| resource.is_profile);
        let Ok(login) = self.login_name(site, address) else { return come_again() };
        let bytes = match &*ready {
            // For an address outside ASCII the plan can differ, and a name is one more value, so the
            // prepared answer is not used.
            CachedAnswer::Segments(segments) if !address.needs_smtputf8() && name.is_none() => {
                segments.fill(&Recipient::new(account(address), login.as_deref())).ok()
            }
            _ => None,
        };
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => {
                let owner = site.owner;
                let address = address.clone();
                let made =
                    self.build_blocking(head.client, site, move |answers, provider, builder| {
                        let display_name = name.as_ref();
                        let audience = Audience::Account { address: &address, display_name };
                        let recipient = Recipient::new(audience, login.as_deref());
                        answers.in_full(builder, provider, number, owner, &recipient)
                    });
                match made.await {
                    Ok(Some(bytes)) => bytes,
                    Ok(None) => return HttpReply::empty(StatusCode::NOT_FOUND),
                    Err(reply) => return reply,
                }
            }
        };
        let media_type = self.shared.media_types[number].clone();
        let reply = HttpReply::new(media_type, bytes, CacheControl::NoStore);
        if resource.is_profile
            && let Some(signer) = self.shared.signer()
        {
            return match self.sign(head, &reply.body, signer).await {
                Ok(body) => with_headers(HttpReply { body, ..reply }, resource, None),
                Err(reply) => reply,
            };
        }
        with_headers(reply, resource, Some(address))
    }

    /// The login name of an address, if a list tells it.
    ///
    /// # Errors
    ///
    /// The list could not be read yet; the reply is [`come_again`].
    pub(super) fn login_name(
        &self,
        site: &Site,
        address: &EmailAddress,
    ) -> Result<Option<String>, Unread> {
        self.shared.login_lists.login_name(site.packed.name(), address)
    }

    /// The signed form of the file that is the same for everybody at the domain. It is signed once.
    async fn signed_shared_file(
        &self,
        head: &RequestHead<'_>,
        (reply, number): (HttpReply, usize),
        resource: &Resource,
        site: &Site,
        signer: ReloadedSigner,
    ) -> HttpReply {
        let reading = signer.reading;
        let body = match site.signed(number, reading) {
            Some(body) => body,
            None => match self.sign(head, &reply.body, signer).await {
                Ok(body) => site.keep_signed(number, reading, body),
                Err(reply) => return reply,
            },
        };
        with_headers(HttpReply { body, ..reply }, resource, None)
    }

    async fn sign(
        &self,
        head: &RequestHead<'_>,
        profile: &Bytes,
        signer: ReloadedSigner,
    ) -> Result<Bytes, HttpReply> {
        let profile = profile.clone();
        let pool = &self.shared.blocking_jobs.signing;
        match self.run_blocking(pool, head.client, move || (signer.sign)(&profile)).await? {
            Ok(signed) => Ok(signed.into()),
            Err(why) => Err(self.internal_error("a profile", &why)),
        }
    }

    pub(super) async fn posted(
        &self,
        head: &RequestHead<'_>,
        number: usize,
        body: &[u8],
        request_log: &mut RequestLog,
    ) -> HttpReply {
        let resource = &self.shared.builder.routes.resources[number];
        let address = match autodiscover::read(body) {
            PostedRequest::Settings { address } => address,
            PostedRequest::MobileSync => {
                return HttpReply::new(
                    XML,
                    autodiscover::mobile_sync_refusal(),
                    CacheControl::NoStore,
                );
            }
            PostedRequest::OtherSchema => return refusal(AutodiscoverError::SchemaNotSupported),
            PostedRequest::Wrong => return refusal(AutodiscoverError::InvalidRequest),
        };
        let asked = RequestedAddress::plain(address.into());
        if !matches!(asked, RequestedAddress::Address(_)) {
            return refusal(AutodiscoverError::InvalidRequest);
        }
        let Some(site) = self.site(head, &asked, true) else {
            // A domain that is not valid is an invalid request; a valid one that nobody serves is
            // 404.
            let domain = asked.domain().map(crate::model::Hostname::new);
            return match domain {
                Some(Ok(domain)) if domain.is_qualified() => self.no_provider(head),
                _ => refusal(AutodiscoverError::InvalidRequest),
            };
        };
        request_log.site = Some(Rc::clone(&site));
        if let Some(reply) = self.redirect_to_https(head, &site) {
            return reply;
        }
        let Some(address) = asked.at(&site.domain) else {
            return refusal(AutodiscoverError::InvalidRequest);
        };
        let reply = self.personal_file(head, number, resource, &site, &address).await;
        request_log.address = Some(address);
        reply
    }

    pub(super) fn autodiscover_json(
        &self,
        head: &RequestHead<'_>,
        request_log: &mut RequestLog,
    ) -> HttpReply {
        let (begin, rest) = head.path.split_at_checked(AUTODISCOVER_JSON_PATH.len()).unzip();
        let is_path = begin.is_some_and(|path| path.eq_ignore_ascii_case(AUTODISCOVER_JSON_PATH));
        let asked = match rest.filter(|_| is_path) {
            Some(address) if !address.is_empty() => RequestedAddress::by_text(address),
            _ if head.path.len() > AUTODISCOVER_JSON.len() => {
                return HttpReply::empty(StatusCode::NOT_FOUND);
            }
            _ => RequestedAddress::by_query(head.query),
        };
        let Some(site) = self.site(head, &asked, false) else { return self.no_provider(head) };
        let address = match site.public_address(&self.shared.builder.server) {
            Some(address) => address.to_string(),
            None => format!("https://autodiscover.{}", site.domain),
        };
        request_log.site = Some(site);
        let protocol = parameters(head.query, &["protocol"]).next().and_then(decode);
        let protocol = protocol.filter(|protocol| !protocol.is_empty());
        let (status, body) = match autodiscover::json(protocol.as_deref(), &address) {
            Ok(body) => (StatusCode::OK, body),
            Err(body) => (StatusCode::BAD_REQUEST, body),
        };
        let cache =
            if status == StatusCode::OK { CacheControl::Public } else { CacheControl::NoStore };
        for_all_origins(HttpReply { status, ..HttpReply::new(JSON, body, cache) })
    }
}

/// The reply while login names cannot be read.
pub(super) fn come_again() -> HttpReply {
    HttpReply::empty(StatusCode::SERVICE_UNAVAILABLE)
        .with(header::RETRY_AFTER, HeaderValue::from_static("20"))
}

fn refusal(refused: AutodiscoverError) -> HttpReply {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let document = autodiscover::refusal(refused, now.as_secs(), now.subsec_nanos() / 100);
    HttpReply::new(XML, document, CacheControl::NoStore)
}

/// Adds the headers that this kind of file needs.
fn with_headers(
    reply: HttpReply,
    resource: &Resource,
    address: Option<&EmailAddress>,
) -> HttpReply {
    if resource.is_profile {
        return reply.with(header::CONTENT_DISPOSITION, disposition(address));
    }
    match resource.media_type.starts_with("application/json") {
        true => for_all_origins(reply),
        false => reply,
    }
}

/// RFC 6266. The file name is the address if it needs no quoting, else a fixed name.
fn disposition(address: Option<&EmailAddress>) -> HeaderValue {
    const USUAL: HeaderValue =
        HeaderValue::from_static("attachment; filename=\"mail.mobileconfig\"");
    let is_plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'+');
    match address.map(EmailAddress::as_str).filter(|name| name.bytes().all(is_plain)) {
        Some(name) => {
            let value = ["attachment; filename=\"", name, ".mobileconfig\""].concat();
            HeaderValue::try_from(value).unwrap_or(USUAL)
        }
        None => USUAL,
    }
}
