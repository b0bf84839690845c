//! Certificates that are fetched, from Pebble, which validates every name against the running server.

use std::collections::BTreeSet;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use crate::pebble::{Pebble, Place};
use crate::support::host::{Host, provider, read_answer};
use crate::support::{Run, Running, own_addresses, until};
use crate::trust::Trust;

pub const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

/// A folder with two providers, and none for anybody else.
pub fn two_providers() -> Run {
    Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example", "b.example"]))
        .write("p/c.toml", &provider("c.example", &["c.example", "*.many.example"]))
}

pub fn start(run: Run, place: &Place, listen: SocketAddr, more: &[&str]) -> Host {
    let (directory, ca, listen) = (place.directory(), place.ca(), listen.to_string());
    let names = place.names.to_string();
    let mut args = vec![
        "--listen",
        &listen,
        "--acme",
        &directory,
        "--acme-ca",
        &ca,
        "--acme-agree-tos",
        "--acme-cache",
        "kept",
        "--acme-contact",
        "mailto:postmaster@a.example",
        "--acme-dns",
        &names,
    ];
    args.extend(more);
    Host::start(run, &args)
}

/// The certificate that a name is served with, with which the file is got.
pub fn got(trust: &Trust, host: &Host, name: &str) -> Result<Vec<u8>, String> {
    let (answer, own) = trust.get(host.addresses[0], name, AUTOCONFIG)?;
    assert_eq!(answer.status, 200, "{name}");
    assert!(answer.text().contains("<clientConfig"), "{}", answer.text());
    Ok(own)
}

#[track_caller]
pub fn well(trust: &Trust, host: &mut Host, pebble: &Pebble, name: &str) -> Vec<u8> {
    match got(trust, host, name) {
        Ok(own) => own,
        Err(why) => panic!("{name}: {why}\n{}\n{}", host.said(), pebble.log()),
    }
}

pub fn metric(host: &Host, name: &str) -> Option<String> {
    let mut stream = TcpStream::connect(host.metrics.expect("figures")).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let answer = read_answer(&mut BufReader::new(stream), false).unwrap();
    let line = answer.text().lines().find(|line| line.starts_with(name))?;
    line.rsplit_once(' ').map(|(_, value)| value.to_owned())
}

#[test]
fn names_that_are_served_get_certificates_when_they_are_asked_for_and_keep_them() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let trust = pebble.trust();
    let args = ["--providers", "p", "--metrics", "127.0.0.1:0"];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    // The first handshake has it already, and whoever asks meanwhile waits for the same one.
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let (trust, address) = (trust.clone(), host.addresses[0]);
            let ask = move || trust.get(address, "autoconfig.a.example", AUTOCONFIG);
            thread::spawn(ask)
        })
        .collect();
    let seen: BTreeSet<Vec<u8>> = asking
        .into_iter()
        .map(|asking| asking.join().unwrap().unwrap_or_else(|why| panic!("{why}")).1)
        .collect();
    assert_eq!((seen.len(), pebble.orders()), (1, 1), "{}", pebble.log());
    let first = well(&trust, &mut host, &pebble, "autoconfig.a.example");
    assert_eq!(pebble.orders(), 1, "it is there now");
    let mut all = vec![first];
    // Of either kind of domain, in whatever case.
    for name in ["autodiscover.b.example", "AutoConfig.x.many.example", "ua-auto-config.c.example"]
    {
        let path = if name.starts_with("Auto") { AUTOCONFIG } else { "/healthz" };
        let (answer, own) = trust.get(host.addresses[0], name, path).unwrap();
        assert_eq!(answer.status, 200, "{name}");
        all.push(own);
    }
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 4, "each name has its own");
    assert_eq!(pebble.orders(), 4);
    host.hear_of("ordering a certificate for autoconfig.x.many.example (tls-alpn-01)");
    host.hear_of("ua-auto-config.c.example has a certificate for 89 days");
    assert_eq!(metric(&host, "mailwright_acme_orders_total").as_deref(), Some("4"));
    let days = "mailwright_certificate_days_left{certificate=\"autodiscover.b.example\"}";
    assert_eq!(metric(&host, days).as_deref(), Some("89"));

    // Names of nobody here, and names that no client asks for such files.
    for name in [
        "autoconfig.stranger.example",
        "autoconfig.many.example",
        "autoconfig.autoconfig.a.example",
        "www.a.example",
        "mail.a.example",
        "a.example",
        "127.0.0.1",
    ] {
        assert!(trust.get(host.addresses[0], name, "/healthz").is_err(), "{name}");
    }
    // Nothing was ordered for them, so none of them waited for anything.
    assert_eq!(metric(&host, "mailwright_acme_orders_total").as_deref(), Some("4"));
    assert_eq!(metric(&host, "mailwright_acme_limited_total").as_deref(), Some("0"));
    // What is no handshake at all ends, and nothing else does.
    let mut junk = host.connect();
    junk.write_all(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    let _ = junk.read_to_end(&mut rest);
    assert!(rest.len() < 16, "an alert at most: {rest:?}");
    assert_eq!(got(&trust, &host, "autoconfig.a.example").unwrap(), all[0]);
    assert_eq!(pebble.orders(), 4, "{}", pebble.log());

    // With the authority gone, the next server has what this one had.
    drop(pebble);
    let folder = host.run.path("kept");
    let again = two_providers();
    fs_copy(&folder, &again.path("kept"));
    let (code, said, _) = host.end();
    assert_eq!(code, Some(0), "{said}");
    let mut host = start(again, &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    assert!(host.said().contains("4 certificates of https://"), "{}", host.said());
    assert_eq!(got(&trust, &host, "autoconfig.a.example").unwrap(), all[0]);
    assert_eq!(metric(&host, "mailwright_acme_orders_total").as_deref(), Some("0"));
    assert_eq!(metric(&host, days).as_deref(), Some("89"));
}

/// A folder of folders of files.
fn fs_copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => fs_copy(&path, &to),
            false => drop(std::fs::copy(&path, &to).unwrap()),
        }
    }
}

