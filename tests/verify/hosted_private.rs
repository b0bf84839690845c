//! Public names that lead into the network of whoever asks.

use std::net::Ipv4Addr;

use crate::dns::Record;
use crate::hosted_site::*;
use crate::support::ca::Ca;
use crate::support::peer::Peer;
use crate::web::{self, Asked, Reply};

/// A server of this machine that nobody outside reaches.
fn inner() -> (Ca, Peer) {
    let ca = Ca::new();
    let identity = ca.naming(&["inner.example.test"]);
    let peer = web::server(Some(identity.server()), |_| web::page("text/plain", "secret"));
    (ca, peer)
}

/// A site whose autoconfig redirects to `target`, with the name of the inner server in DNS.
fn redirecting(target: String) -> Site {
    let away = move |asked: &Asked, reply: Reply| match is_autoconfig(asked) {
        true => web::redirect(&target),
        false => reply,
    };
    let mut records = srv();
    records.push(("inner.example.test", Record::A(Ipv4Addr::LOCALHOST)));
    Site::new(away, records)
}

#[test]
fn a_redirect_into_the_own_network_is_not_followed_by_name_nor_by_address() {
    for host in ["inner.example.test", "127.0.0.1", "[::ffff:127.0.0.1]"] {
        let (_ca, inner) = inner();
        let target = format!("https://{host}:{}/latest/meta-data/", inner.address.port());
        let site = redirecting(target.clone());
        let (exit, json) = site.verify(&[]);
        assert_eq!(inner.heard(), Vec::<String>::new(), "{host} was asked");
        assert_eq!(exit, 1, "{json:#}");
        assert!(codes(&json, AUTOCONFIG).contains(&"leads-to-private-address".to_owned()));
        let text = json.to_string();
        for words in
            [&*format!("{AUTOCONFIG} redirects to https://"), "loopback", "--allow-private"]
        {
            assert!(text.contains(words), "{words}: {json:#}");
        }
        let (_, json) = site.verify(&["--allow-private"]);
        assert!(!inner.heard().is_empty(), "{host}: {json:#}");
        assert!(!json.to_string().contains("leads-to-private-address"), "{json:#}");
    }
}

#[test]
fn a_record_that_leads_into_the_own_network_is_named_and_not_asked() {
    let (_ca, inner) = inner();
    let target = Record::Srv(0, inner.address.port(), "inner.example.test");
    let mut records = srv();
    records.push(("_autodiscover._tcp.example.test", target));
    records.push(("inner.example.test", Record::A(Ipv4Addr::LOCALHOST)));
    let site = Site::new(|_, _| web::nothing(), records);
    let mut args = vec!["import".to_owned(), "ann@example.test".to_owned()];
    args.extend(["--as", "outlook"].map(str::to_owned));
    args.extend(site.reach());
    let import = |more: &[&str]| {
        let all: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        site.run.args(&all).code(1)
    };
    let ended = import(&[]);
    assert_eq!(inner.heard(), Vec::<String>::new(), "it was asked: {}", ended.stderr);
    for words in ["inner.example.test leads to 127.0.0.1, a loopback address", "--allow-private"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    import(&["--allow-private"]);
    assert!(!inner.heard().is_empty(), "it was not asked");
}

#[test]
fn a_database_at_a_public_name_must_not_be_inside_but_one_named_by_address_may() {
    for (host, may) in [("inner.example.test", false), ("127.0.0.1", true), ("localhost", true)] {
        let (_ca, inner) = inner();
        let records = vec![("inner.example.test", Record::A(Ipv4Addr::LOCALHOST))];
        let site = Site::new(|_, _| web::nothing(), records);
        let database = format!("https://{host}:{}/v1.1/", inner.address.port());
        let mut args =
            ["import", "ann@example.test", "--database", &database].map(str::to_owned).to_vec();
        args.extend(site.reach());
        let ended = site.run.args(&args.iter().map(String::as_str).collect::<Vec<_>>()).code(1);
        assert_eq!(!inner.heard().is_empty(), may, "{host}: {}", ended.stderr);
    }
}
