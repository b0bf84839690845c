//! Tells addresses that anybody can reach from those that only this machine or its networks reach.
//!
//! A domain's owner decides where its names lead. A program that follows such a name from inside a
//! network would otherwise send requests to routers, databases or a cloud's metadata service.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not a public one, for messages. `None` for public addresses.
///
/// An IPv6 address that stands for an IPv4 address is judged by that address.
pub fn non_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => of_v6(address),
    }
}

fn of_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "an unspecified address (RFC 1122)",
        [169, 254, 169, 254] => "the metadata service of cloud machines",
        [127, ..] => "a loopback address",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private address (RFC 1918)",
        [100, 64..=127, ..] => "a shared address of a provider's network (RFC 6598)",
        [169, 254, ..] => "a link-local address",
        [192, 0, 0, _] => "an address for protocols (RFC 6890)",
        [198, 18 | 19, ..] => "an address for benchmarks (RFC 2544)",
        [224..=239, ..] => "a multicast address",
        [240..=255, ..] => "a reserved or broadcast address",
        _ => return None,
    })
}

fn of_v6(address: Ipv6Addr) -> Option<&'static str> {
    /// Of the metadata service of Amazon EC2.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address {
        METADATA => return Some("the metadata service of cloud machines"),
        Ipv6Addr::UNSPECIFIED => return Some("the unspecified address"),
        Ipv6Addr::LOCALHOST => return Some("a loopback address"),
        _ => {}
    }
    match address.segments() {
        // IPv4-compatible (RFC 4291), IPv4-mapped, IPv4-translated (RFC 2765), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4 (RFC 3056).
        | [0x2002, high, low, ..] => of_v4(embedded(high, low)),
        // Teredo (RFC 4380): the client's address has all bits inverted.
        [0x2001, 0, _, _, _, _, high, low] => of_v4(embedded(!high, !low)),
        [0x64, 0xff9b, 1, ..] => Some("a NAT64 address of a local network (RFC 8215)"),
        [first, ..] => match first & 0xffc0 {
            0xfe80 => Some("a link-local address"),
            0xfec0 => Some("a site-local address (RFC 3879)"),
            _ if first & 0xfe00 == 0xfc00 => Some("a unique local address (RFC 4193)"),
            _ if first & 0xff00 == 0xff00 => Some("a multicast address"),
            _ => None,
        },
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

/// Whether a name exists only inside a network, so that its addresses may be private: an IP
/// address, a name without dots, or one below a domain that the public DNS does not have.
pub fn is_local_name(host: &str) -> bool {
    /// RFC 6761, RFC 6762, RFC 8375; ICANN reserved `internal` in 2024.
    const LOCAL: [&str; 4] = ["localhost", "local", "home.arpa", "internal"];
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        || !host.contains('.')
        || LOCAL.iter().any(|local| {
            host.strip_suffix(local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address_that_is_not_public_is_named() {
        for (address, words) in [
            ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "unspecified"),
            ("10.0.0.1", "RFC 1918"),
            ("10.255.255.255", "RFC 1918"),
            ("172.16.0.1", "RFC 1918"),
            ("172.31.255.255", "RFC 1918"),
            ("192.168.1.1", "RFC 1918"),
            ("100.64.0.1", "RFC 6598"),
            ("100.127.255.255", "RFC 6598"),
            ("127.0.0.1", "loopback"),
            ("127.255.0.9", "loopback"),
            ("169.254.0.1", "link-local"),
            ("169.254.169.254", "metadata"),
            ("192.0.0.192", "protocols"),
            ("198.19.0.1", "benchmarks"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.250", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "site-local"),
            ("fc00::1", "unique local"),
            ("fdff::1", "unique local"),
            ("fd00:ec2::254", "metadata"),
            ("ff02::1", "multicast"),
            ("::127.0.0.1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("::ffff:169.254.169.254", "metadata"),
            ("::ffff:10.1.2.3", "RFC 1918"),
            ("::ffff:0:192.168.0.1", "RFC 1918"),
            ("64:ff9b::127.0.0.1", "loopback"),
            ("64:ff9b::169.254.169.254", "metadata"),
            ("64:ff9b:1::8.8.8.8", "RFC 8215"),
            ("2002:7f00:1::", "loopback"),
            ("2002:a9fe:a9fe::1", "metadata"),
            ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "RFC 1918"),
        ] {
            let found = non_public(address.parse().unwrap()).unwrap_or("public");
            assert!(found.contains(words), "{address}: {found}");
        }
    }

    #[test]
    fn public_addresses_are_public_at_the_edges_of_the_others_too() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2a00::1",
            "fbff::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(non_public(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn names_of_a_local_network_are_told_from_public_ones() {
        for local in ["localhost", "a.localhost", "nas", "box.home.arpa.", "X.INTERNAL", "[::1]"] {
            assert!(is_local_name(local), "{local}");
        }
        for public in
            ["example.com", "notlocal.example", "notinternal.com", "xlocal.de", "a.xlocal"]
        {
            assert!(!is_local_name(public), "{public}");
        }
    }
}
