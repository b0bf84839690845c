//! Many servers in one call: at the same time, and in little memory.

use std::sync::{Arc, Barrier};

use mailwright::internals::model::{Port, SocketType};
use mailwright::internals::net::{HostOverride, Net};
use mailwright::internals::verify::{self, Options};

use crate::harness::{STEP, Test};
use crate::output::provider;
use crate::support::ca::{Ca, HOST};
use crate::support::peer::Peer;
use crate::support::{self, Run};

/// How long it takes is for `benches/verify.rs`.
#[test]
fn three_servers_are_tested_at_the_same_time() {
    // None of them says a word before all have been connected to.
    let all_are_here = Arc::new(Barrier::new(3));
    let server = |greeting: &'static str, answers: &'static [(&'static str, &'static str)]| {
        let all_are_here = Arc::clone(&all_are_here);
        Peer::new(move |conn| {
            all_are_here.wait();
            conn.say(greeting);
            conn.answer(answers);
        })
    };
    let pop3 = server("+OK ready\r\n", &[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]);
    let imap = server(
        "* OK ready\r\n",
        &[("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n")],
    );
    let smtp = server("220 ready\r\n", &[("EHLO", "250-mail\r\n250 AUTH PLAIN\r\n")]);
    let tests = [
        (Test::pop3(SocketType::Plain, pop3.address), 110),
        (Test::imap(SocketType::Plain, imap.address), 143),
        (Test::smtp(SocketType::Plain, smtp.address), 587),
    ];
    let fixed = tests.iter().map(|(test, port)| HostOverride {
        host: HOST.to_owned(),
        port: *port,
        addresses: vec![test.address],
    });
    let net = Net::new(None, None, fixed.collect()).unwrap();
    let probes = tests.map(|(mut test, port)| {
        test.probe.port = Port::new(i64::from(port)).unwrap();
        test.probe
    });
    let options = Options::new(STEP, None);
    let reports = verify::each(&probes, |p| verify::test(p, &net, &options, &|_, _| {}));
    assert!(reports.iter().all(verify::ServerReport::works), "{reports:#?}");
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
