//! Thunderbird itself, without a window: from an address and a password to a mail that was sent and has
//! come back, with settings from the running server, Dovecot and Postfix.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::recorder::Recorder;
use super::{DOMAIN, HOSTS, at, host, loopback, name_hosts, provider};

use crate::support::ca::{Ca, HOST};
use crate::support::dovecot::{Dovecot, PASSWORD, USER};
use crate::support::host::Host;
use crate::support::postfix::Postfix;
use crate::support::requests::Fixture;
use crate::support::{self, Run};
use crate::thunderbird::{Install, Profile, Thunderbird};

/// Names come from the hosts file of the test, and nothing stands between.
const DIRECT: &str = "user_pref(\"network.proxy.type\", 0);\n";

/// Whom the profile believes, beside Mozilla's authorities.
fn trusting(ca: &Ca) -> Profile {
    let profile = Profile::new(DIRECT);
    let database = format!("sql:{}", profile.path().display());
    let mut new = support::command("certutil");
    support::run(new.args(["-N", "--empty-password", "-d", &database])).fine();
    let mut add = support::command("certutil");
    add.args(["-A", "-n", "own", "-t", "C,,", "-d", &database, "-i"]).arg(ca.file());
    support::run(&mut add).fine();
    profile
}

fn port(of: SocketAddr) -> u16 {
    of.port()
}

/// Finds, signs in, sends and receives with incoming servers of this type.
fn sends_and_receives(server_type: &str) {
    let ca = Ca::new();
    let dovecot = Dovecot::start(&ca.good());
    let postfix = Postfix::start(&ca.good(), &dovecot);
    // All three are at an address that only this process has.
    let mail = dovecot.imaps.ip();
    assert_eq!(postfix.submissions.ip(), mail);
    let servers = [
        format!("imap {HOST} {} SSL password-cleartext", port(dovecot.imaps)),
        format!("pop3 {HOST} {} STARTTLS password-cleartext", port(dovecot.pop3)),
        format!("smtp {HOST} {} SSL password-cleartext", port(postfix.submissions)),
    ];
    let own = provider(&servers.each_ref().map(String::as_str));
    let names: Vec<_> =
        HOSTS.iter().map(|name| (*name, loopback())).chain([(HOST, mail)]).collect();
    name_hosts(&names);
    let host = host(&ca, &own, &["--protocol", "both"]);

    let profile = trusting(&ca);
    let mut thunderbird = Thunderbird::start(&Install::new(), &profile);
    let who = json!({
        "address": USER, "password": PASSWORD, "name": "Ann Exämple", "type": server_type,
    });
    let set_up = include_str!("../thunderbird/set_up.js");
    let mut wrong = who.clone();
    wrong["password"] = json!("wrong");
    let refused = thunderbird.ask(set_up, &wrong);
    assert!(refused["error"].is_string(), "{refused:#}");
    let found = thunderbird.ask(set_up, &who);
    assert_eq!(found["source"], "xml-from-isp-https", "{found:#}");
    assert_eq!(found["types"], json!(["imap", "pop3"]), "{found:#}");
    let accounts = thunderbird.accounts();
    let account = accounts["accounts"].as_array().expect("a list").iter();
    let account = account.clone().find(|a| a["type"] == server_type);
    let account = account.unwrap_or_else(|| panic!("{found:#} {accounts:#}"));
    let (own_port, socket) = match server_type {
        "imap" => (port(dovecot.imaps), "SSL"),
        _ => (port(dovecot.pop3), "STARTTLS"),
    };
    assert_eq!(account["hostname"], HOST);
    assert_eq!(account["port"], own_port);
    assert_eq!(account["socketType"], socket);
    assert_eq!(account["username"], USER);
    assert_eq!(account["identities"][0]["email"], USER);
    assert_eq!(account["identities"][0]["fullName"], "Ann Exämple");

    let mail = json!({
        "address": USER, "subject": "Grüße über unsere Einstellungen", "body": "Und zurück.",
    });
    let got = thunderbird.ask(include_str!("../thunderbird/mail.js"), &mail);
    assert_eq!(got["subject"], mail["subject"], "{got:#}");
    assert!(got["author"].as_str().is_some_and(|a| a.contains(USER)), "{got:#}");
    // Postfix has taken it from somebody who signed in.
    let (_, _, log) = host.end();
    let lines: Vec<Value> = log.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let asked =
        |route: &str| lines.iter().filter(|l| l["route"] == route && l["status"] == 200).count();
    assert!(asked("thunderbird") > 0 && asked("outlook-autodiscover") > 0, "{log}");
    assert!(lines.iter().all(|line| line["client"] == "thunderbird"), "{log}");
}

#[test]
fn an_address_and_a_password_are_enough_to_send_and_receive_by_imap() {
    needs!("thunderbird", "certutil", "dovecot", "postfix", "unshare", "ip");
    support::apart(
        "serve::thunderbird::an_address_and_a_password_are_enough_to_send_and_receive_by_imap",
        || sends_and_receives("imap"),
    );
}

#[test]
fn an_address_and_a_password_are_enough_to_send_and_receive_by_pop3() {
    needs!("thunderbird", "certutil", "dovecot", "postfix", "unshare", "ip");
    support::apart(
        "serve::thunderbird::an_address_and_a_password_are_enough_to_send_and_receive_by_pop3",
        || sends_and_receives("pop3"),
    );
}

/// Where Thunderbird asks, over TLS or not, and the file that keeps what it sends there.
const ASKED: [(bool, &str, &str, &str); 7] = [
    (true, "autoconfig.example.test", "GET /mail/", "thunderbird-autoconfig-https"),
    (true, "example.test", "GET /.well-known/", "thunderbird-well-known-https"),
    (false, "autoconfig.example.test", "GET /mail/", "thunderbird-autoconfig-http"),
    (false, "example.test", "GET /.well-known/", "thunderbird-well-known-http"),
    (true, "autodiscover.example.test", "POST ", "thunderbird-autodiscover-https"),
    (true, "example.test", "POST ", "thunderbird-autodiscover-domain"),
    (false, "autodiscover.example.test", "POST ", "thunderbird-autodiscover-http"),
];

#[test]
fn what_thunderbird_sends_are_the_requests_that_are_kept_here() {
    needs!("thunderbird", "certutil", "unshare", "ip");
    support::apart(
        "serve::thunderbird::what_thunderbird_sends_are_the_requests_that_are_kept_here",
        || {
            let ca = Ca::new();
            name_hosts(&HOSTS.map(|name| (name, loopback())));
            let servers = [
                "imap imap.example.test 993 SSL password-cleartext",
                "smtp smtp.example.test 465 SSL password-cleartext",
            ];
            let run = Run::new().write("own.toml", &provider(&servers));
            let host = Host::start(run, &["--provider", "own.toml"]);
            let recorder = Recorder::default();
            recorder.relay(at(443), Some(ca.naming(&HOSTS).server()), host.addresses[0]);
            recorder.relay(at(80), None, host.addresses[0]);
            let profile = trusting(&ca);
            let mut thunderbird = Thunderbird::start(&Install::new(), &profile);
            let address = format!("ann@{DOMAIN}");
            let found = thunderbird.ask(include_str!("../thunderbird/find.js"), &json!(address));
            let found = found.as_str().unwrap_or_default();
            assert!(found.contains("imap.example.test:993, SSL"), "{found}");
            assert!(found.contains("username: %EMAILADDRESS%"), "{found}");
            for (tls, host, start, name) in ASKED {
                Fixture::read(name).is(&recorder.one(tls, host, start));
            }
            assert_eq!(recorder.heard().len(), ASKED.len());
        },
    );
}
