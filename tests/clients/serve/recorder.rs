//! A relay that keeps every request, byte for byte, before a server answers it.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::PATIENCE;
use crate::support::host::{Answer, read_answer};

/// So that a client that asks in several places at once has asked in all of them before it has an
/// answer of one.
const LATER: Duration = Duration::from_millis(800);

/// Whether it came over TLS, and its bytes.
type Heard = Vec<(bool, Vec<u8>)>;

#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Heard>>);

impl Recorder {
    /// Takes connections here, with TLS or without, and has them answered there, where there is none.
    pub fn relay(&self, here: SocketAddr, tls: Option<Arc<ServerConfig>>, there: SocketAddr) {
        let listener = TcpListener::bind(here).expect("the port is this test's");
        let recorder = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (recorder, tls) = (recorder.clone(), tls.clone());
                thread::spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                    match tls {
                        Some(config) => {
                            let Ok(session) = ServerConnection::new(config) else { return };
                            recorder.talk(StreamOwned::new(session, stream), true, there);
                        }
                        None => recorder.talk(stream, false, there),
                    }
                });
            }
        });
    }

    /// What was asked so far.
    pub fn heard(&self) -> Heard {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The one request that begins so, over TLS or not.
    #[track_caller]
    pub fn one(&self, tls: bool, host: &str, start: &str) -> Vec<u8> {
        let heard = self.heard();
        let host = format!("\r\nHost: {host}\r\n");
        let mut found = heard.iter().filter(|(own, request)| {
            let text = String::from_utf8_lossy(request);
            *own == tls && text.starts_with(start) && text.contains(&host)
        });
        match (found.next(), found.next()) {
            (Some((_, request)), None) => request.clone(),
            (first, _) => {
                let number = if first.is_some() { "two" } else { "no" };
                let all: Vec<_> = heard.iter().map(|(_, r)| String::from_utf8_lossy(r)).collect();
                panic!("{number} requests {start:?} (TLS: {tls}) to {host:?} in {all:#?}");
            }
        }
    }

    fn talk(&self, mut client: impl Read + Write, tls: bool, there: SocketAddr) {
        while let Some(request) = read_request(&mut client) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((tls, request.clone()));
            thread::sleep(LATER);
            let Some(answer) = ask(there, &request) else { return };
            if client.write_all(&answer).and_then(|()| client.flush()).is_err() {
                return;
            }
        }
    }
}

/// A head, and as many bytes after it as it says.
fn read_request(client: &mut impl Read) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().expect("a length"));
    let start = request.len();
    request.resize(start + length, 0);
    client.read_exact(&mut request[start..]).ok()?;
    Some(request)
}

fn ask(there: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(there).ok()?;
    server.set_read_timeout(Some(PATIENCE)).ok()?;
    server.write_all(request).ok()?;
    let Answer { status, headers, body } = read_answer(&mut BufReader::new(server), false)?;
    let mut answer = format!("HTTP/1.1 {status} It says so\r\n");
    for (name, value) in headers {
        answer += &format!("{name}: {value}\r\n");
    }
    Some([answer.as_bytes(), b"\r\n", &body].concat())
}
