//! Listens for small GET requests: a browser that returns from an OAuth2 sign-in, and a monitoring
//! system that fetches metrics. Serves no files, accepts no uploads, keeps no connection open.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Limit for request line and headers, in bytes; browsers send less than 8 KiB.
const LARGEST_HEAD: usize = 16 * 1024;
/// Limit for the number of headers; browsers send fewer.
const MOST_HEADERS: usize = 100;
/// Time limit for reading a request, and for each write of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for the client to hang up after its answer.
const LINGER: Duration = Duration::from_secs(1);
/// How often a waiting `accept` checks whether to stop.
const PAUSE: Duration = Duration::from_millis(20);

pub struct Listener(TcpListener);

/// A GET request that waits for its answer.
pub struct PendingRequest {
    stream: TcpStream,
    /// Path and query: `/metrics?x=y`.
    pub target: String,
}

impl Listener {
    /// Listens on this address; port 0 picks a free port.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    /// The address it listens on, with the real port if port 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Waits for the next connection. Returns None once `over` returns true.
    pub fn accept(&self, over: impl Fn() -> bool) -> Option<TcpStream> {
        loop {
            match self.0.accept() {
                Ok((stream, _)) => return Some(stream),
                _ if over() => return None,
                // No connection is waiting, or one broke before it was accepted.
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

impl PendingRequest {
    /// Reads the request. Returns None if it is not a complete GET request; a bad request is
    /// answered here with 400, 405 or 431.
    pub fn read(mut stream: TcpStream) -> Option<Self> {
        stream.set_nonblocking(false).ok()?;
        let end = Instant::now() + PATIENCE;
        let mut head = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            stream.set_read_timeout(Some(left)).ok()?;
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).ok()?;
            head.extend_from_slice(&bytes[..read]);
            let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            let status = match request.parse(&head) {
                Ok(httparse::Status::Complete(_)) if request.method == Some("GET") => {
                    let target = request.path.unwrap_or_default().to_owned();
                    return Some(Self { stream, target });
                }
                Ok(httparse::Status::Complete(_)) => "405 Method Not Allowed",
                Ok(httparse::Status::Partial) if head.len() > LARGEST_HEAD => {
                    "431 Request Header Fields Too Large"
                }
                Ok(httparse::Status::Partial) if read > 0 => continue,
                Ok(httparse::Status::Partial) => return None,
                Err(_) => "400 Bad Request",
            };
            Self { stream, target: String::new() }.answer(status, "text/plain", "");
            return None;
        }
    }

    /// Sends the answer and closes the connection. Errors are ignored: the client is gone.
    pub fn answer(mut self, status: &str, media_type: &str, body: &str) {
        let _ = self.stream.set_write_timeout(Some(PATIENCE));
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let _ = self.stream.write_all(head.as_bytes());
        let _ = self.stream.write_all(body.as_bytes());
        let _ = self.stream.shutdown(Shutdown::Write);
        // Read what the client still sends, within limits: closing a socket with unread bytes
        // resets the connection, and the client would not see the answer.
        let _ = self.stream.set_read_timeout(Some(LINGER));
        let mut dropped = [0; 4096];
        for _ in 0..LARGEST_HEAD / dropped.len() {
            match self.stream.read(&mut dropped) {
                Ok(read) if read > 0 => {}
                _ => break,
            }
        }
    }
}
