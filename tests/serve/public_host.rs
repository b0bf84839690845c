//! Under which address people reach the server: `publicHost`, `--public-host` and `--path-prefix`.

use crate::support::Run;
use crate::support::host::{Host, autodiscover, provider};

const POX: &str = "/autodiscover/autodiscover.xml";
const JSON: &str = "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1&Email=";
const SERVER: &str = "setup.hoster.example";

/// A provider with a public host of its own.
fn with_host(id: &str, host: &str) -> String {
    let line = format!("publicHost = \"{host}\"\ndisplayShortName");
    provider(id, &[id]).replace("displayShortName", &line)
}

/// Customers: one with a public host of its own, and one without.
fn host(args: &[&str]) -> Host {
    let run = Run::new()
        .write("p/a.toml", &with_host("a.example", "setup.a.example"))
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    Host::start(run, &[&["--providers", "p"], args].concat())
}

/// The text of the QR code on the page of an address.
fn code(host: &Host, at: &str, path: &str) -> String {
    host.get(at, path).text().to_owned()
}

#[test]
fn a_providers_own_host_comes_before_the_servers() {
    let host = host(&["--public-host", SERVER]);
    for (address, at) in [("ann@a.example", "setup.a.example"), ("ann@b.example", SERVER)] {
        let url = format!("https://{at}{POX}");
        let json = host.get(SERVER, &format!("{JSON}{address}"));
        assert!(json.text().contains(&url), "{address}: {}", json.text());
        let domain = address.rsplit('@').next().unwrap();
        let led = host.post(&format!("autodiscover.{domain}"), POX, autodiscover(address));
        assert_eq!((led.status, led.header("location")), (302, Some(&*url)), "{address}");
        let there = host.post(at, POX, autodiscover(address));
        assert_eq!(there.status, 200, "{address}");
    }
}

#[test]
fn without_a_public_host_each_domain_has_its_own_hosts() {
    let host = host(&[]);
    let json = host.get("b.example", &format!("{JSON}ann@b.example"));
    assert!(json.text().contains("https://autodiscover.b.example/"), "{}", json.text());
    let answer = host.post("autodiscover.b.example", POX, autodiscover("ann@b.example"));
    assert_eq!(answer.status, 200);
    assert_eq!(host.get(SERVER, "/").status, 404);
}

#[test]
fn the_public_host_of_a_provider_gives_nothing_of_another() {
    let host = host(&["--public-host", SERVER]);
    let page = host.get("setup.a.example", "/");
    assert!(page.text().contains("Mail of a.example"), "{}", page.text());
    let own = host.get("setup.a.example", "/ann@a.example.mobileconfig");
    assert!(own.text().contains("imap.a.example"));
    for path in ["/ann@b.example.mobileconfig", "/?email=ann@b.example"] {
        let answer = host.get("setup.a.example", path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("imap.b.example"), "{path}");
    }
    let posted = host.post("setup.a.example", POX, autodiscover("ann@b.example"));
    assert_eq!(posted.status, 404);
}

#[test]
fn a_provider_cannot_take_the_host_of_another() {
    // The host of a domain, a host that another file named first, and a host of nobody.
    let run = Run::new()
        .write("p/a.toml", &with_host("a.example", "setup.a.example"))
        .write("p/b.toml", &with_host("b.example", "autoconfig.a.example"))
        .write("p/c.toml", &with_host("c.example", "setup.a.example"));
    let mut host = Host::start(run, &["--providers", "p"]);
    let page = host.get("autoconfig.a.example", "/");
    assert!(page.text().contains("Mail of a.example"), "{}", page.text());
    let page = host.get("setup.a.example", "/");
    assert!(page.text().contains("Mail of a.example"), "{}", page.text());
    let said = host.said();
    assert!(said.contains("https://setup.a.example of c is served by a already"), "{said}");
    // With owners, a file has the hosts of its own domains only.
    let run = Run::new()
        .write("p/a.example.toml", &provider("a.example", &["a.example"]))
        .write("p/b.example.toml", &with_host("b.example", "setup.a.example"));
    let mut host = Host::start(run, &["--providers", "p", "--domain-owners", "file-name"]);
    assert_eq!(host.get("setup.a.example", "/").status, 404);
    let said = host.said();
    assert!(said.contains("https://setup.a.example of b.example is not allowed"), "{said}");
}

#[test]
fn the_servers_own_host_asks_for_the_address_and_names_no_customer() {
    let host = host(&["--public-host", SERVER]);
    for (path, status) in [("/", 200), ("/?email=", 400), ("/?email=ann@nobody.example", 404)] {
        let page = host.get("Setup.Hoster.example:443", path);
        assert_eq!(page.status, status, "{path}");
        let text = page.text();
        assert!(text.contains("<input id=\"email\""), "{path}: {text}");
        assert_eq!(text.contains("role=\"alert\""), status != 200, "{path}");
        for customer in ["a.example", "b.example", "Example Mail"] {
            let others = text.replace("name@example.com", "");
            assert!(!others.contains(customer), "{path}: {customer}: {text}");
        }
        assert!(page.header("content-security-policy").is_some());
    }
    let page = host.get(SERVER, "/?email=ann@b.example");
    assert!(page.text().contains("imap.b.example"), "{}", page.text());
    assert_eq!(host.get("127.0.0.1", "/").status, 404);
    assert_eq!(host.get("elsewhere.example", "/").status, 404);
}

