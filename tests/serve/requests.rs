//! What real clients send, byte for byte as far as it is known, and the answer that each of them needs.

use std::collections::BTreeSet;

use crate::support::Run;
use crate::support::host::{Host, provider};
use crate::support::requests::Fixture;

fn host() -> Host {
    let run = Run::new().write("own.toml", &provider("example.test", &["example.test"]));
    // One thread writes its lines in the order of the requests.
    Host::start(run, &["--provider", "own.toml", "--threads", "1"])
}

#[test]
fn every_client_gets_what_it_needs_by_the_request_that_it_sends() {
    let host = host();
    let fixtures = Fixture::all();
    assert!(fixtures.len() > 25, "{}", fixtures.len());
    for fixture in &fixtures {
        let name = &fixture.name;
        let answer = host.raw(&fixture.request);
        let (status, media_type) = fixture.note("answer").split_once(' ').expect("200 text/xml");
        assert_eq!(answer.status.to_string(), status, "{name}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some(media_type), "{name}");
        assert!(fixture.notes("has").count() > 0, "{name} is to find something");
        for words in fixture.notes("has") {
            assert!(answer.text().contains(words), "{name}: no {words} in {}", answer.text());
        }
        for words in fixture.notes("lacks") {
            assert!(!answer.text().contains(words), "{name}: {words} in {}", answer.text());
        }
    }
}

#[test]
fn every_request_says_whose_it_is_and_has_the_length_that_it_says() {
    let mut known = BTreeSet::new();
    for fixture in Fixture::all() {
        let name = &fixture.name;
        assert!(!fixture.note("who").is_empty() && !fixture.note("known from").is_empty());
        let text = fixture.text();
        let (head, body) = text.split_once("\r\n\r\n").expect("a head ends");
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        assert_eq!(length.map_or("0", |l| l), body.len().to_string(), "{name}");
        assert_eq!(head.starts_with("POST "), !body.is_empty(), "{name}");
        known.insert(name.split('-').next().expect("a name").to_owned());
    }
    let clients = [
        "activesync",
        "delta",
        "evolution",
        "fairemail",
        "kmail",
        "mailspring",
        "nine",
        "outlook",
        "safari",
        "thunderbird",
    ];
    assert_eq!(known.iter().map(String::as_str).collect::<Vec<_>>(), clients);
}

#[test]
fn the_log_knows_the_clients_that_say_who_they_are() {
    let host = host();
    let known = [
        ("thunderbird-autoconfig-http", "thunderbird"),
        ("evolution-autoconfig", "evolution"),
        ("outlook-2016-domain", "outlook"),
        ("outlook-365-json", "outlook"),
        ("outlook-mobile-autodiscover", "outlook"),
        ("delta-chat-autodiscover", "none"),
    ];
    for (name, _) in known {
        host.raw(&Fixture::read(name).request);
    }
    let (_, _, log) = host.end();
    let families: Vec<_> = log
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["client"].clone()
        })
        .collect();
    assert_eq!(families, known.map(|(_, family)| family), "{log}");
}

#[test]
fn outlook_is_led_to_a_host_with_a_certificate_and_asks_there_as_before() {
    let run = Run::new().write("own.toml", &provider("example.test", &["example.test"]));
    let host = Host::start(run, &["--provider", "own.toml", "--public-host", "setup.test"]);
    let led = host.raw(&Fixture::read("outlook-redirect").request);
    assert_eq!(led.status, 302);
    let url = "https://setup.test/autodiscover/autodiscover.xml";
    assert_eq!(led.header("location"), Some(url));
    let post = Fixture::read("outlook-2016-autodiscover").text();
    let there = host.raw(post.replace("Host: autodiscover.example.test", "Host: setup.test"));
    assert!(there.text().contains("<LoginName>ann@example.test</LoginName>"), "{}", there.text());
}
