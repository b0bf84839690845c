//! Folders of providers: subfolders, entries that are skipped, and nothing to serve.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;

use crate::support::Run;
use crate::support::host::{Host, provider};

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

fn of(domain: &str) -> String {
    provider(domain, &[domain])
}

fn ready(host: &Host) -> String {
    let mut stream = TcpStream::connect(host.metrics.expect("figures")).expect("it listens");
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_folder_with_nothing_to_serve_is_an_error_that_lists_what_was_found() {
    for (files, words) in [
        (&[("p/.keep", "")][..], "p has no file whose name ends in .toml"),
        (&[("p/a.toml", "x")], "p has one provider file, and it cannot be served"),
        (&[("p/a.toml", "x"), ("p/sub/b.toml", "x")], "p has 2 provider files, and none can be"),
        (&[("p/a.conf", "x")], "a.conf is skipped: its name does not end in .toml"),
    ] {
        let run = files.iter().fold(Run::new(), |run, (file, text)| run.write(file, text));
        let ended =
            run.args(&["serve", "--user", "root", "--listen", "127.0.0.1:0", "--providers", "p"]);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("error[nothing-to-serve]"), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words}\n{}", ended.stderr);
        assert!(ended.stderr.contains("put a valid provider file"), "{}", ended.stderr);
    }
}

#[test]
fn the_server_is_not_ready_while_nothing_is_served() {
    let run = Run::new().write("p/a.toml", &of("a.example"));
    let mut host = Host::start(run, &["--providers", "p", "--metrics", "127.0.0.1:0"]);
    assert!(ready(&host).starts_with("HTTP/1.1 200"));
    fs::rename(host.run.path("p/a.toml"), host.run.path("p/a.off")).unwrap();
    host.hear_of("nothing is served: p has no file whose name ends in .toml");
    let answer = ready(&host);
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("no provider is served: p has no file"), "{answer}");
    fs::rename(host.run.path("p/a.off"), host.run.path("p/a.toml")).unwrap();
    host.hear_of("serving 1 provider ");
    assert!(ready(&host).starts_with("HTTP/1.1 200"));
}

#[test]
fn skipped_entries_are_reported_with_the_reason_and_hidden_ones_are_not() {
    let run = Run::new()
        .write("p/a.toml", &of("a.example"))
        .write("p/notes.txt", "")
        .write("p/.hidden/x.toml", "x")
        .write("p/.a.toml.swp", "x");
    symlink("/etc", run.path("p/out")).unwrap();
    let mut host = Host::start(run, &["--providers", "p"]);
    let said = host.said();
    for words in [
        "notes.txt is skipped: its name does not end in .toml",
        "out/ is skipped: it is a link to a place outside of the folder",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(!said.contains("hidden") && !said.contains("swp"), "{said}");
    for number in 0..12 {
        fs::write(host.run.path(&format!("p/{number}.json")), "").unwrap();
    }
    fs::write(host.run.path("p/b.toml"), of("b.example")).unwrap();
    host.hear_of("more entries of the folder are skipped");
    host.hear_of("serving 2 providers");
    assert_eq!(host.said().matches("notes.txt is skipped").count(), 1);
}

#[test]
fn subfolders_are_served_and_watched() {
    let run =
        Run::new().write("p/a.toml", &of("a.example")).write("p/one/two/a.toml", &of("b.example"));
    let mut host = Host::start(run, &["--providers", "p", "--default-provider", "one/two/a"]);
    assert!(host.said().contains("serving 2 providers (2 read)"));
    assert!(host.get("b.example", AUTOCONFIG).text().contains("imap.b.example"));
    assert!(host.get("unknown.example", AUTOCONFIG).text().contains("imap.b.example"));
    fs::write(host.run.path("p/one/two/a.toml"), of("b.example").replace("imap.b", "mx.b"))
        .unwrap();
    host.hear_of("serving 2 providers (1 read)");
    assert!(host.get("b.example", AUTOCONFIG).text().contains("mx.b.example"));
    // A new folder is watched as well.
    fs::create_dir_all(host.run.path("p/new")).unwrap();
    fs::write(host.run.path("p/new/c.toml"), of("c.example")).unwrap();
    host.hear_of("serving 3 providers (1 read)");
    fs::write(host.run.path("p/new/c.toml"), "x").unwrap();
    host.hear_of("new/c is not right and is served on as it was");
    fs::remove_dir_all(host.run.path("p/new")).unwrap();
    host.hear_of("serving 2 providers (0 read, 1 taken out)");
}

#[test]
fn a_link_to_another_folder_changes_neither_its_name_nor_its_owner() {
    let run = Run::new()
        .write("owners", "victim/v victim.example\ncustomer/c customer.example\n")
        .write("p/victim/v.toml", &provider("victim.example", &["victim.example"]))
        .write("p/customer/c.toml", &provider("customer.example", &["customer.example"]));
    let mut host = Host::start(run, &["--providers", "p", "--domain-owners", "owners"]);
    std::os::unix::fs::symlink("../victim", host.run.path("p/customer/d")).unwrap();
    host.hear_of("customer/d/ is skipped: its files are read already, by another path");
    assert_eq!(host.get("victim.example", "/mail/config-v1.1.xml").status, 200);
}

#[test]
fn a_file_with_thousands_of_mistakes_or_servers_costs_neither_log_nor_time() {
    let many = "k = 1\n".to_owned();
    let keys: String = (0..6000).map(|n| many.replace('k', &format!("k{n}"))).collect();
    let server = "[[outgoingServer]]\ntype = \"smtp\"\nhostname = \"s.b.example\"\nport = 465\n\
                  socketType = \"SSL\"\nauthentication = [\"password-cleartext\"]\n\
                  username = \"%EMAILADDRESS%\"\n";
    let servers: String =
        (0..48).map(|n| server.replace("s.b.example", &format!("s{n}.b.example"))).collect();
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example"]))
        .write("p/b.toml", &(provider("b.example", &["b.example"]) + &servers))
        .write("p/c.toml", &format!("{keys}{}", provider("c.example", &["c.example"])));
    let mut host = Host::start(run, &["--providers", "p"]);
    assert_eq!(host.get("a.example", "/mail/config-v1.1.xml").status, 200);
    assert_eq!(host.get("b.example", "/mail/config-v1.1.xml").status, 404);
    let said = host.said();
    assert!(said.contains("b has 51 servers; 50 is the most"), "{said}");
    assert!(said.contains("c has 5980 more mistakes"), "{said}");
    assert!(said.len() < 20_000, "{}", said.len());
}
