//! Login names of people, from lists.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use rustix::process::Signal;

use crate::support::Run;
use crate::support::host::{Host, autodiscover, provider};
use crate::support::until;

const POX: &str = "/autodiscover/autodiscover.xml";
const LIST: &str = "address,username\nann@example.com,u17\nbob@example.com,bob@example.com\n";

fn login_name(host: &Host, address: &str) -> Result<String, u16> {
    let (_, domain) = address.split_once('@').unwrap();
    let answer = host.post(&format!("autodiscover.{domain}"), POX, autodiscover(address));
    let name = answer.text().split_once("<LoginName>").and_then(|(_, rest)| rest.split_once('<'));
    name.map(|(name, _)| name.to_owned()).ok_or(answer.status)
}

fn put(run: &Run, file: &str, text: &str) {
    let path = run.path(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn with_users_from(domain: &str, users_from: &str) -> String {
    let own = format!("displayShortName = \"Mail\"\nusersFrom = {users_from}\n");
    provider(domain, &[domain]).replace("displayShortName = \"Mail\"\n", &own)
}

#[test]
fn a_list_tells_login_names_in_autodiscover_profiles_and_pages() {
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com"]))
        .write("users.csv", LIST);
    let host = Host::start(run, &["--provider", "example.toml", "--users", "users.csv"]);
    assert_eq!(login_name(&host, "Ann@example.com").unwrap(), "u17");
    assert_eq!(login_name(&host, "bob@example.com").unwrap(), "bob@example.com");
    assert_eq!(login_name(&host, "eve@example.com").unwrap(), "eve@example.com");
    for path in ["/ann@example.com.mobileconfig", "/?email=ann@example.com"] {
        let answer = host.get("autoconfig.example.com", path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains("u17"), "{path}: {}", answer.text());
    }
    // The file that is the same for everybody has placeholders.
    let shared =
        host.get("autoconfig.example.com", "/mail/config-v1.1.xml?emailaddress=ann@example.com");
    assert!(shared.text().contains("<username>%EMAILADDRESS%</username>"), "{}", shared.text());
}

#[test]
fn a_list_is_read_again_when_it_changes_and_kept_while_it_is_wrong() {
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com"]))
        .write("users.csv", LIST);
    let mut host = Host::start(run, &["--provider", "example.toml", "--users", "users.csv"]);
    put(&host.run, "users.csv", "address,username\nann@example.com,u18\n");
    until("the new login name", || {
        (login_name(&host, "ann@example.com").unwrap() == "u18").then_some(())
    });
    put(&host.run, "users.csv", "address,name\nann@example.com,Ann\n");
    host.hear_of("--users: users.csv has 1 rows and no login name");
    assert_eq!(login_name(&host, "ann@example.com").unwrap(), "u18");
    put(&host.run, "users.csv", LIST);
    host.signal(Signal::HUP);
    until("the first login name", || {
        (login_name(&host, "ann@example.com").unwrap() == "u17").then_some(())
    });
}

#[test]
fn a_list_that_cannot_be_read_is_an_error_at_the_start() {
    let run = Run::new().write("example.toml", &provider("example.com", &["example.com"]));
    for (list, why) in [
        ("missing.csv", "--users: cannot read missing.csv: No such file"),
        ("empty.csv", "--users: empty.csv is empty"),
        ("nobody.csv", "--users: nobody.csv has 1 rows and no login name"),
    ] {
        put(&run, "empty.csv", "");
        put(&run, "nobody.csv", "address\nann@example.com\n");
        let out = run.args(&["serve", "--provider", "example.toml", "--users", list]);
        assert_ne!(out.code, Some(0), "{list}");
        assert!(out.stderr.contains(why), "{}", out.stderr);
    }
}

#[test]
fn a_provider_file_names_a_list_beside_it_and_nobody_elses_counts() {
    let run = Run::new()
        .write("p/a.toml", &with_users_from("a.example", "\"a.csv\""))
        .write("p/a.csv", "address,username\nann@a.example,u1\nann@b.example,stolen\n")
        .write("p/b.toml", &provider("b.example", &["b.example"]))
        .write("p/c.toml", &with_users_from("c.example", "\"../users.csv\""))
        .write("users.csv", "address,username\nann@b.example,u2\nann@c.example,u3\n");
    let mut host = Host::start(run, &["--providers", "p", "--users", "users.csv"]);
    assert_eq!(login_name(&host, "ann@a.example").unwrap(), "u1");
    assert_eq!(login_name(&host, "ann@b.example").unwrap(), "u2");
    // Nothing is guessed where the list is missing.
    assert_eq!(login_name(&host, "ann@c.example"), Err(503));
    host.hear_of(
        "usersFrom of c: cannot read p/../users.csv: it is a link to a place outside of p",
    );
    put(&host.run, "p/c.csv", "address,username\nann@c.example,u4\n");
    put(&host.run, "p/c.toml", &with_users_from("c.example", "\"c.csv\""));
    until("the list is read", || {
        (login_name(&host, "ann@c.example").as_deref() == Ok("u4")).then_some(())
    });
    put(&host.run, "p/a.toml", &provider("a.example", &["a.example"]));
    until("the list is forgotten", || {
        (login_name(&host, "ann@a.example").as_deref() == Ok("ann@a.example")).then_some(())
    });
}

#[test]
fn a_command_lists_login_names_where_the_operator_trusts_the_files() {
    let run =
        Run::new().write("list.sh", "#!/bin/sh\necho address,username\necho ann@a.example,$1\n");
    let program = run.path("list.sh");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let command = format!("[{:?}, \"u5\"]", program.display().to_string());
    put(&run, "p/a.toml", &with_users_from("a.example", &command));
    put(&run, "p/b.toml", &provider("b.example", &["b.example"]));
    let mut host = Host::start(run, &["--providers", "p", "--trust-provider-files"]);
    assert_eq!(login_name(&host, "ann@a.example").unwrap(), "u5");
    assert_eq!(login_name(&host, "bob@a.example").unwrap(), "bob@a.example");
    assert!(host.said().contains("list.sh: 1 login name"), "{}", host.said());
    let Host { run, .. } = &host;
    let again = Run::new()
        .write("p/a.toml", &fs::read_to_string(run.path("p/a.toml")).unwrap())
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    drop(host);
    let mut host = Host::start(again, &["--providers", "p"]);
    assert_eq!(login_name(&host, "ann@a.example"), Err(404));
    host.hear_of("usersFrom of a names a command, which is not allowed");
}

/// The time of an answer must not tell who is on the list: of those whose login name is what the
/// pattern gives, nobody can say whether they are.
#[test]
fn answers_take_the_same_time_for_those_who_are_on_the_list_and_those_who_are_not() {
    let mut list = String::from("address,username\n");
    for number in 0..20_000 {
        let address = format!("user{number}@example.com");
        list += &format!("{address},{address}\n");
    }
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com"]))
        .write("users.csv", &list);
    let host = Host::start(run, &["--provider", "example.toml", "--users", "users.csv"]);
    // Both ask in turn, so that both see the same noise.
    let ask = |name: &str, number: usize| {
        let begun = Instant::now();
        let address = format!("{name}{number}@example.com");
        assert_eq!(login_name(&host, &address).unwrap(), address);
        begun.elapsed().as_nanos()
    };
    let median = |times: &mut Vec<u128>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    until("two medians within a quarter of each other", || {
        let (mut listed, mut others) = (Vec::new(), Vec::new());
        for number in 0..400 {
            listed.push(ask("user", number));
            others.push(ask("nobo", number));
        }
        let (listed, others) = (median(&mut listed), median(&mut others));
        (listed * 4 < others * 5 && others * 4 < listed * 5).then_some(())
    });
}
