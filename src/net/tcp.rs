//! A TCP connection that enforces a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The byte stream of a dialogue. Reads and writes never wait beyond the deadline.
///
/// A wait that is too long fails with `io::ErrorKind::TimedOut` on every system.
pub trait Transport: Read + Write + Send {
    fn set_deadline(&mut self, at: Instant);
}

impl Transport for Box<dyn Transport> {
    fn set_deadline(&mut self, at: Instant) {
        (**self).set_deadline(at);
    }
}

/// How many of the first bytes are kept, to name the protocol that a wrong port speaks.
const KEPT: usize = 256;

/// A TCP stream with one deadline for all reads and writes.
pub struct Tcp {
    stream: TcpStream,
    deadline: Instant,
    first: Vec<u8>,
}

impl Tcp {
    pub(super) fn new(stream: TcpStream, deadline: Instant) -> Self {
        // Send at once: dialogues are short lines that the other side waits for.
        let _ = stream.set_nodelay(true);
        Self { stream, deadline, first: Vec::new() }
    }

    /// The remote address.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    /// The underlying stream. The deadline no longer applies.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// From now on, keeps the first bytes that arrive.
    pub(super) fn watch(&mut self) {
        self.first.clear();
    }

    /// The first bytes that arrived since [`Self::watch`].
    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }

    fn remaining(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Transport for Tcp {
    fn set_deadline(&mut self, at: Instant) {
        self.deadline = at;
    }
}

impl Read for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.remaining()?))?;
        let read = self.stream.read(buffer).map_err(timed_out)?;
        let room = KEPT.saturating_sub(self.first.len());
        self.first.extend_from_slice(&buffer[..read.min(room)]);
        Ok(read)
    }
}

impl Write for Tcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.remaining()?))?;
        self.stream.write(bytes).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}
