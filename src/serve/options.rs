//! The options of the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::confine::Confinement;
use super::connection::Timeouts;
use super::domain_rules::DomainOwners;
use super::network::Network;
use super::proxy::ProxyTrust;
use super::sockets::ListenAddress;

/// Prints a message for the administrator.
pub type Tell = dyn Fn(&str) + Send + Sync;

/// How to run the server, from the command line.
#[derive(Clone)]
pub struct ServeOptions {
    /// Listeners that speak TLS if there is a certificate, else plain HTTP.
    pub listen: Vec<ListenAddress>,
    /// Listeners that always speak plain HTTP.
    pub listen_http: Vec<ListenAddress>,
    /// The listener for metrics and health checks.
    pub metrics: Option<SocketAddr>,
    pub trust: ProxyTrust,
    /// Trusted proxies start each connection with a PROXY protocol header.
    pub proxy_protocol: bool,
    pub timeouts: Timeouts,
    pub max_connections: usize,
    /// Connections of one IPv4 address, or of one /56 of IPv6.
    pub max_connections_per_client: usize,
    /// Requests a minute for each client address; `None`: no limit.
    pub rate_limit: Option<u32>,
    /// Networks whose requests are not limited.
    pub rate_limit_exempt: Vec<Network>,
    pub threads: usize,
    pub domain_owners: DomainOwners,
    /// The folder where the server keeps who has which domain.
    pub state_dir: Option<PathBuf>,
    /// The user to switch to after binding the ports.
    pub user: Option<String>,
    /// The JSON API is answered.
    pub api: bool,
    /// What the server needs after it has started.
    pub confinement: Confinement,
    pub access_log: bool,
    pub log_addresses: bool,
}
