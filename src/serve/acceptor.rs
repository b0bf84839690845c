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

/// A new connection with the address of its peer.
pub struct Accepted {
    pub stream: AcceptedStream,
    pub peer: IpAddr,
}

pub enum AcceptedStream {
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

    /// The next connection.
    pub async fn accept(&self) -> io::Result<Accepted> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Accepted { stream: AcceptedStream::Tcp(stream), peer: peer.ip() }
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Accepted { stream: AcceptedStream::Unix(stream), peer: super::sockets::LOCAL_PEER }
            }
        })
    }
}
