//! What hostile clients can do to the server and to its other clients.
//!
//! Each attack runs against a server of its own while an honest client asks. No honest request may
//! fail, and the server's memory stays bounded. The latency of the honest client is printed; it
//! depends on the machine, so no test is judged by it.
//!
//! `ATTACK_SECONDS=1800 MAILWRIGHT_PROGRAM=$PWD/target/release/mailwright cargo test --release
//! --test serve attacks::all -- --nocapture` is the long form.

mod honest;
mod kinds;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::Run;
use crate::support::ca::{Ca, Identity};
use crate::support::host::{Host, provider};

use honest::Report;
use kinds::Kind;

/// KiB of anonymous memory that a server may have with 200 hostile connections, and with 2000. A
/// program that is built for tests needs more than a release.
const MEMORY: [u64; 2] = [80 * 1024, 160 * 1024];

fn seconds(usual: u64) -> Duration {
    let wanted = std::env::var("ATTACK_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(wanted.unwrap_or(usual))
}

/// A server with TLS and without, whose profiles are signed.
fn server() -> Host {
    let Identity { chain, key } = Ca::new().naming(&["example.com"]);
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com", "example.org"]))
        .write("chain.pem", &chain)
        .write("key.pem", &key);
    let mut args = vec!["--provider", "example.toml", "--listen", "127.0.0.1:0"];
    args.extend(["--listen-http", "127.0.0.1:0", "--tls-cert", "chain.pem"]);
    args.extend(["--tls-key", "key.pem", "--no-access-log", "--metrics", "127.0.0.1:0"]);
    #[cfg(feature = "sign")]
    args.extend(["--sign-cert", "chain.pem", "--sign-key", "key.pem"]);
    Host::start(run, &args)
}

/// Runs attacks against a server, each with so many connections, and reports what an honest client
/// saw.
fn attack(name: &str, kinds: &[Kind], connections: usize, length: Duration) {
    let host = server();
    let (tls, plain) = (host.addresses[0], host.addresses[1]);
    let is_over = Arc::new(AtomicBool::new(false));
    let attackers = {
        let (is_over, kinds) = (Arc::clone(&is_over), kinds.to_vec());
        std::thread::spawn(move || attackers(&kinds, connections, (tls, plain), &is_over))
    };
    let report = honest::ask(plain, host.pid(), length);
    is_over.store(true, Ordering::Relaxed);
    attackers.join().expect("the attackers end");
    report.print(name, connections * kinds.len());
    let Report { failures, asked, memory, .. } = &report;
    assert!(*asked > 0, "{name}: the honest client has asked nothing");
    assert!(failures.is_empty(), "{name}: {} of {asked} failed: {:?}", failures.len(), failures[0]);
    let most = MEMORY[usize::from(connections * kinds.len() > 500)];
    assert!(*memory < most, "{name}: {memory} KiB");
    // The metrics listener and a new client are served at once, whatever is still open.
    assert_eq!(host.get_at(host.metrics.unwrap(), "/readyz").status, 200, "{name}");
    let (code, said, _) = host.end();
    assert_eq!(code, Some(0), "{name}: {said}");
}

/// Opens the connections of all attackers and keeps them busy.
fn attackers(
    kinds: &[Kind],
    connections: usize,
    (tls, plain): (SocketAddr, SocketAddr),
    is_over: &Arc<AtomicBool>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for (number, kind) in kinds.iter().enumerate() {
            for connection in 0..connections {
                let address = if kind.is_over_tls() { tls } else { plain };
                tasks.push(tokio::spawn(kinds::run(*kind, (number, connection), address)));
            }
        }
        while !is_over.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
    });
}

macro_rules! attacks {
    ($($name:ident: $kind:ident,)*) => {$(
        #[test]
        fn $name() {
            attack(stringify!($kind), &[Kind::$kind], 200, seconds(4));
        }
    )*};
}

attacks! {
    heads_that_never_end_hold_nobody_up: SlowHead,
    bodies_that_never_end_hold_nobody_up: SlowBody,
    answers_that_nobody_reads_hold_nobody_up: UnreadAnswers,
    requests_that_are_given_up_hold_nobody_up: GivenUp,
    handshakes_that_never_end_hold_nobody_up: SlowHandshake,
    handshakes_in_a_row_hold_nobody_up: Handshakes,
    streams_whose_window_stays_shut_hold_nobody_up: ShutWindow,
    streams_whose_bodies_never_end_hold_nobody_up: OpenBodies,
    bodies_in_frames_of_one_byte_hold_nobody_up: SmallFrames,
    pings_and_settings_hold_nobody_up: Pings,
    headers_that_go_on_for_ever_hold_nobody_up: Continuations,
    streams_that_are_reset_at_once_hold_nobody_up: RapidReset,
}

/// Clients that ask for pages, images and signed profiles as fast as they get them.
#[test]
fn four_greedy_clients_leave_the_others_their_share() {
    attack("four greedy clients", &[Kind::Greedy; 4], 64, seconds(8));
}

#[test]
fn all_attacks_together_hold_nobody_up() {
    attack("all together", &Kind::ALL, 2000 / Kind::ALL.len(), seconds(15));
}
