//! Where clients look for a domain's settings, and what each request looks like.

use url::Url;

use crate::model::{EmailAddress, Hostname};
use crate::net::Srv;

/// A place where settings can be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// `https://autoconfig.DOMAIN/mail/config-v1.1.xml`
    AutoconfigHttps,
    /// `https://DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml`
    WellKnownHttps,
    AutoconfigHttp,
    WellKnownHttp,
    /// `https://DOMAIN/autodiscover/autodiscover.xml`
    AutodiscoverDomain,
    AutodiscoverHost,
    /// GET; Outlook follows a redirect from here after asking its user.
    AutodiscoverHttp,
    /// The host that the SRV record `_autodiscover._tcp` names.
    AutodiscoverSrv,
    JsonDomain,
    JsonHost,
    /// Where `generate --target hosting` and `serve` put the profile; no client looks for one by
    /// itself.
    ProfileDomain,
    ProfileHost,
    Pacc,
    /// A database of providers that a third party maintains, queried by domain.
    Database,
    /// The parent domain of the mail exchanger's name; `MxBase` is its registered domain.
    MxParent,
    MxBase,
    DatabaseMxParent,
    DatabaseMxBase,
    /// Where another answer redirects to.
    Elsewhere,
}

/// The kind of file that is published at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Autoconfig,
    Autodiscover,
    /// Autodiscover v2, which only says where to ask for v1.
    Json,
    Profile,
    Pacc,
}

impl At {
    pub fn kind(self) -> Kind {
        match self {
            At::AutoconfigHttps
            | At::WellKnownHttps
            | At::AutoconfigHttp
            | At::WellKnownHttp
            | At::Database
            | At::MxParent
            | At::MxBase
            | At::DatabaseMxParent
            | At::DatabaseMxBase => Kind::Autoconfig,
            At::AutodiscoverDomain
            | At::AutodiscoverHost
            | At::AutodiscoverHttp
            | At::AutodiscoverSrv
            | At::Elsewhere => Kind::Autodiscover,
            At::JsonDomain | At::JsonHost => Kind::Json,
            At::ProfileDomain | At::ProfileHost => Kind::Profile,
            At::Pacc => Kind::Pacc,
        }
    }
}

/// A variant of the request to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Without an address.
    Bare,
    /// For an address that does not exist.
    Unknown,
    /// For an address that exists.
    Known,
    /// With another spelling or form of the path.
    Spelling,
    /// GET where other clients POST, as Delta Chat does.
    Get,
}

/// One place of a domain, with its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub at: At,
    pub url: Url,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Ask {
    pub at: At,
    pub variant: Variant,
    pub post: bool,
    pub url: Url,
    pub body: String,
}

/// The addresses that the requests are made for.
pub struct Addresses {
    /// Invented, so that it does not exist.
    pub unknown: EmailAddress,
    pub known: Option<EmailAddress>,
}

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "/.well-known/autoconfig/mail/config-v1.1.xml";
const AUTODISCOVER: &str = "/autodiscover/autodiscover.xml";
/// The spellings of Exchange's own documentation and of older clients.
const SPELLINGS: [&str; 2] = ["/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"];
const JSON: &str = "/autodiscover/autodiscover.json";

/// All places of a domain. `srv` is the record of `_autodiscover._tcp`.
pub fn places(domain: &Hostname, srv: Option<&Srv>) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |at: At, base: String, path: &str| {
        // Always valid, because the host name is one of the model.
        if let Ok(url) = Url::parse(&format!("{base}{path}")) {
            places.push(Place { at, url });
        }
    };
    add(At::AutoconfigHttps, format!("https://autoconfig.{domain}"), AUTOCONFIG);
    add(At::WellKnownHttps, format!("https://{domain}"), WELL_KNOWN);
    add(At::AutoconfigHttp, format!("http://autoconfig.{domain}"), AUTOCONFIG);
    add(At::WellKnownHttp, format!("http://{domain}"), WELL_KNOWN);
    add(At::AutodiscoverDomain, format!("https://{domain}"), AUTODISCOVER);
    add(At::AutodiscoverHost, format!("https://autodiscover.{domain}"), AUTODISCOVER);
    add(At::AutodiscoverHttp, format!("http://autodiscover.{domain}"), AUTODISCOVER);
    if let Some(srv) = srv.filter(|srv| !srv.target.is_empty()) {
        add(At::AutodiscoverSrv, format!("https://{}:{}", srv.target, srv.port), AUTODISCOVER);
    }
    add(At::JsonDomain, format!("https://{domain}"), JSON);
    add(At::JsonHost, format!("https://autodiscover.{domain}"), JSON);
    add(At::ProfileDomain, format!("https://{domain}"), "/mail.mobileconfig");
    add(At::ProfileHost, format!("https://autoconfig.{domain}"), "/mail.mobileconfig");
    let path = "/.well-known/user-agent-configuration.json";
    add(At::Pacc, format!("https://ua-auto-config.{domain}"), path);
    places
}

