//! `--resolve HOST:PORT:ADDR`: overrides DNS for a host.

use std::net::{IpAddr, SocketAddr};

/// One `--resolve`, in curl's syntax, except that an address may have a port of its own
/// (`mail.example.com:995:127.0.0.1:8995`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOverride {
    /// The host name.
    pub host: String,
    /// The port at that host.
    pub port: u16,
    /// Never empty.
    pub addresses: Vec<SocketAddr>,
}

impl HostOverride {
    /// Parses `HOST:PORT:ADDR[,ADDR]`. An IPv6 address may be in brackets.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{}\" is not HOST:PORT:ADDR[,ADDR]", text.escape_debug());
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(addresses)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let port: u16 = port.parse().ok().filter(|p| *p > 0).ok_or_else(wrong)?;
        if host.is_empty() {
            return Err(wrong());
        }
        let addresses = addresses
            .split(',')
            .map(|address| {
                address.parse::<SocketAddr>().ok().or_else(|| {
                    let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
                    let ip: IpAddr = bare.unwrap_or(address).parse().ok()?;
                    Some(SocketAddr::new(ip, port))
                })
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(wrong)?;
        Ok(Self { host: host.to_owned(), port, addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_written_as_in_curl() {
        let one = HostOverride::parse("mail.example.com:995:127.0.0.1,[::1]").unwrap();
        assert_eq!(one.addresses, ["127.0.0.1:995".parse().unwrap(), "[::1]:995".parse().unwrap()]);
    }

    #[test]
    fn an_overrides_address_may_have_a_port_of_its_own() {
        let one = HostOverride::parse("mail.example.com:995:127.0.0.1:8995").unwrap();
        assert_eq!(one.addresses, ["127.0.0.1:8995".parse().unwrap()]);
        let six = HostOverride::parse("mail.example.com:995:[::1]:8995").unwrap();
        assert_eq!(six.addresses, ["[::1]:8995".parse().unwrap()]);
    }

    #[test]
    fn what_is_no_override_is_refused() {
        for wrong in ["", "a", "a:1", "a:x:127.0.0.1", ":1:127.0.0.1", "a:0:127.0.0.1", "a:1:b"] {
            assert!(HostOverride::parse(wrong).is_err(), "{wrong}");
        }
    }
}
