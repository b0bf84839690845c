//! Opens one TCP connection, to a single address or to the first of several that answers.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use super::tcp::{Tcp, Transport};

/// Why a TCP connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("nothing listens there")]
    Refused,
    #[error("no answer in time")]
    TimedOut,
    #[error("no route there from this machine ({0})")]
    NoRoute(io::Error),
    #[error("{0}")]
    Other(io::Error),
}

/// Connects before the deadline, which then also applies to reads and writes.
pub fn connect(address: SocketAddr, deadline: Instant) -> Result<Tcp, ConnectError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(ConnectError::TimedOut);
    }
    match TcpStream::connect_timeout(&address, left) {
        Ok(stream) => Ok(Tcp::new(stream, deadline)),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::ConnectionRefused => ConnectError::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ConnectError::TimedOut,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => ConnectError::NoRoute(error),
            _ => ConnectError::Other(error),
        }),
    }
}

/// Tries the addresses in order. Each attempt gets an equal share of the time that is left.
///
/// # Errors
///
/// Returns every address with the reason why it failed.
pub fn connect_first(
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<Tcp, Vec<(SocketAddr, ConnectError)>> {
    let mut failed = Vec::new();
    for (at, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let rest = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        match connect(*address, Instant::now() + left / rest) {
            Ok(mut tcp) => {
                tcp.set_deadline(deadline);
                return Ok(tcp);
            }
            Err(error) => failed.push((*address, error)),
        }
    }
    Err(failed)
}
