//! Certificates that are fetched, from Pebble, which validates every name against the running server.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::host::{Host, provider};
use crate::pebble::{Pebble, Place, Trust};
use crate::programs::{Running, program, skip};
use crate::support::Run;

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

/// Leaves the test when Debian's package pebble is not there.
macro_rules! needs_pebble {
    () => {
        for name in ["pebble", "pebble-challtestsrv"] {
            if program(name).is_none() {
                return skip("pebble");
            }
        }
    };
}

/// A folder with two providers, and none for anybody else.
fn two_providers() -> Run {
    Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example", "b.example"]))
        .write("p/c.toml", &provider("c.example", &["c.example", "*.many.example"]))
}

fn start(run: Run, place: &Place, listen: SocketAddr, more: &[&str]) -> Host {
    let (directory, ca, listen) = (place.directory(), place.ca(), listen.to_string());
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
    ];
    args.extend(more);
    Host::start(run, &args)
}

/// The certificate that a name is served with, with which the file is got.
fn got(trust: &Trust, host: &Host, name: &str) -> Result<Vec<u8>, String> {
    let (answer, own) = trust.get(host.addresses[0], name, AUTOCONFIG)?;
    assert_eq!(answer.status, 200, "{name}");
    assert!(answer.text().contains("<clientConfig"), "{}", answer.text());
    Ok(own)
}

#[track_caller]
fn well(trust: &Trust, host: &mut Host, pebble: &Pebble, name: &str) -> Vec<u8> {
    match got(trust, host, name) {
        Ok(own) => own,
        Err(why) => panic!("{name}: {why}\n{}\n{}", host.said(), pebble.log()),
    }
}

fn metric(host: &Host, name: &str) -> Option<String> {
    let mut stream = std::net::TcpStream::connect(host.metrics.expect("figures")).unwrap();
    std::io::Write::write_all(&mut stream, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let answer = crate::host::read_answer(&mut std::io::BufReader::new(stream), false).unwrap();
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
        let begun = Instant::now();
        assert!(trust.get(host.addresses[0], name, "/healthz").is_err(), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{name} is refused at once");
    }
    // What is no handshake at all ends, and nothing else does.
    let mut junk = host.connect();
    std::io::Write::write_all(&mut junk, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut junk, &mut rest);
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
    let [elsewhere] = crate::support::own_addresses();
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
    let [elsewhere] = crate::support::own_addresses();
    let http = place.http.to_string();
    let args = ["--providers", "p", "--listen-http", &http];
    let mut host = start(two_providers(), &place, elsewhere, &args);
    host.hear_of("serving 2 providers");
    assert!(got(&pebble.trust(), &host, "autoconfig.a.example").is_err());
    let words = host.hear_of("no certificate for autoconfig.a.example (tls-alpn-01)");
    assert!(words.ends_with("it is not ordered again for 5 s"), "{words}");
    let end = Instant::now() + crate::host::PATIENCE;
    while got(&pebble.trust(), &host, "autoconfig.a.example").is_err() {
        assert!(Instant::now() < end, "{}", host.said());
        thread::sleep(Duration::from_millis(100));
    }
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
    args.extend(["--acme-ca", "ca.pem"]);
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
    let args = ["--providers", "p", "--canonical-host", "setup.host.example"];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("setup.host.example has a certificate");
    let answer = pebble.trust().get(host.addresses[0], "setup.host.example", "/healthz");
    assert_eq!(answer.unwrap().0.status, 200);
    assert_eq!(pebble.orders(), 1);
}

#[test]
fn strangers_cannot_have_more_orders_than_the_limit_and_leave_some_for_those_who_are_known() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let trust = pebble.trust();
    let run = Run::new().write("one.toml", &provider("own.example", &["own.example"]));
    let args = ["--provider", "one.toml", "--acme-orders", "5", "--metrics", "127.0.0.1:0"];
    let mut host = start(run, &place, place.tls, &args);
    let had = (0..9)
        .filter(|number| {
            let name = format!("autoconfig.customer{number}.example");
            trust.get(host.addresses[0], &name, "/healthz").is_ok()
        })
        .count();
    assert_eq!((had, pebble.orders()), (4, 4), "{}", host.said());
    host.hear_of("no certificate for autoconfig.customer4.example now");
    well(&trust, &mut host, &pebble, "autoconfig.own.example");
    let answer = trust.get(host.addresses[0], "autodiscover.own.example", "/healthz");
    assert!(answer.is_err(), "that would be the sixth");
    assert_eq!(pebble.orders(), 5);
    assert_eq!(metric(&host, "mailwright_acme_limited_total").as_deref(), Some("6"));
    // What there is, is served on.
    well(&trust, &mut host, &pebble, "autoconfig.customer0.example");
}

