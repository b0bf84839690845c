//! Accepts connections of TCP and Unix sockets in the same way.

use std::io;
use std::net::IpAddr;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::sockets::ListenSocket;

/// A listening socket of a worker.
pub enum Acceptor {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

/// A new connection.
pub enum Accepted {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Acceptor {
    pub fn new(listener: ListenSocket) -> io::Result<Self> {
        Ok(match listener {
            ListenSocket::Tcp(listener) => Self::Tcp(tokio::net::TcpListener::from_std(listener)?),
            #[cfg(unix)]
            ListenSocket::Unix(listener) => {
                Self::Unix(tokio::net::UnixListener::from_std(listener)?)
            }
        })
    }

    /// The next connection with the address of its peer.
    pub async fn accept(&self) -> io::Result<(Accepted, IpAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Accepted::Tcp(stream), peer.ip()))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Accepted::Unix(stream), super::sockets::LOCAL_PEER))
            }
        }
    }
}
