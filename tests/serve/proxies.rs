//! Behind a proxy: what its headers say, and what the log says when they are not as they should be.

use std::io::{BufReader, Write as _};
use std::os::unix::net::UnixStream;

use crate::support::host::{Answer, Host, provider, read_answer};
use crate::support::{PATIENCE, Run};

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

fn two_providers() -> Run {
    Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]))
}

fn behind(args: &[&str]) -> Host {
    // The log of one thread is in order.
    let own = ["--providers", "p", "--log-addresses", "--threads", "1"];
    Host::start(two_providers(), &[&own, args].concat())
}

fn get(host: &Host, name: &str, lines: &str) -> Answer {
    host.raw(format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: {name}\r\n{lines}\r\n"))
}

/// The lines of the access log when the server has ended.
fn log(host: Host) -> Vec<serde_json::Value> {
    let (code, said, log) = host.end();
    assert_eq!(code, Some(0), "{said}");
    log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_host_and_the_client_are_those_that_a_trusted_proxy_names() {
    let host = behind(&["--trusted-proxy", "127.0.0.1"]);
    for (name, lines, domain) in [
        ("127.0.0.1:8080", "X-Forwarded-Host: a.example\r\n", "a.example"),
        ("backend", "X-Forwarded-Host: a.example, autoconfig.b.example:443\r\n", "b.example"),
        ("backend", "Forwarded: for=192.0.2.1;host=b.example;proto=https\r\n", "b.example"),
        ("a.example", "X-Forwarded-For: [2001:db8::1]:99\r\n", "a.example"),
        ("a.example", "X-Real-IP: 192.0.2.7\r\n", "a.example"),
    ] {
        let answer = get(&host, name, lines);
        assert_eq!(answer.status, 200, "{name} {lines}");
        assert!(answer.text().contains(&format!("<domain>{domain}</domain>")), "{name} {lines}");
        assert_eq!(answer.header("vary").is_some(), lines.contains("ost"), "{lines}");
    }
    let log = log(host);
    let peers: Vec<_> = log.iter().map(|line| line["peer"].as_str().unwrap()).collect();
    assert_eq!(peers, ["127.0.0.1", "127.0.0.1", "192.0.2.1", "2001:db8::1", "192.0.2.7"]);
    assert_eq!(log[2]["tls"], true);
}

#[test]
fn a_client_that_is_no_proxy_is_not_believed() {
    let mut host = behind(&["--trusted-proxy", "192.0.2.1"]);
    let lines = "X-Forwarded-Host: a.example\r\nX-Forwarded-For: 198.51.100.1\r\n";
    assert_eq!(get(&host, "backend", lines).status, 404);
    let words = host.hear_of("--trusted-proxy 127.0.0.1");
    assert!(words.contains("backend"), "{words}");
    assert_eq!(log(host)[0]["peer"], "127.0.0.1");
}

#[test]
fn one_header_has_the_client_where_the_operator_names_it() {
    let args = ["--trusted-proxy", "127.0.0.1", "--client-address-header", "CF-Connecting-IP"];
    let host = behind(&args);
    let lines = "X-Forwarded-For: 192.0.2.66\r\nCF-Connecting-IP: 198.51.100.9\r\n";
    assert_eq!(get(&host, "a.example", lines).status, 200);
    assert_eq!(log(host)[0]["peer"], "198.51.100.9");
}

#[test]
fn a_request_that_no_provider_answers_is_explained() {
    let mut host = behind(&["--trusted-proxy", "127.0.0.1"]);
    assert_eq!(get(&host, "127.0.0.1:8080", "X-Forwarded-For: 192.0.2.1\r\n").status, 404);
    let words = host.hear_of("requests arrive with Host 127.0.0.1");
    assert!(words.contains("proxy_set_header Host $host"), "{words}");
    assert_eq!(get(&host, "evil\"\u{1b}[31m", "").status, 400);
    assert_eq!(get(&host, "unknown.example", "").status, 404);
    let words = host.hear_of("no provider answers for Host unknown.example");
    assert!(words.contains("domains"), "{words}");
    // Once a minute.
    assert_eq!(get(&host, "other.example", "").status, 404);
    assert!(!host.said().contains("other.example"));
    assert_eq!(get(&host, "a.example", "X-Forwarded-For: unknown\r\n").status, 200);
    host.hear_of("the header x-forwarded-for of the proxy 127.0.0.1 has no address in it");
    let hosts: Vec<_> = log(host).iter().map(|line| line["host"].clone()).collect();
    let hosts: Vec<_> = hosts.iter().map(|host| host.as_str().unwrap_or_default()).collect();
    assert_eq!(hosts, ["127.0.0.1", "unknown.example", "other.example", ""]);
}

#[test]
fn a_balancer_may_speak_version_1_of_the_proxy_protocol() {
    let mut host = behind(&["--trusted-proxy", "127.0.0.1", "--proxy-protocol"]);
    let request = format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let answer = host.raw(format!("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n{request}"));
    assert_eq!(answer.status, 200);
    // The client of a balancer that passes bytes on is not believed.
    let lines = "X-Forwarded-For: 192.0.2.66\r\n";
    let answer = host.raw(format!(
        "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\nGET {AUTOCONFIG} HTTP/1.1\r\nHost: \
         a.example\r\n{lines}\r\n"
    ));
    assert_eq!(answer.status, 200);
    let mut stream = host.connect();
    stream.write_all(request.as_bytes()).unwrap();
    drop(stream);
    let words = host.hear_of("leave out --proxy-protocol");
    assert!(words.contains("127.0.0.1"), "{words}");
    let log = log(host);
    let peers: Vec<_> = log.iter().map(|line| line["peer"].as_str().unwrap()).collect();
    assert_eq!(peers, ["192.0.2.1", "2001:db8::1"]);
}

#[test]
fn a_proxy_on_the_same_machine_may_use_a_unix_socket() {
    let run = two_providers();
    let path = run.path("http");
    let listen = format!("unix:{}", path.display());
    let args = ["--providers", "p", "--log-addresses", "--listen", &listen];
    // The second listener, for the tests' own requests.
    let mut host = Host::start(run, &[&args[..], &["--metrics", "127.0.0.1:0"]].concat());
    host.hear_of("listening on http://unix:");
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let lines = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: a.example\r\n";
    write!(stream, "GET {AUTOCONFIG} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n").unwrap();
    let answer = read_answer(&mut BufReader::new(stream), false).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(log(host)[0]["peer"], "192.0.2.1");
}