#[test]
fn autodiscover_over_http_at_a_neutral_host_leads_to_the_host_of_the_address() {
    let host = host(&["--public-host", SERVER]);
    for (address, at) in [("ann@a.example", "setup.a.example"), ("ann@b.example", SERVER)] {
        let url = format!("https://{at}{POX}");
        for neutral in ["127.0.0.1", "autodiscover.neutral.example"] {
            let led = host.post(neutral, POX, autodiscover(address));
            assert_eq!((led.status, led.header("location")), (302, Some(&*url)), "{address}");
            let led = host.get(neutral, &format!("{POX}?email={address}"));
            assert_eq!((led.status, led.header("location")), (302, Some(&*url)), "{address}");
        }
    }
    let nobody = host.post("127.0.0.1", POX, autodiscover("ann@nobody.example"));
    assert_eq!(nobody.status, 404);
}

#[test]
fn the_former_name_of_the_option_names_the_new_one() {
    let run = Run::new().write("a.toml", &provider("a.example", &["a.example"]));
    let serve = ["serve", "--provider", "a.toml", "--listen", "127.0.0.1:0"];
    let ended = run.args(&[&serve[..], &["--canonical-host", SERVER]].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("--public-host"), "{}", ended.stderr);
    let ended = run.args(&[&serve[..], &["--path-prefix", "/mail-setup"]].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("name the host with --public-host"), "{}", ended.stderr);
    let prefix = ["--public-host", SERVER, "--path-prefix", "mail setup"];
    let ended = run.args(&[&serve[..], &prefix].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("write it as /mail-setup"), "{}", ended.stderr);
    // Below these, mail clients ask at the root.
    for prefix in ["/mail", "/Autodiscover", "/.well-known", "/.well-known/autoconfig"] {
        let prefix = ["--public-host", SERVER, "--path-prefix", prefix];
        let ended = run.args(&[&serve[..], &prefix].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains("choose another folder"), "{}", ended.stderr);
    }
}

#[test]
fn the_settings_file_names_the_host_of_the_whole_server() {
    let run = Run::new()
        .write("p/b.toml", &provider("b.example", &["b.example"]))
        .write("mailwright.toml", "[override.emailProvider]\npublicHost = \"setup.it.example\"\n");
    let host = Host::start(run, &["--providers", "p"]);
    assert_eq!(host.get("setup.it.example", "/").status, 200);
    let json = host.get("b.example", &format!("{JSON}ann@b.example"));
    assert!(json.text().contains("https://setup.it.example/"), "{}", json.text());
}

#[test]
fn behind_a_proxy_that_forwards_one_folder_every_link_stays_in_it() {
    let host = host(&["--public-host", SERVER, "--path-prefix", "/help/mail"]);
    // The proxy keeps the prefix, or removes it.
    for folder in ["/help/mail", ""] {
        let start = host.get(SERVER, &format!("{folder}/"));
        assert_eq!(start.status, 200, "{folder}");
        let page = host.get(SERVER, &format!("{folder}/?email=ann@b.example"));
        assert_eq!(page.status, 200, "{folder}");
        let mut links = 0;
        for text in [start.text(), page.text()] {
            for kind in ["href=\"", "src=\"", "action=\""] {
                for link in text.split(kind).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                    assert!(link.starts_with("./") || link.starts_with('#'), "{link}");
                    let Some(path) = link.strip_prefix('.') else { continue };
                    let path = path.replace("&amp;", "&");
                    let answer = host.get(SERVER, &format!("{folder}{path}"));
                    assert!(matches!(answer.status, 200 | 400), "{folder}{path}");
                    links += 1;
                }
            }
        }
        assert!(links > 20, "{links}");
    }
    let to_folder = host.get(SERVER, "/help/mail?email=ann@b.example");
    let folder = "/help/mail/?email=ann@b.example";
    assert_eq!((to_folder.status, to_folder.header("location")), (308, Some(folder)));
    assert_eq!(host.get(SERVER, "/help").status, 404);
    assert_eq!(host.get(SERVER, "/help/mail/help/mail/").status, 404);
}

#[test]
fn addresses_that_leave_the_page_have_the_prefix() {
    let host = host(&["--public-host", SERVER, "--path-prefix", "/mail-setup"]);
    let json = host.get("b.example", &format!("{JSON}ann@b.example"));
    let url = format!("https://{SERVER}/mail-setup{POX}");
    assert!(json.text().contains(&url), "{}", json.text());
    let led = host.post("autodiscover.b.example", POX, autodiscover("ann@b.example"));
    assert_eq!(led.header("location"), Some(&*url));
    let there = host.post(SERVER, &format!("/mail-setup{POX}"), autodiscover("ann@b.example"));
    assert_eq!(there.status, 200);
    // The QR codes differ, since one has the prefix in it.
    let without = self::host(&["--public-host", SERVER]);
    let path = "/ann@b.example.profile.svg";
    assert_ne!(code(&host, SERVER, path), code(&without, SERVER, path));
    // Clients ask for these at the root, whatever the prefix.
    for path in ["/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"] {
        assert_eq!(host.get("autoconfig.b.example", path).status, 200, "{path}");
    }
}
