//! Finds the client's address behind an HTTP proxy.

use std::net::IpAddr;
use std::str::FromStr;

use hyper::HeaderMap;

/// A range of addresses, such as `192.0.2.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let help = "write a network such as 10.0.0.0/8, or one address";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr =
            address.parse().map_err(|_| format!("\"{text}\" is no network; {help}"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= most)
                .ok_or(format!("\"{text}\" has no length from 0 to {most}; {help}"))?,
        };
        Ok(Self { address, bits })
    }
}

impl Network {
    pub fn contains(&self, other: IpAddr) -> bool {
        let same = |own: u128, other: u128, width: u32| {
            let shift = width - u32::from(self.bits);
            own.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
        };
        match (self.address, other.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same(u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// The client's address and whether it used TLS. The address is the last one in `X-Forwarded-For`
/// that is not a trusted proxy; a client can invent everything before that.
pub fn client(peer: IpAddr, tls: bool, headers: &HeaderMap, trusted: &[Network]) -> (IpAddr, bool) {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if trusted.is_empty() || !is_trusted(peer) {
        return (peer, tls);
    }
    let mut client = peer;
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    'lines: for line in lines {
        for part in line.to_str().unwrap_or_default().rsplit(',') {
            let Ok(address) = part.trim().trim_matches(['[', ']']).parse() else { break 'lines };
            client = address;
            if !is_trusted(client) {
                break 'lines;
            }
        }
    }
    let tls = match headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok()) {
        Some(scheme) => scheme.trim().eq_ignore_ascii_case("https"),
        None => tls,
    };
    (client, tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "192.0.2.9, 198.51.100.7, 10.1.1.1".parse().unwrap());
        headers.insert("x-forwarded-proto", "https".parse().unwrap());
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let stranger = IpAddr::from([203, 0, 113, 5]);
        let real = IpAddr::from([198, 51, 100, 7]);
        assert_eq!(client(proxy, false, &headers, &trusted), (real, true));
        assert_eq!(client(stranger, false, &headers, &trusted), (stranger, false));
        assert_eq!(client(proxy, false, &HeaderMap::new(), &trusted), (proxy, false));
    }

    #[test]
    fn a_network_is_an_address_and_a_length() {
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains(IpAddr::from([1, 2, 3, 4])));
        let one: Network = "::1".parse().unwrap();
        assert!(one.contains(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])));
        assert!(!one.contains(IpAddr::from([127, 0, 0, 1])));
        for wrong in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
