//! What can be typed wherever something connects.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::net::{Error, Net};

/// How servers are reached; the same in every command that connects.
#[derive(Debug, Clone, Args)]
pub struct NetArgs {
    /// How long a step may take, in seconds; a server has three times that
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Duration,
    /// Trust the authorities of this PEM file too
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Where a host is, whatever DNS says; an address may have a port of its own
    #[arg(long, value_name = "HOST:PORT:ADDR[,ADDR]", value_parser = crate::net::HostOverride::parse)]
    pub resolve: Vec<crate::net::HostOverride>,
    /// Ask this DNS server
    #[arg(long, alias = "dns-server", value_name = "ADDR[:PORT]", value_parser = dns_server)]
    pub dns: Option<SocketAddr>,
    /// Let import, --hosted and --database connect to private addresses, even if a public name or a
    /// redirect leads there
    #[cfg(feature = "verify")]
    #[arg(long)]
    pub allow_private: bool,
}

impl NetArgs {
    pub fn open(&self) -> Result<Net, Error> {
        let net = Net::new(self.ca.as_deref(), self.dns, self.resolve.clone())?;
        #[cfg(feature = "verify")]
        let net = net.allow_private(self.allow_private);
        Ok(net)
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    match number.parse::<f64>().map(|number| number * unit) {
        Ok(seconds) if (0.01..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("write seconds or minutes, as 10, 0.5s or 2m".to_owned()),
    }
}

pub(super) fn dns_server(text: &str) -> Result<SocketAddr, String> {
    let bare = || text.trim_matches(['[', ']']).parse().ok().map(|ip: IpAddr| (ip, 53).into());
    text.parse()
        .ok()
        .or_else(bare)
        .ok_or_else(|| "write an IP address, as 192.0.2.1 or 192.0.2.1:5353".to_owned())
}
