//! A client that does what mail clients and browsers do, and measures.

use std::fs;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
use crate::support::host::{autodiscover, read_answer};

/// What the client saw.
pub struct Report {
    pub asked: usize,
    pub failures: Vec<String>,
    /// Most KiB of anonymous memory that the server had.
    pub memory: u64,
    /// KiB at the end, half a second after the last request.
    rests: u64,
    /// Milliseconds of each request, sorted.
    cheap: Vec<f64>,
    dear: Vec<f64>,
}

impl Report {
    pub fn print(&self, name: &str, connections: usize) {
        let at = |times: &[f64], share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
            let at = (times.len() as f64 * share) as usize;
            times.get(at).copied().unwrap_or_default()
        };
        println!(
            "{name}: {connections} connections, {} honest requests, {} failed; files p50 {:.1} ms, p99 \
             {:.1} ms; pages p99 {:.1} ms; anonymous memory {:.1} MiB at most",
            self.asked,
            self.failures.len(),
            at(&self.cheap, 0.5),
            at(&self.cheap, 0.99),
            at(&self.dear, 0.99),
            self.memory as f64 / 1024.0,
        );
        let _ = self.rests;
    }
}

/// Asks for so long, with a new connection each time, and every tenth time for a page.
pub fn ask(address: SocketAddr, pid: u32, length: Duration) -> Report {
    let end = Instant::now() + length;
    let mut report = Report {
        asked: 0,
        failures: Vec::new(),
        memory: 0,
        rests: 0,
        cheap: Vec::new(),
        dear: Vec::new(),
    };
    while Instant::now() < end {
        let is_page = report.asked % 10 == 9;
        let request = match report.asked % 10 {
            9 => "GET /?email=ann@example.com HTTP/1.1\r\nHost: example.com\r\n\r\n".to_owned(),
            0 | 5 => {
                let body = autodiscover("ann@example.com");
                format!(
                    "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: example.com\r\n\
                     Content-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
            _ => "GET /mail/config-v1.1.xml?emailaddress=ann@example.com HTTP/1.1\r\n\
                  Host: autoconfig.example.com\r\n\r\n"
                .to_owned(),
        };
        let begun = Instant::now();
        if let Err(why) = one(address, &request) {
            report.failures.push(why);
        }
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        if is_page { &mut report.dear } else { &mut report.cheap }.push(took);
        report.asked += 1;
        report.memory = report.memory.max(anonymous(pid));
        std::thread::sleep(Duration::from_millis(5));
    }
    report.rests = anonymous(pid);
    report.cheap.sort_by(f64::total_cmp);
    report.dear.sort_by(f64::total_cmp);
    report
}

fn one(address: SocketAddr, request: &str) -> Result<(), String> {
    let mut stream = TcpStream::connect(address).map_err(|e| format!("connecting: {e}"))?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_nodelay(true).expect("no delay");
    stream.write_all(request.as_bytes()).map_err(|e| format!("writing: {e}"))?;
    match read_answer(&mut BufReader::new(stream), false) {
        Some(answer) if answer.status == 200 => Ok(()),
        Some(answer) => Err(format!("{} for {request}", answer.status)),
        None => Err(format!("no answer for {request}")),
    }
}

fn anonymous(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the server runs");
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).expect("a figure");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}
