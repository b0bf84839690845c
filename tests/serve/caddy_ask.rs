//! `GET /internal/ask`, by which Caddy asks whether a name may have a certificate.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::support::Run;
use crate::support::host::{Host, provider, read_answer};

fn status(address: SocketAddr, target: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    read_answer(&mut BufReader::new(stream), false).unwrap().status
}

#[test]
fn the_metrics_listener_says_which_names_may_have_a_certificate_and_no_other_listener_does() {
    let public = "publicHost = \"mail.a.example\"\ndomains";
    let file = provider("a.example", &["a.example"]).replace("domains", public);
    let run = Run::new().write("p/a.toml", &file);
    let args = ["--providers", "p", "--metrics", "127.0.0.1:0", "--public-host", "setup.example"];
    let mut host = Host::start(run, &args);
    host.hear_of("serving 1 provider");
    let inside = host.metrics.unwrap();
    for (target, expected) in [
        ("/internal/ask?domain=autoconfig.a.example", 200),
        ("/internal/ask?domain=AutoDiscover.A.example", 200),
        ("/internal/ask?domain=setup.example", 200),
        ("/internal/ask?domain=mail.a.example", 200),
        ("/internal/ask?domain=www.a.example", 404),
        ("/internal/ask?domain=a.example", 404),
        ("/internal/ask?domain=autoconfig.stranger.example", 404),
        ("/internal/ask?domain=..%2f", 404),
        ("/internal/ask?domain=", 400),
        ("/internal/ask?domain=%zz", 400),
        ("/internal/ask?name=autoconfig.a.example", 400),
        ("/internal/ask", 400),
    ] {
        assert_eq!(status(inside, target), expected, "{target}");
    }
    let outside = status(host.addresses[0], "/internal/ask?domain=autoconfig.a.example");
    assert_eq!(outside, 404);
}