/// Places at the mail exchanger's domain, where a hoster publishes for its customers, and in a
/// database. Thunderbird asks the exchanger's domain only over https.
pub fn more_places(
    domain: &Hostname,
    exchanger: Option<&str>,
    database: Option<&Url>,
) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |at: At, url: Option<Url>| places.extend(url.map(|url| Place { at, url }));
    let in_database = |domain: &str| {
        let base = database?.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{domain}")).ok()
    };
    add(At::Database, in_database(domain.as_str()));
    let Some(exchanger) = exchanger else { return places };
    let exchanger = exchanger.trim_end_matches('.').to_ascii_lowercase();
    let parent = exchanger.split_once('.').map(|(_, parent)| parent).filter(|p| p.contains('.'));
    let base = psl::domain_str(&exchanger);
    for (name, at, at_database) in [
        (parent, At::MxParent, At::DatabaseMxParent),
        (base.filter(|base| Some(*base) != parent), At::MxBase, At::DatabaseMxBase),
    ] {
        // An exchanger inside the domain leads to the domain itself, which was asked already.
        let Some(name) = name.filter(|name| *name != domain.as_str()) else { continue };
        add(at, Url::parse(&format!("https://autoconfig.{name}{AUTOCONFIG}")).ok());
        add(at_database, in_database(name));
    }
    places
}

/// All requests to one place.
pub fn asks(place: &Place, addresses: &Addresses) -> Vec<Ask> {
    let mut asks = Vec::new();
    let mut ask = |variant: Variant, post: bool, url: Url, body: String| {
        asks.push(Ask { at: place.at, variant, post, url, body });
    };
    let with = |pairs: &[(&str, &str)]| {
        let mut url = place.url.clone();
        url.query_pairs_mut().extend_pairs(pairs);
        url
    };
    let people = std::iter::once((Variant::Unknown, &addresses.unknown))
        .chain(addresses.known.iter().map(|known| (Variant::Known, known)));
    match (place.at.kind(), place.at) {
        // A database learns only the domain.
        (_, At::Database | At::DatabaseMxParent | At::DatabaseMxBase) => {
            ask(Variant::Bare, false, place.url.clone(), String::new());
        }
        (Kind::Autoconfig, _) => {
            ask(Variant::Bare, false, place.url.clone(), String::new());
            for (variant, address) in people {
                ask(variant, false, with(&[("emailaddress", address.as_str())]), String::new());
            }
        }
        (_, At::AutodiscoverHttp) => {
            ask(Variant::Get, false, place.url.clone(), String::new());
        }
        (Kind::Autodiscover, _) => {
            for (variant, address) in people {
                ask(variant, true, place.url.clone(), request(address));
            }
            ask(Variant::Get, false, place.url.clone(), String::new());
            for path in SPELLINGS {
                let mut url = place.url.clone();
                url.set_path(path);
                ask(Variant::Spelling, true, url, request(&addresses.unknown));
            }
        }
        (Kind::Json, _) => {
            for (variant, address) in people {
                let pairs = [
                    ("Email", address.as_str()),
                    ("Protocol", "AutodiscoverV1"),
                    ("RedirectCount", "1"),
                ];
                ask(variant, false, with(&pairs), String::new());
            }
            let mut url = place.url.clone();
            let path = format!("{JSON}/v1.0/{}", addresses.unknown);
            url.set_path(&path);
            url.query_pairs_mut().append_pair("Protocol", "AutodiscoverV1");
            ask(Variant::Spelling, false, url, String::new());
        }
        (Kind::Profile, _) => {
            ask(Variant::Bare, false, place.url.clone(), String::new());
            for (variant, address) in people {
                ask(variant, false, with(&[("email", address.as_str())]), String::new());
            }
        }
        (Kind::Pacc, _) => ask(Variant::Bare, false, place.url.clone(), String::new()),
    }
    asks
}

/// The body that Outlook and Thunderbird post (MS-OXDSCLI §2.2.3; Thunderbird's
/// ExchangeAutoDiscover).
pub fn request(address: &EmailAddress) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\">\n\
         <Request>\n<EMailAddress>{}</EMailAddress>\n\
         <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>\n\
         </Request>\n</Autodiscover>\n",
        quick_xml::escape::escape(address.as_str())
    )
}
