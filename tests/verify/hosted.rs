//! What a domain publishes: a web server for each way to do it wrong, and real ones that do it right.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rcgen::SanType;
use serde_json::Value;

use crate::ca::{Ca, Identity};
use crate::dns::{self, Record};
use crate::output::provider;
use crate::peer::Peer;
use crate::runs::Run;
use crate::web::{self, Asked, Reply};

pub const DOMAIN: &str = "example.test";
const HOSTS: [&str; 4] = ["", "autoconfig.", "autodiscover.", "ua-auto-config."];
const AUTOCONFIG: &str = "https://autoconfig.example.test/mail/config-v1.1.xml";
const AUTODISCOVER: &str = "https://autodiscover.example.test/autodiscover/autodiscover.xml";

/// A certificate for every host that clients ask.
pub fn identity(ca: &Ca) -> Identity {
    ca.with(|params| {
        params.subject_alt_names = HOSTS
            .iter()
            .map(|host| SanType::DnsName(format!("{host}{DOMAIN}").try_into().unwrap()))
            .collect();
    })
}

/// The provider whose files are published, POP3 and IMAP.
fn settings() -> String {
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
type Files = BTreeMap<String, String>;

struct Site {
    run: Run,
    ca: Ca,
    https: Peer,
    http: Peer,
    dns: std::net::SocketAddr,
}

impl Site {
    /// Everything right, changed by `change`; `records` are all that DNS knows.
    fn new(
        change: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static,
        records: Vec<(&'static str, Record)>,
    ) -> Self {
        let ca = Ca::new();
        let identity = identity(&ca);
        Self::with_identity(ca, &identity, change, records)
    }

    fn with_identity(
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

    fn verify(&self, more: &[&str]) -> (i32, Value) {
        let ca = self.ca.file().display().to_string();
        let dns = self.dns.to_string();
        let mut args: Vec<String> =
            ["verify", "--hosted", DOMAIN, "--ca", &ca, "--dns", &dns, "--format", "json"]
                .map(str::to_owned)
                .to_vec();
        for host in HOSTS {
            for (port, peer) in [(443, &self.https), (80, &self.http)] {
                args.push("--resolve".to_owned());
                args.push(format!("{host}{DOMAIN}:{port}:{}", peer.address));
            }
        }
        args.extend(more.iter().map(|word| (*word).to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ended = self.run.args(&args);
        let json = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|e| panic!("{e}: {} {}", ended.stdout, ended.stderr));
        (ended.code.unwrap(), json)
    }

    fn with_settings(&self, more: &[&str]) -> (i32, Value) {
        self.verify(&[&["--provider", "example.test.toml"][..], more].concat())
    }
}

/// A server that does everything right.
fn right(files: &Files, asked: &Asked) -> Reply {
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
fn codes(json: &Value, place: &str) -> Vec<String> {
    let places = json["hosted"]["places"].as_array().unwrap();
    let name = |p: &&Value| p["name"].as_str().unwrap().contains(place);
    let found = places.iter().find(name).unwrap_or_else(|| panic!("no {place} in {json:#}"));
    let steps = found["steps"].as_array().unwrap();
    let bad = steps.iter().filter(|s| s["outcome"] == "failed" || s["outcome"] == "warning");
    bad.map(|step| step["code"].as_str().unwrap().to_owned()).collect()
}

/// Every code of every place that is worse than a note.
fn all_codes(json: &Value) -> Vec<String> {
    let places = json["hosted"]["places"].as_array().unwrap();
    let names = places.iter().map(|place| place["name"].as_str().unwrap().to_owned());
    names
        .flat_map(|name| codes(json, &name).into_iter().map(move |code| format!("{name}: {code}")))
        .collect()
}

fn finds<'a>(json: &'a Value, client: &str) -> &'a Value {
    let clients = json["hosted"]["clients"].as_array().unwrap();
    clients.iter().find(|c| c["client"].as_str().unwrap().starts_with(client)).unwrap()
}

fn changed(
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

fn srv() -> Vec<(&'static str, Record)> {
    vec![
        ("example.test", Record::Mx("mx.example.test")),
        ("_imaps._tcp.example.test", Record::Srv(0, 993, "mail.example.test")),
        ("_pop3s._tcp.example.test", Record::Srv(10, 995, "mail.example.test")),
        ("_submissions._tcp.example.test", Record::Srv(0, 465, "mail.example.test")),
        ("_submission._tcp.example.test", Record::Srv(0, 0, ".")),
    ]
}

#[test]
fn a_domain_that_does_everything_right_has_nothing_wrong_and_every_client_finds_its_settings() {
    let site = Site::new(|_, reply| reply, srv());
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    let wrong = all_codes(&json);
    // A static Autodiscover file cannot have the address of whoever asks.
    let wrong: Vec<_> = wrong.iter().filter(|w| !w.contains("without-login-name")).collect();
    assert!(wrong.is_empty(), "{wrong:?} {json:#}");
    assert_eq!(exit, 0);
    let imap = "imap mail.example.test:993 SSL";
    let smtp = "smtp mail.example.test:465 SSL";
    for client in ["Thunderbird for desktop", "Thunderbird for Android", "KMail", "Delta Chat"] {
        let view = finds(&json, client);
        assert_eq!(view["place"], AUTOCONFIG, "{view}");
        assert_eq!(view["servers"], serde_json::json!([imap, smtp]), "{view}");
    }
    assert_eq!(finds(&json, "FairEmail")["place"], "DNS SRV");
    assert_eq!(finds(&json, "Outlook")["place"], AUTODISCOVER);
    assert_eq!(finds(&json, "Mail on iPhone")["place"], "https://example.test/mail.mobileconfig");
    assert!(finds(&json, "Himalaya")["place"].is_null());
    // Each client asked as it does: with and without an address, by POST and by GET.
    let heard = site.https.heard().join("\n");
    for line in [
        "GET /mail/config-v1.1.xml HTTP/1.1",
        "GET /mail/config-v1.1.xml?emailaddress=mailwright-",
        "GET /mail/config-v1.1.xml?emailaddress=ann%40example.test HTTP/1.1",
        "POST /autodiscover/autodiscover.xml HTTP/1.1",
        "POST /Autodiscover/Autodiscover.xml HTTP/1.1",
        "POST /AutoDiscover/AutoDiscover.xml HTTP/1.1",
        "GET /autodiscover/autodiscover.json?Email=mailwright-",
        "GET /autodiscover/autodiscover.json/v1.0/mailwright-",
        "content-type: text/xml; charset=utf-8",
        "<EMailAddress>ann@example.test</EMailAddress>",
    ] {
        assert!(heard.contains(line), "{line} was not asked: {heard}");
    }
    assert!(site.http.heard().iter().any(|line| line.starts_with("GET /mail/config")));
}

fn is_autoconfig(asked: &Asked) -> bool {
    asked.target.starts_with("/mail/config")
}

fn is_autodiscover(asked: &Asked) -> bool {
    asked.target.to_ascii_lowercase().starts_with("/autodiscover/autodiscover.xml")
}

#[test]
fn an_autoconfig_that_wants_the_address_loses_the_clients_that_do_not_send_it() {
    let json = changed(
        |asked, reply| match asked.target.ends_with("config-v1.1.xml") {
            true => (400, String::new(), "emailaddress is missing".to_owned()),
            false => reply,
        },
        AUTOCONFIG,
        "autoconfig-needs-address",
    );
    assert!(finds(&json, "Thunderbird for Android")["place"].is_null());
    assert_eq!(finds(&json, "Thunderbird for desktop")["place"], AUTOCONFIG);
    let json = changed(
        |asked, reply| match asked.target.contains("emailaddress=") {
            true => web::nothing(),
            false => reply,
        },
        AUTOCONFIG,
        "autoconfig-refuses-address",
    );
    assert_eq!(finds(&json, "KMail")["place"], AUTOCONFIG);
}

#[test]
fn a_wrong_media_type_hides_the_file_from_those_who_look_at_it() {
    let json = changed(
        |asked, (status, _, body)| match is_autoconfig(asked) {
            true => (status, "Content-Type: application/octet-stream\r\n".to_owned(), body),
            false => web::nothing(),
        },
        AUTOCONFIG,
        "published-media-type",
    );
    assert!(finds(&json, "Thunderbird for desktop")["place"].is_null());
    assert_eq!(finds(&json, "Thunderbird for Android")["place"], AUTOCONFIG);
    changed(
        |asked, (status, headers, body)| match asked.target.starts_with("/mail.mobileconfig") {
            true => (status, "Content-Type: text/plain\r\n".to_owned(), body),
            false => (status, headers, body),
        },
        "profile https://example.test/",
        "published-media-type",
    );
}

#[test]
fn a_post_that_is_refused_and_a_path_whose_case_counts_are_named() {
    let json = changed(
        |asked, reply| match asked.method == "POST" {
            true => (405, String::new(), String::new()),
            false => reply,
        },
        AUTODISCOVER,
        "autodiscover-refuses-post",
    );
    assert!(finds(&json, "Outlook")["place"].is_null());
    changed(
        |asked, reply| match asked.target.starts_with("/AutoDiscover") {
            true => web::nothing(),
            false => reply,
        },
        AUTODISCOVER,
        "autodiscover-spelling",
    );
}

#[test]
fn files_that_say_something_else_than_the_settings_are_named_with_what() {
    for (from, to, words) in [
        ("mail.example.test", "old.example.test", "the settings have mail.example.test"),
        ("<port>993</port>", "<port>143</port>", "the settings have port 993"),
        (
            "<socketType>SSL</socketType>",
            "<socketType>STARTTLS</socketType>",
            "the settings have SSL",
        ),
        ("password-cleartext", "password-encrypted", "the settings have password-cleartext"),
        ("%EMAILADDRESS%", "%EMAILLOCALPART%", "the user name is %EMAILLOCALPART%"),
    ] {
        let json = changed(
            move |asked, (status, headers, body)| match is_autoconfig(asked) {
                true => {
                    assert!(body.contains(from) || status != 200, "{body}");
                    (status, headers, body.replace(from, to))
                }
                false => (status, headers, body),
            },
            AUTOCONFIG,
            "published-differs",
        );
        assert!(json.to_string().contains(words), "{words}: {json:#}");
    }
    let json = changed(
        |asked, (status, headers, body)| match is_autoconfig(asked) {
            true => (status, headers, body.replace("type=\"imap\"", "type=\"jmap\"")),
            false => (status, headers, body),
        },
        AUTOCONFIG,
        "published-lacks",
    );
    // Whatever comes of the word, no IMAP client finds anything there.
    assert_ne!(finds(&json, "Thunderbird for Android")["place"], AUTOCONFIG);
}

#[test]
fn a_file_that_clients_cannot_read_is_named_with_its_line() {
    let json = changed(
        |asked, (status, headers, body)| match is_autoconfig(asked) {
            true => (status, headers, body.replace("SSL</socketType>", "TLS</socketType>")),
            false => (status, headers, body),
        },
        AUTOCONFIG,
        "published-unreadable",
    );
    assert!(json.to_string().contains("config-v1.1.xml:"), "{json:#}");
    assert_ne!(finds(&json, "Thunderbird for desktop")["place"], AUTOCONFIG);
}

#[test]
fn a_web_page_for_everything_and_an_error_for_everything_are_told_apart() {
    let page = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "example.test" => web::page("text/html", "<!doctype html><html>Welcome</html>"),
        _ => reply,
    };
    changed(page, "autoconfig https://example.test/", "published-other-page");
    let error = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "autoconfig.example.test" => (500, String::new(), "Traceback".to_owned()),
        _ => reply,
    };
    changed(error, AUTOCONFIG, "published-status");
    let refused = |asked: &Asked, (status, headers, body): Reply| match is_autodiscover(asked) {
        true if status == 200 => web::page(
            "text/xml",
            "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\
             <Response><Error Time=\"1\" Id=\"2\"><ErrorCode>600</ErrorCode>\
             <Message>Invalid Request</Message></Error></Response></Autodiscover>",
        ),
        _ => (status, headers, body),
    };
    changed(refused, AUTODISCOVER, "autodiscover-error");
}

#[test]
fn redirects_are_followed_but_never_from_https_to_http_nor_in_circles() {
    let moved =
        |asked: &Asked, reply: Reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect(&format!(
                "https://autoconfig.example.test{}",
                "/mail/config-v1.1.xml"
            )),
            false => reply,
        };
    let site = Site::new(moved, srv());
    let (exit, json) = site.with_settings(&[]);
    assert_eq!(exit, 0, "{json:#}");
    assert!(json.to_string().contains("leads to https://autoconfig.example.test"), "{json:#}");
    changed(
        |asked, reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect("http://autoconfig.example.test/mail/config-v1.1.xml"),
            false => reply,
        },
        "autoconfig https://example.test/",
        "redirect-to-http",
    );
    changed(
        |asked, reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect(&asked.target),
            false => reply,
        },
        "autoconfig https://example.test/",
        "too-many-redirects",
    );
    changed(
        |asked, reply| match asked.target.starts_with("/.well-known/autoconfig") {
            true => web::redirect("https://[/"),
            false => reply,
        },
        "autoconfig https://example.test/",
        "redirect-broken",
    );
}

