//! Sends and reads lines over a connection, which all three protocols need.

use std::io;
use std::time::Instant;

use crate::codes;
use crate::model::printable;
use crate::net::Transport;

use super::step::Problem;

/// Limit for a line, in bytes. Mail servers stay below (RFC 5321 §4.5.3.1.5: 512 octets; IMAP has
/// no limit).
const LONGEST_LINE: usize = 64 * 1024;
/// Limit for the lines of a reply; more is an attack or a fault.
const MOST_LINES: usize = 2000;
/// Limit for everything that a server sends on one connection, in bytes. The test message and its
/// headers are below a tenth of it.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Limit for the lines on one connection, which the transcript keeps.
const MOST_LINES_IN_ALL: usize = 20_000;
/// Limit for a literal, in bytes. The test message is 2 kB, plus the headers added on the way.
const LARGEST_LITERAL: usize = 1024 * 1024;
/// Limit for a server's words in a report, in characters.
const SHOWN: usize = 400;

/// What both sides said.
#[derive(Debug, Default)]
pub struct Transcript {
    pub lines: Vec<String>,
}

/// A connection that is read and written line by line.
pub struct Wire<T> {
    transport: T,
    buffer: Vec<u8>,
    transcript: Transcript,
    /// Bytes that arrived since the last line was sent.
    heard: usize,
    /// Bytes at the start of the buffer that are known to have no line feed.
    searched: usize,
    /// Bytes and lines that arrived in all.
    bytes: usize,
    lines: usize,
}

impl<T: Transport> Wire<T> {
    pub fn new(transport: T, transcript: Transcript) -> Self {
        Self {
            transport,
            buffer: Vec::new(),
            transcript,
            heard: 0,
            searched: 0,
            bytes: 0,
            lines: 0,
        }
    }

    /// The connection, bytes that arrived but were not read as a line, and the transcript.
    pub fn into_parts(self) -> (T, Vec<u8>, Transcript) {
        (self.transport, self.buffer, self.transcript)
    }

    pub fn set_deadline(&mut self, at: Instant) {
        self.transport.set_deadline(at);
    }

    /// Sends a line; CRLF is added.
    pub fn send(&mut self, line: &str) -> Result<(), Problem> {
        self.transcript.lines.push(format!("C: {line}"));
        self.write(line)
    }

    /// Sends a line, but shows another text in the transcript.
    pub fn send_secret(&mut self, shown: &str, line: &str) -> Result<(), Problem> {
        self.transcript.lines.push(format!("C: {shown}"));
        self.write(line)
    }

    fn write(&mut self, line: &str) -> Result<(), Problem> {
        self.heard = 0;
        let bytes = zeroize::Zeroizing::new(format!("{line}\r\n"));
        self.transport.write_all(bytes.as_bytes()).map_err(|e| self.broken(&e))?;
        self.transport.flush().map_err(|e| self.broken(&e))
    }

    /// The next line, without its end. Bytes that are not UTF-8 are replaced.
    pub fn line(&mut self) -> Result<String, Problem> {
        loop {
            let found = memchr::memchr(b'\n', &self.buffer[self.searched..]);
            if let Some(end) = found.map(|at| self.searched + at) {
                self.searched = 0;
                if end > LONGEST_LINE {
                    return Err(self.too_long());
                }
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                let line = String::from_utf8_lossy(&line).into_owned();
                self.lines += 1;
                if self.lines > MOST_LINES_IN_ALL {
                    return Err(endless(&format!("{MOST_LINES_IN_ALL} lines")));
                }
                self.transcript.lines.push(format!("S: {}", printable(&line)));
                return Ok(line);
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > LONGEST_LINE {
                return Err(self.too_long());
            }
            self.fill()?;
        }
    }

    /// Reads lines up to and including the first for which `is_last` is true.
    pub fn lines(&mut self, is_last: impl Fn(&str) -> bool) -> Result<Vec<String>, Problem> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            let last = is_last(&line);
            lines.push(line);
            if last {
                return Ok(lines);
            }
            if lines.len() >= MOST_LINES {
                return Err(Problem::with(
                    codes::REPLY_MALFORMED,
                    format!("the answer is not over after {MOST_LINES} lines"),
                ));
            }
        }
    }

    /// Reads this many octets, as an IMAP literal requires.
    pub fn octets(&mut self, count: usize) -> Result<Vec<u8>, Problem> {
        if count > LARGEST_LITERAL {
            let detail = format!("a literal of {count} octets where a small message is due");
            return Err(Problem::with(codes::REPLY_MALFORMED, detail));
        }
        while self.buffer.len() < count {
            self.fill()?;
        }
        self.transcript.lines.push(format!("S: ({count} octets)"));
        self.searched = 0;
        Ok(self.buffer.drain(..count).collect())
    }

    fn fill(&mut self) -> Result<(), Problem> {
        let mut bytes = [0; 4096];
        loop {
            match self.transport.read(&mut bytes) {
                Ok(0) => return Err(self.hung_up()),
                Ok(read) => {
                    self.heard += read;
                    self.bytes += read;
                    if self.bytes > MOST_BYTES {
                        return Err(endless(&format!("{} MiB", MOST_BYTES / 1024 / 1024)));
                    }
                    self.buffer.extend_from_slice(&bytes[..read]);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(&error)),
            }
        }
    }

    fn too_long(&mut self) -> Problem {
        let start = String::from_utf8_lossy(&self.buffer[..80]).into_owned();
        self.transcript.lines.push(format!("S: {} …", printable(&start)));
        Problem::new(codes::LINE_TOO_LONG).seen(format!("{} …", printable(&start)))
    }

    fn hung_up(&self) -> Problem {
        let problem = Problem::new(codes::HUNG_UP);
        match self.buffer.is_empty() {
            true => problem,
            false => problem.seen(shown(&String::from_utf8_lossy(&self.buffer))),
        }
    }

    fn broken(&self, error: &io::Error) -> Problem {
        match error.kind() {
            io::ErrorKind::TimedOut if self.heard > 0 => {
                let problem = Problem::new(codes::REPLY_TOO_SLOW);
                match self.buffer.is_empty() {
                    true => problem,
                    false => problem.seen(shown(&String::from_utf8_lossy(&self.buffer))),
                }
            }
            io::ErrorKind::TimedOut => Problem::new(codes::REPLY_TIMEOUT),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::UnexpectedEof => self.hung_up(),
            _ => Problem::with(codes::CONNECTION_FAILED, error.to_string()),
        }
    }
}

/// For a server that does not stop to send.
fn endless(most: &str) -> Problem {
    let detail = format!("the server has sent more than {most} on one connection");
    Problem::with(codes::REPLY_MALFORMED, detail)
}

/// A server's words for a report: one line, no control characters, limited length.
pub fn shown(text: &str) -> String {
    let text = printable(text.trim());
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.into_owned(),
    }
}
