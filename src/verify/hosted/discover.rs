//! Finds the settings for an address, by looking where a client looks.

use std::time::{Duration, Instant};

use url::Url;

use crate::import::ReadConfig;
use crate::model::{EmailAddress, Hostname};
use crate::net::Net;

use super::clients::{LookupResult, TriedPlace, sends_on};
use super::content::{Content, content};
use super::fetch::{FetchResult, fetch};
use super::judge::PlaceAnswers;
use super::places::{
    self, Addresses, ConfigKind, ConfigLocation, ConfigPlace, ConfigRequest, Variant,
};
use super::table::{ANY, LookupClient};
use super::{ask_all, dns, follow_http, nobody};

/// What to search for, and as which client.
pub struct Search<'a> {
    pub domain: &'a Hostname,
    /// None: searches for the domain, so that no user's address is disclosed.
    pub address: Option<&'a EmailAddress>,
    /// None: looks everywhere.
    pub client: Option<&'static LookupClient>,
    /// A database of providers, queried as `URL/DOMAIN`.
    pub database: Option<&'a Url>,
    /// Time limit for each request.
    pub patience: Duration,
}

/// The result of a search.
pub struct Discovery {
    /// Each place in the client's order before the one that won, and what was there.
    pub passed_over: Vec<(String, String)>,
    pub winner: Option<Winner>,
}

/// The place that won, and the settings from there.
pub struct Winner {
    pub place: String,
    pub config: Box<ReadConfig>,
    /// Whether every step to it used https (or DNS, which is only as secure as DNS is).
    pub over_https: bool,
    /// The address that these settings are for, if an answer redirected to another address.
    pub of: Option<EmailAddress>,
}

/// How many other addresses one search follows; Thunderbird follows two, Outlook ten.
const OTHER_ADDRESSES: usize = 2;

/// Asks everywhere at once, then takes the first result in the client's order. `tell` is called
/// with the URL of each answer.
pub fn discover(net: &Net, search: &Search<'_>, tell: &(dyn Fn(&str) + Sync)) -> Discovery {
    look(net, search.domain, search, tell, &mut Vec::new())
}

/// `origin` is the domain that the user asked about, also when an answer led to another one.
fn look(
    net: &Net,
    origin: &Hostname,
    search: &Search<'_>,
    tell: &(dyn Fn(&str) + Sync),
    followed: &mut Vec<EmailAddress>,
) -> Discovery {
    let Search { domain, patience, .. } = *search;
    let client = search.client.unwrap_or(&ANY);
    let (_, srv, autodiscover) = dns::records(net, domain, None, patience);
    let exchangers = net.dns.mx(domain.as_str(), Instant::now() + patience).unwrap_or_default();
    let mut places = places::places(domain, autodiscover.as_ref());
    places.extend(places::more_places(
        domain,
        exchangers.first().map(String::as_str),
        search.database,
    ));
    places.retain(|place| client.looks_at(place.at));
    let unknown = search.address.cloned().unwrap_or_else(|| nobody(domain));
    let addresses = Addresses { unknown, known: None };
    let asks = places.iter().flat_map(|place| places::asks(place, &addresses));
    let asks = asks.filter(|ask| client.puts(ask.at, ask.variant)).collect();
    let mut answers = ask_all(net, origin, asks, patience, tell);
    follow_http(net, origin, &places, &addresses, patience, &mut answers);
    if client.looks_at(ConfigLocation::Elsewhere)
        && let Some((place, answer)) = elsewhere(net, origin, &addresses, patience, &answers)
    {
        places.push(place);
        answers.push(answer);
    }
    let asked: Vec<PlaceAnswers<'_>> =
        places.iter().map(|place| PlaceAnswers::among(place, &answers)).collect();
    let mut passed_over = Vec::new();
    for TriedPlace { place, result } in client.tries(&asked, &srv) {
        match result {
            Ok(LookupResult::Config(config)) => {
                let over_https = !place.starts_with("http://");
                let winner = Some(Winner { place, config, over_https, of: None });
                return Discovery { passed_over, winner };
            }
            Ok(LookupResult::Signed) => {
                passed_over.push((place, "a signed profile is not read".to_owned()))
            }
            Ok(LookupResult::Elsewhere(target)) => {
                passed_over.push((place, sends_on(&target)));
                let Ok(other) = EmailAddress::new(&target) else { continue };
                if followed.len() == OTHER_ADDRESSES || followed.contains(&other) {
                    continue;
                }
                followed.push(other.clone());
                // The search starts over for the other address (MS-OXDSCLI §3.1.5.4).
                let there = Search { domain: other.domain(), address: Some(&other), ..*search };
                let found = look(net, origin, &there, tell, followed);
                passed_over.extend(found.passed_over);
                if let Some(winner) = found.winner {
                    let of = winner.of.or(Some(other));
                    return Discovery { passed_over, winner: Some(Winner { of, ..winner }) };
                }
            }
            Err(why) => passed_over.push((place, why)),
        }
    }
    Discovery { passed_over, winner: None }
}

/// Follows the first answer that only redirects (RedirectUrl, Autodiscover v2).
fn elsewhere(
    net: &Net,
    origin: &Hostname,
    addresses: &Addresses,
    patience: Duration,
    answers: &[(ConfigRequest, FetchResult)],
) -> Option<(ConfigPlace, (ConfigRequest, FetchResult))> {
    let targets = answers.iter().filter_map(|(ask, fetched)| {
        let kind = ask.at.kind();
        if !matches!(kind, ConfigKind::Autodiscover | ConfigKind::Json) {
            return None;
        }
        match content(kind, fetched.good()?, ask.url.as_str()) {
            Content::Elsewhere(target) => Url::parse(&target).ok(),
            _ => None,
        }
    });
    let known = |url: &Url| answers.iter().any(|(ask, _)| ask.post && ask.url == *url);
    let url = targets.into_iter().find(|url| url.scheme() == "https" && !known(url))?;
    let body = places::request(&addresses.unknown);
    let place = ConfigPlace { at: ConfigLocation::Elsewhere, url: url.clone() };
    let ask = ConfigRequest {
        at: ConfigLocation::Elsewhere,
        variant: Variant::Unknown,
        post: true,
        url,
        body,
    };
    let fetched = fetch(net, origin, &ask, patience);
    Some((place, (ask, fetched)))
}