#[test]
fn outlook_follows_the_redirect_from_plain_http() {
    let away = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "autodiscover.example.test" if asked.method == "GET" => {
            web::redirect("https://ua-auto-config.example.test/autodiscover/autodiscover.xml")
        }
        "autodiscover.example.test" => web::nothing(),
        "ua-auto-config.example.test" if is_autodiscover(asked) => {
            // What a customer's domain is sent to.
            let host = "autodiscover.example.test".to_owned();
            right(&elsewhere(), &Asked { host, ..asked.clone() })
        }
        _ => reply,
    };
    let (_, json) = Site::new(away, srv()).with_settings(&[]);
    let view = finds(&json, "Outlook");
    assert_eq!(view["place"], "http://autodiscover.example.test/autodiscover/autodiscover.xml");
}

/// The same files, read once.
fn elsewhere() -> Files {
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

#[test]
fn an_unknown_address_that_gets_another_answer_is_an_oracle() {
    let site = Site::new(
        |asked, reply| match asked.target.contains("emailaddress=mailwright") {
            true => (404, String::new(), "no such user".to_owned()),
            false => reply,
        },
        srv(),
    );
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    assert_eq!(exit, 1);
    assert!(codes(&json, AUTOCONFIG).contains(&"account-oracle".to_owned()), "{json:#}");
    // The address itself in the answer is none.
    let site = Site::new(
        |asked, (status, headers, body)| {
            let address = asked.target.split("emailaddress=").nth(1).unwrap_or("%EMAILADDRESS%");
            let address = address.replace("%40", "@");
            (status, headers, body.replace("%EMAILADDRESS%", &address))
        },
        srv(),
    );
    let (exit, json) = site.with_settings(&["--address", "ann@example.test"]);
    assert_eq!(exit, 0, "{json:#}");
    // Without an address that exists nobody can tell, and the report says so.
    let (_, json) = site.with_settings(&[]);
    assert!(json.to_string().contains("account-oracle-untested"));
}

#[test]
fn a_certificate_without_the_published_name_is_named_and_the_client_turns_away() {
    let ca = Ca::new();
    let narrow = ca.with(|params| {
        params.subject_alt_names = vec![SanType::DnsName(DOMAIN.try_into().unwrap())];
    });
    let site = Site::with_identity(ca, &narrow, |_, reply| reply, srv());
    let (exit, json) = site.with_settings(&[]);
    assert_eq!(exit, 1);
    for place in [AUTOCONFIG, AUTODISCOVER] {
        let found = codes(&json, place);
        assert!(found.contains(&"certificate-wrong-name".to_owned()), "{found:?} {json:#}");
    }
    let well_known = "https://example.test/.well-known/autoconfig/mail/config-v1.1.xml";
    assert_eq!(finds(&json, "Thunderbird for desktop")["place"], well_known);
    assert!(finds(&json, "Outlook")["place"].is_null());
}

#[test]
fn a_pacc_file_is_held_against_its_digest_in_dns() {
    use base64::Engine as _;
    use sha2::Digest as _;
    const BODY: &str = r#"{"protocols":{"imap":{"host":"mail.example.test"},"smtp":{"host":"mail.example.test"}},"authentication":{"password":true}}"#;
    let pacc = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "ua-auto-config.example.test" => web::page("application/json", BODY),
        _ => reply,
    };
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(BODY));
    let place = "pacc https://ua-auto-config.example.test/";
    for (value, expected) in [
        (Some(digest), None),
        (Some("AAAA".to_owned()), Some("pacc-digest-wrong")),
        (None, Some("pacc-digest-missing")),
    ] {
        let mut records = srv();
        records.extend(value.map(|digest| {
            let text = Record::Txt(format!("v=UAAC1; a=sha256; d={digest}"));
            ("_ua-auto-config.example.test", text)
        }));
        let (_, json) = Site::new(pacc, records).with_settings(&[]);
        assert_eq!(codes(&json, place).first().map(String::as_str), expected, "{json:#}");
        assert_eq!(finds(&json, "Himalaya")["servers"][0], "imap mail.example.test:993 SSL");
    }
}

