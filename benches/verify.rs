//! How long `verify` takes for three servers at once, as a ratio to the slowest of them alone:
//! `cargo bench --bench verify`.
//!
//! Each answer of each server comes 50 ms late. Both are measured in turn, and the best of a few rounds
//! counts, so that both see the same machine.

#[path = "../tests/support/mod.rs"]
mod support;

use std::thread;
use std::time::{Duration, Instant};

use mailwright::internals::model::{Authentication, Port, ServerType, SocketType};
use mailwright::internals::net::{HostOverride, Net};
use mailwright::internals::verify::{self, Options, Probe};

use support::ca::{Ca, HOST};
use support::peer::Peer;

const ROUNDS: usize = 10;
const DELAY: Duration = Duration::from_millis(50);

type Answers = &'static [(&'static str, &'static str)];

/// Kind, port, greeting, and the answer to each command.
const SERVERS: [(ServerType, u16, &str, Answers); 3] = [
    (ServerType::Pop3, 995, "+OK ready\r\n", &[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]),
    (
        ServerType::Imap,
        993,
        "* OK ready\r\n",
        &[("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n")],
    ),
    (ServerType::Smtp, 465, "220 ready\r\n", &[("EHLO", "250-mail\r\n250 AUTH PLAIN\r\n")]),
];

fn main() {
    let ca = Ca::new();
    let peers = SERVERS.map(|(_, _, greeting, answers)| slow(&ca, greeting, answers));
    let fixed = SERVERS.iter().zip(&peers).map(|((_, port, ..), peer)| HostOverride {
        host: HOST.to_owned(),
        port: *port,
        addresses: vec![peer.address],
    });
    let net = Net::new(Some(&ca.file()), None, fixed.collect()).expect("a network");
    let probes = SERVERS.map(|(server_type, port, ..)| probe(server_type, port));
    let patience = Duration::from_secs(10);
    let options = Options::new(patience, None);
    let time = |probes: &[Probe]| {
        let begun = Instant::now();
        let reports = verify::each(probes, |p| verify::test(p, &net, &options, &|_, _| {}));
        assert!(reports.iter().all(verify::ServerReport::works), "{reports:#?}");
        begun.elapsed().as_secs_f64()
    };
    let (mut alone, mut together) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let slowest = probes.iter().map(|p| time(std::slice::from_ref(p))).fold(0.0, f64::max);
        alone = alone.min(slowest);
        together = together.min(time(&probes));
    }
    let ratio = together / alone;
    println!("three at once {together:.3} s, the slowest alone {alone:.3} s: {ratio:.2}");
}

fn probe(server_type: ServerType, port: u16) -> Probe {
    Probe {
        subject: "bench".to_owned(),
        server_type,
        hostname: HOST.to_owned(),
        port: Port::new(i64::from(port)).expect("a port"),
        socket_type: SocketType::Ssl,
        authentication: vec![Authentication::PasswordCleartext],
        alternative_of: None,
        refuses_passwords: false,
        advice: None,
    }
}

fn slow(ca: &Ca, greeting: &'static str, answers: Answers) -> Peer {
    let config = ca.good().server();
    Peer::new(move |conn| {
        thread::sleep(DELAY);
        conn.tls(&config);
        conn.say(greeting);
        while let Some(line) = conn.hear() {
            thread::sleep(DELAY);
            let tag = line.split(' ').next().unwrap_or_default();
            let found = answers.iter().find(|(command, _)| line.contains(command));
            let Some((_, answer)) = found else { return };
            conn.say(&answer.replace("{tag}", tag));
        }
    })
}
