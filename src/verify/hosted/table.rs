//! Where each client looks, in which order, and what it can read.
//!
//! facts: Thunderbird's FetchConfig and ExchangeAutoDiscover (153), K-9's AutoconfigUrlProvider,
//! KMail's ispdb.cpp, Evolution 3.46 (run), Delta Chat's auto_mozilla and auto_outlook, FairEmail's
//! EmailProvider, Microsoft's description of Outlook's order.

use crate::model::ServerType;

use super::places::{ConfigLocation, Variant};

/// One request of a client.
#[derive(Debug, Clone, Copy)]
pub enum LookupStep {
    Ask(ConfigLocation, Variant),
    /// DNS SRV records (RFC 6186).
    Srv,
}

/// A client, or a group of clients that behave the same.
pub struct LookupClient {
    /// Its name for `import --as`.
    pub key: &'static str,
    pub name: &'static str,
    pub steps: &'static [LookupStep],
    pub reads: &'static [ServerType],
    /// Whether it ignores a file with a wrong media type.
    pub wants_media_type: bool,
}

use LookupStep::{Ask, Srv};

const EVERYTHING: &[ServerType] = &[ServerType::Pop3, ServerType::Imap, ServerType::Smtp];
const IMAP_ONLY: &[ServerType] = &[ServerType::Imap, ServerType::Smtp];

