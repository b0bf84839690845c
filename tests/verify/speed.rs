//! How long it takes, and how much memory.

use std::time::{Duration, Instant};

use mailwright::model::{Port, SocketType};
use mailwright::net::{Net, Override};
use mailwright::verify::{self, Options, Probe};

use crate::harness::Test;
use crate::output::provider;
use crate::support;
use crate::support::Run;
use crate::support::ca::{Ca, HOST};
use crate::support::peer::Peer;

/// Added to each answer of each server.
const DELAY: Duration = Duration::from_millis(50);

fn slow(ca: &Ca, greeting: &'static str, answers: &'static [(&'static str, &'static str)]) -> Peer {
    let config = ca.good().server();
    Peer::new(move |conn| {
        std::thread::sleep(DELAY);
        conn.tls(&config);
        conn.say(greeting);
        while let Some(line) = conn.hear() {
            std::thread::sleep(DELAY);
            let tag = line.split(' ').next().unwrap_or_default();
            let found = answers.iter().find(|(command, _)| line.contains(command));
            let Some((_, answer)) = found else { return };
            conn.say(&answer.replace("{tag}", tag));
        }
    })
}

#[test]
fn three_servers_at_once_take_hardly_longer_than_the_slowest_alone() {
    let ca = Ca::new();
    let pop3 = slow(&ca, "+OK ready\r\n", &[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]);
    let imap = slow(
        &ca,
        "* OK ready\r\n",
        &[("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n")],
    );
    let smtp = slow(&ca, "220 ready\r\n", &[("EHLO", "250-mail\r\n250 AUTH PLAIN\r\n")]);
    let probe = |mut test: Test<'_>, port: i64| {
        test.probe.port = Port::new(port).unwrap();
        test.probe
    };
    let probes: [Probe; 3] = [
        probe(Test::pop3(SocketType::Ssl, pop3.address), 995),
        probe(Test::imap(SocketType::Ssl, imap.address), 993),
        probe(Test::smtp(SocketType::Ssl, smtp.address), 465),
    ];
    let at =
        |port, peer: &Peer| Override { host: HOST.to_owned(), port, addresses: vec![peer.address] };
    let fixed = vec![at(995, &pop3), at(993, &imap), at(465, &smtp)];
    let net = Net::new(Some(&ca.file()), None, fixed).unwrap();
    let patience = Duration::from_secs(10);
    let options = Options { step: patience, server: patience * 3, credentials: None };
    let time = |probes: &[Probe]| {
        let begun = Instant::now();
        let reports = verify::each(probes, |p| verify::test(p, &net, &options, &|_, _| {}));
        assert!(reports.iter().all(verify::ServerReport::works), "{reports:#?}");
        begun.elapsed().as_secs_f64()
    };
    // The machine is noisy: the best of a few rounds in turn, of each.
    let (mut alone, mut together) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let slowest = probes.iter().map(|p| time(std::slice::from_ref(p))).fold(0.0, f64::max);
        alone = alone.min(slowest);
        together = together.min(time(&probes));
    }
    let ratio = together / alone;
    eprintln!("three at once {together:.3} s, the slowest alone {alone:.3} s: {ratio:.2}");
    assert!(ratio <= 1.2, "{ratio:.2}");
}

#[test]
fn a_thousand_servers_in_one_call_stay_below_64_mib() {
    needs!("time");
    let ca = Ca::new();
    let config = ca.good().server();
    let pop3 = Peer::tls(config.clone(), |conn| {
        conn.say("+OK ready\r\n");
        conn.answer(&[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]);
    });
    let smtp = Peer::tls(config, |conn| {
        conn.say("220 ready\r\n");
        conn.answer(&[("EHLO", "250-mail\r\n250 AUTH PLAIN\r\n")]);
    });
    let mut run = Run::new();
    let text = provider("pop3").replace("alternativeHostnames = [\"pop.example.test\"]\n", "");
    for n in 0..500 {
        let text = text.replace("id = \"example.test\"", &format!("id = \"e{n}.example.test\""));
        run = run.write(&format!("all/p{n}.toml"), &text);
    }
    let mut time = support::command("time");
    time.args(["-f", "%M", env!("CARGO_BIN_EXE_mailwright"), "verify", "--all", "-q"])
        .args(["--providers", "all", "--ca", &ca.file().display().to_string()])
        .args(["--resolve", &format!("{HOST}:995:{}", pop3.address)])
        .args(["--resolve", &format!("{HOST}:465:{}", smtp.address)])
        .args(["--format", "json"])
        .current_dir(run.folder.path());
    let said = support::run(&mut time).fine();
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["servers"].as_array().unwrap().len(), 1000);
    let peak: u64 = said.stderr.lines().last().unwrap().trim().parse().unwrap();
    eprintln!("peak {:.1} MiB", peak as f64 / 1024.0);
    assert!(peak < 64 * 1024, "{peak} KiB");
}