#[test]
fn records_that_lead_astray_are_named() {
    let with = |record: (&'static str, Record)| {
        let mut records: Vec<_> = srv().into_iter().filter(|(name, _)| *name != record.0).collect();
        records.push(record);
        Site::new(|_, reply| reply, records).with_settings(&[]).1
    };
    let dns = "dns example.test";
    for (record, code) in [
        (
            ("_submission._tcp.example.test", Record::Srv(0, 465, "mail.example.test")),
            "srv-differs",
        ),
        (("_imaps._tcp.example.test", Record::Srv(0, 993, "old.example.test")), "srv-differs"),
        (("_imap._tcp.example.test", Record::Srv(0, 143, "mail.example.test")), "srv-differs"),
        (("_pop3s._tcp.example.test", Record::Srv(0, 0, ".")), "srv-denies"),
        (("mail.example.test", Record::Cname("host.example.test")), "srv-target-alias"),
    ] {
        let json = with(record.clone());
        assert!(codes(&json, dns).contains(&code.to_owned()), "{record:?}: {json:#}");
    }
}

#[test]
fn autodiscover_behind_its_own_srv_record_is_found() {
    let moved = |asked: &Asked, reply: Reply| match asked.host.starts_with("autodiscover.") {
        true => web::nothing(),
        false if asked.host.starts_with("ua-auto-config.") && is_autodiscover(asked) => {
            let host = "autodiscover.example.test".to_owned();
            right(&elsewhere(), &Asked { host, ..asked.clone() })
        }
        false => reply,
    };
    let mut records = srv();
    let target = Record::Srv(0, 443, "ua-auto-config.example.test");
    records.push(("_autodiscover._tcp.example.test", target));
    let (_, json) = Site::new(moved, records).with_settings(&[]);
    let place = "https://ua-auto-config.example.test/autodiscover/autodiscover.xml";
    assert_eq!(finds(&json, "Outlook")["place"], place, "{json:#}");
}

