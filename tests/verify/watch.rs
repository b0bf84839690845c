//! `--watch`: a monitoring system asks, and a signal ends it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::output::provider;
use crate::support::ca::{Ca, HOST};
use crate::support::peer::Peer;
use crate::support::{PATIENCE, Run, until};

struct Watch {
    child: Child,
    /// Where the figures are.
    address: String,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Watch {
    fn start(run: &Run, args: &[&str]) -> Self {
        let mut command = run.command(args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("metrics on http://").expect(&line);
        let address = address.strip_suffix("/metrics").unwrap().to_owned();
        Self { child, address }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn scrape(&self) -> String {
        self.ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    }

    /// Scrapes until these words are there.
    #[track_caller]
    fn until(&self, words: &str) -> String {
        until(words, || Some(self.scrape()).filter(|page| page.contains(words)))
    }

    /// Ends it as a service manager does.
    fn end(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        (self.child.wait().unwrap().code(), stdout)
    }
}

#[test]
fn a_monitoring_system_sees_a_server_go_down_and_up_again() {
    let ca = Ca::new();
    let broken = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&broken);
    let pop3 = Peer::tls(ca.good().server(), move |conn| {
        let greeting =
            if down.load(Ordering::SeqCst) { "-ERR [SYS/TEMP] no\r\n" } else { "+OK\r\n" };
        conn.say(greeting);
        conn.answer(&[("CAPA", "+OK\r\nUIDL\r\nUSER\r\n.\r\n")]);
    });
    let smtp = Peer::tls(ca.good().server(), |conn| {
        conn.say("220 ready\r\n");
        conn.answer(&[("EHLO", "250-mail\r\n250 AUTH PLAIN\r\n")]);
    });
    let text = provider("pop3").replace("alternativeHostnames = [\"pop.example.test\"]\n", "");
    let run = Run::new().write("example.test.toml", &text);
    let ca_file = ca.file().display().to_string();
    let at = [format!("{HOST}:995:{}", pop3.address), format!("{HOST}:465:{}", smtp.address)];
    let args = [
        "verify",
        "example.test.toml",
        "--ca",
        &ca_file,
        "--resolve",
        &at[0],
        "--resolve",
        &at[1],
        "--watch",
        "0.1s",
        "--metrics-listen",
        "127.0.0.1:0",
        "--format",
        "json",
    ];
    let watch = Watch::start(&run, &args);
    let labels =
        "{subject=\"example.test\",type=\"pop3\",hostname=\"mail.example.test\",port=\"995\"}";
    let page = watch.until(&format!("mailwright_up{labels} 1.0"));
    assert!(page.contains("Content-Type: application/openmetrics-text"), "{page}");
    assert!(page.contains(&format!("mailwright_certificate_days_left{labels}")), "{page}");
    assert!(page.contains("step=\"tls\"") && page.contains("mailwright_step_seconds"), "{page}");
    assert!(page.ends_with("# EOF\n"), "{page}");
    broken.store(true, Ordering::SeqCst);
    let page = watch.until(&format!("mailwright_up{labels} 0.0"));
    assert!(page.contains("code=\"temporary-failure\""), "{page}");
    broken.store(false, Ordering::SeqCst);
    let page = watch.until(&format!("mailwright_up{labels} 1.0"));
    assert!(!page.contains("temporary-failure"), "{page}");

    assert!(watch.ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert!(watch.ask("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert!(watch.ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000));
    assert!(watch.ask(&long).starts_with("HTTP/1.1 431"));

    let (code, stdout) = watch.end();
    assert_eq!(code, Some(0));
    let runs: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(runs.len() >= 3 && runs.iter().all(|run| run["time"].is_u64()), "{stdout}");
    assert!(runs.iter().any(|run| run["works"] == false));
}

#[test]
fn a_run_that_cannot_be_done_is_told_and_the_next_one_comes() {
    let ca = Ca::new();
    let pop3 = Peer::tls(ca.good().server(), |conn| {
        conn.say("+OK\r\n");
        let go_on = [("AUTH", "+ \r\n"), ("STAT", "+OK 0 0\r\n"), ("QUIT", ""), ("", "+OK\r\n")];
        conn.answer(&[
            ("CAPA", "+OK\r\nUIDL\r\nSASL XOAUTH2\r\n.\r\n"),
            go_on[0],
            go_on[1],
            go_on[2],
            go_on[3],
        ]);
    });
    let text = provider("pop3").replace("password-cleartext", "OAuth2");
    let run = Run::new().write("example.test.toml", &text);
    let ca_file = ca.file().display().to_string();
    let at = format!("{HOST}:995:{}", pop3.address);
    let args = [
        "verify",
        "example.test.toml",
        "--protocol",
        "pop3",
        "--ca",
        &ca_file,
        "--resolve",
        &at,
        "--resolve",
        "mail.example.test:465:127.0.0.1:1",
        "--resolve",
        "pop.example.test:995:127.0.0.1:1",
        "--login",
        "ann",
        "--token-command",
        "cat token",
        "--watch",
        "0.1s",
        "--metrics-listen",
        "127.0.0.1:0",
    ];
    let watch = Watch::start(&run, &args);
    watch.until("mailwright_last_run_complete 0.0");
    std::fs::write(run.path("token"), "t0ken\n").unwrap();
    watch.until("mailwright_last_run_complete 1.0");
    let page = watch.until("hostname=\"mail.example.test\",port=\"995\"} 1.0");
    assert!(page.contains("step=\"login\""), "{page}");
    assert_eq!(watch.end().0, Some(0));
}
