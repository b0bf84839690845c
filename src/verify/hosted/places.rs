//! Where clients look for a domain's settings, and what each request looks like.

use url::Url;

use crate::model::{EmailAddress, Hostname};
use crate::net::Srv;

/// A place where settings can be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigLocation {
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
pub enum ConfigKind {
    Autoconfig,
    Autodiscover,
    /// Autodiscover v2, which only says where to ask for v1.
    Json,
    Profile,
    Pacc,
}

impl ConfigLocation {
    pub fn kind(self) -> ConfigKind {
        match self {
            ConfigLocation::AutoconfigHttps
            | ConfigLocation::WellKnownHttps
            | ConfigLocation::AutoconfigHttp
            | ConfigLocation::WellKnownHttp
            | ConfigLocation::Database
            | ConfigLocation::MxParent
            | ConfigLocation::MxBase
            | ConfigLocation::DatabaseMxParent
            | ConfigLocation::DatabaseMxBase => ConfigKind::Autoconfig,
            ConfigLocation::AutodiscoverDomain
            | ConfigLocation::AutodiscoverHost
            | ConfigLocation::AutodiscoverHttp
            | ConfigLocation::AutodiscoverSrv
            | ConfigLocation::Elsewhere => ConfigKind::Autodiscover,
            ConfigLocation::JsonDomain | ConfigLocation::JsonHost => ConfigKind::Json,
            ConfigLocation::ProfileDomain | ConfigLocation::ProfileHost => ConfigKind::Profile,
            ConfigLocation::Pacc => ConfigKind::Pacc,
        }
    }

    /// Whether this is a place of the database of providers.
    pub fn is_in_database(self) -> bool {
        matches!(
            self,
            ConfigLocation::Database
                | ConfigLocation::DatabaseMxParent
                | ConfigLocation::DatabaseMxBase
        )
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
pub struct ConfigPlace {
    pub at: ConfigLocation,
    pub url: Url,
}

/// One request.
#[derive(Debug, Clone)]
pub struct ConfigRequest {
    pub at: ConfigLocation,
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
pub fn places(domain: &Hostname, srv: Option<&Srv>) -> Vec<ConfigPlace> {
    let mut places = Vec::new();
    let mut add = |at: ConfigLocation, base: String, path: &str| {
        // Always valid, because the host name is one of the model.
        if let Ok(url) = Url::parse(&format!("{base}{path}")) {
            places.push(ConfigPlace { at, url });
        }
    };
    add(ConfigLocation::AutoconfigHttps, format!("https://autoconfig.{domain}"), AUTOCONFIG);
    add(ConfigLocation::WellKnownHttps, format!("https://{domain}"), WELL_KNOWN);
    add(ConfigLocation::AutoconfigHttp, format!("http://autoconfig.{domain}"), AUTOCONFIG);
    add(ConfigLocation::WellKnownHttp, format!("http://{domain}"), WELL_KNOWN);
    add(ConfigLocation::AutodiscoverDomain, format!("https://{domain}"), AUTODISCOVER);
    add(ConfigLocation::AutodiscoverHost, format!("https://autodiscover.{domain}"), AUTODISCOVER);
    add(ConfigLocation::AutodiscoverHttp, format!("http://autodiscover.{domain}"), AUTODISCOVER);
    if let Some(srv) = srv.filter(|srv| !srv.target.is_empty()) {
        add(
            ConfigLocation::AutodiscoverSrv,
            format!("https://{}:{}", srv.target, srv.port),
            AUTODISCOVER,
        );
    }
    add(ConfigLocation::JsonDomain, format!("https://{domain}"), JSON);
    add(ConfigLocation::JsonHost, format!("https://autodiscover.{domain}"), JSON);
    add(ConfigLocation::ProfileDomain, format!("https://{domain}"), "/mail.mobileconfig");
    add(ConfigLocation::ProfileHost, format!("https://autoconfig.{domain}"), "/mail.mobileconfig");
    let path = "/.well-known/user-agent-configuration.json";
    add(ConfigLocation::Pacc, format!("https://ua-auto-config.{domain}"), path);
    places
}

/// Places at the mail exchanger's domain, where a hoster publishes for its customers, and in a
/// database. Thunderbird asks the exchanger's domain only over https.
pub fn more_places(
    domain: &Hostname,
    exchanger: Option<&str>,
    database: Option<&Url>,
) -> Vec<ConfigPlace> {
    let mut places = Vec::new();
    let mut add = |at: ConfigLocation, url: Option<Url>| {
        places.extend(url.map(|url| ConfigPlace { at, url }))
    };
    let in_database = |domain: &str| {
        let base = database?.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{domain}")).ok()
    };
    add(ConfigLocation::Database, in_database(domain.as_str()));
    let Some(exchanger) = exchanger else { return places };
    let exchanger = exchanger.trim_end_matches('.').to_ascii_lowercase();
    let parent = exchanger.split_once('.').map(|(_, parent)| parent).filter(|p| p.contains('.'));
    let base = psl::domain_str(&exchanger);
    for (name, at, at_database) in [
        (parent, ConfigLocation::MxParent, ConfigLocation::DatabaseMxParent),
        (
            base.filter(|base| Some(*base) != parent),
            ConfigLocation::MxBase,
            ConfigLocation::DatabaseMxBase,
        ),
    ] {
        // An exchanger inside the domain leads to the domain itself, which was asked already.
        let Some(name) = name.filter(|name| *name != domain.as_str()) else { continue };
        add(at, Url::parse(&format!("https://autoconfig.{name}{AUTOCONFIG}")).ok());
        add(at_database, in_database(name));
    }
    places
}

/// All requests to one place.
pub fn asks(place: &ConfigPlace, addresses: &Addresses) -> Vec<ConfigRequest> {
    let mut asks = Vec::new();
    let mut ask = |variant: Variant, post: bool, url: Url, body: String| {
        asks.push(ConfigRequest { at: place.at, variant, post, url, body });
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
        (_, at) if at.is_in_database() => {
            ask(Variant::Bare, false, place.url.clone(), String::new());
        }
        (ConfigKind::Autoconfig, _) => {
            ask(Variant::Bare, false, place.url.clone(), String::new());
            for (variant, address) in people {
                ask(variant, false, with(&[("emailaddress", address.as_str())]), String::new());
            }
        }
        (_, ConfigLocation::AutodiscoverHttp) => {
            ask(Variant::Get, false, place.url.clone(), String::new());
        }
        (ConfigKind::Autodiscover, _) => {
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
        (ConfigKind::Json, _) => {
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
        (ConfigKind::Profile, _) => {
            ask(Variant::Bare, false, place.url.clone(), String::new());
            for (variant, address) in people {
                ask(variant, false, with(&[("email", address.as_str())]), String::new());
            }
        }
        (ConfigKind::Pacc, _) => ask(Variant::Bare, false, place.url.clone(), String::new()),
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
