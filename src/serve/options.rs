//! The options of the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::model::Hostname;

use super::connection::Timeouts;
use super::domain_rules::DomainOwners;
use super::proxy::Network;

/// Prints a message for the administrator.
pub type Tell = dyn Fn(&str) + Send + Sync;

/// How to run the server, from the command line.
#[derive(Clone)]
pub struct ServeOptions {
    /// Listeners that speak TLS if there is a certificate, else plain HTTP.
    pub listen: Vec<SocketAddr>,
    /// Listeners that always speak plain HTTP.
    pub listen_http: Vec<SocketAddr>,
    /// The listener for metrics and health checks.
    pub metrics: Option<SocketAddr>,
    pub canonical_host: Option<Hostname>,
    pub trusted: Vec<Network>,
    /// Trusted proxies start each connection with a PROXY protocol header.
    pub proxy_protocol: bool,
    pub timeouts: Timeouts,
    pub max_connections: usize,
    /// Requests a minute for each client address; `None`: no limit.
    pub rate_limit: Option<u32>,
    pub threads: usize,
    pub domain_owners: DomainOwners,
    /// The folder where the server keeps who has which domain.
    pub state_dir: Option<PathBuf>,
    /// The user to switch to after binding the ports.
    pub user: Option<String>,
    pub access_log: bool,
    pub log_addresses: bool,
}
