//! A running `mailwright serve` with the zone that `generate` writes, looked at as every client would.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::hosted_real::knot;
use crate::hosted_site::{AUTOCONFIG, DOMAIN, HOSTS, all_codes, finds, identity, published};
use crate::support::Running;
use crate::support::ca::Ca;
use crate::support::host::Host;

/// The server, the name server, and whom to believe.
struct Served {
    ca: Ca,
    host: Host,
    dns: SocketAddr,
    _knot: Running,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let ca = Ca::new();
        let run = published();
        let certificate = identity(&ca);
        std::fs::write(run.path("c.pem"), certificate.chain).unwrap();
        std::fs::write(run.path("k.pem"), certificate.key).unwrap();
        let (knot, dns) = knot(&run);
        let listen = ["--listen", "127.0.0.1:0", "--listen-http", "127.0.0.1:0"];
        let tls = ["--tls-cert", "c.pem", "--tls-key", "k.pem"];
        let own = ["--provider", "example.test.toml"];
        let host = Host::start(run, &[&own[..], &listen, &tls, args].concat());
        Self { ca, host, dns, _knot: knot }
    }

    /// What `verify --hosted` says of a domain, whose hosts are all this server.
    fn verify(&self, domain: &str, more: &[&str]) -> (Option<i32>, Value) {
        let [https, http] = self.host.addresses[..] else { panic!("two listeners") };
        let mut args = vec!["verify".to_owned(), "--hosted".to_owned(), domain.to_owned()];
        args.extend(["--ca".to_owned(), self.ca.file().display().to_string()]);
        args.extend(["--dns".to_owned(), self.dns.to_string()]);
        for host in HOSTS {
            for (port, own) in [(443, https), (80, http)] {
                args.extend(["--resolve".to_owned(), format!("{host}{domain}:{port}:{own}")]);
            }
        }
        args.extend(["--format", "json"].map(str::to_owned));
        args.extend(more.iter().map(|word| (*word).to_owned()));
        let ended = self.host.run.args(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let json = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|e| panic!("{e}: {} {}", ended.stdout, ended.stderr));
        (ended.code, json)
    }
}

#[test]
fn what_the_server_answers_is_found_by_every_client_and_nothing_is_wrong() {
    needs!("knotd");
    let served = Served::start(&[]);
    let own = ["--provider", "example.test.toml", "--address", "ann@example.test"];
    let (code, json) = served.verify(DOMAIN, &own);
    // Unlike a web server's files, an answer of Autodiscover has the address of whoever asks.
    assert_eq!(all_codes(&json), [""; 0], "{json:#}");
    assert_eq!(code, Some(0), "{json:#}");
    let servers = json!(["imap mail.example.test:993 SSL", "smtp mail.example.test:465 SSL"]);
    for client in ["Thunderbird for desktop", "Thunderbird for Android", "KMail", "Delta Chat"] {
        let view = finds(&json, client);
        assert_eq!(view["place"], AUTOCONFIG, "{view}");
        assert_eq!(view["servers"], servers, "{view}");
    }
    for (client, place) in [
        ("Outlook", "https://example.test/autodiscover/autodiscover.xml"),
        ("FairEmail", "DNS SRV"),
        ("Mail on iPhone", "https://example.test/mail.mobileconfig"),
        (
            "Himalaya",
            "https://ua-auto-config.example.test/.well-known/user-agent-configuration.json",
        ),
    ] {
        assert_eq!(finds(&json, client)["place"], place, "{json:#}");
    }
    for client in json["hosted"]["clients"].as_array().unwrap() {
        assert!(client["place"].is_string(), "{client}");
    }
    assert!(json.to_string().contains("_ua-auto-config.example.test has the file's SHA-256"));
    // The server has nothing to say about any of these requests.
    let (code, said, log) = served.host.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("cannot") && !said.contains("panic"), "{said}");
    for route in ["thunderbird", "outlook-autodiscover", "autodiscover-json", "apple-mail", "pacc"]
    {
        let own = format!("\"route\":\"{route}\"");
        let line = log.lines().find(|line| line.contains(&own) && line.contains("\"status\":200"));
        assert!(line.is_some(), "nobody has got {route}: {log}");
    }
}

#[test]
fn a_certificate_that_nobody_believes_is_told_and_over_http_it_is_found() {
    needs!("knotd");
    let served = Served::start(&[]);
    // Another authority: what clients see whose owner has brought no certificate that they believe.
    let other = Ca::new();
    let served = Served { ca: other, ..served };
    let (code, json) = served.verify(DOMAIN, &["--provider", "example.test.toml"]);
    assert_eq!(code, Some(1), "{json:#}");
    assert!(all_codes(&json).iter().any(|c| c.contains("certificate")), "{json:#}");
    // Who asks over http as well finds it there.
    let view = finds(&json, "Thunderbird for desktop");
    assert_eq!(view["place"], AUTOCONFIG.replace("https:", "http:"), "{view}");
}

#[cfg(feature = "sign")]
#[test]
fn a_profile_that_is_signed_for_each_person_is_no_way_to_find_out_who_there_is() {
    use std::io::{BufReader, Write as _};

    use crate::support::host::read_answer;

    needs!("knotd");
    let served = Served::start(&["--sign-cert", "c.pem", "--sign-key", "k.pem"]);
    let own = ["--provider", "example.test.toml", "--address", "ann@example.test"];
    let (code, json) = served.verify(DOMAIN, &own);
    assert_eq!((code, all_codes(&json)), (Some(0), Vec::new()), "{json:#}");
    let mut http = std::net::TcpStream::connect(served.host.addresses[1]).unwrap();
    let path = "/mail.mobileconfig?email=ann@example.test";
    write!(http, "GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n").unwrap();
    let profile = read_answer(&mut BufReader::new(http), false).unwrap();
    assert_eq!(profile.body.first(), Some(&0x30), "an envelope of CMS");
}
