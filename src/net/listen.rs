//! A listener that answers small GET requests: a browser that comes back from signing in, and a
//! monitoring system that asks for figures. No files, no uploads, no connection kept.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// A request's line and headers; what a browser sends stays below 8 KiB.
const LARGEST_HEAD: usize = 16 * 1024;
/// More headers than a browser sends.
const MOST_HEADERS: usize = 100;
/// A client that is slower is none of ours.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client has to hang up after its answer.
const LINGER: Duration = Duration::from_secs(1);
/// How soon the end of a wait is noticed.
const PAUSE: Duration = Duration::from_millis(20);

pub struct Listener(TcpListener);

/// A GET request that waits for its answer.
pub struct Asked {
    stream: TcpStream,
    /// `/metrics?x=y`
    pub target: String,
}

impl Listener {
    /// Port 0 takes a free one.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The next connection; none when `over` says so.
    pub fn accept(&self, over: impl Fn() -> bool) -> Option<TcpStream> {
        loop {
            match self.0.accept() {
                Ok((stream, _)) => return Some(stream),
                _ if over() => return None,
                // Nobody there yet, or a connection that broke before it was one.
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

impl Asked {
    /// Reads the request; what is none gets its answer here and is none.
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

    /// Answers and closes; a client that is gone is not told.
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
        // What the client is still sending is read, within bounds: a close in front of unread bytes
        // is a reset, and the client would not see the answer.
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
