//! Listening sockets: our own, or those that systemd passes to the service.

use std::io;
use std::net::{SocketAddr, TcpListener};

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}: {source}{}", help(source))]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot take the sockets that were handed over: {0}")]
    HandedOver(io::Error),
}

fn help(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another program listens there",
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 want root (mailwright gives that up afterwards), \
             CAP_NET_BIND_SERVICE, or a socket of systemd's"
        }
        io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
        _ => "",
    }
}

/// Binds a socket. Port 0 selects a free port.
pub fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let listen = || -> io::Result<TcpListener> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|source| Error::Listen { address, source })
}

/// Sockets from systemd, with their names from the unit (`FileDescriptorName=`).
///
/// sd_listen_fds(3): `LISTEN_FDS`, `LISTEN_PID`, `LISTEN_FDNAMES`
pub fn handed_over() -> Result<Vec<(String, TcpListener)>, Error> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let names: Vec<&str> = names.split(':').collect();
    let mut sockets = listenfd::ListenFd::from_env();
    let mut all = Vec::new();
    for at in 0..sockets.len() {
        let taken = sockets.take_tcp_listener(at).map_err(Error::HandedOver)?;
        let Some(listener) = taken else { continue };
        listener.set_nonblocking(true).map_err(Error::HandedOver)?;
        all.push((names.get(at).copied().unwrap_or_default().to_owned(), listener));
    }
    Ok(all)
}
