//! What can be wrong on the way to a server.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use mailwright::internals::model::SocketType;
use mailwright::internals::net::{HostOverride, Net};
use mailwright::internals::verify::StepOutcome;

use crate::dns;
use crate::harness::{Test, same_codes};
use crate::support::ca::HOST;
use crate::support::peer::Peer;
use crate::support::{Run, nowhere};

#[track_caller]
fn resolving(host: &str, timeout: Duration) -> Vec<&'static str> {
    let net = Net::new(None, Some(dns::server()), Vec::new()).unwrap();
    let mut test = Test::pop3(SocketType::Ssl, nowhere()).within(timeout);
    test.probe.hostname = host.to_owned();
    let report = test.run_over(&net);
    report.steps.iter().filter_map(|step| Some(step.code?.name)).collect()
}

#[test]
fn a_name_that_does_not_exist_is_told_from_other_troubles_with_dns() {
    let patient = Duration::from_secs(20);
    assert_eq!(resolving("nobody.example.test", patient), ["name-not-found"]);
    assert_eq!(resolving("empty.example.test", patient), ["name-has-no-address"]);
    assert_eq!(resolving("broken.example.test", patient), ["dns-failed"]);
    assert_eq!(resolving("silent.example.test", Duration::from_millis(400)), ["dns-timeout"]);
}

#[test]
fn a_name_that_dns_knows_is_connected_to() {
    // Port 4711 is not listened on, so it goes on to the next step and fails there.
    assert_eq!(resolving(HOST, Duration::from_secs(20)), ["connection-refused"]);
}

#[test]
fn a_port_where_nothing_listens_is_refused() {
    Test::pop3(SocketType::Ssl, nowhere()).fails(&["connection-refused"]);
}

#[test]
fn an_address_without_a_route_is_named_and_ipv6_is_blamed() {
    needs!("unshare");
    // A network of its own with no interface at all: nothing has a route there.
    let run = Run::new();
    let output = std::process::Command::new("unshare")
        .args(["-rn", env!("CARGO_BIN_EXE_mailwright"), "verify", "--provider", "gmx"])
        .args(["--protocol", "pop3", "--format", "json"])
        .args(["--resolve", "pop.gmx.com:995:[2001:db8::1]"])
        .args(["--resolve", "mail.gmx.com:465:[2001:db8::1]"])
        .args(["--resolve", "mail.gmx.com:587:[2001:db8::1]"])
        .args(["--resolve", "pop.gmx.net:995:[2001:db8::1]"])
        .args(["--resolve", "mail.gmx.net:465:[2001:db8::1]"])
        .args(["--resolve", "mail.gmx.net:587:[2001:db8::1]"])
        .current_dir(run.folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}{stderr}");
    assert!(text.contains("\"code\": \"no-route\""), "{text}{stderr}");
    assert!(text.contains("only IPv6"), "{text}");
}

#[test]
fn dropped_packets_end_at_the_deadline() {
    // A listener whose queue is full drops what else comes.
    let socket = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    rustix::net::listen(&socket, 0).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let brief = Duration::from_millis(200);
    let fillers: Vec<_> =
        (0..8).map(|_| std::net::TcpStream::connect_timeout(&address, brief)).collect();
    assert!(fillers.iter().any(Result::is_err), "the queue is not full");
    Test::pop3(SocketType::Ssl, address).within(brief).fails(&["connect-timeout"]);
}

#[test]
fn of_several_addresses_a_dead_one_is_named_and_the_test_goes_on() {
    let peer = Peer::new(|conn| {
        conn.say("+OK ready\r\n");
        conn.answer(&[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]);
    });
    let fixed = HostOverride {
        host: HOST.to_owned(),
        port: 4711,
        addresses: vec![nowhere(), peer.address],
    };
    let net = Net::new(None, None, vec![fixed]).unwrap();
    let report = Test::pop3(SocketType::Plain, peer.address).run_over(&net);
    same_codes(&report, &[]);
    let warned = report.steps.iter().find(|s| s.outcome == StepOutcome::Warning).unwrap();
    assert_eq!(warned.code.unwrap().name, "address-unreachable");
}
