//! Where clients look for a domain's settings, and how each asks.

use url::Url;

use crate::model::{EmailAddress, Hostname};
use crate::net::Srv;

/// A place where something can be published.
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
    /// GET, for a redirect that Outlook follows after asking its user.
    AutodiscoverHttp,
    /// Where `_autodiscover._tcp` leads.
    AutodiscoverSrv,
    JsonDomain,
    JsonHost,
    /// Where `generate --target hosting` and `serve` put it; no client looks for a profile by itself.
    ProfileDomain,
    ProfileHost,
    Pacc,
    /// A database of providers that somebody else keeps, by domain.
    Database,
    /// The domain above the mail exchanger's name, and its registered one.
    MxParent,
    MxBase,
    DatabaseMxParent,
    DatabaseMxBase,
    /// Where another answer has sent us.
    Elsewhere,
}

/// What is published there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Autoconfig,
    Autodiscover,
    /// Autodiscover v2: where to ask for the first.
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

/// One way to ask at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Without an address.
    Bare,
    /// For an address that nobody has.
    Unknown,
    /// For one that somebody has.
    Known,
    /// Another spelling of the path, or another form of it.
    Spelling,
    /// GET where others POST, as Delta Chat does.
    Get,
}

/// One place of a domain.
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

/// For whom the questions are.
pub struct Addresses {
    /// Made up; nobody has it.
    pub unknown: EmailAddress,
    pub known: Option<EmailAddress>,
}

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "/.well-known/autoconfig/mail/config-v1.1.xml";
const AUTODISCOVER: &str = "/autodiscover/autodiscover.xml";
/// As Exchange's own documentation and older clients write it.
const SPELLINGS: [&str; 2] = ["/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"];
const JSON: &str = "/autodiscover/autodiscover.json";

/// Every place; `srv` is where `_autodiscover._tcp` leads.
pub fn places(domain: &Hostname, srv: Option<&Srv>) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |at: At, base: String, path: &str| {
        // A host name of the model makes an address.
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

/// Places at the domain of the mail exchanger, where a hoster publishes for its customers
/// (Thunderbird asks there by https alone), and in a database.
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
        // What is below the domain itself was asked for already.
        let Some(name) = name.filter(|name| *name != domain.as_str()) else { continue };
        add(at, Url::parse(&format!("https://autoconfig.{name}{AUTOCONFIG}")).ok());
        add(at_database, in_database(name));
    }
    places
}

/// Everything that is asked at one place.
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
        // The domain is all that a database is told.
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

/// What Outlook and Thunderbird post (MS-OXDSCLI §2.2.3; Thunderbird's ExchangeAutoDiscover).
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
