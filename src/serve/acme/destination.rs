//! Finds out whether a name leads to this server, before a certificate is ordered for it.
//!
//! The authority would only find out that it does not, and counts each such order.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::net::AsyncDns;
use crate::serve::network::Network;

/// Where names have to lead.
pub struct NameDestinations {
    dns: AsyncDns,
    /// Of the listeners; unspecified ones are left out.
    listening: Vec<IpAddr>,
    /// Of load balancers and NAT gateways that send connections here.
    allowed: Vec<Network>,
}

const PATIENCE: Duration = Duration::from_secs(5);
/// RFC 5737: no machine has it.
const NOBODYS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

impl NameDestinations {
    /// Only inside a Tokio runtime. `server` replaces the system's name servers.
    pub fn new(
        server: Option<SocketAddr>,
        listening: &[SocketAddr],
        allowed: Vec<Network>,
    ) -> Result<Self, crate::net::Error> {
        let listening = listening.iter().map(|address| address.ip().to_canonical());
        let listening = listening.filter(|address| !address.is_unspecified()).collect();
        Ok(Self { dns: AsyncDns::new(server)?, listening, allowed })
    }

    /// Looks the name up.
    ///
    /// # Errors
    ///
    /// Says where the name leads instead, and what to do.
    pub async fn check(&self, name: &str) -> Result<(), String> {
        let found = match tokio::time::timeout(PATIENCE, self.dns.addresses(name)).await {
            Ok(Ok(found)) => found,
            Ok(Err(why)) => return Err(format!("its addresses cannot be looked up: {why}")),
            Err(_) => return Err("its addresses cannot be looked up in time".to_owned()),
        };
        if found.iter().any(|address| self.is_here(address.to_canonical())) {
            return Ok(());
        }
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        Err(format!(
            "it leads to {}, which is not this server; correct its DNS records, or name the network \
             of your load balancer or NAT with --acme-allow",
            found.join(" and ")
        ))
    }

    fn is_here(&self, address: IpAddr) -> bool {
        self.listening.contains(&address)
            || self.allowed.iter().any(|network| network.contains(address))
            || (is_own(address) && !address.is_loopback())
    }
}

/// Whether an interface of this machine has the address. A socket can be bound to no other one.
fn is_own(address: IpAddr) -> bool {
    let binds = |address| UdpSocket::bind((address, 0)).is_ok();
    if address.is_unspecified() || address.is_multicast() || !binds(address) {
        return false;
    }
    // With net.ipv4.ip_nonlocal_bind any address can be bound. Then the route tells: to its own
    // address a machine sends from that address. No packet is sent.
    !binds(NOBODYS) || is_own_by_route(address).unwrap_or(false)
}

fn is_own_by_route(address: IpAddr) -> std::io::Result<bool> {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect((address, 9))?;
    Ok(socket.local_addr()?.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_knows_its_own_addresses() {
        let own: IpAddr = "127.0.0.1".parse().unwrap();
        assert!(is_own(own));
        assert!(is_own_by_route(own).unwrap());
        for other in ["192.0.2.7", "0.0.0.0", "224.0.0.1", "::", "2001:db8::7", "ff02::1"] {
            assert!(!is_own(other.parse().unwrap()), "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_leads_here_by_a_listener_or_an_allowed_network() {
        let listening = ["0.0.0.0:443".parse().unwrap(), "127.0.0.5:443".parse().unwrap()];
        let allowed = vec!["203.0.113.0/24".parse().unwrap()];
        let nowhere = Some(SocketAddr::from(([127, 0, 0, 1], 9)));
        let here = NameDestinations::new(nowhere, &listening, allowed).unwrap();
        for (address, is_here) in [
            ("127.0.0.5", true),
            ("203.0.113.200", true),
            ("127.0.0.1", false),
            ("198.51.100.1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(here.is_here(address.parse().unwrap()), is_here, "{address}");
        }
    }
}
