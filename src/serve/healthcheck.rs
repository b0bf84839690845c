//! Asks a running server whether it is ready, for containers.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::sockets::ListenAddress;

/// Bytes of the answer that are read.
const LONGEST: u64 = 4096;

/// Asks `/readyz` at a listener that speaks plain HTTP.
///
/// # Errors
///
/// Why the server is not ready, in its own words if it answers.
pub fn healthcheck(address: &ListenAddress, timeout: Duration) -> Result<(), String> {
    let answer = ask(address, timeout);
    let answer = answer.map_err(|why| format!("no answer from {address}: {why}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some(status) if head.starts_with("HTTP/") => {
            Err(format!("{address} answers {status}: {}", body.trim()))
        }
        _ => Err(format!(
            "{address} does not answer in plain HTTP; name the listener of --metrics or of \
             --listen-http"
        )),
    }
}

fn ask(address: &ListenAddress, timeout: Duration) -> io::Result<String> {
    match address {
        ListenAddress::Tcp(address) => {
            let stream = TcpStream::connect_timeout(&reachable(*address), timeout)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))?;
            request(stream)
        }
        #[cfg(unix)]
        ListenAddress::Unix(path) => {
            let stream = std::os::unix::net::UnixStream::connect(path)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))?;
            request(stream)
        }
        #[cfg(not(unix))]
        ListenAddress::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn request(mut stream: impl Read + Write) -> io::Result<String> {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// An address of this machine for a listener at all addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
