//! What each client finds, by asking in its own order and with its own rules.
//!
//! facts: Thunderbird's FetchConfig and ExchangeAutoDiscover (153), K-9's AutoconfigUrlProvider,
//! KMail's ispdb.cpp, Evolution 3.46 (run), Delta Chat's auto_mozilla and auto_outlook, FairEmail's
//! EmailProvider, Microsoft's description of Outlook's order.

use serde::{Serialize, Serializer};

use crate::import::ReadServer;
use crate::model::ServerType;

use super::ask::{At, Variant};
use super::content::{self, Content};
use super::dns::Found;
use super::judge::Asked;

/// One question of a client.
#[derive(Debug, Clone, Copy)]
enum Step {
    Ask(At, Variant),
    /// DNS SRV of RFC 6186.
    Srv,
}

struct Client {
    name: &'static str,
    steps: &'static [Step],
    reads: &'static [ServerType],
    /// Whether a wrong media type makes it look away.
    wants_media_type: bool,
}

use Step::{Ask, Srv};

const EVERYTHING: &[ServerType] = &[ServerType::Pop3, ServerType::Imap, ServerType::Smtp];
const IMAP_ONLY: &[ServerType] = &[ServerType::Imap, ServerType::Smtp];

const CLIENTS: [Client; 9] = [
    Client {
        name: "Thunderbird for desktop",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Unknown),
            Ask(At::AutoconfigHttp, Variant::Unknown),
            Ask(At::WellKnownHttp, Variant::Unknown),
            Ask(At::AutodiscoverHost, Variant::Unknown),
            Ask(At::AutodiscoverDomain, Variant::Unknown),
            Ask(At::AutodiscoverSrv, Variant::Unknown),
        ],
        reads: EVERYTHING,
        wants_media_type: true,
    },
    Client {
        name: "Thunderbird for Android, K-9 Mail",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Bare),
            Ask(At::WellKnownHttps, Variant::Bare),
            Ask(At::AutoconfigHttp, Variant::Bare),
            Ask(At::WellKnownHttp, Variant::Bare),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    Client {
        name: "KMail",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Bare),
            Ask(At::AutoconfigHttp, Variant::Bare),
            Ask(At::WellKnownHttps, Variant::Bare),
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    Client {
        // It sends a made-up address along.
        name: "Evolution",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::AutoconfigHttp, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Unknown),
            Ask(At::WellKnownHttp, Variant::Unknown),
            Srv,
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    Client {
        name: "Delta Chat",
        steps: &[
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Bare),
            Ask(At::AutodiscoverDomain, Variant::Get),
            Ask(At::AutodiscoverHost, Variant::Get),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    Client {
        name: "FairEmail",
        steps: &[
            Srv,
            Ask(At::AutoconfigHttps, Variant::Unknown),
            Ask(At::WellKnownHttps, Variant::Unknown),
            Ask(At::AutoconfigHttp, Variant::Unknown),
            Ask(At::WellKnownHttp, Variant::Unknown),
        ],
        reads: IMAP_ONLY,
        wants_media_type: false,
    },
    Client {
        name: "Outlook for Windows (classic)",
        steps: &[
            Ask(At::AutodiscoverDomain, Variant::Unknown),
            Ask(At::AutodiscoverHost, Variant::Unknown),
            Ask(At::AutodiscoverHttp, Variant::Unknown),
            Ask(At::AutodiscoverSrv, Variant::Unknown),
        ],
        reads: EVERYTHING,
        wants_media_type: false,
    },
    Client {
        // A person opens the link; nothing looks for it by itself.
        name: "Mail on iPhone, iPad and Mac (profile)",
        steps: &[Ask(At::ProfileDomain, Variant::Bare), Ask(At::ProfileHost, Variant::Bare)],
        reads: EVERYTHING,
        wants_media_type: true,
    },
    Client {
        name: "Himalaya and other readers of PACC",
        steps: &[Ask(At::Pacc, Variant::Bare)],
        reads: EVERYTHING,
        wants_media_type: false,
    },
];

/// What a client came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    pub client: &'static str,
    /// Where it found its settings.
    pub place: Option<String>,
    /// Which: `imap mail.example.com:993 SSL`.
    pub servers: Vec<String>,
    /// Each place before that, and why it was nothing.
    #[serde(serialize_with = "by_place")]
    pub passed_over: Vec<(String, String)>,
}

fn by_place<S: Serializer>(all: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(|(place, why)| format!("{place}: {why}")))
}

