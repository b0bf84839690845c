//! Certificates that cannot be fetched: what the server uses instead, what it logs, and when it tries again.

use crate::acme::{AUTOCONFIG, got, metric, start, two_providers, well};
use crate::pebble::Place;
use crate::support::host::provider;
use crate::support::{Run, own_addresses, until};
use crate::trust::Trust;

#[test]
fn one_client_gets_its_share_of_customers_names_and_own_names_are_ordered_all_the_same() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let trust = pebble.trust();
    let run = Run::new().write("one.toml", &provider("own.example", &["own.example"]));
    let args = ["--provider", "one.toml", "--acme-orders", "5", "--metrics", "127.0.0.1:0"];
    let mut host = start(run, &place, place.tls, &args);
    let had = (0..9)
        .filter(|number| {
            let name = format!("autoconfig.customer{number}.example");
            trust.get(host.addresses[0], &name, "/healthz").is_ok()
        })
        .count();
    assert_eq!((had, pebble.orders()), (3, 3), "{}", host.said());
    let words = host.hear_of("no certificate for autoconfig.customer3.example now");
    assert!(words.contains("its client has asked for 3 names in an hour"), "{words}");
    well(&trust, &mut host, &pebble, "autoconfig.own.example");
    well(&trust, &mut host, &pebble, "autodiscover.own.example");
    let answer = trust.get(host.addresses[0], "ua-auto-config.own.example", "/healthz");
    assert!(answer.is_err(), "that would be the sixth");
    assert_eq!(pebble.orders(), 5);
    assert_eq!(metric(&host, "mailwright_acme_limited_total").as_deref(), Some("7"));
    // What there is, is served on.
    well(&trust, &mut host, &pebble, "autoconfig.customer0.example");
}

#[test]
fn an_authority_that_is_down_leaves_the_server_well_and_is_asked_again_later() {
    needs_pebble!();
    let place = Place::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["autodiscover.a.example".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap();
    let run = two_providers().write("own.pem", &own.pem()).write("key.pem", &key.serialize_pem());
    let args = ["--providers", "p", "--tls-cert", "own.pem", "--tls-key", "key.pem"];
    let names = place.start_names();
    let mut host = start(run, &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    let of_file = Trust::of([own.der().clone()]);
    let ask_file = || of_file.get(host.addresses[0], "autodiscover.a.example", "/healthz");
    assert_eq!(ask_file().unwrap().1, own.der().to_vec(), "a file goes first");
    // It gets the file's, which is not for that name.
    let why = of_file.get(host.addresses[0], "autoconfig.a.example", AUTOCONFIG).unwrap_err();
    assert!(why.contains("not valid for name"), "{why}");
    assert_eq!(ask_file().unwrap().0.status, 200);
    let words = host.hear_of("no certificate for autoconfig.a.example");
    assert!(words.contains("Connection refused"), "{words}");
    assert!(words.contains("nothing is ordered for "), "{words}");
    let pebble = place.start_with(names);
    until("a certificate", || got(&pebble.trust(), &host, "autoconfig.a.example").ok());
    assert_eq!(pebble.orders(), 1);
    let answer = of_file.get(host.addresses[0], "autodiscover.a.example", "/healthz");
    assert_eq!(answer.unwrap().1, own.der().to_vec(), "the file is still first");
}

#[test]
fn what_the_authority_finds_wrong_is_said_in_its_words_and_not_tried_again_at_once() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let [elsewhere] = own_addresses();
    let args = ["--providers", "p", "--metrics", "127.0.0.1:0"];
    let mut host = start(two_providers(), &place, elsewhere, &args);
    host.hear_of("serving 2 providers");
    for _ in 0..3 {
        assert!(got(&pebble.trust(), &host, "autoconfig.a.example").is_err());
    }
    let words = host.hear_of("no certificate for autoconfig.a.example (tls-alpn-01)");
    assert!(words.contains("Failed to connect to "), "what is the matter: {words}");
    assert!(words.contains("(unauthorized)"), "the kind of the problem: {words}");
    assert!(words.ends_with("it is not ordered again for 60 s"), "{words}");
    assert_eq!(pebble.orders(), 1);
    assert_eq!(metric(&host, "mailwright_acme_failures_total").as_deref(), Some("1"));
}

#[test]
fn an_authority_that_has_forgotten_the_account_gets_another() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let args = ["--providers", "p"];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    well(&pebble.trust(), &mut host, &pebble, "autoconfig.a.example");
    // It keeps nothing on disk.
    drop(pebble);
    let pebble = place.start();
    well(&pebble.trust(), &mut host, &pebble, "autoconfig.b.example");
}

#[test]
fn what_is_wrong_with_the_arguments_is_said_at_once() {
    let run = two_providers().write("file", "");
    let url = "https://127.0.0.1:1/dir";
    for (args, words) in [
        (&["--acme", "letsencrypt"][..], "https://letsencrypt.org/repository/. If you do"),
        (&["--acme", url][..], "https://127.0.0.1:1/dir has their address"),
        (&["--acme", "http://ca.example/dir", "--acme-agree-tos"][..], "is neither letsencrypt"),
        (
            &["--acme", url, "--acme-agree-tos", "--acme-contact", "ann@a.example"][..],
            "is no mailto: address",
        ),
        (&["--acme", url, "--acme-agree-tos", "--acme-ca", "none"][..], "cannot read none"),
        (
            &["--acme", url, "--acme-agree-tos", "--acme-cache", "file"][..],
            "cannot keep certificates: cannot make file/",
        ),
        (&["--acme-agree-tos"][..], "--acme"),
    ] {
        let mut all = vec!["serve", "--user", "root", "--listen", "127.0.0.1:0"];
        all.extend(["--providers", "p"]);
        all.extend(args);
        let ended = run.args(&all);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
    }
}
