//! Files that change while the server runs.

use std::fs;

use crate::support::Run;
use crate::support::ca::Ca;
use crate::support::host::{Host, provider};
use crate::trust::Trust;

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

#[test]
fn a_file_that_changes_is_read_anew_and_a_broken_one_is_not() {
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    let mut host = Host::start(run, &["--providers", "p"]);
    assert!(host.said().contains("serving 2 providers (2 read)"));
    let path = |name: &str| host.run.path(&format!("p/{name}.toml"));
    let (a, b, c) = (path("a"), path("b"), path("c"));
    let new = provider("a.example", &["a.example", "new.example"]).replace("imap.a.", "mx.a.");
    fs::write(host.run.path("p/a.new"), &new).unwrap();
    fs::rename(host.run.path("p/a.new"), &a).unwrap();
    // Only the one that is another.
    host.hear_of("serving 2 providers (1 read)");
    for domain in ["a.example", "new.example"] {
        let answer = host.get(&format!("autoconfig.{domain}"), AUTOCONFIG);
        assert!(answer.text().contains("mx.a.example"), "{}", answer.text());
    }
    fs::write(&a, new.replace("port = 993", "port = 99999")).unwrap();
    let words = host.hear_of("is not right");
    assert_eq!(words, "a is not right and is served on as it was");
    assert!(host.said().contains("p/a.toml:"), "it says where");
    assert!(host.get("a.example", AUTOCONFIG).text().contains("mx.a.example"));
    fs::write(&c, "x").unwrap();
    host.hear_of("c is not right and is not served");
    fs::write(&c, provider("c.example", &["c.example", "b.example"])).unwrap();
    host.hear_of("b.example of c is served by b already");
    host.hear_of("serving 3 providers");
    // What was another's is free when that is gone.
    fs::remove_file(&b).unwrap();
    host.hear_of("serving 2 providers");
    assert!(host.get("b.example", AUTOCONFIG).text().contains("imap.c.example"));
    fs::remove_file(&c).unwrap();
    host.hear_of("serving 1 provider ");
    assert_eq!(host.get("b.example", AUTOCONFIG).status, 404);
}

#[test]
fn one_file_is_watched_too_and_sighup_asks_for_it() {
    let mut host = Host::of_example(&[]);
    assert!(host.said().contains("serving 1 provider (1 read)"));
    let path = host.run.path("example.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("imap.example.com", "mx.example.com")).unwrap();
    host.hear_of("serving 1 provider (1 read)");
    assert!(host.get("example.com", AUTOCONFIG).text().contains("mx.example.com"));
    host.signal(rustix::process::Signal::HUP);
    host.hear_of("serving 1 provider (0 read)");
}

#[test]
fn many_files_that_come_into_the_folder_are_served() {
    let run = Run::new().write("p/p0.example.toml", &provider("p0.example", &["p0.example"]));
    let mut host = Host::start(run, &["--providers", "p"]);
    for number in 1..40 {
        let domain = format!("p{number}.example");
        fs::write(host.run.path(&format!("p/{domain}.toml")), provider(&domain, &[&domain]))
            .unwrap();
    }
    host.hear_of("serving 40 providers");
    for number in [0, 39] {
        let domain = format!("p{number}.example");
        assert!(host.get(&domain, AUTOCONFIG).text().contains(&format!("imap.{domain}")));
    }
}

#[test]
fn what_the_settings_said_at_the_start_stays() {
    let settings = |text: &str| format!("provider = \"example.toml\"\n{text}");
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com"]))
        .write("mailwright.toml", &settings(""));
    let mut host = Host::start(run, &[]);
    fs::write(host.run.path("mailwright.toml"), settings("nonsense")).unwrap();
    host.signal(rustix::process::Signal::HUP);
    host.hear_of("serving 1 provider (0 read)");
    assert_eq!(host.get("example.com", "/").status, 200);
    assert_eq!(host.get("example.com", AUTOCONFIG).status, 200);
}

#[test]
fn settings_that_come_after_the_start_change_neither_files_nor_pages() {
    let mut host = Host::of_example(&[]);
    let settings = "[organization]\nsupportAddress = \"help@later.example\"\n\n\
                    [override.emailProvider]\ndisplayName = \"Later\"\n";
    fs::write(host.run.path("mailwright.toml"), settings).unwrap();
    let is_without_them = |host: &Host, server: &str| {
        let file = host.get("example.com", AUTOCONFIG);
        assert!(file.text().contains(server) && !file.text().contains("Later"), "{}", file.text());
        let page = host.get("example.com", "/?email=ann@example.com");
        assert_eq!(page.status, 200);
        assert!(!page.text().contains("later.example"), "{}", page.text());
        assert!(!page.text().contains("Later"), "{}", page.text());
    };
    is_without_them(&host, "imap.example.com");
    assert!(host.said().contains("serving 1 provider (1 read)"));
    let path = host.run.path("example.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("imap.example.com", "mx.example.com")).unwrap();
    host.signal(rustix::process::Signal::HUP);
    host.hear_of("serving 1 provider (1 read)");
    is_without_them(&host, "mx.example.com");
}

#[test]
fn what_cannot_be_served_is_said_at_once() {
    let run = Run::new().write("x.toml", "[emailProvider]\n").write("empty/.keep", "");
    for (args, code, words) in [
        (&["--provider", "x.toml"][..], 1, "has no id"),
        (&["--provider", "nobody"][..], 1, "there is no provider \"nobody\""),
        (&["--provider", "none.toml"][..], 2, "cannot read none.toml"),
        (&["--providers", "none"][..], 2, "none"),
        (
            &["--providers", "empty", "--default-provider", "a"][..],
            1,
            "there is no a.toml in empty",
        ),
        (&["--public-host", "https://x.example"][..], 2, "has a scheme"),
        (&["--tls-cert", "x.toml", "--tls-key", "x.toml"][..], 2, "no CERTIFICATE block"),
        (&["--listen", "192.0.2.1:80"][..], 2, "this machine has no such address"),
        (&["--trusted-proxy", "10.0.0.0/40"][..], 2, "no prefix length from 0 to 32"),
    ] {
        let mut all = vec!["serve", "--user", "root"];
        if !args.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(args);
        let ended = run.args(&all);
        assert_eq!(ended.code, Some(code), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn a_new_certificate_is_used_for_the_next_connection_and_a_broken_one_is_not() {
    const NAME: &str = "autoconfig.example.com";
    let [first, second] = [Ca::new(), Ca::new()];
    let (one, other) = (first.naming(&[NAME]), second.naming(&[NAME]));
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com"]))
        .write("tls/chain.pem", &one.chain)
        .write("tls/key.pem", &one.key);
    let mut host = Host::start(
        run,
        &["--provider", "example.toml", "--tls-cert", "tls/chain.pem", "--tls-key", "tls/key.pem"],
    );
    let address = host.addresses[0];
    let is_of = |ca: &Ca| Trust::of([ca.root()]).is_content(address, NAME);
    assert!(is_of(&first) && !is_of(&second));
    let put = |host: &Host, file: &str, text: &str| {
        fs::write(host.run.path("tls/new"), text).unwrap();
        fs::rename(host.run.path("tls/new"), host.run.path(file)).unwrap();
    };
    put(&host, "tls/chain.pem", "nonsense");
    host.hear_of("the old certificate is used on");
    assert!(is_of(&first));
    put(&host, "tls/key.pem", &other.key);
    put(&host, "tls/chain.pem", &other.chain);
    host.hear_of("took the new certificates");
    assert!(is_of(&second) && !is_of(&first));
}