#[test]
fn an_authority_that_is_down_leaves_the_server_well_and_is_asked_again_later() {
    needs_pebble!();
    let place = Place::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["autodiscover.a.example".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap();
    let run = two_providers().write("own.pem", &own.pem()).write("key.pem", &key.serialize_pem());
    let args = ["--providers", "p", "--tls-cert", "own.pem", "--tls-key", "key.pem"];
    let mut host = start(run, &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    let of_file = Trust::of([own.der().clone()]);
    let ask_file = || of_file.get(host.addresses[0], "autodiscover.a.example", "/healthz");
    assert_eq!(ask_file().unwrap().1, own.der().to_vec(), "a file goes first");
    let begun = Instant::now();
    // It gets the file's, which is not for that name.
    assert!(of_file.get(host.addresses[0], "autoconfig.a.example", AUTOCONFIG).is_err());
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(ask_file().unwrap().0.status, 200);
    let words = host.hear_of("no certificate for autoconfig.a.example");
    assert!(words.contains("Connection refused"), "{words}");
    assert!(words.contains("nothing is ordered for "), "{words}");
    let pebble = place.start();
    let end = Instant::now() + crate::host::PATIENCE;
    while got(&pebble.trust(), &host, "autoconfig.a.example").is_err() {
        assert!(Instant::now() < end, "{}", host.said());
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(pebble.orders(), 1);
    let answer = of_file.get(host.addresses[0], "autodiscover.a.example", "/healthz");
    assert_eq!(answer.unwrap().1, own.der().to_vec(), "the file is still first");
}

#[test]
fn what_the_authority_finds_wrong_is_said_in_its_words_and_not_tried_again_at_once() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let [elsewhere] = crate::support::own_addresses();
    let args = ["--providers", "p", "--metrics", "127.0.0.1:0"];
    let mut host = start(two_providers(), &place, elsewhere, &args);
    host.hear_of("serving 2 providers");
    for _ in 0..3 {
        assert!(got(&pebble.trust(), &host, "autoconfig.a.example").is_err());
    }
    let words = host.hear_of("no certificate for autoconfig.a.example (tls-alpn-01)");
    assert!(words.contains("Failed to connect to "), "what is the matter: {words}");
    assert!(words.contains("(unauthorized)"), "the kind of the problem: {words}");
    assert!(words.ends_with("it is not ordered again for 60 s"), "{words}");
    assert_eq!(pebble.orders(), 1);
    assert_eq!(metric(&host, "mailwright_acme_failures_total").as_deref(), Some("1"));
}

#[test]
fn an_authority_that_has_forgotten_the_account_gets_another() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let args = ["--providers", "p"];
    let mut host = start(two_providers(), &place, place.tls, &args);
    host.hear_of("serving 2 providers");
    well(&pebble.trust(), &mut host, &pebble, "autoconfig.a.example");
    // It keeps nothing on disk.
    drop(pebble);
    let pebble = place.start();
    well(&pebble.trust(), &mut host, &pebble, "autoconfig.b.example");
}

#[test]
fn certificates_are_renewed_before_they_end_without_a_handshake_that_fails() {
    needs_pebble!();
    let mut place = Place::new();
    place.life = 15;
    let pebble = place.start();
    let trust = pebble.trust();
    let mut host = start(two_providers(), &place, place.tls, &["--providers", "p"]);
    host.hear_of("serving 2 providers");
    // A domain of the provider's own does not wait for somebody to ask.
    let unasked = "ua-auto-config.a.example";
    trust.get(host.addresses[0], unasked, "/healthz").unwrap();
    let mut seen = BTreeSet::new();
    let mut count = 0;
    let begun = Instant::now();
    // Each is renewed after ten seconds at most.
    while begun.elapsed() < Duration::from_secs(26) {
        for name in ["autoconfig.a.example", "autoconfig.x.many.example"] {
            seen.insert((name, well(&trust, &mut host, &pebble, name)));
            count += 1;
        }
        thread::sleep(Duration::from_millis(50));
    }
    for name in ["autoconfig.a.example", "autoconfig.x.many.example"] {
        let own = seen.iter().filter(|(of, _)| *of == name).count();
        assert!((3..=4).contains(&own), "{own} of {name} in {count} handshakes");
    }
    let said = host.said();
    let renewed = said.matches(&format!("{unasked} has a certificate")).count();
    assert!((3..=4).contains(&renewed), "{said}");
    let orders = said.matches("ordering a certificate").count();
    assert!(orders <= 12, "one for each certificate: {said}");
}

#[test]
fn what_is_wrong_with_the_arguments_is_said_at_once() {
    let run = two_providers().write("file", "");
    let url = "https://127.0.0.1:1/dir";
    for (args, words) in [
        (&["--acme", "letsencrypt"][..], "https://letsencrypt.org/repository/. If you do"),
        (&["--acme", url][..], "https://127.0.0.1:1/dir has their address"),
        (&["--acme", "http://ca.example/dir", "--acme-agree-tos"][..], "is neither letsencrypt"),
        (
            &["--acme", url, "--acme-agree-tos", "--acme-contact", "ann@a.example"][..],
            "is no mailto: address",
        ),
        (&["--acme", url, "--acme-agree-tos", "--acme-ca", "none"][..], "cannot read none"),
        (
            &["--acme", url, "--acme-agree-tos", "--acme-cache", "file"][..],
            "cannot keep certificates: cannot make file/",
        ),
        (&["--acme-agree-tos"][..], "--acme"),
    ] {
        let mut all = vec!["serve", "--user", "root", "--listen", "127.0.0.1:0"];
        all.extend(["--providers", "p"]);
        all.extend(args);
        let ended = run.args(&all);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
    }
}
