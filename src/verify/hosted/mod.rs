//! Checks what a domain publishes for its clients, asking as each of them asks.

mod clients;
mod content;
mod discover;
mod dns;
mod fetch;
mod judge;
mod places;
mod table;

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::ser::SerializeStruct;

use crate::codes;
use crate::format::{digest_record, sha256_base64};
use crate::model::{EmailAddress, Hostname};
use crate::net::Net;

use super::step::{Problem, Recorder, StepSequence, seconds};
use super::{Redactor, pool};

pub use clients::View;
pub use content::ExpectedSettings;
pub use discover::{Search, discover};
pub use table::{CLIENTS, LookupClient};

use content::Content;
use fetch::{FetchResult, fetch};
use judge::PlaceAnswers;
use places::{Addresses, ConfigKind, ConfigLocation, ConfigPlace, ConfigRequest, Variant};

/// Everything that was found out about a domain.
#[derive(Debug, Clone, PartialEq)]
pub struct HostedReport {
    pub domain: String,
    /// DNS, then each place, then what only all of them show.
    pub courses: Vec<StepSequence>,
    /// What each client finds.
    pub clients: Vec<View>,
    pub took: Duration,
}

impl HostedReport {
    /// Whether no step failed. Warnings do not count.
    pub fn works(&self) -> bool {
        self.courses.iter().all(StepSequence::works)
    }
}

impl Serialize for HostedReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Hosted", 5)?;
        map.serialize_field("domain", &self.domain)?;
        map.serialize_field("works", &self.works())?;
        map.serialize_field("seconds", &seconds(self.took))?;
        map.serialize_field("places", &self.courses)?;
        map.serialize_field("clients", &self.clients)?;
        map.end()
    }
}

/// Asks everywhere at once. `patience` limits each request with its redirects; `tell` is called
/// with the URL of each answer.
pub fn hosted(
    net: &Net,
    domain: &Hostname,
    settings: Option<&ExpectedSettings<'_>>,
    known: Option<EmailAddress>,
    patience: Duration,
    tell: &(dyn Fn(&str) + Sync),
) -> HostedReport {
    let begun = Instant::now();
    let (records, srv, autodiscover) = dns::records(net, domain, settings, patience);
    let addresses = Addresses { unknown: nobody(domain), known };
    let places = places::places(domain, autodiscover.as_ref());
    let asks = places.iter().flat_map(|place| places::asks(place, &addresses)).collect();
    let mut answers = ask_all(net, domain, asks, patience, tell);
    follow_http(net, domain, &places, &addresses, patience, &mut answers);
    let asked: Vec<PlaceAnswers<'_>> =
        places.iter().map(|place| PlaceAnswers::among(place, &answers)).collect();
    let mut courses = vec![records];
    let mut published = Vec::new();
    for asked in &asked {
        let (mut course, content) = judge::judge(asked, &addresses, settings);
        if let (ConfigKind::Pacc, Some(Content::Pacc(_)), Some(fetched)) =
            (asked.place.at.kind(), &content, asked.of(Variant::Bare))
        {
            digest(net, domain, fetched, patience, &mut course);
        }
        if content.is_some_and(|content| !matches!(content, Content::Wrong(_))) {
            published.push(asked.place.at);
        }
        courses.push(course);
    }
    courses.push(whole(&published, &srv));
    let clients = clients::views(&asked, &srv);
    HostedReport { domain: domain.to_string(), courses, clients, took: begun.elapsed() }
}

/// An invented address, which does not exist.
fn nobody(domain: &Hostname) -> EmailAddress {
    let mut random = [0; 6];
    getrandom::fill(&mut random).expect("the system has random numbers");
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    EmailAddress::new(&format!("mailwright-{digits}@{domain}")).expect("letters, digits, a domain")
}

fn ask_all(
    net: &Net,
    origin: &Hostname,
    asks: Vec<ConfigRequest>,
    patience: Duration,
    tell: &(dyn Fn(&str) + Sync),
) -> Vec<(ConfigRequest, FetchResult)> {
    let fetched = pool::each(&asks, |ask| {
        let fetched = fetch(net, origin, ask, patience);
        tell(ask.url.as_str());
        fetched
    });
    asks.into_iter().zip(fetched).collect()
}

/// Sends the request that Outlook posts to where `http://autodiscover.DOMAIN` redirects.
fn follow_http(
    net: &Net,
    origin: &Hostname,
    places: &[ConfigPlace],
    addresses: &Addresses,
    patience: Duration,
    answers: &mut Vec<(ConfigRequest, FetchResult)>,
) {
    let Some(place) = places.iter().find(|place| place.at == ConfigLocation::AutodiscoverHttp)
    else {
        return;
    };
    let target = answers.iter().find(|(ask, _)| ask.at == place.at).and_then(|(_, fetched)| {
        let answer = fetched.result.as_ref().ok()?;
        answer.location(&place.url)?.ok().filter(|url| url.scheme() == "https")
    });
    let Some(url) = target else { return };
    let body = places::request(&addresses.unknown);
    let ask = ConfigRequest { at: place.at, variant: Variant::Unknown, post: true, url, body };
    let fetched = fetch(net, origin, &ask, patience);
    // The answer to the first request is no longer needed.
    answers.retain(|(ask, _)| ask.at != place.at);
    answers.push((ask, fetched));
}

/// Checks the DNS record `v=UAAC1; a=sha256; d=…` of the file's exact bytes
/// (draft-ietf-mailmaint-pacc).
fn digest(
    net: &Net,
    domain: &Hostname,
    fetched: &FetchResult,
    patience: Duration,
    course: &mut StepSequence,
) {
    let Some(answer) = fetched.good() else { return };
    let wanted = sha256_base64(&answer.body);
    let record = digest_record(&answer.body);
    let mut recorder = Recorder::new("", Redactor::default());
    recorder.step("digest", |_| {
        let name = format!("_ua-auto-config.{domain}");
        let texts = net.dns.txt(&name, Instant::now() + patience).unwrap_or_default();
        let records: Vec<&str> = texts.iter().filter_map(|text| value_of(text)).collect();
        let help = format!("the record is {name} TXT \"{record}\"");
        if records.contains(&wanted.as_str()) {
            return Ok(((), format!("{name} has the file's SHA-256")));
        }
        Err(match records.first() {
            None => Problem::new(codes::PACC_DIGEST_MISSING).help(help),
            Some(other) => {
                Problem::new(codes::PACC_DIGEST_WRONG).seen((*other).to_owned()).help(help)
            }
        })
    });
    course.steps.extend(recorder.finish().steps);
}

fn value_of(record: &str) -> Option<&str> {
    let mut parts = record.split(';').map(str::trim);
    (parts.next() == Some("v=UAAC1")).then_some(())?;
    parts.find_map(|part| part.strip_prefix("d="))
}

/// Faults that only all places together show.
fn whole(published: &[ConfigLocation], srv: &[dns::DnsServer]) -> StepSequence {
    let mut recorder = Recorder::new("altogether", Redactor::default());
    let has = |all: &[ConfigLocation]| published.iter().any(|at| all.contains(at));
    if published.is_empty() && srv.is_empty() {
        recorder.tell("published", Err(Problem::new(codes::NOTHING_PUBLISHED)));
    }
    if has(&[ConfigLocation::AutoconfigHttp, ConfigLocation::WellKnownHttp])
        && !has(&[ConfigLocation::AutoconfigHttps, ConfigLocation::WellKnownHttps])
    {
        recorder.tell("published", Err(Problem::new(codes::PUBLISHED_ONLY_HTTP)));
    }
    recorder.finish()
}
