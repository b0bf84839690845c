//! Listening sockets: TCP or Unix, our own, or those that systemd passes to the service.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::str::FromStr;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    Tcp(SocketAddr),
    /// The path of a Unix socket, for a proxy on the same machine.
    Unix(PathBuf),
}

/// A listening socket.
#[derive(Debug)]
pub enum ListenSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// What the peer of a Unix socket is called in logs: it has no address.
pub const LOCAL_PEER: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Connections that wait to be accepted; the system's own limit (net.core.somaxconn) is the same.
#[cfg(unix)]
const QUEUE: i32 = 4096;

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}: {source}{}", help(source))]
    Listen { address: ListenAddress, source: io::Error },
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
        io::ErrorKind::NotFound => "; the folder does not exist",
        _ => "",
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some("") => Err("write unix: and a path, such as unix:/run/mailwright/http".to_owned()),
            #[cfg(unix)]
            Some(path) => Ok(Self::Unix(path.into())),
            #[cfg(not(unix))]
            Some(_) => Err("this system has no Unix sockets".to_owned()),
            None => text.parse().map(Self::Tcp).map_err(|_| {
                format!(
                    "\"{text}\" is not an address with a port; write for example 127.0.0.1:8080, \
                     [::]:443 or unix:/run/mailwright/http"
                )
            }),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl ListenSocket {
    /// Where it listens. Port 0 was replaced by the port that the system chose.
    pub fn address(&self) -> io::Result<ListenAddress> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(ListenAddress::Tcp),
            #[cfg(unix)]
            Self::Unix(listener) => {
                let address = listener.local_addr()?;
                let path = address.as_pathname().unwrap_or(std::path::Path::new("(no path)"));
                Ok(ListenAddress::Unix(path.to_owned()))
            }
        }
    }

    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(listener) => listener.try_clone().map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(listener) => listener.try_clone().map(Self::Unix),
        }
    }
}

/// Binds a socket. Port 0 selects a free port.
pub fn listen(address: &ListenAddress) -> Result<ListenSocket, Error> {
    let listen = || -> io::Result<ListenSocket> {
        match address {
            ListenAddress::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                lengthen_queue(&listener)?;
                listener.set_nonblocking(true)?;
                Ok(ListenSocket::Tcp(listener))
            }
            #[cfg(unix)]
            ListenAddress::Unix(path) => listen_at(path).map(ListenSocket::Unix),
            #[cfg(not(unix))]
            ListenAddress::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    };
    listen().map_err(|source| Error::Listen { address: address.clone(), source })
}

/// Lets more than the standard library's 128 connections wait to be accepted. A client that finds
/// no room in this queue tries again after a second, then after three, and so on.
#[cfg(unix)]
fn lengthen_queue(listener: &TcpListener) -> io::Result<()> {
    Ok(rustix::net::listen(listener, QUEUE)?)
}

#[cfg(not(unix))]
fn lengthen_queue(_: &TcpListener) -> io::Result<()> {
    Ok(())
}

/// Binds a Unix socket, in the place of one that a server left behind. Everybody who may enter its
/// folder may connect.
#[cfg(unix)]
fn listen_at(path: &std::path::Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
    use std::os::unix::net::UnixStream;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket
        && UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
    {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Sockets from systemd, with their names from the unit (`FileDescriptorName=`).
///
/// sd_listen_fds(3): `LISTEN_FDS`, `LISTEN_PID`, `LISTEN_FDNAMES`
pub fn handed_over() -> Result<Vec<(String, ListenSocket)>, Error> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let names: Vec<&str> = names.split(':').collect();
    let mut sockets = listenfd::ListenFd::from_env();
    let mut all = Vec::new();
    for at in 0..sockets.len() {
        let Some(listener) = take(&mut sockets, at).map_err(Error::HandedOver)? else { continue };
        all.push((names.get(at).copied().unwrap_or_default().to_owned(), listener));
    }
    Ok(all)
}

fn take(sockets: &mut listenfd::ListenFd, at: usize) -> io::Result<Option<ListenSocket>> {
    // A socket of another kind is an error, and stays where it is.
    #[cfg(unix)]
    if let Ok(Some(listener)) = sockets.take_unix_listener(at) {
        listener.set_nonblocking(true)?;
        return Ok(Some(ListenSocket::Unix(listener)));
    }
    let Some(listener) = sockets.take_tcp_listener(at)? else { return Ok(None) };
    listener.set_nonblocking(true)?;
    Ok(Some(ListenSocket::Tcp(listener)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_tcp_or_the_path_of_a_unix_socket() {
        for text in ["127.0.0.1:8080", "[::]:443", "unix:/run/mailwright/http"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for text in ["", "8080", "localhost:80", "unix:", "/run/x"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_that_nobody_listens_on_is_replaced_and_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let socket = ListenAddress::Unix(folder.path().join("socket"));
        let first = listen(&socket).unwrap();
        assert!(listen(&socket).is_err(), "the first one is in use");
        drop(first);
        listen(&socket).unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(listen(&ListenAddress::Unix(file.clone())).is_err());
        assert_eq!(std::fs::read_to_string(file).unwrap(), "x");
    }
}
