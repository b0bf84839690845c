//! What each client finds when it asks in its own order and by its own rules.

use serde::{Serialize, Serializer};

use crate::codes;
use crate::import::{ReadConfig, ReadServer};
use crate::model::{ServerType, SocketType};

use super::content::{self, Content};
use super::dns::DnsServer;
use super::judge::PlaceAnswers;
use super::places::{ConfigLocation, Variant};
use super::table::LookupStep::{Ask, Srv};
use super::table::{CLIENTS, LookupClient, LookupStep};

/// What one client finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    pub client: &'static str,
    /// Where it found its settings; None if nowhere.
    pub place: Option<String>,
    /// The servers it would set up: `imap mail.example.com:993 SSL`.
    pub servers: Vec<String>,
    /// Each place it tried before, and why it found nothing there.
    #[serde(serialize_with = "by_place")]
    pub passed_over: Vec<(String, String)>,
}

fn by_place<S: Serializer>(all: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(|(place, why)| format!("{place}: {why}")))
}

/// What each client of the table finds, from the same answers.
pub fn views(asked: &[PlaceAnswers<'_>], srv: &[DnsServer]) -> Vec<View> {
    CLIENTS.iter().map(|client| view(client, asked, srv)).collect()
}

fn view(client: &LookupClient, asked: &[PlaceAnswers<'_>], srv: &[DnsServer]) -> View {
    let mut view =
        View { client: client.name, place: None, servers: Vec::new(), passed_over: Vec::new() };
    for TriedPlace { place, result } in client.tries(asked, srv) {
        match result {
            Ok(LookupResult::Config(read)) => {
                view.place = Some(place);
                view.servers = client.pair(&read).names();
                break;
            }
            // A signed profile cannot be read here, but it counts: its signer has judged the
            // content.
            Ok(LookupResult::Signed) => {
                view.place = Some(place);
                view.servers = vec!["a signed profile".to_owned()];
                break;
            }
            Ok(LookupResult::Elsewhere(target)) => {
                view.passed_over.push((place, sends_on(&target)))
            }
            Err(why) => view.passed_over.push((place, why)),
        }
    }
    view
}

/// What a request returned.
pub enum LookupResult {
    Config(Box<ReadConfig>),
    Signed,
    /// An address or a URL to ask for instead.
    Elsewhere(String),
}

pub fn sends_on(target: &str) -> String {
    format!("sends on to {target}")
}

/// A place that a client tried.
pub struct TriedPlace {
    pub place: String,
    pub result: Result<LookupResult, String>,
}

impl LookupClient {
    pub fn find(key: &str) -> Option<&'static LookupClient> {
        CLIENTS.iter().find(|client| client.key == key)
    }

    /// Whether the client ever asks there. A place that only redirects counts, too.
    pub fn looks_at(&self, at: ConfigLocation) -> bool {
        let asks = |wanted: ConfigLocation| {
            self.steps.iter().any(|step| matches!(step, Ask(at, _) if *at == wanted))
        };
        let leads = matches!(at, ConfigLocation::JsonDomain | ConfigLocation::JsonHost)
            && asks(ConfigLocation::Elsewhere);
        asks(at) || leads
    }

    /// Whether the client sends this variant of the request.
    pub fn puts(&self, at: ConfigLocation, variant: Variant) -> bool {
        let asks = |wanted: Variant| {
            let same = |step: &LookupStep| matches!(step, Ask(a, v) if *a == at && *v == wanted);
            self.steps.iter().any(same)
        };
        match at {
            // A request that only leads to the one that counts.
            ConfigLocation::AutodiscoverHttp => variant == Variant::Get && self.looks_at(at),
            ConfigLocation::JsonDomain | ConfigLocation::JsonHost => {
                variant == Variant::Unknown && self.looks_at(at)
            }
            _ => asks(variant),
        }
    }

    /// Every place in the client's order, each judged only when the iterator reaches it.
    pub fn tries<'a>(
        &'a self,
        asked: &'a [PlaceAnswers<'_>],
        srv: &'a [DnsServer],
    ) -> impl Iterator<Item = TriedPlace> + 'a {
        self.steps.iter().filter_map(move |step| match step {
            Srv => Some(TriedPlace { place: "DNS SRV".to_owned(), result: self.by_srv(srv) }),
            Ask(at, variant) => {
                let asked = asked.iter().find(|asked| asked.place.at == *at)?;
                let result = self.by_asking(asked, *variant);
                Some(TriedPlace { place: asked.place.url.to_string(), result })
            }
        })
    }

    /// The first incoming and the first outgoing server that the client can use.
    fn pair<'a>(&self, read: &'a ReadConfig) -> Pair<'a> {
        let takes = |server: &&ReadServer| self.reads.contains(&server.server_type);
        let is_smtp = |server: &&ReadServer| server.server_type == ServerType::Smtp;
        Pair {
            incoming: read.servers.iter().filter(takes).find(|server| !is_smtp(server)),
            outgoing: read.servers.iter().filter(takes).find(is_smtp),
        }
    }

    /// The settings, if the client can use them.
    fn usable(&self, read: Box<ReadConfig>) -> Result<LookupResult, String> {
        match self.pair(&read) {
            Pair { incoming: Some(_), outgoing: Some(_) } => Ok(LookupResult::Config(read)),
            Pair { incoming: None, .. } => {
                let words = self.reads.iter().filter(|t| **t != ServerType::Smtp);
                let words: Vec<_> = words.map(ToString::to_string).collect();
                Err(format!("it reads {}, and there is none", words.join(" and ")))
            }
            Pair { outgoing: None, .. } => Err("no server to send through".to_owned()),
        }
    }

    /// The servers of SRV records. A lower priority is better, across protocols too (RFC 6186
    /// §3.2).
    fn by_srv(&self, srv: &[DnsServer]) -> Result<LookupResult, String> {
        if srv.is_empty() {
            return Err("no records".to_owned());
        }
        let mut sorted: Vec<&DnsServer> = srv.iter().collect();
        sorted.sort_by_key(|found| found.srv.priority);
        let servers = sorted.into_iter().map(|found| {
            let DnsServer { server_type, socket_type, srv } = found;
            made(*server_type, &srv.target, srv.port, *socket_type)
        });
        self.usable(Box::new(ReadConfig { servers: servers.collect(), ..ReadConfig::default() }))
    }

    fn by_asking(
        &self,
        asked: &PlaceAnswers<'_>,
        variant: Variant,
    ) -> Result<LookupResult, String> {
        let Some(fetched) = asked.of(variant) else { return Err("nothing there".to_owned()) };
        if let Some(problem) = fetched.distrust() {
            return Err(problem.code.title.to_owned());
        }
        let answer = match (&fetched.result, fetched.good()) {
            (_, Some(answer)) => answer,
            (Ok(answer), None) => return Err(format!("status {}", answer.status)),
            // The title does not say which name leads where.
            (Err(problem), None) if problem.code == codes::LEADS_TO_PRIVATE_ADDRESS => {
                return Err(problem.detail.clone());
            }
            (Err(problem), None) => return Err(problem.code.title.to_owned()),
        };
        let kind = asked.place.at.kind();
        if self.wants_media_type {
            let found = answer.header("content-type").unwrap_or("none");
            super::judge::media_type(kind, Some(found)).map_err(|problem| problem.detail)?;
        }
        match content::content(kind, answer, asked.place.url.as_str()) {
            Content::Config(read) => self.usable(read),
            Content::Signed => Ok(LookupResult::Signed),
            Content::Pacc(json) => self.usable(by_pacc(&json)),
            Content::Elsewhere(target) => Ok(LookupResult::Elsewhere(target)),
            Content::Wrong(problem) => Err(problem.code.title.to_owned()),
        }
    }
}

