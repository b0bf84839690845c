//! Evolution's own lookup, by the libraries that Debian installs, without its window.

use std::path::Path;

use tempfile::TempDir;

use super::recorder::Recorder;
use super::{DOMAIN, HOSTS, at, host, loopback, name_hosts, provider};

use crate::support::ca::Ca;
use crate::support::host::Host;
use crate::support::requests::Fixture;
use crate::support::{self, Run, root};

const LIBRARY: &str = "/usr/lib/evolution/libevolution-mail.so.0";
const SERVERS: [&str; 3] = [
    "imap imap.example.test 993 SSL password-cleartext",
    "pop3 pop.example.test 995 SSL password-cleartext",
    "smtp smtp.example.test 587 STARTTLS password-cleartext",
];

macro_rules! needs_evolution {
    () => {
        needs!("dbus-run-session", "unshare", "ip");
        if !Path::new(LIBRARY).is_file() {
            return support::skip("evolution");
        }
    };
}

/// What Evolution makes of its lookup: the part of its output for each kind of server.
#[track_caller]
fn look_up(address: &str) -> [String; 3] {
    let home = TempDir::new().expect("a temporary folder");
    let mut command = support::command("dbus-run-session");
    command.args(["--", "/usr/bin/python3", "-B"]);
    command.arg(root().join("tests/clients/evolution/lookup.py")).arg(address);
    // Nothing of whoever runs the tests.
    for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        command.env_remove(name);
    }
    command
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env("GSETTINGS_BACKEND", "memory");
    let said = support::run(&mut command).fine();
    ["imap", "pop3", "smtp"].map(|kind| {
        let start = format!("# {kind}\n");
        let part = said.stdout.split_once(&start).map(|(_, rest)| rest);
        let part = part.unwrap_or_else(|| panic!("no {kind} in {said:#?}"));
        part.split("\n# ").next().unwrap_or_default().to_owned()
    })
}

#[track_caller]
fn has(part: &str, lines: &[&str]) {
    for line in lines {
        assert!(part.lines().any(|own| own == *line), "no {line} in {part}");
    }
}

#[test]
fn evolution_finds_imap_pop3_and_smtp_by_the_address() {
    needs_evolution!();
    support::apart("serve::evolution::evolution_finds_imap_pop3_and_smtp_by_the_address", || {
        let ca = Ca::new();
        // Evolution believes whom the system believes.
        support::put_over("/etc/ssl/certs/ca-certificates.crt", &ca.file());
        name_hosts(&HOSTS.map(|name| (name, loopback())));
        let host = host(&ca, &provider(&SERVERS), &["--protocol", "both"]);
        let [imap, pop3, smtp] = look_up("ann@example.test");
        let ann = "User=ann@example.test";
        let tls = "Method=ssl-on-alternate-port";
        has(&imap, &["BackendName=imapx", "Host=imap.example.test", "Port=993", ann, tls]);
        has(&pop3, &["BackendName=pop", "Host=pop.example.test", "Port=995", ann, tls]);
        let starttls = "Method=starttls-on-standard-port";
        has(&smtp, &["BackendName=smtp", "Host=smtp.example.test", "Port=587", ann, starttls]);
        has(&smtp, &["Method=LOGIN"]);
        // The first place that it asks has it, and over TLS.
        let (_, _, log) = host.end();
        let lines: Vec<serde_json::Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert_eq!(lines[0]["route"], "thunderbird", "{log}");
        assert_eq!(lines[0]["status"], 200, "{log}");
        assert_eq!(lines[0]["tls"], true, "{log}");
    });
}

/// Without TLS the second of two places is asked: by the same request as the first.
#[track_caller]
fn sends(hosts: &[&str], host: &str, start: &str, fixture: &str) {
    name_hosts(&hosts.iter().map(|name| (*name, loopback())).collect::<Vec<_>>());
    let run = Run::new().write("own.toml", &provider(&SERVERS));
    let server = Host::start(run, &["--provider", "own.toml", "--protocol", "both"]);
    let recorder = Recorder::default();
    recorder.relay(at(80), None, server.addresses[0]);
    look_up("ann@example.test");
    Fixture::read(fixture).is(&recorder.one(false, host, start));
    assert_eq!(recorder.heard().len(), 1);
}

#[test]
fn what_evolution_sends_first_is_the_request_that_is_kept_here() {
    needs_evolution!();
    let name = "serve::evolution::what_evolution_sends_first_is_the_request_that_is_kept_here";
    support::apart(name, || {
        sends(&HOSTS, "autoconfig.example.test", "GET /mail/", "evolution-autoconfig");
    });
}

#[test]
fn what_evolution_sends_to_the_domain_itself_is_the_request_that_is_kept_here() {
    needs_evolution!();
    let name = "serve::evolution::what_evolution_sends_to_the_domain_itself_is_the_request_that_is_kept_here";
    support::apart(name, || {
        sends(&[DOMAIN], DOMAIN, "GET /.well-known/", "evolution-well-known");
    });
}
