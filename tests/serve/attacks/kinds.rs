//! The attacks. Each is one connection that is opened again when the server ends it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// What an attacker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    SlowHead,
    SlowBody,
    UnreadAnswers,
    GivenUp,
    SlowHandshake,
    Handshakes,
    ShutWindow,
    OpenBodies,
    SmallFrames,
    Pings,
    Continuations,
    RapidReset,
    Greedy,
}

impl Kind {
    /// Those that come from many addresses.
    pub const ALL: [Self; 12] = [
        Self::SlowHead,
        Self::SlowBody,
        Self::UnreadAnswers,
        Self::GivenUp,
        Self::SlowHandshake,
        Self::Handshakes,
        Self::ShutWindow,
        Self::OpenBodies,
        Self::SmallFrames,
        Self::Pings,
        Self::Continuations,
        Self::RapidReset,
    ];

    pub fn is_over_tls(self) -> bool {
        matches!(self, Self::SlowHandshake | Self::Handshakes)
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PAGE: &str = "/?email=ann@example.com";
const POX: &str = "/autodiscover/autodiscover.xml";

/// Attacks until the task is aborted. Greedy clients have one address each, the others one for each
/// connection.
pub async fn run(kind: Kind, (number, connection): (usize, usize), server: SocketAddr) {
    let octet = |number: usize| u8::try_from(number % 250 + 1).expect("small");
    let own = match kind {
        Kind::Greedy => Ipv4Addr::new(127, 9, 0, octet(number)),
        _ => Ipv4Addr::new(127, octet(number), octet(connection / 250), octet(connection)),
    };
    loop {
        // The server ends these connections, which is what it should do.
        let _ = once(kind, connection, IpAddr::from(own), server).await;
        sleep(Duration::from_millis(1)).await;
    }
}

async fn once(kind: Kind, turn: usize, own: IpAddr, server: SocketAddr) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    if matches!(kind, Kind::UnreadAnswers) {
        socket.set_recv_buffer_size(2048)?;
    }
    socket.bind(SocketAddr::new(own, 0))?;
    let mut stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    match kind {
        Kind::SlowHead => {
            stream.write_all(format!("GET {PAGE} HTTP/1.1\r\nX: ").as_bytes()).await?;
            trickle(&mut stream, b"x", Duration::from_millis(500)).await
        }
        Kind::SlowBody => {
            let head = format!("POST {POX} HTTP/1.1\r\nHost: a\r\nContent-Length: 16000\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&[b' '; 15_000]).await?;
            trickle(&mut stream, b" ", Duration::from_millis(500)).await
        }
        Kind::UnreadAnswers => {
            let request = format!("GET {PAGE} HTTP/1.1\r\nHost: example.com\r\n\r\n");
            loop {
                stream.write_all(request.as_bytes()).await?;
            }
        }
        Kind::GivenUp => {
            let request = format!("GET {PAGE} HTTP/1.1\r\nHost: example.com\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            sleep(Duration::from_millis((turn % 9) as u64)).await;
            Ok(())
        }
        Kind::SlowHandshake => {
            // The head of a record that is not complete.
            stream.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 252]).await?;
            trickle(&mut stream, &[3], Duration::from_millis(500)).await
        }
        Kind::Handshakes => {
            let connector = tokio_rustls::TlsConnector::from(any_certificate());
            let name = "example.com".try_into().expect("a name");
            drop(connector.connect(name, stream).await?);
            Ok(())
        }
        Kind::ShutWindow => {
            // SETTINGS_INITIAL_WINDOW_SIZE is 0.
            begin(&mut stream, &[0, 4, 0, 0, 0, 0]).await?;
            let path = ["/ann@example.com.mobileconfig", PAGE][turn % 2];
            for stream_number in 0..32 {
                let frame = get(path, stream_number);
                stream.write_all(&frame).await?;
            }
            let ping = frame(PING, 0, 0, &[0; 8]);
            trickle(&mut stream, &ping, Duration::from_millis(200)).await
        }
        Kind::OpenBodies => {
            begin(&mut stream, &[]).await?;
            for number in 0..64 {
                stream.write_all(&post(number)).await?;
                stream.write_all(&frame(DATA, 0, number * 2 + 1, &[b' '; 1000])).await?;
            }
            let ping = frame(PING, 0, 0, &[0; 8]);
            trickle(&mut stream, &ping, Duration::from_millis(200)).await
        }
        Kind::SmallFrames => {
            begin(&mut stream, &[]).await?;
            stream.write_all(&post(0)).await?;
            let small = frame(DATA, 0, 1, b" ").repeat(100);
            trickle(&mut stream, &small, Duration::from_millis(5)).await
        }
        Kind::Pings => {
            begin(&mut stream, &[]).await?;
            let frames = [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[])].concat();
            trickle(&mut stream, &frames.repeat(20), Duration::from_millis(5)).await
        }
        Kind::Continuations => {
            begin(&mut stream, &[]).await?;
            stream.write_all(&frame(HEADERS, END_STREAM, 1, &[0x82])).await?;
            let more = frame(CONTINUATION, 0, 1, &[0x82; 1000]);
            trickle(&mut stream, &more, Duration::from_millis(5)).await
        }
        Kind::RapidReset => {
            begin(&mut stream, &[]).await?;
            for number in 0.. {
                let reset = frame(RESET, 0, number * 2 + 1, &[0, 0, 0, 8]);
                stream.write_all(&[get(PAGE, number), reset].concat()).await?;
                if number % 10 == 9 {
                    listen(&mut stream, Duration::from_millis(5)).await?;
                }
            }
            Ok(())
        }
        Kind::Greedy => {
            let paths = [PAGE, "/ann@example.com.mobileconfig", "/ann@example.com.png"];
            let path = paths[turn % paths.len()];
            let request = format!("GET {path} HTTP/1.1\r\nHost: example.com\r\n\r\n");
            loop {
                stream.write_all(request.as_bytes()).await?;
                if stream.read(&mut [0; 16 * 1024]).await? == 0 {
                    return Ok(());
                }
            }
        }
    }
}

/// Sends a piece again and again, and drops what the server says.
async fn trickle(stream: &mut TcpStream, piece: &[u8], pause: Duration) -> io::Result<()> {
    loop {
        stream.write_all(piece).await?;
        listen(stream, pause).await?;
    }
}

/// Drops what the server says for a while.
async fn listen(stream: &mut TcpStream, length: Duration) -> io::Result<()> {
    let heard = async {
        let mut bytes = [0; 16 * 1024];
        loop {
            match stream.read(&mut bytes).await {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(_) => {}
                Err(why) => return Err(why),
            }
        }
    };
    timeout(length, heard).await.unwrap_or(Ok(()))
}

async fn begin(stream: &mut TcpStream, settings: &[u8]) -> io::Result<()> {
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()).await
}

/// RFC 9113 section 4.1
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("small").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// RFC 7541: the method and the scheme from the table, the path and the host as literals.
fn head(method: u8, path: &str) -> Vec<u8> {
    let literal = |index: u8, text: &str| {
        [&[index, u8::try_from(text.len()).expect("short")], text.as_bytes()].concat()
    };
    [vec![method, 0x86], literal(0x04, path), literal(0x01, "example.com")].concat()
}

fn get(path: &str, number: u32) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, number * 2 + 1, &head(0x82, path))
}

fn post(number: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, number * 2 + 1, &head(0x83, POX))
}

/// A client that accepts any certificate.
fn any_certificate() -> std::sync::Arc<rustls::ClientConfig> {
    crate::trust::Trust::of([]).config()
}
