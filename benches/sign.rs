//! How many profiles one core signs in a second, as a ratio to the bare signatures of `openssl speed`
//! in the same run: `cargo bench --bench sign`.
//!
//! Both are measured in turn in the processor's time, and the median ratio counts, so that both see the
//! same machine.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use mailwright::internals::sign::{Pem, Signer};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 3;
const SECONDS: u64 = 3;

fn main() {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: needs openssl");
        return;
    }
    let profile = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/both/both.example/ann@both.example/apple-mail")
        .join("ann@both.example.mobileconfig");
    let profile = fs::read(profile).expect("the golden profile is there");
    println!("a profile of {} bytes, signed on one core, in turn with openssl", profile.len());
    for (name, kind, speed) in [
        ("RSA-2048", "rsa:2048", "rsa2048"),
        ("RSA-3072", "rsa:3072", "rsa3072"),
        ("P-256", "ec:P-256", "ecdsap256"),
        ("P-384", "ec:P-384", "ecdsap384"),
    ] {
        let signer = signer(kind);
        let mut rounds: Vec<(f64, f64)> =
            (0..ROUNDS).map(|_| (ours(&signer, &profile), openssl(speed))).collect();
        rounds.sort_by(|(a, b), (c, d)| (a / b).total_cmp(&(c / d)));
        let (ours, theirs) = rounds[ROUNDS / 2];
        println!("{name:9} {ours:7.0} profiles/s, openssl {theirs:7.0}/s: {:.2}", ours / theirs);
    }
}

/// A key of this kind, its certificate, and an intermediate's.
fn signer(kind: &str) -> Signer {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (algorithm, size) = kind.split_once(':').expect("a kind has a size");
    let option = match algorithm {
        "rsa" => format!("rsa_keygen_bits:{size}"),
        _ => format!("ec_paramgen_curve:{size}"),
    };
    let request = |name: &str, options: &[&str]| {
        let done = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "90", "-newkey", algorithm, "-pkeyopt"])
            .args([&option, "-subj", &format!("/CN={name}")])
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .args(options)
            .current_dir(&folder)
            .stderr(Stdio::null())
            .status();
        assert!(done.is_ok_and(|status| status.success()), "openssl makes a certificate");
    };
    request("root", &[]);
    request("intermediate", &["-CA", "root.pem", "-CAkey", "root.key"]);
    request("leaf", &["-CA", "intermediate.pem", "-CAkey", "intermediate.key"]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("made above");
    let (chain, key) = (read("leaf.pem") + &read("intermediate.pem"), read("leaf.key"));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let pem = |name, text| Pem { name, text };
    Signer::new(pem("chain.pem", &chain), pem("key.pem", &key), None, now)
        .unwrap_or_else(|finding| panic!("{finding}"))
}

/// Profiles a second.
fn ours(signer: &Signer, profile: &[u8]) -> f64 {
    let (begin, mut signed) = (used(), 0_u32);
    while used() - begin < Duration::from_secs(SECONDS) {
        for _ in 0..100 {
            black_box(signer.sign(black_box(profile))).expect("a profile that can be signed");
        }
        signed += 100;
    }
    f64::from(signed) / (used() - begin).as_secs_f64()
}

/// The processor's time of this process; `openssl speed` takes its own likewise.
fn used() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).expect("time goes on")
}

/// Bare signatures a second, as `openssl speed` says them for programs: `+F2:…` for RSA and `+F4:…`
/// for ECDSA, with seconds for a signature or signatures a second, by the version.
fn openssl(algorithm: &str) -> f64 {
    let seconds = SECONDS.to_string();
    let said = Command::new("openssl")
        .args(["speed", "-mr", "-seconds", &seconds, algorithm])
        .stderr(Stdio::null())
        .output()
        .expect("openssl starts");
    let said = String::from_utf8_lossy(&said.stdout);
    let line = said.lines().find(|line| line.starts_with("+F2:") || line.starts_with("+F4:"));
    let field = line.and_then(|line| line.split(':').nth(3)).and_then(|field| field.parse().ok());
    let figure: f64 = field.unwrap_or_else(|| panic!("no figure in {said}"));
    if figure < 1.0 { 1.0 / figure } else { figure }
}