pub const CLIENTS: [LookupClient; 9] = [
    LookupClient {
        key: "thunderbird",
        name: "Thunderbird for desktop",
        steps: &[
            Ask(ConfigLocation::AutoconfigHttps, Variant::Unknown),
            Ask(ConfigLocation::WellKnownHttps, Variant::Unknown),
            Ask(ConfigLocation::AutoconfigHttp, Variant::Unknown),
            Ask(ConfigLocation::WellKnownHttp, Variant::Unknown),
            Ask(ConfigLocation::Database, Variant::Bare),
            Ask(ConfigLocation::MxParent, Variant::Unknown),
            Ask(ConfigLocation::MxBase, Variant::Unknown),
            Ask(ConfigLocation::DatabaseMxParent, Variant::Bare),
            Ask(ConfigLocation::DatabaseMxBase, Variant::Bare),
            Ask(ConfigLocation::AutodiscoverHost, Variant::Unknown),
            Ask(ConfigLocation::AutodiscoverDomain, Variant::Unknown),
            Ask(ConfigLocation::AutodiscoverSrv, Variant::Unknown),
            Ask(ConfigLocation::Elsewhere, Variant::Unknown),
        ],
        reads: EVERYTHING,
        wants_media_type: true,
    },
    LookupClient {
        key: "thunderbird-android",
        name: "Thunderbird for Android, K-9 Mail",
        steps: &[
            Ask(ConfigLocation::AutoconfigHttps, Variant::Bare),
            Ask(ConfigLocation::WellKnownHttps, Variant::Bare),
            Ask(ConfigLocation::AutoconfigHttp, Variant::Bare),
            Ask(ConfigLocation::WellKnownHttp, Variant::Bare),
            Ask(ConfigLocation::Database, Variant::Bare),
            Ask(ConfigLocation::MxParent, Variant::Bare),
            Ask(ConfigLocation::MxBase, Variant::Bare),
            Ask(ConfigLocation::DatabaseMxParent, Variant::Bare),
            Ask(ConfigLocation::DatabaseMxBase, Variant::Bare),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    LookupClient {
        key: "kmail",
        name: "KMail",
        steps: &[
            Ask(ConfigLocation::Database, Variant::Bare),
            Ask(ConfigLocation::AutoconfigHttps, Variant::Bare),
            Ask(ConfigLocation::AutoconfigHttp, Variant::Bare),
            Ask(ConfigLocation::WellKnownHttps, Variant::Bare),
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    LookupClient {
        // It sends an invented address.
        key: "evolution",
        name: "Evolution",
        steps: &[
            Ask(ConfigLocation::AutoconfigHttps, Variant::Unknown),
            Ask(ConfigLocation::AutoconfigHttp, Variant::Unknown),
            Ask(ConfigLocation::WellKnownHttps, Variant::Unknown),
            Ask(ConfigLocation::WellKnownHttp, Variant::Unknown),
            Ask(ConfigLocation::Database, Variant::Bare),
            Srv,
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    LookupClient {
        key: "deltachat",
        name: "Delta Chat",
        steps: &[
            Ask(ConfigLocation::AutoconfigHttps, Variant::Unknown),
            Ask(ConfigLocation::WellKnownHttps, Variant::Bare),
            Ask(ConfigLocation::AutodiscoverDomain, Variant::Get),
            Ask(ConfigLocation::AutodiscoverHost, Variant::Get),
            Ask(ConfigLocation::Database, Variant::Bare),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    LookupClient {
        key: "fairemail",
        name: "FairEmail",
        steps: &[
            Srv,
            Ask(ConfigLocation::AutoconfigHttps, Variant::Unknown),
            Ask(ConfigLocation::WellKnownHttps, Variant::Unknown),
            Ask(ConfigLocation::AutoconfigHttp, Variant::Unknown),
            Ask(ConfigLocation::WellKnownHttp, Variant::Unknown),
            Ask(ConfigLocation::Database, Variant::Bare),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    LookupClient {
        key: "outlook",
        name: "Outlook for Windows (classic)",
        steps: &[
            Ask(ConfigLocation::AutodiscoverDomain, Variant::Unknown),
            Ask(ConfigLocation::AutodiscoverHost, Variant::Unknown),
            Ask(ConfigLocation::AutodiscoverHttp, Variant::Unknown),
            Ask(ConfigLocation::AutodiscoverSrv, Variant::Unknown),
            Ask(ConfigLocation::Elsewhere, Variant::Unknown),
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    LookupClient {
        // A person opens the link; no client looks for a profile by itself.
        key: "apple",
        name: "Mail on iPhone, iPad and Mac (profile)",
        steps: &[
            Ask(ConfigLocation::ProfileDomain, Variant::Bare),
            Ask(ConfigLocation::ProfileHost, Variant::Bare),
        ],
        reads: EVERYTHING,
        wants_media_type: true,
    },
    LookupClient {
        key: "pacc",
        name: "Himalaya and other readers of PACC",
        steps: &[Ask(ConfigLocation::Pacc, Variant::Bare)],
        reads: EVERYTHING,
        wants_media_type: false,
    },
];

/// Looks everywhere, as `import` does if no client is named: first what the provider publishes over
/// https and in DNS, then what others say about it, then plain http.
pub const ANY: LookupClient = LookupClient {
    key: "any",
    name: "any client",
    steps: &[
        Ask(ConfigLocation::AutoconfigHttps, Variant::Unknown),
        Ask(ConfigLocation::WellKnownHttps, Variant::Unknown),
        Ask(ConfigLocation::AutoconfigHttps, Variant::Bare),
        Ask(ConfigLocation::WellKnownHttps, Variant::Bare),
        Ask(ConfigLocation::AutodiscoverDomain, Variant::Unknown),
        Ask(ConfigLocation::AutodiscoverHost, Variant::Unknown),
        Ask(ConfigLocation::AutodiscoverSrv, Variant::Unknown),
        Ask(ConfigLocation::Elsewhere, Variant::Unknown),
        Ask(ConfigLocation::Pacc, Variant::Bare),
        Srv,
        Ask(ConfigLocation::Database, Variant::Bare),
        Ask(ConfigLocation::MxParent, Variant::Unknown),
        Ask(ConfigLocation::MxBase, Variant::Unknown),
        Ask(ConfigLocation::DatabaseMxParent, Variant::Bare),
        Ask(ConfigLocation::DatabaseMxBase, Variant::Bare),
        Ask(ConfigLocation::AutoconfigHttp, Variant::Unknown),
        Ask(ConfigLocation::WellKnownHttp, Variant::Unknown),
        Ask(ConfigLocation::AutodiscoverHttp, Variant::Unknown),
    ],
    reads: EVERYTHING,
    wants_media_type: false,
};
