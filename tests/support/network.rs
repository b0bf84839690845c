//! Addresses for servers that have to be told their ports, and networks without anything else.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::programs::{command, program, run, skip};

/// Ports that a test of this process has been given.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// Where a server that needs to be told its ports can listen.
///
/// They are free now, and stay so until the server is up: the loopback address is this process's
/// own, so that no test of another process is given one of them in the meantime.
pub fn own_addresses<const N: usize>() -> [SocketAddr; N] {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // Linux has process ids of 22 bits at most, and all of 127.0.0.0/8 without being asked.
    let own = match cfg!(target_os = "linux") {
        true => Ipv4Addr::from([127, 64 + high, middle, low]),
        false => Ipv4Addr::LOCALHOST,
    };
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    std::array::from_fn(|_| {
        loop {
            let listener = TcpListener::bind((own, 0)).expect("a free port");
            let address = listener.local_addr().expect("a bound socket has an address");
            if given.insert(address.port()) {
                return address;
            }
        }
    })
}

/// An address where nothing listens.
pub fn nowhere() -> SocketAddr {
    let [address] = own_addresses();
    address
}

/// What a test sees in its environment that has started itself again on its own.
const INSIDE: &str = "MAILWRIGHT_TEST_IS_ALONE";

/// Runs the body of the test called `name` where the only network is its own loopback.
///
/// The test starts itself again in a network namespace. Where the machine does not allow one, the
/// body runs in the open, and the programs in it are set to stay off the network.
#[track_caller]
pub fn alone(name: &str, body: impl FnOnce()) {
    let ways = [&["--net"][..], &["--net", "--map-root-user"]];
    if is_inside() || !ways.iter().any(|way| again(name, way)) {
        body();
    }
}

/// Runs the body as [`alone`] does, and where it may change `/etc/hosts` and the like by [`put_over`]
/// and has every port to itself. That needs root.
#[track_caller]
pub fn apart(name: &str, body: impl FnOnce()) {
    if is_inside() {
        body();
    } else if !again(name, &["--net", "--mount"]) {
        skip("root");
    }
}

/// Lets every program of a test that is [`apart`] find a file of the test's in the place of another.
#[track_caller]
pub fn put_over(system: &str, own: &Path) {
    assert!(std::env::var_os(INSIDE).is_some(), "this machine's own files stay as they are");
    run(command("mount").arg("--bind").arg(own).arg(system)).fine();
}

fn is_inside() -> bool {
    let inside = std::env::var_os(INSIDE).is_some();
    if inside {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
        assert!(up.is_ok_and(|s| s.success()), "the loopback of the own network does not come up");
    }
    inside
}

/// Runs the test again in namespaces of its own, unless this machine does not allow them.
#[track_caller]
fn again(name: &str, namespaces: &[&str]) -> bool {
    let works = program("ip").is_some()
        && Command::new("unshare")
            .args(namespaces)
            .args(["ip", "link", "set", "lo", "up"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
    if !works {
        return false;
    }
    let said = Command::new("unshare")
        .args(namespaces)
        .arg(std::env::current_exe().expect("the path of this test"))
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare has just worked");
    let text = String::from_utf8_lossy(&said.stdout);
    // A name that no test has ends well, too.
    let ran = text.lines().any(|line| line.starts_with("running 1 test"));
    let complaint = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && ran, "in its own network: {complaint}");
    true
}
