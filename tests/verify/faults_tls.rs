//! What can be wrong with TLS and its certificates.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mailwright::internals::model::SocketType;

use crate::harness::Test;
use crate::support::ca::{Ca, HOST, Identity};
use crate::support::peer::{Conn, Peer};
use crate::support::{self, own_addresses};

fn pop3(conn: &mut Conn) {
    conn.say("+OK ready\r\n");
    conn.answer(&[("CAPA", "+OK\r\nUIDL\r\nUSER\r\nSASL PLAIN\r\n.\r\n"), ("QUIT", "+OK\r\n")]);
}

#[track_caller]
fn certificate(ca: &Ca, identity: &Identity, codes: &[&str]) {
    let peer = Peer::tls(identity.server(), pop3);
    Test::pop3(SocketType::Ssl, peer.address).trusting(ca).fails(codes);
}

#[test]
fn a_good_certificate_passes() {
    let ca = Ca::new();
    let peer = Peer::tls(ca.good().server(), pop3);
    let report = Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).works();
    assert!(report.steps.iter().any(|s| s.detail.starts_with("TLS 1.3, TLS13_")), "{report:#?}");
    assert!(report.certificate_days.unwrap() > 365);
}

#[test]
fn an_expired_certificate_is_only_that() {
    let ca = Ca::new();
    certificate(&ca, &ca.expired(), &["certificate-expired"]);
}

#[test]
fn a_certificate_of_tomorrow_is_only_that() {
    let ca = Ca::new();
    certificate(&ca, &ca.not_yet_valid(), &["certificate-not-yet-valid"]);
}

#[test]
fn a_self_signed_certificate_is_told_from_an_unknown_authority() {
    let ca = Ca::new();
    certificate(&ca, &Ca::self_signed(), &["certificate-self-signed"]);
    certificate(&ca, &Ca::new().good(), &["certificate-unknown-ca"]);
}

#[test]
fn a_certificate_for_another_host_is_only_that() {
    let ca = Ca::new();
    certificate(&ca, &ca.for_another_host(), &["certificate-wrong-name"]);
}

#[test]
fn a_leaf_alone_that_names_its_issuers_address_misses_the_intermediate() {
    let ca = Ca::new();
    certificate(&ca, &ca.through_intermediate(false), &["certificate-missing-intermediate"]);
    let peer = Peer::tls(ca.through_intermediate(true).server(), pop3);
    Test::pop3(SocketType::Ssl, peer.address).trusting(&ca).works();
}

#[test]
fn a_certificate_that_is_wrong_in_two_ways_is_told_both() {
    let ca = Ca::new();
    let stranger = Ca::new().expired();
    certificate(&ca, &stranger, &["certificate-unknown-ca", "certificate-expired"]);
}

#[test]
fn plain_text_on_a_tls_port_is_named() {
    let peer = Peer::new(pop3);
    let report = Test::pop3(SocketType::Ssl, peer.address).fails(&["tls-port-speaks-plain"]);
    assert_eq!(report.steps.last().unwrap().seen.as_deref(), Some("+OK ready"));
}

#[test]
fn tls_on_a_starttls_port_is_named() {
    let ca = Ca::new();
    for socket_type in [SocketType::Starttls, SocketType::Plain] {
        let peer = Peer::tls(ca.good().server(), pop3);
        Test::pop3(socket_type, peer.address)
            .trusting(&ca)
            .within(Duration::from_secs(2))
            .fails(&["plain-port-speaks-tls"]);
    }
}

#[test]
fn starttls_that_is_not_offered_is_not_asked_for() {
    let peer = Peer::new(pop3);
    Test::pop3(SocketType::Starttls, peer.address).fails(&["starttls-not-offered"]);
    assert!(!peer.heard().iter().any(|line| line == "STLS"));
    let peer = Peer::new(|conn| {
        conn.say("220 ready\r\n");
        conn.answer(&[("EHLO", "250-mail\r\n250 SIZE 1000\r\n")]);
    });
    Test::smtp(SocketType::Starttls, peer.address).fails(&["starttls-not-offered"]);
    let peer = Peer::new(|conn| {
        conn.say("* OK ready\r\n");
        conn.answer(&[("CAPABILITY", "* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n")]);
    });
    Test::imap(SocketType::Starttls, peer.address).fails(&["starttls-not-offered"]);
}

#[test]
fn starttls_that_is_offered_and_refused_is_named() {
    let peer = Peer::new(|conn| {
        conn.say("220 ready\r\n");
        let ehlo = ("EHLO", "250-mail\r\n250 STARTTLS\r\n");
        conn.answer(&[ehlo, ("STARTTLS", "454 4.7.0 TLS not available\r\n")]);
    });
    let report = Test::smtp(SocketType::Starttls, peer.address).fails(&["starttls-refused"]);
    let seen = report.steps.last().unwrap().seen.as_deref();
    assert_eq!(seen, Some("454 4.7.0 TLS not available"));
}