/// The servers that a client would set up.
struct Pair<'a> {
    incoming: Option<&'a ReadServer>,
    outgoing: Option<&'a ReadServer>,
}

impl Pair<'_> {
    fn names(&self) -> Vec<String> {
        self.incoming.into_iter().chain(self.outgoing).map(content::name).collect()
    }
}

/// The servers of a PACC file. Their ports are those of TLS from the first byte
/// (draft-ietf-mailmaint-pacc).
fn by_pacc(json: &serde_json::Value) -> Box<ReadConfig> {
    let host = |name: &&str| json.get("protocols")?.get(name)?.get("host")?.as_str();
    let offered: [(&[&str], _, _); 3] = [
        (&["imap"], ServerType::Imap, 993),
        (&["pop3"], ServerType::Pop3, 995),
        // Draft 03 renamed this; a file for readers of both drafts has both names.
        (&["submit", "smtp"], ServerType::Smtp, 465),
    ];
    let servers = offered.into_iter().filter_map(|(names, server_type, port)| {
        Some(made(server_type, names.iter().find_map(host)?, port, SocketType::Ssl))
    });
    let name = json.pointer("/info/provider/name").and_then(|name| name.as_str());
    Box::new(ReadConfig {
        display_name: name.map(str::to_owned),
        servers: servers.collect(),
        ..ReadConfig::default()
    })
}

/// A server of which only host and port are known. The user name is the address (RFC 6186 §4).
fn made(server_type: ServerType, host: &str, port: u16, socket_type: SocketType) -> ReadServer {
    ReadServer {
        server_type,
        hostname: host.trim_end_matches('.').to_ascii_lowercase(),
        port,
        socket_type: vec![socket_type],
        authentication: Vec::new(),
        username: Some("%EMAILADDRESS%".to_owned()),
        leave_messages_on_server: None,
        days_to_leave_messages_on_server: None,
        url: None,
        span: 0..0,
    }
}
