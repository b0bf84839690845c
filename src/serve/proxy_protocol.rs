//! Reads the header of the PROXY protocol, version 1 or 2, in which a TCP load balancer names the
//! client.
//!
//! "The PROXY protocol", HAProxy, sections 2.1 and 2.2. The extension `PP2_TYPE_SSL` of version 2
//! says whether the balancer received the connection over TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What the header says about the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyHeader {
    /// `None` for a connection of the balancer's own, such as a health check.
    pub client: Option<IpAddr>,
    pub tls: bool,
}

/// How version 1 begins, and the length of its longest line.
const BEGIN: &[u8] = b"PROXY ";
const LONGEST_LINE: usize = 107;
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes. Balancers send far less.
const LONGEST: usize = 4096;
const SSL: u8 = 0x20;

/// Reads the header and nothing after it.
///
/// # Errors
///
/// The stream does not start with a valid header.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<ProxyHeader> {
    // The shortest header, "PROXY UNKNOWN" with its line end, is longer than this.
    let mut head = [0; 16];
    stream.read_exact(&mut head[..12]).await?;
    if head.starts_with(BEGIN) {
        return read_line(stream, &head[..12]).await;
    }
    if head[..12] != SIGNATURE {
        return Err(wrong());
    }
    stream.read_exact(&mut head[12..]).await?;
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if head[12] >> 4 != 2 || length > LONGEST {
        return Err(wrong());
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    match head[12] & 0xF {
        0 => Ok(ProxyHeader { client: None, tls: false }),
        1 => parse(head[13], &rest),
        _ => Err(wrong()),
    }
}

/// Reads the rest of a header of version 1, and nothing after its line end.
async fn read_line(stream: &mut (impl AsyncRead + Unpin), begin: &[u8]) -> io::Result<ProxyHeader> {
    let mut line = begin.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LONGEST_LINE {
            return Err(wrong());
        }
        line.push(stream.read_u8().await?);
    }
    let line = std::str::from_utf8(&line[BEGIN.len()..line.len() - 2]).map_err(|_| wrong())?;
    let client = match *line.split(' ').collect::<Vec<_>>() {
        ["UNKNOWN", ..] => None,
        ["TCP4", client, to, from_port, to_port] => {
            let addresses = client.parse::<Ipv4Addr>().ok().zip(to.parse::<Ipv4Addr>().ok());
            ports(from_port, to_port).and(addresses.map(|(client, _)| IpAddr::from(client)))
        }
        ["TCP6", client, to, from_port, to_port] => {
            let addresses = client.parse::<Ipv6Addr>().ok().zip(to.parse::<Ipv6Addr>().ok());
            ports(from_port, to_port).and(addresses.map(|(client, _)| IpAddr::from(client)))
        }
        _ => return Err(wrong()),
    };
    match (client, line.starts_with("UNKNOWN")) {
        (None, false) => Err(wrong()),
        (client, _) => Ok(ProxyHeader { client, tls: false }),
    }
}

fn ports(from: &str, to: &str) -> Option<(u16, u16)> {
    from.parse().ok().zip(to.parse().ok())
}

fn parse(family: u8, rest: &[u8]) -> io::Result<ProxyHeader> {
    // Both addresses, then both ports.
    let (client, addresses) = match family >> 4 {
        1 => (address::<4>(rest).map(|a| IpAddr::from(Ipv4Addr::from(a))), 12),
        2 => (address::<16>(rest).map(|a| IpAddr::from(Ipv6Addr::from(a))), 36),
        // A Unix socket, or a protocol that has no address.
        0 | 3 => return Ok(ProxyHeader { client: None, tls: false }),
        _ => return Err(wrong()),
    };
    let client = Some(client.ok_or_else(wrong)?);
    let mut more = rest.get(addresses..).ok_or_else(wrong)?;
    let mut tls = false;
    while let [kind, high, low, after @ ..] = more {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let value = after.get(..length).ok_or_else(wrong)?;
        tls |= *kind == SSL && value.first().is_some_and(|flags| flags & 1 != 0);
        more = &after[length..];
    }
    Ok(ProxyHeader { client, tls })
}

fn address<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.get(..N)?.try_into().ok()
}

fn wrong() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "it does not start with a header of the PROXY protocol",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[0x20 | command, family], &length, rest].concat()
    }

    fn parsed(bytes: &[u8]) -> io::Result<ProxyHeader> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(read(&mut &bytes[..]))
    }

    #[test]
    fn the_client_is_the_one_that_the_balancer_names() {
        let v4 = [192, 0, 2, 1, 198, 51, 100, 1, 0x30, 0x39, 0, 80];
        let client = Some(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(parsed(&header(1, 0x11, &v4)).unwrap(), ProxyHeader { client, tls: false });
        let ssl = [&v4[..], &[SSL, 0, 5, 1, 0, 0, 0, 0], &[4, 0, 1, 9]].concat();
        assert_eq!(parsed(&header(1, 0x11, &ssl)).unwrap(), ProxyHeader { client, tls: true });
        let mut v6 = [0; 36];
        v6[15] = 1;
        let client = Some(IpAddr::from(Ipv6Addr::LOCALHOST));
        assert_eq!(parsed(&header(1, 0x21, &v6)).unwrap(), ProxyHeader { client, tls: false });
        assert_eq!(parsed(&header(0, 0, &[])).unwrap().client, None);
    }

    #[test]
    fn a_line_of_version_1_names_the_client_and_leaves_what_follows() {
        for (line, client) in [
            ("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443", Some("192.0.2.1")),
            ("PROXY TCP6 2001:db8::1 2001:db8::2 1 2", Some("2001:db8::1")),
            ("PROXY UNKNOWN", None),
            ("PROXY UNKNOWN ffff::1 ffff::2 65535 65535", None),
        ] {
            let all = format!("{line}\r\nGET / HTTP/1.1\r\n");
            let mut bytes = all.as_bytes();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let header = runtime.block_on(read(&mut bytes)).unwrap();
            assert_eq!(header.client, client.map(|client| client.parse().unwrap()), "{line}");
            assert_eq!(bytes, b"GET / HTTP/1.1\r\n");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
            b"PROXY TCP4 2001:db8::1 198.51.100.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 99999\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n",
            b"PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n",
            &[b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat(),
            &header(1, 0x11, &[1, 2, 3]),
            &header(7, 0x11, &[0; 12]),
            &header(1, 0x91, &[0; 12]),
            &header(1, 0x11, &[&[0; 12][..], &[SSL, 0xFF, 0xFF]].concat()),
            &[],
        ] {
            assert!(parsed(bytes).is_err(), "{bytes:?}");
        }
    }
}
