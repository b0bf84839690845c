//! Which provider file may have which domain, and who keeps one that two files name.

use std::fs;

use crate::support::Run;
use crate::support::host::{Host, provider};

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

fn imap(host: &Host, domain: &str) -> Option<String> {
    let answer = host.get(domain, AUTOCONFIG);
    let text = String::from_utf8(answer.body).expect("text");
    let (_, rest) = text.split_once("<hostname>")?;
    rest.split_once('<').map(|(name, _)| name.to_owned())
}

#[test]
fn with_file_name_a_file_has_only_the_domain_of_its_name() {
    let run = Run::new()
        .write(
            "p/a.example.toml",
            &provider("a.example", &["a.example", "sub.a.example", "b.example"]),
        )
        .write("p/t/b.example.toml", &provider("b.example", &["b.example", "*.b.example"]))
        .write("p/evil.toml", &provider("c.example", &["c.example"]));
    let mut host = Host::start(run, &["--providers", "p", "--domain-owners", "file-name"]);
    let said = host.said();
    for words in [
        "error[domain-not-allowed]: b.example of a.example is not allowed for this file",
        "error[domain-not-allowed]: c.example of evil is not allowed for this file",
        "evil is not right and is not served",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    for (domain, server) in [
        ("a.example", Some("imap.a.example")),
        ("sub.a.example", Some("imap.a.example")),
        ("b.example", Some("imap.b.example")),
        ("x.b.example", Some("imap.b.example")),
        ("c.example", None),
    ] {
        assert_eq!(imap(&host, domain).as_deref(), server, "{domain}");
    }
}

#[test]
fn with_a_list_of_owners_a_file_has_only_what_the_list_gives_it() {
    let run = Run::new()
        .write("owners.txt", "# file and domains\na a.example *.a.example\n")
        .write("p/a.toml", &provider("a.example", &["a.example", "x.a.example", "b.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    let mut host = Host::start(run, &["--providers", "p", "--domain-owners", "owners.txt"]);
    assert!(host.said().contains("b.example of b is not allowed"), "{}", host.said());
    assert_eq!(imap(&host, "x.a.example").as_deref(), Some("imap.a.example"));
    assert_eq!(imap(&host, "b.example"), None);
    fs::write(host.run.path("owners.txt"), "a a.example\nb b.example\n").unwrap();
    host.hear_of("serving 2 providers (1 read)");
    assert!(host.said().contains("x.a.example of a is not allowed"), "{}", host.said());
    assert_eq!(imap(&host, "b.example").as_deref(), Some("imap.b.example"));
    assert_eq!(imap(&host, "x.a.example"), None);
    // A list with a mistake changes nothing.
    fs::write(host.run.path("owners.txt"), "a a.example\n\nb no domain\n").unwrap();
    host.hear_of("owners.txt:3");
    assert_eq!(imap(&host, "b.example").as_deref(), Some("imap.b.example"));
}

#[test]
fn a_list_of_owners_with_a_mistake_is_an_error_at_the_start() {
    let run = Run::new()
        .write("owners.txt", "a\n")
        .write("p/a.toml", &provider("a.example", &["a.example"]));
    let serve = |args: &[&str]| {
        run.args(&[&["serve", "--user", "root", "--listen", "127.0.0.1:0"], args].concat())
    };
    let ended = serve(&["--providers", "p", "--domain-owners", "owners.txt"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("owners.txt:1"), "{}", ended.stderr);
    let ended = serve(&["--providers", "p", "--domain-owners", "none.txt"]);
    assert!(ended.stderr.contains("cannot read --domain-owners none.txt"), "{}", ended.stderr);
    let ended = serve(&["--provider", "p/a.toml", "--domain-owners", "file-name"]);
    assert!(ended.stderr.contains("name it with --providers DIR"), "{}", ended.stderr);
}

#[test]
fn public_suffixes_and_wildcards_over_them_are_not_served() {
    let names = ["a.example", "co.uk", "*.co.uk", "github.io", "*.github.io", "*.ok.co.uk"];
    let run = Run::new()
        .write("owners.txt", "a a.example *.ok.co.uk github.io co.uk *.uk.com\n")
        .write("p/a.toml", &provider("a.example", &names));
    let mut host = Host::start(run, &["--providers", "p"]);
    let said = host.said();
    for name in ["co.uk", "*.co.uk", "github.io", "*.github.io"] {
        let words = format!("error[public-suffix]: {name} of a is a public suffix");
        assert!(said.contains(&words), "{words}\n{said}");
    }
    for (domain, is_served) in [
        ("a.example", true),
        ("x.ok.co.uk", true),
        ("x.co.uk", false),
        ("co.uk", false),
        ("ann.github.io", false),
    ] {
        assert_eq!(imap(&host, domain).is_some(), is_served, "{domain}");
    }
    let owners = host.run.path("owners.txt");
    let providers = host.run.path("p");
    let args = ["--providers", providers.to_str().unwrap(), "--domain-owners"];
    let other = Host::start(Run::new(), &[&args[..], &[owners.to_str().unwrap()]].concat());
    assert!(imap(&other, "github.io").is_some());
    for domain in ["x.github.io", "co.uk", "x.co.uk"] {
        assert_eq!(imap(&other, domain), None, "{domain}");
    }
}

#[test]
fn a_contested_domain_stays_with_its_owner_also_after_a_restart() {
    let both = ["b.example", "shared.example"];
    let run = Run::new().write("p/b.toml", &provider("b.example", &both));
    let state = tempfile::tempdir().unwrap();
    let args = ["--providers", "p", "--state-dir", state.path().to_str().unwrap()];
    let mut host = Host::start(run, &args);
    fs::write(host.run.path("p/a.toml"), provider("a.example", &["a.example", "shared.example"]))
        .unwrap();
    host.hear_of("shared.example of a is served by b already");
    host.hear_of("serving 2 providers");
    assert_eq!(imap(&host, "shared.example").as_deref(), Some("imap.b.example"));
    let files: Vec<(String, Vec<u8>)> = host.run.files("p").into_iter().collect();
    assert_eq!(host.end().0, Some(0));
    let again = || {
        let run = Run::new();
        fs::create_dir(run.path("p")).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(run.path("p").join(name), bytes).unwrap());
        run
    };
    // The first file by name is not the owner.
    let mut host = Host::start(again(), &args);
    assert_eq!(imap(&host, "shared.example").as_deref(), Some("imap.b.example"));
    assert!(host.said().contains("shared.example of a is served by b already"), "{}", host.said());
    assert_eq!(host.end().0, Some(0));
    // The owner's file is broken: nobody gets the domain.
    let run = again().write("p/b.toml", "x");
    let mut host = Host::start(run, &args);
    assert_eq!(imap(&host, "shared.example"), None);
    assert!(host.said().contains("shared.example of a is kept for b"), "{}", host.said());
    assert_eq!(host.end().0, Some(0));
    // It is still kept after one more restart. Without the owner's file the domain is free.
    let mut host = Host::start(again().write("p/b.toml", "x"), &args);
    assert_eq!(imap(&host, "shared.example"), None);
    fs::remove_file(host.run.path("p/b.toml")).unwrap();
    fs::write(host.run.path("p/c.toml"), provider("c.example", &["c.example"])).unwrap();
    host.hear_of("serving 2 providers");
    assert_eq!(imap(&host, "shared.example").as_deref(), Some("imap.a.example"));
}

#[test]
fn without_a_state_folder_a_restart_is_mentioned_only_if_a_domain_is_contested() {
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    let mut host = Host::start(run, &["--providers", "p"]);
    assert!(!host.said().contains("--state-dir"), "{}", host.said());
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["x.example"]))
        .write("p/b.toml", &provider("b.example", &["x.example", "b.example"]));
    let mut host = Host::start(run, &["--providers", "p"]);
    assert!(host.said().contains("without --state-dir"), "{}", host.said());
    assert_eq!(imap(&host, "x.example").as_deref(), Some("imap.a.example"));
}

#[test]
fn a_state_folder_that_cannot_be_used_is_an_error_at_the_start() {
    let run = Run::new()
        .write("state/domain-owners", "nonsense\n")
        .write("p/a.toml", &provider("a.example", &["a.example"]));
    let ended = run.args(&[
        "serve",
        "--user",
        "root",
        "--listen",
        "127.0.0.1:0",
        "--providers",
        "p",
        "--state-dir",
        "state",
    ]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 1 is not DOMAIN NAME"), "{}", ended.stderr);
}
