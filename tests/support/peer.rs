//! Servers that do exactly what a test wants, right or wrong.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::PATIENCE;

/// A server on a free port of the loopback; it ends with the test.
pub struct Peer {
    pub address: SocketAddr,
    /// What clients said, line by line.
    pub heard: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
}

impl Peer {
    /// Every connection is given to `talk`, in a thread of its own.
    pub fn new(talk: impl Fn(&mut Conn) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (talk, lines, ended) = (Arc::new(talk), Arc::clone(&heard), Arc::clone(&over));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (talk, lines) = (Arc::clone(&talk), Arc::clone(&lines));
                thread::spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    stream.set_nodelay(true).unwrap();
                    talk(&mut Conn { stream: Some(Stream::Plain(stream)), lines });
                });
            }
        });
        Self { address, heard, over }
    }

    /// TLS from the first byte.
    pub fn tls(
        config: Arc<ServerConfig>,
        talk: impl Fn(&mut Conn) + Send + Sync + 'static,
    ) -> Self {
        Self::new(move |conn| {
            conn.tls(&config);
            talk(conn);
        })
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// One connection. A client that goes away ends nothing but this.
pub struct Conn {
    stream: Option<Stream>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Conn {
    pub fn say(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        let _ = match &mut self.stream {
            Some(Stream::Plain(tcp)) => tcp.write_all(bytes).and_then(|()| tcp.flush()),
            Some(Stream::Tls(tls)) => tls.write_all(bytes).and_then(|()| tls.flush()),
            None => Ok(()),
        };
    }

    /// A byte each `pause`.
    pub fn drip(&mut self, text: &str, pause: Duration) {
        for byte in text.bytes() {
            self.bytes(&[byte]);
            thread::sleep(pause);
        }
    }

    /// The next line, or none when the client is gone.
    pub fn hear(&mut self) -> Option<String> {
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            let read = match self.stream.as_mut()? {
                Stream::Plain(tcp) => tcp.read(&mut byte),
                Stream::Tls(tls) => tls.read(&mut byte),
            };
            match read {
                Ok(1) if byte[0] == b'\n' => break,
                Ok(1) => line.push(byte[0]),
                _ => return None,
            }
        }
        let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
        Some(line)
    }

    /// So many octets, as text.
    pub fn octets(&mut self, count: usize) -> Option<String> {
        let mut bytes = vec![0; count];
        match self.stream.as_mut()? {
            Stream::Plain(tcp) => tcp.read_exact(&mut bytes).ok()?,
            Stream::Tls(tls) => tls.read_exact(&mut bytes).ok()?,
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
        Some(text)
    }

    /// Stays silent until the client goes.
    pub fn wait(&mut self) {
        while self.hear().is_some() {}
    }

    pub fn tls(&mut self, config: &Arc<ServerConfig>) {
        if let Some(Stream::Plain(tcp)) = self.stream.take() {
            let connection = ServerConnection::new(Arc::clone(config)).unwrap();
            self.stream = Some(Stream::Tls(Box::new(StreamOwned::new(connection, tcp))));
        }
    }

    /// Answers each line by the first entry whose beginning it has, until the client goes; `{tag}`
    /// is the line's first word.
    pub fn answer(&mut self, answers: &[(&str, &str)]) {
        while let Some(line) = self.hear() {
            let tag = line.split(' ').next().unwrap_or_default().to_owned();
            let command = match answers.iter().any(|(_, answer)| answer.contains("{tag}")) {
                true => line[tag.len()..].trim_start().to_owned(),
                false => line.clone(),
            };
            let fits = |start: &str| command.to_ascii_uppercase().starts_with(start);
            match answers.iter().find(|(start, _)| fits(start)) {
                Some((_, "")) => return,
                Some((_, answer)) => self.say(&answer.replace("{tag}", &tag)),
                None => return,
            }
        }
    }
}
