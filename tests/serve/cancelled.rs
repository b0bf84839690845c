//! Requests that are given up before their answer: what they have taken comes back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::support::host::Host;
use crate::support::until;

/// More at the same time than the server takes jobs.
const CLIENTS: usize = 8;
const REQUESTS: usize = 60;

/// The number of blocking jobs, from the metrics.
fn jobs(host: &Host) -> usize {
    let mut stream = TcpStream::connect(host.metrics.unwrap()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut figures = String::new();
    stream.read_to_string(&mut figures).unwrap();
    let counts = figures.lines().filter_map(|line| {
        line.strip_prefix("mailwright_blocking_jobs{")?.rsplit_once(' ')?.1.parse::<usize>().ok()
    });
    let counts: Vec<usize> = counts.collect();
    assert_eq!(counts.len(), 3, "{figures}");
    counts.iter().sum()
}

/// Waits until no job runs or waits.
fn ended(host: &Host) {
    until("no blocking jobs", || (jobs(host) == 0).then_some(()));
}

/// Gives up requests for this path after 0 to 8 ms.
fn give_up(host: &Host, path: &str) {
    let address = host.connect().peer_addr().unwrap();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                for request in 0..REQUESTS {
                    let mut stream = TcpStream::connect(address).unwrap();
                    write!(stream, "GET {path} HTTP/1.1\r\nHost: example.com\r\n\r\n").unwrap();
                    // The pause is what is varied here, not what is waited for.
                    thread::sleep(Duration::from_millis(((client + request) % 9) as u64));
                }
            });
        }
    });
}

#[test]
fn what_requests_have_taken_comes_back_when_they_are_given_up() {
    let host = Host::of_example(&["--metrics", "127.0.0.1:0"]);
    for path in [
        "/",
        "/?email=ann@example.com",
        "/?email=someone@unknown.example",
        "/ann@example.com.png",
        "/ann@example.com.svg",
        "/%C3%A4nn@example.com.mobileconfig",
        "/mail/config-v1.1.xml?emailaddress=ann@example.com",
    ] {
        give_up(&host, path);
        ended(&host);
        assert_ne!(host.get("example.com", path).status, 503, "{path}");
    }
    assert_eq!(host.get("example.com", "/").status, 200);
    assert_eq!(host.get("example.com", "/readyz").status, 200);
    let (code, said, _) = host.end();
    assert_eq!(code, Some(0), "{said}");
}

#[cfg(feature = "sign")]
#[test]
fn a_signature_that_nobody_waits_for_gives_its_place_back() {
    let host = Host::that_signs(&["--metrics", "127.0.0.1:0"]);
    let path = "/ann@example.com.mobileconfig";
    give_up(&host, path);
    ended(&host);
    assert_eq!(host.get("example.com", path).status, 200);
    let (code, said, _) = host.end();
    assert_eq!(code, Some(0), "{said}");
}
