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

use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::host::{Host, PATIENCE, autodiscover, provider, read_answer};
use crate::support::Run;

const PROVIDERS: usize = 20;

/// An authority, and two certificates of it for the same name.
pub struct Authority {
    pem: String,
    pub pairs: [(String, String); 2],
}

impl Authority {
    pub fn for_names(names: &[String]) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem();
        let issuer = rcgen::Issuer::new(params, key);
        let pairs = [0, 1].map(|_| {
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(names.to_vec()).unwrap();
            (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
        });
        Self { pem, pairs }
    }

    /// Whether a client that knows this authority alone is content with who answers there.
    pub fn is_trusted_at(&self, address: SocketAddr) -> bool {
        let name = ServerName::try_from("autoconfig.example.com").unwrap();
        let client = ClientConnection::new(self.client(), name).unwrap();
        let mut stream = StreamOwned::new(client, connect(address));
        let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        std::io::Write::write_all(&mut stream, request.as_bytes()).is_ok()
            && read_answer(&mut BufReader::new(stream), false).is_some_and(|a| a.status == 200)
    }

    fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let der = rustls::pki_types::CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
        roots.add(der).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }
}

/// An authority, and a chain and key of it for these names; all in PEM.
#[cfg(any(feature = "verify", feature = "sign"))]
pub fn certificate(names: &[String]) -> (String, String, String) {
    let authority = Authority::for_names(names);
    let [(chain, key), _] = authority.pairs;
    (authority.pem, chain, key)
}

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
    let authority = Authority::for_names(&["autoconfig.d0.example".to_owned()]);
    let mut run = Run::new();
    for number in 0..PROVIDERS {
        run = run.write(&format!("p/d{number}.toml"), &version(number, 0));
    }
    let run = run
        .write("tls/chain.pem", &authority.pairs[0].0)
        .write("tls/key.pem", &authority.pairs[0].1);
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
    let (asked, replaced) = (AtomicU64::new(0), AtomicU64::new(0));
    let end = Instant::now() + Duration::from_secs(seconds());
    let mut sizes = Vec::new();
    let failed = std::thread::scope(|scope| {
        let mut askers = Vec::new();
        for thread in 0..3 {
            let (over, asked, config) = (&over, &asked, authority.client());
            askers.push(scope.spawn(move || -> Result<(), String> {
                let mut turn = thread;
                let pause = number("SOAK_PAUSE").map(Duration::from_micros);
                while !over.load(Ordering::Relaxed) {
                    let stream = connect(if thread == 2 { tls } else { plain });
                    let name = ServerName::try_from("autoconfig.d0.example").unwrap();
                    let client = ClientConnection::new(Arc::clone(&config), name).unwrap();
                    let mut secured = (thread == 2)
                        .then(|| StreamOwned::new(client, stream.try_clone().unwrap()));
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
            let (chain, key) = &authority.pairs[round % 2];
            put(&host.run.path("tls/chain.pem"), chain);
            put(&host.run.path("tls/key.pem"), key);
            host.signal(rustix::process::Signal::HUP);
            replaced.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_secs(1));
            sizes.push(resident(host.pid()));
            let _ = host.said();
        }
        over.store(true, Ordering::Relaxed);
        let results = askers.into_iter().map(|asker| asker.join().expect("no panic"));
        results.filter_map(Result::err).collect::<Vec<_>>()
    });
    let (asked, replaced) = (asked.into_inner(), replaced.into_inner());
    let early = sizes[..sizes.len().min(20)].iter().max().copied().unwrap_or_default();
    let late = sizes[sizes.len().saturating_sub(20)..].iter().max().copied().unwrap_or_default();
    println!("{asked} answers, {replaced} replacements, {early} KiB early, {late} KiB late");
    assert_eq!(failed, Vec::<String>::new());
    assert!(replaced >= seconds() * 8 / 10, "only {replaced} replacements");
    assert!(asked > seconds() * 100, "only {asked} answers");
    assert!(late <= early + early / 10 + 1024, "memory grew from {early} to {late} KiB");
    let (code, said, _) = host.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("panic") && !said.contains("error"), "{said}");
}
