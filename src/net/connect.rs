//! One TCP connection to one address.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use super::tcp::Tcp;

/// Why there is no connection.
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

/// Connects before the deadline, which then is the connection's own.
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
