//! Connections that break, and other sides that are no directory.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;

use crate::relay::{Then, relay};
use crate::slapd::{Ask, BASE, Setup, Slapd, people};
use crate::support::ca::Ca;
use crate::support::peer::Peer;
use crate::support::{PATIENCE, Run, nowhere, poll};

#[test]
fn a_connection_that_breaks_half_way_leaves_nothing() {
    needs!("slapd");
    let ca = Ca::new();
    let identity = ca.good();
    let people = people(3000);
    let lines = "sizelimit size.soft=500 size.prtotal=unlimited";
    let setup = Setup { identity: Some(&identity), lines, people: &people, ..Setup::default() };
    let slapd = Slapd::start(&setup);
    let ask = |then| {
        let ask = slapd.starttls(BASE).trusting(&ca).signed_in();
        ask.through(relay(slapd.plain, then))
    };
    let said =
        ask(Then::Cut(200_000)).fails(&["ldap://mail.example.test", " entries; run it again"]);
    let words: Vec<_> = said.stderr.split_whitespace().collect();
    let after = words.iter().position(|word| *word == "after").unwrap() + 1;
    let entries: usize = words[after].parse().unwrap();
    assert!((500..3000).contains(&entries), "{}", said.stderr);
    let silent = ask(Then::Silence(200_000)).and(&["--timeout", "1"]);
    silent.fails(&["no answer in time after ", " entries; --timeout gives it longer"]);
    // In the handshake already.
    ask(Then::Cut(500)).fails(&["the other side hung up during the TLS handshake"]);
}

#[test]
fn who_has_enough_of_a_silent_directory_can_end_it() {
    let (asked, is_asked) = mpsc::channel();
    let silent = Peer::new(move |conn| {
        // The first byte of a handshake, to which nothing is answered.
        conn.octets(1);
        asked.send(()).unwrap();
        conn.wait();
    });
    let run = Run::new();
    let ask = Ask::new("ldaps", silent.address, BASE).and(&["--timeout", "3600"]);
    let mut child = ask.command(&run).spawn().unwrap();
    is_asked.recv_timeout(PATIENCE).expect("the program begins a handshake");
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = poll(PATIENCE, || child.try_wait().unwrap());
    let _ = child.kill();
    assert_eq!(ended.and_then(|status| status.code()), Some(130));
    assert!(!run.path("out").exists());
}

/// One connection: says this after the first bytes, or hangs up.
fn peer(words: Option<&'static [u8]>, hold: bool) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.read(&mut [0; 1024]);
        if let Some(words) = words {
            let _ = stream.write_all(words);
        }
        // Until the other side has enough of it.
        while hold && stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
    });
    address
}

#[test]
fn what_is_no_directory_is_told_as_that() {
    let short = ["--timeout", "1"];
    let starttls = |words, hold| Ask::new("ldap", peer(words, hold), BASE).and(&short);
    let ldaps = |words, hold| Ask::new("ldaps", peer(words, hold), BASE).and(&short);
    let greeting = Some(&b"* OK IMAP4rev1 ready\x1b[2J\r\n"[..]);
    starttls(greeting, true)
        .fails(&["no directory answers there, but \"* OK IMAP4rev1 ready\\1B[2J\""]);
    starttls(None, true).fails(&["no answer to StartTLS in time"]);
    starttls(None, false).fails(&["hung up when it was asked for StartTLS"]);
    starttls(Some(b"\x30\x05\x02\x01\x01\x04\x00"), true).fails(&["no directory answers there"]);
    let success = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
    starttls(Some(success), false).fails(&["hung up during the TLS handshake"]);
    starttls(Some(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00\x30\x00"), true)
        .fails(&["somebody between changes what is sent"]);
    starttls(Some(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00"), true)
        .fails(&["the directory refuses StartTLS (result 52)"]);
    ldaps(greeting, true).fails(&["what answers there is no TLS"]);
    ldaps(None, true).fails(&["no answer in time to the TLS handshake"]);
    ldaps(None, false).fails(&["hung up during the TLS handshake"]);
    let nobody = nowhere();
    Ask::new("ldaps", nobody, BASE).fails(&["cannot be reached", "nothing listens there"]);
    Ask::new("ldapi", nobody, BASE)
        .called("%2Fnowhere")
        .fails(&["the directory at /nowhere", "is it there, and may you use it?"]);
}

/// Behind a socket of this machine, where no TLS has to be got through first.
#[test]
fn answers_that_are_no_ldap_end_the_run_and_not_with_a_panic() {
    let folder = tempfile::TempDir::new().unwrap();
    for (n, answer) in [
        &b"* OK IMAP4rev1 ready\r\n"[..],
        // A sequence without anything, one without a number, an operation nobody knows.
        b"\x30\x00",
        b"\x30\x02\x04\x00",
        b"\x30\x05\x02\x01\x01\x7f\x00",
        // A result whose words are not UTF-8.
        b"\x30\x0d\x02\x01\x01\x61\x08\x0a\x01\x31\x04\x00\x04\x01\xff",
        // Deeper than anything is nested.
        &[0x30; 300],
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("socket{n}"));
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
        });
        let path = path.display().to_string().replace('/', "%2F");
        let run = Run::new();
        let url = format!("ldapi://{path}/{BASE}");
        let said = run.args(&["generate", "--users", &url, "--timeout", "2"]).code(2);
        assert!(said.stderr.contains("the directory at "), "{}", said.stderr);
        assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
        assert!(!run.path("out").exists());
    }
}

#[test]
fn options_of_a_directory_are_not_for_a_file() {
    let run = Run::new().write("users.csv", "mail\nann@outlook.com\n");
    let args = ["generate", "--users", "users.csv", "--ldap-preset", "openldap"];
    run.args(&args).code(2).says("are for --users ldaps://");
    let args = ["generate", "--users", "ldaps://h.example/", "--ldap-bind", "cn=a"];
    run.args(&args).code(2).says("--ldap-password-from");
}
