//! A name server that knows three names, and one that knows nothing.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

/// Answers until the process ends:
/// `mail.example.test` is 127.0.0.1; `empty.example.test` exists without an address;
/// `broken.example.test` is a SERVFAIL; `silent.example.test` gets no answer; else NXDOMAIN.
pub fn server() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if let Some(answer) = answer(&buffer[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    address
}

fn answer(query: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    let mut at = 12;
    while query[at] > 0 {
        let end = at + 1 + usize::from(query[at]);
        name.push(String::from_utf8_lossy(&query[at + 1..end]).to_ascii_lowercase());
        at = end;
    }
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let question = &query[12..at + 5];
    let (code, address) = match name.first().map(String::as_str) {
        Some("silent") => return None,
        Some("broken") => (2, false),
        Some("mail") => (0, kind == 1),
        Some("empty") => (0, false),
        _ => (3, false),
    };
    let mut out = query[..2].to_vec();
    out.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(address), 0, 0, 0, 0]);
    out.extend_from_slice(question);
    if address {
        out.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(out)
}
