//! The server asks itself.

use crate::support::Run;
use crate::support::ca::{Ca, Identity};
use crate::support::host::provider;

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let run = Run::new().write("example.toml", &provider("example.com", &["example.com"]));
    let names = ["", "autoconfig.", "autodiscover.", "ua-auto-config.", "setup."]
        .map(|n| format!("{n}example.com"));
    let ca = Ca::new();
    let Identity { chain, key } = ca.naming(&names.each_ref().map(String::as_str));
    let run = run.write("chain.pem", &chain).write("key.pem", &key);
    std::fs::copy(ca.file(), run.path("ca.pem")).unwrap();
    let mut all = vec!["serve", "--user", "root", "--provider", "example.toml", "--selftest"];
    all.extend(args);
    let ended = run.args(&all);
    (ended.code, ended.stdout, ended.stderr)
}

#[test]
fn a_server_with_a_public_host_finds_its_autodiscover_there() {
    let (code, out, err) = run(&[
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        "chain.pem",
        "--tls-key",
        "key.pem",
        "--ca",
        "ca.pem",
        "--public-host",
        "setup.example.com",
    ]);
    assert_eq!(code, Some(0), "{out}{err}");
    let place = "autodiscover v2 https://example.com/autodiscover/autodiscover.json is right";
    assert!(out.contains(place), "{out}");
}

#[test]
fn a_server_with_a_good_certificate_finds_nothing_wrong_with_itself() {
    let (code, out, err) = run(&[
        "--listen",
        "127.0.0.1:0",
        "--listen-http",
        "127.0.0.1:0",
        "--tls-cert",
        "chain.pem",
        "--tls-key",
        "key.pem",
        "--ca",
        "ca.pem",
    ]);
    assert_eq!(code, Some(0), "{out}{err}");
    for place in [
        "autoconfig https://autoconfig.example.com/mail/config-v1.1.xml is right",
        "autoconfig http://autoconfig.example.com/mail/config-v1.1.xml is right",
        "autodiscover https://autodiscover.example.com/autodiscover/autodiscover.xml is right",
        "autodiscover v2 https://example.com/autodiscover/autodiscover.json is right",
        "pacc https://ua-auto-config.example.com/.well-known/user-agent-configuration.json is right",
        "profile https://example.com/mail.mobileconfig is right",
        "example.com: 9 of 9 clients find their settings; nothing is wrong",
    ] {
        assert!(out.contains(place), "{place}\n{out}");
    }
    assert!(!out.contains("FAIL"), "{out}");
}

#[test]
fn a_certificate_that_nobody_trusts_is_found() {
    let (code, out, _) =
        run(&["--listen", "127.0.0.1:0", "--tls-cert", "chain.pem", "--tls-key", "key.pem"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("FAIL"), "{out}");
    assert!(out.contains("\nFix first: autoconfig https://autoconfig.example.com"), "{out}");
    let overview = out.lines().skip_while(|line| !line.starts_with("domain  ")).skip(1);
    let overview: String = overview.collect::<Vec<_>>().join(" ");
    assert!(overview.starts_with("example.com  ") && overview.contains(" of 9; not "), "{out}");
}

#[test]
fn behind_a_proxy_what_is_plain_is_asked_alone() {
    let (code, out, err) = run(&["--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains("http://autoconfig.example.com")
            && !out.contains("https://autoconfig.example.com/mail"),
        "{out}"
    );
}
