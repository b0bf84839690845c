//! What has to be true before a certificate is ordered: where the name leads, and what another program says.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::acme::{got, metric, start, two_providers, well};
use crate::pebble::Place;
use crate::support::nowhere;

#[test]
fn a_name_that_leads_elsewhere_is_not_ordered_and_the_operator_learns_where_it_leads() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let trust = pebble.trust();
    for name in ["autoconfig.b.example", "autodiscover.b.example"] {
        pebble.lead(name, "127.9.9.9");
    }
    let args = ["--providers", "p", "--metrics", "127.0.0.1:0"];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    for name in ["autoconfig.b.example", "autodiscover.b.example", "autoconfig.b.example"] {
        assert!(got(&trust, &host, name).is_err(), "{name}");
    }
    let words = host.hear_of("no certificate is ordered for autoconfig.b.example");
    assert!(words.contains("it leads to 127.9.9.9, which is not this server"), "{words}");
    assert!(words.contains("--acme-allow"), "what to do: {words}");
    assert_eq!(pebble.orders(), 0, "{}", pebble.log());
    // Each name once, since the first pauses for a minute.
    assert_eq!(metric(&host, "mailwright_acme_refused_total").as_deref(), Some("2"));
    well(&trust, &mut host, &pebble, "autoconfig.a.example");
    assert_eq!(pebble.orders(), 1);
    let reports = host.said().matches("no certificate is ordered").count();
    assert_eq!(reports, 1, "it is reported once a minute: {}", host.said());
}

#[test]
fn a_name_that_leads_to_the_load_balancer_is_ordered() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    pebble.lead("autoconfig.b.example", "127.9.9.9");
    let args = ["--providers", "p", "--acme-allow", "127.9.9.0/24"];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    // The balancer of this test is down.
    assert!(got(&pebble.trust(), &host, "autoconfig.b.example").is_err());
    host.hear_of("no certificate for autoconfig.b.example (tls-alpn-01)");
    assert_eq!(pebble.orders(), 1);
}

/// A program that agrees to names of a.example, and what it was asked.
fn program() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let mut rest = String::new();
            while stream.read_line(&mut rest).is_ok_and(|read| read > 2) {
                rest.clear();
            }
            let status = if line.contains(".a.example ") { "204 Yes" } else { "403 No" };
            heard.lock().unwrap().push(line.trim_end().to_owned());
            let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, asked)
}

#[test]
fn another_program_is_asked_before_an_order_and_its_no_counts() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let trust = pebble.trust();
    let (address, asked) = program();
    let url = format!("http://{address}/may?key=1");
    let args = ["--providers", "p", "--acme-ask", &url];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    well(&trust, &mut host, &pebble, "autoconfig.a.example");
    assert!(got(&trust, &host, "autoconfig.b.example").is_err());
    let words = host.hear_of("no certificate is ordered for autoconfig.b.example");
    assert!(words.ends_with("/may?key=1 answers 403"), "{words}");
    assert_eq!(pebble.orders(), 1);
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "GET /may?key=1&domain=autoconfig.a.example HTTP/1.1",
            "GET /may?key=1&domain=autoconfig.b.example HTTP/1.1"
        ]
    );
}

#[test]
fn a_program_that_cannot_be_asked_says_no() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let url = format!("http://{}/", nowhere());
    let args = ["--providers", "p", "--acme-ask", &url];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    assert!(got(&pebble.trust(), &host, "autoconfig.a.example").is_err());
    let words = host.hear_of("no certificate is ordered for autoconfig.a.example");
    assert!(words.contains("cannot be asked") && words.contains("--acme-ask"), "{words}");
    assert_eq!(pebble.orders(), 0);
}
