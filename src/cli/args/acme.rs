//! What can be typed about certificates that are fetched.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::serve::Network;

use super::net::dns_server;

#[derive(Debug, Args)]
pub struct AcmeArgs {
    /// TLS with certificates that are fetched when clients ask for them, from letsencrypt,
    /// letsencrypt-staging, or another authority by the URL of its directory
    #[arg(long, value_name = "NAME|URL")]
    pub acme: Option<String>,
    /// You agree to the terms of that authority
    #[arg(long, requires = "acme")]
    pub acme_agree_tos: bool,
    /// Where the authority may write to, as mailto:you@example.com; more than once for more
    #[arg(long, value_name = "mailto:ADDRESS", requires = "acme")]
    pub acme_contact: Vec<String>,
    /// The key ID of your account at the authority's own site, if it wants one (external account
    /// binding)
    #[arg(long, value_name = "KID", requires = "acme", requires = "acme_eab_hmac_key_from")]
    pub acme_eab_kid: Option<String>,
    /// The HMAC key of that account, in base64url
    #[arg(long, value_name = "prompt|env:NAME|fd:N", requires = "acme_eab_kid")]
    pub acme_eab_hmac_key_from: Option<String>,
    /// The folder that certificates and their keys are kept in
    #[arg(
        long,
        env = "STATE_DIRECTORY",
        hide_env = true,
        default_value = "/var/lib/mailwright",
        value_name = "DIR"
    )]
    pub acme_cache: PathBuf,
    /// A PEM file with the one certificate that the directory's own is judged by, for a private authority
    #[arg(long, value_name = "FILE", requires = "acme")]
    pub acme_ca: Option<PathBuf>,
    /// How the authority is shown that a name is ours; more than once in order [default:
    /// tls-alpn-01, and http-01 where there is --listen-http]
    #[arg(long, value_enum, value_name = "KIND", requires = "acme", value_delimiter = ',')]
    pub acme_challenge: Vec<AcmeChallenge>,
    /// How many certificates may be ordered at once, and in each hour after that
    #[arg(
        long,
        default_value_t = 50,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub acme_orders: u32,
    /// Networks that names may lead to besides this machine: those of your load balancer or NAT.
    /// Nothing is ordered for a name that leads elsewhere
    #[arg(long, value_name = "CIDR", requires = "acme", value_delimiter = ',')]
    pub acme_allow: Vec<Network>,
    /// Ask this DNS server where names lead [default: the system's]
    #[arg(long, value_name = "ADDR[:PORT]", requires = "acme", value_parser = dns_server)]
    pub acme_dns: Option<SocketAddr>,
    /// Ask this URL before each order, with ?domain=NAME, as Caddy does; a status of 2xx means yes,
    /// anything else no
    #[arg(long, value_name = "URL", requires = "acme")]
    pub acme_ask: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AcmeChallenge {
    /// On the TLS listener, which has to be at port 443
    #[value(name = "tls-alpn-01")]
    TlsAlpn01,
    /// On a plain listener, which has to be at port 80
    #[value(name = "http-01")]
    Http01,
}
