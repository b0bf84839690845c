//! How the server is run.

use std::net::SocketAddr;

use crate::model::Hostname;

use super::connection::Timeouts;
use super::proxy::Network;

/// What whoever starts it can say about a server.
#[derive(Clone)]
pub struct ServeOptions {
    /// Over TLS where there are certificates, else plain.
    pub listen: Vec<SocketAddr>,
    /// Always plain.
    pub listen_http: Vec<SocketAddr>,
    /// For figures.
    pub metrics: Option<SocketAddr>,
    pub canonical_host: Option<Hostname>,
    pub trusted: Vec<Network>,
    /// Those who are trusted begin each connection with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    pub timeouts: Timeouts,
    pub max_connections: usize,
    /// Requests a minute for each client address.
    pub rate_limit: Option<u32>,
    pub threads: usize,
    /// Who to be after the sockets are open.
    pub user: Option<String>,
    pub access_log: bool,
    pub log_addresses: bool,
}
