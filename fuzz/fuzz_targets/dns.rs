//! Answers of a name server, through the whole resolver: what is in them never makes it panic.
//!
//! A name server of ours answers each question with the bytes: the flags, the numbers of answers,
//! authorities and additional records, and the records. Only what can be decoded is sent, because
//! the resolver waits for another answer otherwise.

use std::cell::Cell;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::Message;
use mailwright::internals::net::Net;

struct NameServer {
    net: Net,
    says: Arc<Mutex<Vec<u8>>>,
    questions: Cell<u64>,
}

thread_local! {
    static SERVER: NameServer = NameServer::start();
}

/// Longer than an answer takes, and short enough to go on if there is none.
const PATIENCE: Duration = Duration::from_millis(100);

impl NameServer {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = socket.local_addr().expect("an address");
        let says = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&says);
        std::thread::spawn(move || {
            let mut question = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut question) {
                let says = own.lock().expect("no panic").clone();
                let answer = answer(&question[..length], &says);
                let _ = socket.send_to(&answer, client);
            }
        });
        let net = Net::new(None, Some(address), Vec::new()).expect("a resolver");
        Self { net, says, questions: Cell::new(0) }
    }
}

/// A message with the question's own number and question.
fn answer(question: &[u8], says: &[u8]) -> Vec<u8> {
    let end = question.iter().skip(12).position(|byte| *byte == 0).map_or(12, |at| 12 + at + 5);
    let asked = question.get(12..end).unwrap_or_default();
    let [high, low, answers, authorities, more, records @ ..] = says else { return Vec::new() };
    let head = [high | 0x80, *low, 0, 1, 0, *answers, 0, *authorities, 0, *more];
    [&question[..2], &head, asked, records].concat()
}

pub fn answers(bytes: &[u8]) {
    let question =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02n0\x04test\x00\x00\x01\x00\x01";
    let is_message = Message::from_vec(&answer(question, bytes)).is_ok();
    SERVER.with(|server| {
        // Each name is asked for once, so that no answer is kept.
        let number = server.questions.get();
        server.questions.set(number + 1);
        if !is_message {
            return;
        }
        *server.says.lock().expect("no panic") = bytes.to_vec();
        let (dns, name) = (&server.net.dns, format!("n{number}.test"));
        let deadline = Instant::now() + PATIENCE;
        match bytes.last().map_or(0, |last| last % 5) {
            0 => drop(dns.addresses(&name, deadline)),
            1 => drop(dns.srv(&name, deadline)),
            2 => drop(dns.mx(&name, deadline)),
            3 => drop(dns.cname(&name, deadline)),
            _ => drop(dns.txt(&name, deadline)),
        }
    });
}
