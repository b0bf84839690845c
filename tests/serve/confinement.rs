//! What the server cannot do after its start.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Run;
use crate::support::host::{Host, provider};
use crate::support::{skip, until};

fn run() -> Run {
    Run::new()
        .write("example/example.toml", &provider("example.com", &["example.com"]))
        .write("lists/users.csv", "address,username\nann@example.com,u1\n")
        .write("elsewhere/users.csv", "address,username\nann@example.com,u2\nbob@example.com,u3\n")
}

#[test]
fn the_server_gives_up_what_it_never_needs_and_says_so() {
    let mut host = Host::of_example(&[]);
    let words = host.hear_of("confined: ");
    let refused = words.split_once("; refused").map(|(_, refused)| refused.to_owned());
    // An old system has no Landlock.
    assert!(refused.is_none_or(|words| words == " by the system: Landlock"), "{words}");
    for means in ["no new privileges", "no core dumps", "not dumpable", "seccomp"] {
        assert!(words.contains(means), "{words}");
    }
    let file = |name: &str| {
        fs::read_to_string(format!("/proc/{}/{name}", host.pid())).expect("the server runs")
    };
    let limits = file("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    let threads = fs::read_dir(format!("/proc/{}/task", host.pid())).unwrap();
    let threads: Vec<_> = threads.map(|thread| thread.unwrap().path()).collect();
    assert!(threads.len() > 3, "{threads:?}");
    for thread in threads {
        let status = fs::read_to_string(thread.join("status")).unwrap();
        for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
            assert!(status.contains(line), "{line}: {status}");
        }
        if words.contains("no capabilities to gain") {
            assert!(status.contains("CapBnd:\t0000000000000000"), "{status}");
        }
    }
}

/// The operator's list may lie anywhere, and links of it lead anywhere, so only Landlock is in the
/// way.
#[test]
fn the_server_sees_only_the_folders_of_its_options() {
    let elsewhere = |run: &Run| {
        fs::remove_file(run.path("lists/users.csv")).unwrap();
        symlink(run.path("elsewhere/users.csv"), run.path("lists/users.csv")).unwrap();
    };
    let args = ["--provider", "example/example.toml", "--users", "lists/users.csv"];
    let mut host = Host::start(run(), &args);
    host.hear_of("lists/users.csv: 1 login name");
    if !host.said().contains("Landlock") {
        return skip("a kernel with Landlock");
    }
    elsewhere(&host.run);
    let words = host.hear_of("cannot read lists/users.csv: Permission denied");
    assert!(words.contains("--allow-path adds more"), "{words}");
    let host = Host::start(run(), &[&args[..], &["--allow-path", "elsewhere"]].concat());
    elsewhere(&host.run);
    let mut host = host;
    host.hear_of("lists/users.csv: 2 login names");
}

#[test]
fn files_and_folders_are_still_read_after_they_are_replaced_by_name() {
    let host = Host::start(run(), &["--providers", "example", "--users", "lists/users.csv"]);
    let of = |domain: &str| provider(domain, &[domain]);
    fs::create_dir(host.run.path("new")).unwrap();
    fs::write(host.run.path("new/other.toml"), of("other.example")).unwrap();
    fs::rename(host.run.path("example"), host.run.path("old")).unwrap();
    fs::rename(host.run.path("new"), host.run.path("example")).unwrap();
    host.signal(rustix::process::Signal::HUP);
    until("the folder that has its name now is read", || {
        let answer = host.get("other.example", "/mail/config-v1.1.xml");
        (answer.status == 200).then_some(())
    });
}
