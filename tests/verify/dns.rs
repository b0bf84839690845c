//! Name servers: one that knows a few names, and one with the records that a test wants.

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

/// A record of a test's own zone.
#[derive(Debug, Clone)]
pub enum Record {
    A(Ipv4Addr),
    /// Priority, port, target; `.` denies the service.
    Srv(u16, u16, &'static str),
    Txt(String),
    Cname(&'static str),
    Mx(&'static str),
}

/// Answers with these records; every other name does not exist.
pub fn zone(records: Vec<(&'static str, Record)>) -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&from_zone(&buffer[..length], &records), from);
        }
    });
    address
}

fn from_zone(query: &[u8], records: &[(&'static str, Record)]) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] > 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_ascii_lowercase());
        at = end;
    }
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let name = labels.join(".");
    let own: Vec<_> = records.iter().filter(|(owner, _)| *owner == name).collect();
    let answers: Vec<_> =
        own.iter().map(|(_, record)| data(record)).filter(|(number, _)| *number == kind).collect();
    let code = if own.is_empty() { 3 } else { 0 };
    let mut out = query[..2].to_vec();
    out.extend([0x81, 0x80 | code, 0, 1, 0, u8::try_from(answers.len()).unwrap(), 0, 0, 0, 0]);
    out.extend_from_slice(&query[12..at + 5]);
    for (number, data) in answers {
        out.extend([0xC0, 12]);
        out.extend(number.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(data);
    }
    out
}

/// The type's number and the record's data (RFC 1035 §3.3, RFC 2782).
fn data(record: &Record) -> (u16, Vec<u8>) {
    match record {
        Record::A(address) => (1, address.octets().to_vec()),
        Record::Cname(target) => (5, labels(target)),
        Record::Mx(target) => (15, [&10_u16.to_be_bytes()[..], &labels(target)].concat()),
        Record::Txt(text) => {
            let length = [u8::try_from(text.len()).unwrap()];
            (16, [&length[..], text.as_bytes()].concat())
        }
        Record::Srv(priority, port, target) => {
            let numbers = [*priority, 1, *port].map(u16::to_be_bytes).concat();
            (33, [&numbers[..], &labels(target)].concat())
        }
    }
}

fn labels(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out
}