#[test]
fn a_plain_listener_can_show_that_a_name_is_ours() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    // Where TLS is, the authority does not look.
    let [elsewhere] = own_addresses();
    let http = place.http.to_string();
    let args = ["--providers", "p", "--listen-http", &http, "--acme-challenge", "http-01"];
    let mut host = start(two_providers(), &place, elsewhere, &args);
    host.hear_of("serving 2 providers");
    well(&pebble.trust(), &mut host, &pebble, "autoconfig.a.example");
    host.hear_of("autoconfig.a.example has a certificate");
    let (.., log) = host.end();
    let line = log.lines().find(|line| line.contains("acme-challenge")).expect("it was asked");
    assert!(line.contains("\"status\":200"), "{line}");
}

#[test]
fn what_cannot_be_shown_in_one_way_is_shown_in_the_other_and_that_is_remembered() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let [elsewhere] = own_addresses();
    let http = place.http.to_string();
    let args = ["--providers", "p", "--listen-http", &http];
    let mut host = start(two_providers(), &place, elsewhere, &args);
    host.hear_of("serving 2 providers");
    assert!(got(&pebble.trust(), &host, "autoconfig.a.example").is_err());
    let words = host.hear_of("no certificate for autoconfig.a.example (tls-alpn-01)");
    assert!(words.ends_with("it is not ordered again for 5 s"), "{words}");
    until("a certificate", || got(&pebble.trust(), &host, "autoconfig.a.example").ok());
    host.hear_of("ordering a certificate for autoconfig.a.example (http-01)");
    well(&pebble.trust(), &mut host, &pebble, "autoconfig.b.example");
    host.hear_of("ordering a certificate for autoconfig.b.example (http-01)");
    assert_eq!(pebble.orders(), 3);
}

/// Root gives up its rights, and what it has made for the certificates has to go along.
#[test]
fn who_becomes_somebody_else_can_still_keep_certificates() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let run = two_providers();
    std::fs::set_permissions(run.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let ca = run.path("ca.pem");
    std::fs::copy(place.ca(), &ca).unwrap();
    let (listen, directory) = (place.tls.to_string(), place.directory());
    let mut args = vec!["serve", "--user", "nobody", "--listen", &listen, "--providers", "p"];
    args.extend(["--acme", &directory, "--acme-agree-tos", "--acme-cache", "kept/here"]);
    let names = place.names.to_string();
    args.extend(["--acme-ca", "ca.pem", "--acme-dns", &names]);
    let mut server = Running::start(&mut run.command(&args), run.path("said"));
    let trust = pebble.trust();
    let ask = || trust.get(place.tls, "autoconfig.a.example", AUTOCONFIG).ok();
    let (answer, _) = server.until(ask);
    assert_eq!(answer.status, 200);
    let mut files = 0;
    for folder in std::fs::read_dir(run.path("kept/here")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let about = file.unwrap().metadata().unwrap();
            assert_eq!(about.mode() & 0o777, 0o600);
            assert_ne!(about.uid(), 0, "they are the user's who runs it");
            files += 1;
        }
    }
    assert_eq!(files, 2, "the account and the certificate: {}", server.log());
}

#[test]
fn the_canonical_host_has_its_certificate_before_anybody_asks() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let args = ["--providers", "p", "--public-host", "setup.host.example"];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("setup.host.example has a certificate");
    let answer = pebble.trust().get(host.addresses[0], "setup.host.example", "/healthz");
    assert_eq!(answer.unwrap().0.status, 200);
    assert_eq!(pebble.orders(), 1);
}

#[test]
fn certificates_are_renewed_before_they_end_without_a_handshake_that_fails() {
    needs_pebble!();
    let mut place = Place::new();
    // Renewed after six seconds at most.
    place.life = 9;
    let pebble = place.start();
    let trust = pebble.trust();
    let mut host = start(two_providers(), &place, place.tls, &["--providers", "p"]);
    host.hear_of("serving 2 providers");
    // A domain of the provider's own does not wait for somebody to ask.
    let unasked = "ua-auto-config.a.example";
    trust.get(host.addresses[0], unasked, "/healthz").unwrap();
    let asked = ["autoconfig.a.example", "autoconfig.x.many.example"];
    let mut seen = BTreeSet::new();
    // As many as there are after two renewals of each.
    until("a third certificate of each name", || {
        for name in asked {
            seen.insert((name, well(&trust, &mut host, &pebble, name)));
        }
        let own = |name: &str| seen.iter().filter(|(of, _)| *of == name).count();
        let renewed = host.said().matches(&format!("{unasked} has a certificate")).count();
        (asked.iter().all(|name| own(name) >= 3) && renewed >= 3).then_some(())
    });
    let said = host.said();
    for name in asked.into_iter().chain([unasked]) {
        let orders = said.matches(&format!("ordering a certificate for {name} ")).count();
        let had = said.matches(&format!("{name} has a certificate")).count();
        assert!(orders <= had + 1, "one for each certificate, and one on its way: {said}");
    }
}
