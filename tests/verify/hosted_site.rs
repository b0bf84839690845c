//! A domain that publishes everything right, for tests to change; and what was found there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::dns::{self, Record};
use crate::output::provider;
use crate::support::Run;
use crate::support::ca::{Ca, Identity};
use crate::support::peer::Peer;
use crate::web::{self, Asked, Reply};

pub const DOMAIN: &str = "example.test";
pub const HOSTS: [&str; 4] = ["", "autoconfig.", "autodiscover.", "ua-auto-config."];
pub const AUTOCONFIG: &str = "https://autoconfig.example.test/mail/config-v1.1.xml";
pub const AUTODISCOVER: &str = "https://autodiscover.example.test/autodiscover/autodiscover.xml";

/// A certificate for every host that clients ask.
pub fn identity(ca: &Ca) -> Identity {
    let hosts = HOSTS.map(|host| format!("{host}{DOMAIN}"));
    ca.naming(&hosts.each_ref().map(String::as_str))
}

/// The provider whose files are published, POP3 and IMAP.
pub fn settings() -> String {
    let both = provider("pop3").replace("alternativeHostnames = [\"pop.example.test\"]\n", "");
    let imap = provider("imap");
    let server = imap.split("[[").find(|part| part.contains("\"imap\"")).unwrap();
    let server = server.replace("alternativeHostnames = [\"pop.example.test\"]\n", "");
    both.replacen("[[incomingServer]]", &format!("[[{server}[[incomingServer]]"), 1)
}

/// Where `generate` puts the settings and everything for a web server.
pub fn published() -> Run {
    let run = Run::new().write("example.test.toml", &settings());
    let root = format!("hosting.webRoot={}", run.path("out/example.test/hosting/www").display());
    let args = ["generate", "--provider", "example.test.toml", "--target", "hosting"];
    run.args(&[&args[..], &["--set", &root]].concat()).code(0);
    run
}

/// The files of a web tree, by path.
pub type Files = BTreeMap<String, String>;

pub struct Site {
    pub run: Run,
    pub ca: Ca,
    pub https: Peer,
    pub http: Peer,
    pub dns: std::net::SocketAddr,
}

