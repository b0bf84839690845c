//! What the server reads as a provider file: regular files of a bounded size, and their lists.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

use crate::support::Run;
use crate::support::host::{Host, provider};
use crate::support::until;

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

fn fifo(run: &Run, path: &str) {
    mknodat(CWD, run.path(path), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
}

fn of(domain: &str) -> String {
    provider(domain, &[domain])
}

/// A folder with a provider for `a.example`.
fn run() -> Run {
    Run::new().write("p/a.toml", &of("a.example"))
}

#[test]
fn what_is_not_a_regular_file_is_reported_and_the_others_are_served() {
    let run = run().write("p/folder.toml/.keep", "");
    fifo(&run, "p/b.toml");
    let _socket = UnixListener::bind(run.path("p/c.toml")).unwrap();
    symlink("/dev/zero", run.path("p/d.toml")).unwrap();
    symlink("nowhere", run.path("p/e.toml")).unwrap();
    let mut host = Host::start(run, &["--providers", "p"]);
    assert_eq!(host.get("a.example", AUTOCONFIG).status, 200);
    let said = host.said();
    for words in [
        "p/b.toml: it is a FIFO, not a regular file",
        "p/c.toml: it is a socket, not a regular file",
        "p/d.toml: it is a link to a place outside of p",
        "p/e.toml: No such file",
        "b is not right and is not served",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert_eq!(host.end().0, Some(0));
}

#[test]
fn a_file_that_becomes_a_fifo_does_not_stop_the_server_from_ending_or_reloading() {
    let mut host = Host::start(run().write("p/b.toml", &of("b.example")), &["--providers", "p"]);
    fs::remove_file(host.run.path("p/b.toml")).unwrap();
    fifo(&host.run, "p/b.toml");
    fs::write(host.run.path("p/c.toml"), of("c.example")).unwrap();
    host.hear_of("b is not right and is served on as it was");
    until("the new file is served", || {
        (host.get("c.example", AUTOCONFIG).status == 200).then_some(())
    });
    assert_eq!(host.get("b.example", AUTOCONFIG).status, 200);
    assert_eq!(host.end().0, Some(0));
}

#[test]
fn the_content_of_a_file_outside_the_folder_never_reaches_the_log() {
    let run = run().write("secret", "root:$6$secret\nlist.example\n");
    symlink("../secret", run.path("p/b.toml")).unwrap();
    symlink("../secret", run.path("p/list.txt")).unwrap();
    let with_list =
        of("c.example").replace("displayName", "domainsFrom = \"list.txt\"\ndisplayName");
    fs::write(run.path("p/c.toml"), &with_list).unwrap();
    fs::write(run.path("p/d.toml"), with_list.replace("list.txt", "../secret")).unwrap();
    fs::write(run.path("p/e.toml"), b"\xFFsecret").unwrap();
    let mut host = Host::start(run, &["--providers", "p"]);
    let said = host.said();
    for words in ["p/b.toml: it is a link", "p/list.txt: it is a link", "p/../secret: it is a link"]
    {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(said.contains("p/e.toml: it is not UTF-8 text"), "{said}");
    assert!(!said.contains("$6$") && !said.contains("list.example"), "{said}");
    assert_eq!(host.get("list.example", AUTOCONFIG).status, 404);
}

#[test]
fn files_of_a_kubernetes_config_map_are_served_also_through_a_link_to_the_folder() {
    let run = Run::new()
        .write("real/..2026_1/a.toml", &of("a.example"))
        .write("real/..2026_1/sub/b.toml", &of("b.example"))
        .write("real/..2026_2/a.toml", &of("new.example"))
        .write("real/..2026_2/sub/b.toml", &of("b.example"));
    symlink("..2026_1", run.path("real/..data")).unwrap();
    symlink("..data/a.toml", run.path("real/a.toml")).unwrap();
    symlink("..data/sub", run.path("real/sub")).unwrap();
    symlink("real", run.path("p")).unwrap();
    let mut host = Host::start(run, &["--providers", "p"]);
    for domain in ["a.example", "b.example"] {
        assert_eq!(host.get(domain, AUTOCONFIG).status, 200, "{domain}");
    }
    host.said();
    symlink("..2026_2", host.run.path("real/..new")).unwrap();
    fs::rename(host.run.path("real/..new"), host.run.path("real/..data")).unwrap();
    host.hear_of("serving 2 providers (2 read)");
    assert_eq!(host.get("new.example", AUTOCONFIG).status, 200);
    assert_eq!(host.get("a.example", AUTOCONFIG).status, 404);
}

#[test]
fn a_file_that_is_too_large_or_has_too_many_domains_names_the_limit_and_the_option() {
    let many: Vec<String> = (0..11).map(|n| format!("d{n}.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let run = run()
        .write("p/large.toml", &format!("{}#{}", of("large.example"), "x".repeat(3000)))
        .write("p/many.toml", &provider("many.example", &many));
    let args = ["--providers", "p", "--max-provider-size", "3000", "--max-domains", "10"];
    let mut host = Host::start(run, &args);
    let said = host.said();
    for words in [
        "large.toml: it has more than 3000 bytes",
        "--max-provider-size",
        "many names 11 domains; 10 is the most",
        "--max-domains",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert_eq!(host.get("a.example", AUTOCONFIG).status, 200);
}

#[test]
fn a_large_provider_file_is_refused_by_default() {
    let large = format!("{}#{}", of("b.example"), "x".repeat(256 * 1024));
    let mut host = Host::start(run().write("p/b.toml", &large), &["--providers", "p"]);
    assert!(host.said().contains("b.toml: it has more than 262144 bytes"), "{}", host.said());
}

#[test]
fn a_file_is_read_again_when_its_permissions_are_corrected() {
    // For root, no permissions are missing.
    if crate::support::is_root() {
        return;
    }
    let run = run().write("p/b.toml", &of("b.example"));
    let mode = |run: &Run, mode| {
        fs::set_permissions(run.path("p/b.toml"), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&run, 0);
    let mut host = Host::start(run, &["--providers", "p"]);
    assert_eq!(host.get("b.example", AUTOCONFIG).status, 404);
    mode(&host.run, 0o600);
    host.hear_of("serving 2 providers (1 read)");
}

#[test]
fn certificates_that_become_fifos_are_refused_and_the_old_ones_stay() {
    let crate::support::ca::Identity { chain, key } =
        crate::support::ca::Ca::new().naming(&["a.example"]);
    let run = run().write("tls/chain.pem", &chain).write("tls/key.pem", &key);
    let args = ["--providers", "p", "--tls-cert", "tls/chain.pem", "--tls-key", "tls/key.pem"];
    let mut host = Host::start(run, &args);
    fs::remove_file(host.run.path("tls/chain.pem")).unwrap();
    fifo(&host.run, "tls/chain.pem");
    let words = host.hear_of("the old certificate is used on");
    assert!(words.contains("it is a FIFO, not a regular file"), "{words}");
    fs::write(host.run.path("p/b.toml"), of("b.example")).unwrap();
    host.hear_of("serving 2 providers (1 read)");
    assert_eq!(host.end().0, Some(0));
}

#[test]
fn domains_of_a_list_are_served_as_customers_and_read_again_when_it_changes() {
    let text = of("a.example").replace("displayName", "domainsFrom = \"lists/a.txt\"\ndisplayName");
    let run = Run::new()
        .write("p/a.toml", &text)
        .write("p/lists/a.txt", "# customers\none.example\n*.below.example\n");
    let mut host = Host::start(run, &["--providers", "p"]);
    assert!(!host.said().contains("a.txt"), "{}", host.said());
    for (domain, status) in [("one.example", 200), ("x.below.example", 200), ("two.example", 404)] {
        let answer = host.get(domain, AUTOCONFIG);
        assert_eq!(answer.status, status, "{domain}");
        // A customer does not see the others.
        assert!(status == 404 || answer.text().contains(&format!("<domain>{domain}</domain>")));
        assert!(!answer.text().contains("<domain>a.example</domain>"));
    }
    let own = host.get("a.example", AUTOCONFIG);
    assert!(!own.text().contains("one.example"), "{}", own.text());
    fs::write(host.run.path("p/lists/a.txt"), "two.example\n").unwrap();
    host.hear_of("serving 1 provider (1 read)");
    assert_eq!(host.get("two.example", AUTOCONFIG).status, 200);
    assert_eq!(host.get("one.example", AUTOCONFIG).status, 404);
    fs::write(host.run.path("p/lists/a.txt"), "two.example\nnot a domain\n").unwrap();
    host.hear_of("a is not right and is served on as it was");
    assert!(host.said().contains("p/lists/a.txt:2"), "{}", host.said());
    assert_eq!(host.get("two.example", AUTOCONFIG).status, 200);
    fs::write(host.run.path("p/lists/a.txt"), "three.example\n").unwrap();
    host.hear_of("serving 1 provider (1 read)");
    assert_eq!(host.get("three.example", AUTOCONFIG).status, 200);
}

#[test]
fn a_list_of_domains_works_wherever_a_provider_file_is_read() {
    let text = of("a.example").replace("displayName", "domainsFrom = \"list.txt\"\ndisplayName");
    let run = Run::new().write("p/a.toml", &text).write("p/list.txt", "one.example\n");
    let plan = run.args(&["plan", "ann@one.example", "--providers", "p"]);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    let generate =
        run.args(&["generate", "ann@one.example", "--provider", "p/a.toml", "-o", "out"]);
    assert_eq!(generate.code, Some(0), "{}", generate.stderr);
    assert!(!generate.stderr.contains("customer-domain"), "{}", generate.stderr);
    fs::write(run.path("p/list.txt"), "one.example\nno domain\n").unwrap();
    let check = run.args(&["check", "p/a.toml"]);
    assert_eq!(check.code, Some(1), "{}", check.stdout);
    assert!(check.stdout.contains("p/list.txt:2"), "{}", check.stdout);
    let ended = run.args(&["serve", "--provider", "p/a.toml", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
}

#[test]
fn a_list_has_as_many_domains_as_the_option_allows() {
    let text = of("a.example").replace("displayName", "domainsFrom = \"list.txt\"\ndisplayName");
    let list: String = (0..2000).map(|n| format!("d{n}.example\n")).collect();
    let run =
        run().write("p/list.txt", &list).write("p/b.toml", &text.replace("a.example", "b.example"));
    let host = Host::start(run, &["--providers", "p"]);
    assert_eq!(host.get("d1999.example", AUTOCONFIG).status, 200);
}

#[test]
fn the_end_does_not_wait_for_files_that_are_being_read() {
    let run = Run::new();
    for number in 0..400 {
        let domain = format!("d{number}.example");
        fs::create_dir_all(run.path("p")).unwrap();
        fs::write(run.path(&format!("p/{domain}.toml")), of(&domain)).unwrap();
    }
    let mut args = vec!["serve", "--user", "root", "--listen", "127.0.0.1:0", "--providers", "p"];
    args.extend(["--metrics", "127.0.0.1:0"]);
    let mut child = run.command(&args).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    // It reads the providers from here on.
    let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("figures on")));
    assert!(line.is_some());
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let status = until("the server ends", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(!rest.iter().any(|line| line.starts_with("serving")), "{rest:?}");
}