/// The steps of a place that only tell.
fn notes(json: &Value, place: &str) -> Vec<String> {
    let places = json["hosted"]["places"].as_array().unwrap();
    let found = places.iter().find(|p| p["name"].as_str().unwrap().contains(place)).unwrap();
    let steps = found["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["outcome"] == "note")
        .map(|step| step["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_only_worth_knowing_is_a_note() {
    let elsewhere = |asked: &Asked, reply: Reply| match is_autodiscover(asked) {
        true if reply.0 == 200 => web::page(
            "text/xml",
            "<Autodiscover><Response><Account><Action>redirectAddr</Action>\
             <RedirectAddr>ann@example.net</RedirectAddr></Account></Response></Autodiscover>",
        ),
        // The first byte of a CMS envelope.
        _ if asked.target.starts_with("/mail.mobileconfig") && reply.0 == 200 => {
            web::page("application/x-apple-aspen-config", "0\u{2}\u{1}\u{1}")
        }
        _ => reply,
    };
    let (exit, json) = Site::new(elsewhere, Vec::new()).with_settings(&[]);
    assert_eq!(exit, 0, "{json:#}");
    assert_eq!(notes(&json, "dns"), ["srv-missing"]);
    assert!(notes(&json, AUTODISCOVER).contains(&"autodiscover-redirects".to_owned()), "{json:#}");
    let profile = notes(&json, "profile https://example.test/");
    assert!(profile.contains(&"signed-profile-not-read".to_owned()), "{profile:?}");
    assert_eq!(notes(&json, "pacc"), ["not-published"]);
}

#[test]
fn an_answer_that_comes_later_than_clients_wait_is_a_warning() {
    changed(
        |asked, reply| {
            if asked.target == "/mail/config-v1.1.xml" {
                std::thread::sleep(std::time::Duration::from_millis(5_200));
            }
            reply
        },
        AUTOCONFIG,
        "published-slow",
    );
}

#[test]
fn a_domain_without_anything_and_one_without_settings_are_told_so() {
    let (exit, json) = Site::new(|_, _| web::nothing(), Vec::new()).with_settings(&[]);
    assert_eq!(exit, 1);
    assert_eq!(codes(&json, "altogether"), ["nothing-published"]);
    let (exit, json) = Site::new(|_, reply| reply, srv()).verify(&[]);
    assert_eq!(exit, 0, "{json:#}");
    assert!(json.to_string().contains("settings-unknown"));
    let only_http = Site {
        http: web::server(None, |asked| right(&elsewhere(), asked)),
        ..Site::new(|_, _| web::nothing(), srv())
    };
    let (exit, json) = only_http.with_settings(&[]);
    assert_eq!((exit, codes(&json, "altogether")), (0, vec!["published-only-http".to_owned()]));
}

#[test]
fn people_read_a_table_of_clients_and_wrong_arguments_are_told() {
    let site = Site::new(|_, reply| reply, srv());
    let ca = site.ca.file().display().to_string();
    let dns = site.dns.to_string();
    let mut args = vec!["verify", "--hosted", DOMAIN, "--ca", &ca, "--dns", &dns];
    let resolve: Vec<String> = HOSTS
        .iter()
        .flat_map(|host| {
            [(443, &site.https), (80, &site.http)]
                .map(|(port, peer)| format!("{host}{DOMAIN}:{port}:{}", peer.address))
        })
        .collect();
    resolve.iter().for_each(|at| args.extend(["--resolve", at]));
    let ended = site.run.args(&args).code(0);
    assert!(ended.stdout.contains("client"), "{}", ended.stdout);
    assert!(
        ended
            .stdout
            .ends_with("example.test: 8 of 9 clients find their settings; nothing is wrong\n"),
        "{}",
        ended.stdout
    );
    for (args, words) in [
        (&["verify", "--hosted", "no host"][..], "--hosted no host"),
        (
            &["verify", "--hosted", DOMAIN, "--address", "ann@elsewhere.test"],
            "is not at example.test",
        ),
        (&["verify", "--hosted", DOMAIN, "example.com"], "cannot be used with"),
    ] {
        site.run.args(args).code(2).says(words);
    }
}
