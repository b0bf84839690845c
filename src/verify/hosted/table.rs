//! Where each client looks, in which order, and what it can read.
//!
//! facts: Thunderbird's FetchConfig and ExchangeAutoDiscover (153), K-9's AutoconfigUrlProvider,
//! KMail's ispdb.cpp, Evolution 3.46 (run), Delta Chat's auto_mozilla and auto_outlook, FairEmail's
//! EmailProvider, Microsoft's description of Outlook's order.

use crate::model::ServerType;

use super::ask::{At, Variant};

/// One request of a client.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Ask(At, Variant),
    /// DNS SRV records (RFC 6186).
    Srv,
}

/// A client, or a group of clients that behave the same.
pub struct Client {
    /// Its name for `import --as`.
    pub key: &'static str,
    pub name: &'static str,
    pub steps: &'static [Step],
    pub reads: &'static [ServerType],
    /// Whether it ignores a file with a wrong media type.
    pub wants_media_type: bool,
}

use Step::{Ask, Srv};

const EVERYTHING: &[ServerType] = &[ServerType::Pop3, ServerType::Imap, ServerType::Smtp];
const IMAP_ONLY: &[ServerType] = &[ServerType::Imap, ServerType::Smtp];

pub const CLIENTS: [Client; 9] = [
    Client {
        key: "thunderbird",
        name: "Thunderbird for desktop",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Unknown),
            Ask(At::AutoconfigHttp, Variant::Unknown),
            Ask(At::WellKnownHttp, Variant::Unknown),
            Ask(At::Database, Variant::Bare),
            Ask(At::MxParent, Variant::Unknown),
            Ask(At::MxBase, Variant::Unknown),
            Ask(At::DatabaseMxParent, Variant::Bare),
            Ask(At::DatabaseMxBase, Variant::Bare),
            Ask(At::AutodiscoverHost, Variant::Unknown),
            Ask(At::AutodiscoverDomain, Variant::Unknown),
            Ask(At::AutodiscoverSrv, Variant::Unknown),
            Ask(At::Elsewhere, Variant::Unknown),
        ],
        reads: EVERYTHING,
        wants_media_type: true,
    },
    Client {
        key: "thunderbird-android",
        name: "Thunderbird for Android, K-9 Mail",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Bare),
            Ask(At::WellKnownHttps, Variant::Bare),
            Ask(At::AutoconfigHttp, Variant::Bare),
            Ask(At::WellKnownHttp, Variant::Bare),
            Ask(At::Database, Variant::Bare),
            Ask(At::MxParent, Variant::Bare),
            Ask(At::MxBase, Variant::Bare),
            Ask(At::DatabaseMxParent, Variant::Bare),
            Ask(At::DatabaseMxBase, Variant::Bare),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    Client {
        key: "kmail",
        name: "KMail",
        steps: &[
            Ask(At::Database, Variant::Bare),
            Ask(At::AutoconfigHttps, Variant::Bare),
            Ask(At::AutoconfigHttp, Variant::Bare),
            Ask(At::WellKnownHttps, Variant::Bare),
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    Client {
        // It sends an invented address.
        key: "evolution",
        name: "Evolution",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::AutoconfigHttp, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Unknown),
            Ask(At::WellKnownHttp, Variant::Unknown),
            Ask(At::Database, Variant::Bare),
            Srv,
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    Client {
        key: "deltachat",
        name: "Delta Chat",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Bare),
            Ask(At::AutodiscoverDomain, Variant::Get),
            Ask(At::AutodiscoverHost, Variant::Get),
            Ask(At::Database, Variant::Bare),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    Client {
        key: "fairemail",
        name: "FairEmail",
        steps: &[
            Srv,
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Unknown),
            Ask(At::AutoconfigHttp, Variant::Unknown),
            Ask(At::WellKnownHttp, Variant::Unknown),
            Ask(At::Database, Variant::Bare),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    Client {
        key: "outlook",
        name: "Outlook for Windows (classic)",
        steps: &[
            Ask(At::AutodiscoverDomain, Variant::Unknown),
            Ask(At::AutodiscoverHost, Variant::Unknown),
            Ask(At::AutodiscoverHttp, Variant::Unknown),
            Ask(At::AutodiscoverSrv, Variant::Unknown),
            Ask(At::Elsewhere, Variant::Unknown),
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    Client {
        // A person opens the link; no client looks for a profile by itself.
        key: "apple",
        name: "Mail on iPhone, iPad and Mac (profile)",
        steps: &[Ask(At::ProfileDomain, Variant::Bare), Ask(At::ProfileHost, Variant::Bare)],
        reads: EVERYTHING,
        wants_media_type: true,
    },
    Client {
        key: "pacc",
        name: "Himalaya and other readers of PACC",
        steps: &[Ask(At::Pacc, Variant::Bare)],
        reads: EVERYTHING,
        wants_media_type: false,
    },
];

/// Looks everywhere, as `import` does if no client is named: first what the provider publishes over
/// https and in DNS, then what others say about it, then plain http.
pub const ANY: Client = Client {
    key: "any",
    name: "any client",
    steps: &[
        Ask(At::AutoconfigHttps, Variant::Unknown),
        Ask(At::WellKnownHttps, Variant::Unknown),
        Ask(At::AutoconfigHttps, Variant::Bare),
        Ask(At::WellKnownHttps, Variant::Bare),
        Ask(At::AutodiscoverDomain, Variant::Unknown),
        Ask(At::AutodiscoverHost, Variant::Unknown),
        Ask(At::AutodiscoverSrv, Variant::Unknown),
        Ask(At::Elsewhere, Variant::Unknown),
        Ask(At::Pacc, Variant::Bare),
        Srv,
        Ask(At::Database, Variant::Bare),
        Ask(At::MxParent, Variant::Unknown),
        Ask(At::MxBase, Variant::Unknown),
        Ask(At::DatabaseMxParent, Variant::Bare),
        Ask(At::DatabaseMxBase, Variant::Bare),
        Ask(At::AutoconfigHttp, Variant::Unknown),
        Ask(At::WellKnownHttp, Variant::Unknown),
        Ask(At::AutodiscoverHttp, Variant::Unknown),
    ],
    reads: EVERYTHING,
    wants_media_type: false,
};