pub fn views(asked: &[Asked<'_>], srv: &[Found]) -> Vec<View> {
    CLIENTS.iter().map(|client| view(client, asked, srv)).collect()
}

fn view(client: &Client, asked: &[Asked<'_>], srv: &[Found]) -> View {
    let mut view =
        View { client: client.name, place: None, servers: Vec::new(), passed_over: Vec::new() };
    for step in client.steps {
        let (place, result) = match step {
            Srv => ("DNS SRV".to_owned(), by_srv(client, srv)),
            Ask(at, variant) => {
                let Some(asked) = asked.iter().find(|asked| asked.place.at == *at) else {
                    continue;
                };
                (asked.place.url.to_string(), by_asking(client, asked, *variant))
            }
        };
        match result {
            Ok(servers) => {
                view.place = Some(place);
                view.servers = servers;
                break;
            }
            Err(why) => view.passed_over.push((place, why)),
        }
    }
    view
}

fn by_srv(client: &Client, srv: &[Found]) -> Result<Vec<String>, String> {
    let of = |types: &[ServerType]| {
        let fits = |found: &&Found| {
            types.contains(&found.server_type) && client.reads.contains(&found.server_type)
        };
        // Lower is better across protocols too (RFC 6186 §3.2).
        srv.iter().filter(fits).min_by_key(|found| found.srv.priority)
    };
    let incoming = of(&[ServerType::Imap, ServerType::Pop3]);
    match (incoming, of(&[ServerType::Smtp])) {
        (Some(incoming), Some(outgoing)) => Ok([incoming, outgoing]
            .map(|found| {
                let srv = &found.srv;
                format!("{} {}:{} {}", found.server_type, srv.target, srv.port, found.socket_type)
            })
            .to_vec()),
        (None, None) => Err("no records".to_owned()),
        (None, _) => Err("no record for a server that it can read from".to_owned()),
        (_, None) => Err("no record for a server to send through".to_owned()),
    }
}

fn by_asking(client: &Client, asked: &Asked<'_>, variant: Variant) -> Result<Vec<String>, String> {
    let Some(fetched) = asked.of(variant) else { return Err("nothing there".to_owned()) };
    if let Some(problem) = fetched.distrust() {
        return Err(problem.code.title.to_owned());
    }
    let answer = match (&fetched.result, fetched.good()) {
        (_, Some(answer)) => answer,
        (Ok(answer), None) => return Err(format!("status {}", answer.status)),
        (Err(problem), None) => return Err(problem.code.title.to_owned()),
    };
    let kind = asked.place.at.kind();
    if client.wants_media_type {
        let found = answer.header("content-type").unwrap_or("none");
        super::judge::media_type(kind, Some(found)).map_err(|problem| problem.detail)?;
    }
    let read = match content::content(kind, answer, asked.place.url.as_str()) {
        Content::Config(read) => read,
        // What is in it was judged by whoever signed it.
        Content::Signed => return Ok(vec!["a signed profile".to_owned()]),
        Content::Pacc(json) => return by_pacc(&json),
        Content::Elsewhere(target) => return Err(format!("sends on to {target}")),
        Content::Wrong(problem) => return Err(problem.code.title.to_owned()),
    };
    let takes = |server: &&ReadServer| client.reads.contains(&server.server_type);
    let incoming =
        read.servers.iter().filter(takes).find(|server| server.server_type != ServerType::Smtp);
    let outgoing =
        read.servers.iter().filter(takes).find(|server| server.server_type == ServerType::Smtp);
    match (incoming, outgoing) {
        (Some(incoming), Some(outgoing)) => Ok([incoming, outgoing].map(content::name).to_vec()),
        (None, _) => {
            let words: Vec<_> = client.reads.iter().filter(|t| **t != ServerType::Smtp).collect();
            let words: Vec<_> = words.into_iter().map(ToString::to_string).collect();
            Err(format!("it reads {}, and the file has none", words.join(" and ")))
        }
        (_, None) => Err("no server to send through".to_owned()),
    }
}

/// Ports are those of TLS from the first byte (draft-ietf-mailmaint-pacc).
fn by_pacc(json: &serde_json::Value) -> Result<Vec<String>, String> {
    let host = |name: &str| json.get("protocols")?.get(name)?.get("host")?.as_str();
    let incoming = [("imap", 993), ("pop3", 995)]
        .into_iter()
        .find_map(|(name, port)| Some(format!("{name} {}:{port} SSL", host(name)?)));
    // Renamed in draft 03.
    let outgoing = ["smtp", "submit"].into_iter().find_map(host);
    match (incoming, outgoing) {
        (Some(incoming), Some(outgoing)) => Ok(vec![incoming, format!("smtp {outgoing}:465 SSL")]),
        _ => Err("not a server for each way".to_owned()),
    }
}