impl Site {
    /// Everything right, changed by `change`; `records` are all that DNS knows.
    pub fn new(
        change: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static,
        records: Vec<(&'static str, Record)>,
    ) -> Self {
        let ca = Ca::new();
        let identity = identity(&ca);
        Self::with_identity(ca, &identity, change, records)
    }

    pub fn with_identity(
        ca: Ca,
        identity: &Identity,
        change: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static,
        records: Vec<(&'static str, Record)>,
    ) -> Self {
        let run = published();
        let files: Files = run
            .files("out/example.test/hosting/www")
            .into_iter()
            .map(|(path, bytes)| (format!("/{path}"), String::from_utf8(bytes).unwrap()))
            .collect();
        let change = Arc::new(change);
        let answer = move |asked: &Asked| change(asked, right(&files, asked));
        let answer = Arc::new(answer);
        let same = Arc::clone(&answer);
        let https = web::server(Some(identity.server()), move |asked| answer(asked));
        let http = web::server(None, move |asked| same(asked));
        Self { run, ca, https, http, dns: dns::zone(records) }
    }

    /// The arguments by which every name leads here.
    pub fn reach(&self) -> Vec<String> {
        let mut args = vec!["--ca".to_owned(), self.ca.file().display().to_string()];
        args.extend(["--dns-server".to_owned(), self.dns.to_string()]);
        for host in HOSTS {
            for (port, peer) in [(443, &self.https), (80, &self.http)] {
                args.push("--resolve".to_owned());
                args.push(format!("{host}{DOMAIN}:{port}:{}", peer.address));
            }
        }
        args
    }

    pub fn verify(&self, more: &[&str]) -> (i32, Value) {
        let mut args: Vec<String> =
            ["verify", "--hosted", DOMAIN, "--format", "json"].map(str::to_owned).to_vec();
        args.extend(self.reach());
        args.extend(more.iter().map(|word| (*word).to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ended = self.run.args(&args);
        let json = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|e| panic!("{e}: {} {}", ended.stdout, ended.stderr));
        (ended.code.unwrap(), json)
    }

    pub fn with_settings(&self, more: &[&str]) -> (i32, Value) {
        self.verify(&[&["--provider", "example.test.toml"][..], more].concat())
    }
}

/// A server that does everything right.
pub fn right(files: &Files, asked: &Asked) -> Reply {
    let path = asked.target.split('?').next().unwrap().to_ascii_lowercase();
    let Some(body) = files.get(&path) else { return web::nothing() };
    let host = asked.host.split('.').next().unwrap();
    match path.as_str() {
        "/mail/config-v1.1.xml" if host == "autoconfig" => web::page("text/xml", body),
        "/.well-known/autoconfig/mail/config-v1.1.xml" if host == "example" => {
            web::page("text/xml", body)
        }
        "/autodiscover/autodiscover.xml" if host == "autodiscover" => web::page("text/xml", body),
        "/mail.mobileconfig" if host == "example" => {
            web::page("application/x-apple-aspen-config", body)
        }
        _ => web::nothing(),
    }
}

/// The codes at a place: `failed` and `warning` of it, in their order.
pub fn codes(json: &Value, place: &str) -> Vec<String> {
    let places = json["hosted"]["places"].as_array().unwrap();
    let name = |p: &&Value| p["name"].as_str().unwrap().contains(place);
    let found = places.iter().find(name).unwrap_or_else(|| panic!("no {place} in {json:#}"));
    let steps = found["steps"].as_array().unwrap();
    let bad = steps.iter().filter(|s| s["outcome"] == "failed" || s["outcome"] == "warning");
    bad.map(|step| step["code"].as_str().unwrap().to_owned()).collect()
}

/// Every code of every place that is worse than a note.
pub fn all_codes(json: &Value) -> Vec<String> {
    let places = json["hosted"]["places"].as_array().unwrap();
    let names = places.iter().map(|place| place["name"].as_str().unwrap().to_owned());
    names
        .flat_map(|name| codes(json, &name).into_iter().map(move |code| format!("{name}: {code}")))
        .collect()
}

pub fn finds<'a>(json: &'a Value, client: &str) -> &'a Value {
    let clients = json["hosted"]["clients"].as_array().unwrap();
    clients.iter().find(|c| c["client"].as_str().unwrap().starts_with(client)).unwrap()
}

pub fn changed(
    change: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static,
    place: &str,
    code: &str,
) -> Value {
    let (exit, json) = Site::new(change, srv()).with_settings(&[]);
    let found = codes(&json, place);
    assert!(found.iter().any(|c| c == code), "{code} is not among {found:?}: {json:#}");
    let failed = json["works"] == false;
    assert_eq!(exit, i32::from(failed));
    json
}

pub fn srv() -> Vec<(&'static str, Record)> {
    vec![
        ("example.test", Record::Mx("mx.example.test")),
        ("_imaps._tcp.example.test", Record::Srv(0, 993, "mail.example.test")),
        ("_pop3s._tcp.example.test", Record::Srv(10, 995, "mail.example.test")),
        ("_submissions._tcp.example.test", Record::Srv(0, 465, "mail.example.test")),
        ("_submission._tcp.example.test", Record::Srv(0, 0, ".")),
    ]
}

pub fn is_autoconfig(asked: &Asked) -> bool {
    asked.target.starts_with("/mail/config")
}

pub fn is_autodiscover(asked: &Asked) -> bool {
    asked.target.to_ascii_lowercase().starts_with("/autodiscover/autodiscover.xml")
}

/// The same files, read once.
pub fn elsewhere() -> Files {
    static FILES: Mutex<Option<Files>> = Mutex::new(None);
    let mut files = FILES.lock().unwrap();
    files
        .get_or_insert_with(|| {
            let run = published();
            let all = run.files("out/example.test/hosting/www").into_iter();
            all.map(|(path, bytes)| (format!("/{path}"), String::from_utf8(bytes).unwrap()))
                .collect()
        })
        .clone()
}

/// The steps of a place that only tell.
pub fn notes(json: &Value, place: &str) -> Vec<String> {
    let places = json["hosted"]["places"].as_array().unwrap();
    let found = places.iter().find(|p| p["name"].as_str().unwrap().contains(place)).unwrap();
    let steps = found["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["outcome"] == "note")
        .map(|step| step["code"].as_str().unwrap().to_owned())
        .collect()
}
