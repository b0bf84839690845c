//! The pages of the running server in Chromium, over http, with nothing but the keyboard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine as _;
use serde::Deserialize;

use crate::landing::{folder, needs_judge};
use crate::support::host::{self, Host};
use crate::support::{self, Run};

/// The domain that is served; any other is nobody's here.
const DOMAIN: &str = "example.test";
const ANN: &str = "ann@example.test";

/// What `axe/visit.mjs` says.
#[derive(Debug, Deserialize)]
struct Visited {
    visits: Vec<Visit>,
    download: Download,
    policy: Policy,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
    name: String,
    path: String,
    status: u16,
    headers: BTreeMap<String, String>,
    scheme: String,
    width: u32,
    language: String,
    background: String,
    title: String,
    text: String,
    too_wide: i64,
    pictures: Vec<u32>,
    complaints: Vec<String>,
    unseen: Vec<String>,
    violations: Vec<String>,
    passes: usize,
}

#[derive(Debug, Deserialize)]
struct Download {
    name: String,
    path: String,
    bytes: String,
}

#[derive(Debug, Deserialize)]
struct Policy {
    ran: bool,
    broken: Vec<String>,
}

fn start() -> Host {
    let run = Run::new().write("own/example.toml", &host::provider(DOMAIN, &[DOMAIN]));
    let mut host = Host::start(run, &["--providers", "own"]);
    host.hear_of("serving 1 provider");
    host
}

#[track_caller]
fn visit(host: &Host) -> Visited {
    let home = host.run.path("home");
    fs::create_dir_all(&home).expect("a temporary folder");
    let settings = serde_json::json!({
        "chromium": support::program("chromium"), "home": home, "host": DOMAIN,
        "port": host.addresses[0].port(), "address": ANN, "wrong": "ann..b@example.test",
        "unknown": "ann@elsewhere.test", "shots": std::env::var("MAILWRIGHT_SHOTS").ok(),
    });
    let mut node = support::command("node");
    let said = support::run(node.arg(folder().join("visit.mjs")).arg(settings.to_string())).fine();
    serde_json::from_str(&said.stdout).expect("JSON")
}

#[test]
fn a_person_gets_from_the_address_to_the_account_by_the_keyboard_alone() {
    needs_judge!();
    let host = start();
    let Visited { visits, download, policy } = visit(&host);
    assert_eq!(visits.len(), 2 * 5 + 4 * 3);
    let mut backgrounds = BTreeSet::new();
    for page in &visits {
        let name = format!("{} {} {}", page.name, page.scheme, page.width);
        assert_eq!(page.violations, [""; 0], "{name}");
        assert!(page.passes > 15, "{name}: {}", page.passes);
        assert_eq!(page.complaints, [""; 0], "{name}");
        assert_eq!(page.unseen, [""; 0], "{name}");
        assert!(page.too_wide <= 0, "{name}: {} pixels", page.too_wide);
        assert!(!page.title.is_empty(), "{name}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8", "{name}");
        assert_eq!(page.headers["content-language"], page.language, "{name}");
        let policy = &page.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{name}: {policy}");
        let kind = page.name.split(' ').next().expect("a name");
        backgrounds.insert((kind == "guide", page.scheme.clone(), page.background.clone()));
        let (status, pictures) = match kind {
            "start" => (200, 0),
            "wrong" => (400, 0),
            "unknown" => (404, 0),
            "guide" => (200, 0),
            _ => (200, 2),
        };
        assert_eq!(page.status, status, "{name}");
        assert_eq!(page.pictures.len(), pictures, "{name}");
        assert!(page.pictures.iter().all(|width| *width > 0), "{name}: {:?}", page.pictures);
        if kind == "address" {
            for words in [ANN, "imap.example.test", "pop3.example.test", "smtp.example.test"] {
                assert!(page.text.contains(words), "{name}: no {words} in {}", page.text);
            }
            assert!(page.path.contains("email=ann%40example.test"), "{name}: {}", page.path);
        } else if kind == "guide" {
            assert!(page.text.contains("imap.example.test"), "{name}: {}", page.text);
        } else {
            assert!(!page.text.contains("ann..b") && !page.text.contains("elsewhere"), "{name}");
        }
    }
    assert_eq!(backgrounds.len(), 4, "one for light and one for dark: {backgrounds:?}");
    let language = |name: &str| {
        let page = visits.iter().find(|page| page.name == name);
        page.unwrap_or_else(|| panic!("no {name}")).language.as_str()
    };
    for (locale, own) in [("de-AT", "de"), ("fr-CA", "fr"), ("es-MX", "es"), ("ko-KR", "en")] {
        assert_eq!(language(&format!("start in {locale}")), own);
        assert_eq!(language(&format!("address in {locale}")), own);
        assert_eq!(language(&format!("address in {locale}, then French")), "fr");
    }

    let profile = host.get(DOMAIN, "/ann%40example.test.mobileconfig");
    assert_eq!(profile.header("content-type"), Some("application/x-apple-aspen-config"));
    assert_eq!(download.path, "/ann%40example.test.mobileconfig");
    assert_eq!(download.name, "ann@example.test.mobileconfig");
    let bytes = base64::engine::general_purpose::STANDARD.decode(&download.bytes);
    assert_eq!(bytes.expect("base64"), profile.body);

    assert!(!policy.ran);
    let held = ["connect-src", "frame-src", "img-src", "script-src-elem", "style-src-elem"];
    assert_eq!(policy.broken, held);
}

#[test]
fn a_camera_reads_every_code_that_the_server_draws() {
    needs!("rsvg-convert", "zbarimg");
    let host = start();
    for (stem, start) in [
        ("/ann%40example.test", "[1,[1,1],[0,\"imap.example.test\",993,"),
        (
            "/ann%40example.test.profile",
            "https://autoconfig.example.test/ann%40example.test.mobileconfig",
        ),
    ] {
        let svg = host.get(DOMAIN, &format!("{stem}.svg"));
        assert_eq!(
            (svg.status, svg.header("content-type")),
            (200, Some("image/svg+xml")),
            "{stem}"
        );
        let png = host.get(DOMAIN, &format!("{stem}.png"));
        assert_eq!((png.status, png.header("content-type")), (200, Some("image/png")), "{stem}");
        let file = host.run.path("code.png");
        fs::write(&file, &png.body).expect("a temporary file");
        let seen = crate::qr::read(&file);
        assert!(seen.starts_with(start), "{stem}: {seen}");
        assert_eq!(crate::qr::scan(svg.text()), seen, "{stem}");
    }
    for path in ["/ann%40elsewhere.test.png", "/ann%40elsewhere.test.profile.png"] {
        assert_eq!(host.get(DOMAIN, path).status, 404, "{path}");
    }
}