#[test]
fn bytes_behind_the_answer_to_starttls_are_an_injection() {
    for behind in ["+OK go ahead\r\n+OK injected\r\n", "+OK go ahead\r\n"] {
        let late = !behind.contains("injected");
        let peer = Peer::new(move |conn| {
            conn.say("+OK ready\r\n");
            while let Some(line) = conn.hear() {
                match line.as_str() {
                    "CAPA" => conn.say("+OK\r\nSTLS\r\nUIDL\r\n.\r\n"),
                    _ => {
                        conn.say(behind);
                        if late {
                            std::thread::sleep(Duration::from_millis(100));
                            conn.say("+OK injected\r\n");
                        }
                        conn.wait();
                    }
                }
            }
        });
        let report = Test::pop3(SocketType::Starttls, peer.address).fails(&["starttls-injection"]);
        assert_eq!(report.steps.last().unwrap().seen.as_deref(), Some("+OK injected"));
    }
}

#[test]
fn starttls_is_spoken_with_all_three_protocols() {
    let ca = Ca::new();
    let identity = ca.good().server();
    let config = identity.clone();
    let peer = Peer::new(move |conn| {
        conn.say("+OK ready\r\n");
        conn.hear();
        conn.say("+OK\r\nSTLS\r\n.\r\n");
        conn.hear();
        conn.say("+OK go\r\n");
        conn.tls(&config);
        conn.answer(&[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]);
    });
    Test::pop3(SocketType::Starttls, peer.address).trusting(&ca).works();
    let config = identity.clone();
    let peer = Peer::new(move |conn| {
        conn.say("220-mail\r\n220 ready\r\n");
        conn.hear();
        conn.say("250-mail\r\n250 STARTTLS\r\n");
        conn.hear();
        conn.say("220 go\r\n");
        conn.tls(&config);
        conn.answer(&[("EHLO", "250-mail\r\n250-SIZE 35000000\r\n250 AUTH PLAIN LOGIN\r\n")]);
    });
    let report = Test::smtp(SocketType::Starttls, peer.address).trusting(&ca).works();
    assert!(report.steps.iter().any(|s| s.detail == "messages up to 35 MB"), "{report:#?}");
    let peer = Peer::new(move |conn| {
        conn.say("* OK ready\r\n");
        let tag = |line: Option<String>| line.unwrap().split(' ').next().unwrap().to_owned();
        let a = tag(conn.hear());
        conn.say(&format!("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n{a} OK\r\n"));
        let a = tag(conn.hear());
        conn.say(&format!("{a} OK go\r\n"));
        conn.tls(&identity);
        conn.answer(&[("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n")]);
    });
    Test::imap(SocketType::Starttls, peer.address).trusting(&ca).works();
}

/// OpenSSL as a server that does what rustls refuses to.
struct OpenSsl {
    child: Child,
    address: SocketAddr,
}

impl OpenSsl {
    fn new(options: &[&str]) -> Self {
        let [address] = own_addresses();
        let mut child = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &address.to_string()])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // What it reads it sends to whoever connects.
        let input = child.stdin.as_mut().unwrap();
        input.write_all(b"+OK ready\r\n+OK\r\nUIDL\r\nUSER\r\n.\r\n").unwrap();
        // It serves one connection after another, so trying whether it listens would use it up.
        let SocketAddr::V4(v4) = address else { unreachable!("own addresses are IPv4") };
        let ip = u32::from_ne_bytes(v4.ip().octets());
        let listening = format!("{ip:08X}:{:04X} 00000000:0000 0A", address.port());
        let listens = || {
            let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
            table.contains(&listening).then_some(())
        };
        support::until("openssl s_server listens", listens);
        Self { child, address }
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate with a key that nobody should have any more, made by OpenSSL.
fn weak(ca: &Ca) -> (String, String) {
    let folder = ca.folder();
    let path = |name: &str| folder.join(name).display().to_string();
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "1000", "-subj", "/CN=weak",
        ])
        .args(["-addext", &format!("subjectAltName=DNS:{HOST}")])
        .args(["-keyout", &path("weak.key"), "-out", &path("weak.pem")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (path("weak.pem"), path("weak.key"))
}

#[test]
fn a_weak_key_is_named() {
    needs!("openssl");
    let ca = Ca::new();
    let (chain, key) = weak(&ca);
    let server = OpenSsl::new(&["-cert", &chain, "-key", &key, "-cipher", "DEFAULT@SECLEVEL=0"]);
    let report =
        Test::pop3(SocketType::Ssl, server.address).trusting(&ca).fails(&["certificate-weak-key"]);
    assert!(
        report.steps.iter().any(|s| s.detail.contains("an RSA key of 1024 bits")),
        "{report:#?}"
    );
}

#[test]
fn a_server_that_knows_only_tls_1_0_is_too_old() {
    needs!("openssl");
    let ca = Ca::new();
    let identity = ca.good();
    let (chain, key) = (ca.folder().join("old.pem"), ca.folder().join("old.key"));
    std::fs::write(&chain, identity.chain).unwrap();
    std::fs::write(&key, identity.key).unwrap();
    let (chain, key) = (chain.display().to_string(), key.display().to_string());
    let options = ["-tls1", "-cert", &chain, "-key", &key, "-cipher", "DEFAULT@SECLEVEL=0"];
    let server = OpenSsl::new(&options);
    Test::pop3(SocketType::Ssl, server.address).trusting(&ca).fails(&["tls-too-old"]);
}
