//! Under load while providers and certificates are replaced every second and the process is told to read
//! everything anew: not one failed or torn answer, and memory that stays what it was.
//!
//! `SOAK_SECONDS=3600 MAILWRIGHT_PROGRAM=$PWD/target/release/mailwright cargo test --test serve soak -- --nocapture`
//! is the long form; with `SOAK_PAUSE=300` each client rests so many microseconds between two requests.

use std::fs;
use std::io::BufReader;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::ca::Ca;
use crate::support::host::{Host, autodiscover, provider, read_answer};
use crate::support::{PATIENCE, Run};
use crate::trust::{Trust, secure};

const PROVIDERS: usize = 20;

/// The name in both certificates, which are put in turn.
const TLS_NAME: &str = "autoconfig.d0.example";

fn seconds() -> u64 {
    number("SOAK_SECONDS").unwrap_or(60)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn version(number: usize, version: usize) -> String {
    let domain = format!("d{number}.example");
    provider(&domain, &[&domain]).replace("imap.", &format!("imap{version}."))
}

/// Puts a file into place as a whole.
fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

/// Asks once, and says what is wrong with the answer.
fn ask(stream: &mut impl AsyncReadWrite, number: usize, turn: u64) -> Result<(), String> {
    let domain = format!("d{number}.example");
    let request = match turn % 3 {
        0 => format!(
            "GET /mail/config-v1.1.xml?emailaddress=u{turn}@{domain} HTTP/1.1\r\nHost: x\r\n\r\n"
        ),
        1 => {
            let body = autodiscover(&format!("u{turn}@{domain}"));
            format!(
                "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        _ => format!("GET /u{turn}@{domain}.mobileconfig HTTP/1.1\r\nHost: x\r\n\r\n"),
    };
    stream.write_all(request.as_bytes()).map_err(|e| format!("writing: {e}"))?;
    let answer = read_answer(&mut BufReader::new(&mut *stream), false).ok_or("no answer")?;
    let text = answer.text();
    let host = |version: usize| text.contains(&format!("imap{version}.{domain}"));
    let end = ["</clientConfig>\n", "</Autodiscover>\n", "</plist>\n"]
        [usize::try_from(turn % 3).unwrap()];
    match answer.status {
        // One version or the other, whole.
        200 if host(0) != host(1) && text.ends_with(end) => Ok(()),
        status => Err(format!("{status} for {domain}: {text}")),
    }
}

trait AsyncReadWrite: std::io::Read + std::io::Write {}
impl<T: std::io::Read + std::io::Write> AsyncReadWrite for T {}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// In KiB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn soak_not_one_answer_is_lost_or_torn_while_everything_is_replaced() {
    let ca = Ca::new();
    let trust = Trust::of([ca.root()]);
    let pairs = [ca.naming(&[TLS_NAME]), ca.naming(&[TLS_NAME])];
    let mut run = Run::new();
    for number in 0..PROVIDERS {
        run = run.write(&format!("p/d{number}.toml"), &version(number, 0));
    }
    let run = run.write("tls/chain.pem", &pairs[0].chain).write("tls/key.pem", &pairs[0].key);
    let mut host = Host::start(
        run,
        &[
            "--providers",
            "p",
            "--listen",
            "127.0.0.1:0",
            "--listen-http",
            "127.0.0.1:0",
            "--tls-cert",
            "tls/chain.pem",
            "--tls-key",
            "tls/key.pem",
        ],
    );
    let (tls, plain) = (host.addresses[0], host.addresses[1]);
    let over = AtomicBool::new(false);
    let (asked, mut replaced) = ([0; 3].map(AtomicU64::new), 0);
    let end = Instant::now() + Duration::from_secs(seconds());
    let mut sizes = Vec::new();
    let failed = std::thread::scope(|scope| {
        let mut askers = Vec::new();
        for thread in 0..3 {
            let (over, asked, config) = (&over, &asked[thread], trust.config());
            askers.push(scope.spawn(move || -> Result<(), String> {
                let mut turn = u64::try_from(thread).unwrap();
                let pause = number("SOAK_PAUSE").map(Duration::from_micros);
                while !over.load(Ordering::Relaxed) {
                    let stream = connect(if thread == 2 { tls } else { plain });
                    let mut secured = (thread == 2).then(|| {
                        secure(Arc::clone(&config), stream.try_clone().unwrap(), TLS_NAME)
                    });
                    let mut stream = stream;
                    // New connections among the old ones, as clients come and go.
                    for _ in 0..50 {
                        let number = usize::try_from(turn).unwrap() % PROVIDERS;
                        match &mut secured {
                            Some(secured) => ask(secured, number, turn)?,
                            None => ask(&mut stream, number, turn)?,
                        }
                        turn += 1;
                        pause.into_iter().for_each(std::thread::sleep);
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok(())
            }));
        }
        let mut round = 0;
        while Instant::now() < end && !askers.iter().any(|asker| asker.is_finished()) {
            round += 1;
            for number in 0..PROVIDERS {
                put(&host.run.path(&format!("p/d{number}.toml")), &version(number, round % 2));
            }
            put(&host.run.path("tls/chain.pem"), &pairs[round % 2].chain);
            put(&host.run.path("tls/key.pem"), &pairs[round % 2].key);
            host.signal(rustix::process::Signal::HUP);
            replaced += 1;
            // Not a wait for anything: this is the pace of the replacements.
            std::thread::sleep(Duration::from_secs(1));
            sizes.push(resident(host.pid()));
            let _ = host.said();
        }
        over.store(true, Ordering::Relaxed);
        let results = askers.into_iter().map(|asker| asker.join().expect("no panic"));
        results.filter_map(Result::err).collect::<Vec<_>>()
    });
    let asked = asked.map(AtomicU64::into_inner);
    let early = sizes[..sizes.len().min(20)].iter().max().copied().unwrap_or_default();
    let late = sizes[sizes.len().saturating_sub(20)..].iter().max().copied().unwrap_or_default();
    println!(
        "{} answers, {replaced} replacements, {early} KiB early, {late} KiB late",
        asked.iter().sum::<u64>()
    );
    assert_eq!(failed, Vec::<String>::new());
    // A machine may be slow, but both were there: replacements, and answers to each asker.
    assert!(replaced > 1, "only {replaced} replacements");
    assert!(asked.iter().all(|asked| *asked > 0), "only {asked:?} answers");
    assert!(late <= early + early / 10 + 1024, "memory grew from {early} to {late} KiB");
    let (code, said, _) = host.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("panic") && !said.contains("error"), "{said}");
}
