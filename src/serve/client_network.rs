//! What counts as one client: an IPv4 address, or a network of IPv6 addresses.

use std::net::IpAddr;

/// The network that a limit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientNetwork(u128);

impl ClientNetwork {
    /// One link: an IPv4 address, or a /64, whose addresses one machine can all use.
    pub fn link(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u128::from(v4.to_bits())),
            IpAddr::V6(v6) => Self(v6.to_bits() >> 64 | 1 << 127),
        }
    }

    /// One subscriber: an IPv4 address, or a /56, which access providers delegate to a household
    /// or an office (RFC 6177).
    pub fn subscriber(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u128::from(v4.to_bits())),
            IpAddr::V6(v6) => Self(v6.to_bits() >> 72 | 3 << 126),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let host = |subnet: u16, n: u16| IpAddr::from([0x2001, 0xdb8, 0, subnet, 0, 0, 0, n]);
        assert_eq!(ClientNetwork::link(host(1, 1)), ClientNetwork::link(host(1, 2)));
        assert_ne!(ClientNetwork::link(host(1, 1)), ClientNetwork::link(host(2, 1)));
        assert_eq!(ClientNetwork::subscriber(host(1, 1)), ClientNetwork::subscriber(host(0xff, 1)));
        assert_ne!(
            ClientNetwork::subscriber(host(1, 1)),
            ClientNetwork::subscriber(host(0x100, 1))
        );
    }

    #[test]
    fn an_ipv4_address_is_the_same_client_when_it_is_written_as_ipv6() {
        let (v4, mapped): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(ClientNetwork::link(v4), ClientNetwork::link(mapped));
        assert_eq!(ClientNetwork::subscriber(v4), ClientNetwork::subscriber(mapped));
        assert_ne!(ClientNetwork::link(v4), ClientNetwork::link("192.0.2.2".parse().unwrap()));
    }
}
