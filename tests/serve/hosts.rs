//! At the host of one provider, nobody gets anything of another.

use crate::support::Run;
use crate::support::host::{Host, autodiscover, provider};

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const POX: &str = "/autodiscover/autodiscover.xml";

/// Providers of two customers and of the hoster.
fn host(args: &[&str]) -> Host {
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example", "*.below.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]))
        .write("p/hoster.toml", &provider("hoster.example", &["hoster.example"]));
    Host::start(run, &[&["--providers", "p"], args].concat())
}

#[test]
fn a_host_of_one_provider_gives_no_personal_file_of_another() {
    let mut host = host(&[]);
    for at in ["a.example", "autoconfig.a.example", "AUTODISCOVER.a.example", "x.below.example"] {
        let posted = host.post(at, POX, autodiscover("ann@b.example"));
        assert_eq!(posted.status, 404, "{at}");
        for path in [
            "/ann@b.example.mobileconfig",
            "/autodiscover/autodiscover.xml?emailaddress=ann@b.example",
            "/?email=ann@b.example",
        ] {
            let answer = host.get(at, path);
            assert_eq!(answer.status, 404, "{at}{path}");
            assert!(
                !String::from_utf8_lossy(&answer.body).contains("imap.b.example"),
                "{at}{path}"
            );
        }
    }
    let words = host.hear_of("settings of b were asked for and not given");
    assert!(words.contains("at a host of a") && words.contains("--public-host"), "{words}");
    // Once is enough.
    assert_eq!(host.said().matches("settings of b were asked for").count(), 1);
}

#[test]
fn a_host_of_one_provider_gives_its_own_shared_files_for_any_address() {
    let host = host(&[]);
    for address in ["ann@b.example", "ann@customer.example", "ann@a.example"] {
        let path = format!("{AUTOCONFIG}?emailaddress={address}");
        let answer = host.get("autoconfig.a.example", &path);
        assert!(answer.text().contains("imap.a.example"), "{address}: {}", answer.text());
    }
    for (at, server) in
        [("autoconfig.b.example", "imap.b.example"), ("b.example", "imap.b.example")]
    {
        let answer = host.get(at, &format!("{AUTOCONFIG}?emailaddress=ann@b.example"));
        assert!(answer.text().contains(server), "{at}");
    }
}

#[test]
fn every_provider_is_answered_at_the_canonical_host_at_an_address_and_at_neutral_hosts() {
    let host = host(&["--public-host", "autodiscover.hoster.example"]);
    let canonical = "autodiscover.hoster.example";
    for at in [canonical, "127.0.0.1", "mx.neutral.example"] {
        let profile = host.get(at, "/ann@b.example.mobileconfig");
        assert!(profile.text().contains("imap.b.example"), "{at}");
        let shared = host.get(at, &format!("{AUTOCONFIG}?emailaddress=ann@b.example"));
        assert!(shared.text().contains("imap.b.example"), "{at}");
    }
    assert_eq!(host.post(canonical, POX, autodiscover("ann@b.example")).status, 200);
    assert_eq!(host.get("autoconfig.hoster.example", "/ann@b.example.mobileconfig").status, 404);
    let own = host.get("autoconfig.hoster.example", "/ann@hoster.example.mobileconfig");
    assert!(own.text().contains("imap.hoster.example"));
}

#[test]
fn a_host_of_one_provider_gives_nothing_of_the_default_provider() {
    let host = host(&["--default-provider", "hoster"]);
    assert_eq!(host.get("autoconfig.a.example", "/ann@customer.example.mobileconfig").status, 404);
    for at in ["autoconfig.hoster.example", "autoconfig.customer.example"] {
        let answer = host.get(at, "/ann@customer.example.mobileconfig");
        assert!(answer.text().contains("imap.hoster.example"), "{at}");
    }
}
