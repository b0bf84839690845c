//! Do real clients find at a running `mailwright serve` what they need, by nothing but the address?

mod api;
mod evolution;
mod pages;
mod recorder;
mod reverse_proxies;
mod thunderbird;

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::ca::{Ca, Identity};
use crate::support::host::Host;
use crate::support::{self, Run};

/// Whose domain it is: the one of Dovecot's only user.
const DOMAIN: &str = "example.test";

/// The hosts that clients ask for settings.
const HOSTS: [&str; 3] = [DOMAIN, "autoconfig.example.test", "autodiscover.example.test"];

/// A server of a provider: `imap mail.example.test 993 SSL`.
fn provider(servers: &[&str]) -> String {
    support::provider("Mail of Example", servers).replace("example.net", DOMAIN)
}

/// The server with a certificate for all its hosts, at the ports where every client looks.
fn host(ca: &Ca, provider: &str, args: &[&str]) -> Host {
    let Identity { chain, key } = ca.naming(&HOSTS);
    let run = Run::new().write("own.toml", provider).write("c.pem", &chain).write("k.pem", &key);
    let own = ["--provider", "own.toml", "--listen", "127.0.0.1:443"];
    let tls = ["--listen-http", "127.0.0.1:80", "--tls-cert", "c.pem", "--tls-key", "k.pem"];
    Host::start(run, &[&own[..], &tls, args].concat())
}

/// Lets every program of this test find these names at these addresses, and no others.
fn name_hosts(names: &[(&str, IpAddr)]) {
    let mut text = "127.0.0.1 localhost\n".to_owned();
    for (name, address) in names {
        writeln!(text, "{address} {name}").expect("a string takes everything");
    }
    // Nobody answers at that name server, so that no look-up waits.
    let name_server = "nameserver 127.0.0.1\n".to_owned();
    for (system, text) in [("/etc/hosts", text), ("/etc/resolv.conf", name_server)] {
        // Where it is put over another, it stays for as long as that place does.
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), text).expect("a temporary file");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).expect("it is ours");
        support::put_over(system, file.path());
    }
}

fn loopback() -> IpAddr {
    IpAddr::from([127, 0, 0, 1])
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::new(loopback(), port)
}
