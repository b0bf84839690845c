//! What can be typed where servers are asked: verify, and everything that connects.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::ProtocolArg;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// An address, a domain, a provider, or a finished file [default: the chosen provider, else
    /// outlook.com]
    #[arg(value_name = "WHO|FILE")]
    pub who: Vec<String>,
    /// The provider, by name or as a file; a domain outside its list is hosted there
    #[arg(long, env = "MAILWRIGHT_PROVIDER", value_name = "ID|FILE")]
    pub provider: Option<String>,
    /// Which protocol to test [default: the provider's own choice]
    #[arg(long, env = "MAILWRIGHT_PROTOCOL", value_enum, value_name = "PROTOCOL")]
    pub protocol: Option<ProtocolArg>,
    /// Every provider of the folder that --providers names
    #[arg(long, conflicts_with_all = ["who", "provider", "login"])]
    pub all: bool,
    /// Sign in as this user
    #[arg(long, value_name = "USER")]
    pub login: Option<String>,
    /// The user's password
    #[arg(long, value_name = "prompt|env:NAME|fd:N", requires = "login")]
    pub password_from: Option<String>,
    /// Sign in with OAuth2: by a code for any browser, or in the browser of this machine
    #[arg(long, value_enum, value_name = "FLOW", num_args = 0..=1, default_missing_value = "device",
        requires = "login", conflicts_with = "token_command")]
    pub oauth2: Option<FlowArg>,
    /// The client id that you have registered at the provider
    #[arg(long, env = "MAILWRIGHT_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// The client's secret, where the provider gives desktop clients one
    #[arg(long, value_name = "prompt|env:NAME|fd:N", requires = "oauth2")]
    pub client_secret_from: Option<String>,
    /// A command that prints an access token; MAILWRIGHT_PROTOCOL tells it for which protocol
    #[arg(long, value_name = "COMMAND", requires = "login")]
    pub token_command: Option<String>,
    /// Sign in this way, whatever the settings declare
    #[arg(long, value_name = "MECHANISM", requires = "login", ignore_case = true)]
    pub mechanism: Option<String>,
    /// Send a marked message, fetch it back, compare it, and delete it alone
    #[arg(long, requires = "login")]
    pub round_trip: bool,
    /// Look at what a domain publishes for its clients, as each of them asks
    #[arg(long, value_name = "DOMAIN", conflicts_with_all = ["who", "all", "round_trip"])]
    pub hosted: Option<String>,
    /// An address that exists: sender and recipient of --round-trip [default: WHO, or the user of
    /// --login]; with --hosted, the one whose answers are held against those for a made-up one
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<String>,
    /// How long the message may take, as 90s or 2m
    #[arg(long, default_value = "2m", value_name = "TIME", value_parser = seconds, requires = "round_trip")]
    pub arrival: Duration,
    /// Test again and again, as 5m or 90s, until a signal ends it
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub watch: Option<Duration>,
    /// Tell Prometheus the results of --watch, at /metrics of this address
    #[arg(long, value_name = "ADDR:PORT", requires = "watch")]
    pub metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub net: NetArgs,
    /// Show the dialogues, secrets blanked
    #[arg(long)]
    pub transcript: bool,
    /// How to tell the result
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, value_name = "FORMAT")]
    pub format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlowArg {
    /// A code to enter in any browser (RFC 8628)
    Device,
    /// The browser of this machine (RFC 8252)
    Browser,
}

/// How servers are reached; the same in verify and generate.
#[derive(Debug, Clone, Args)]
pub struct NetArgs {
    /// How long a step may take, in seconds; a server has three times that
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Duration,
    /// Trust the authorities of this PEM file too
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Where a host is, whatever DNS says; an address may have a port of its own
    #[arg(long, value_name = "HOST:PORT:ADDR[,ADDR]", value_parser = crate::net::Override::parse)]
    pub resolve: Vec<crate::net::Override>,
    /// Ask this DNS server
    #[arg(long, alias = "dns-server", value_name = "ADDR[:PORT]", value_parser = dns_server)]
    pub dns: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Human,
    Json,
    Junit,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    match number.parse::<f64>().map(|number| number * unit) {
        Ok(seconds) if (0.01..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("write seconds or minutes, as 10, 0.5s or 2m".to_owned()),
    }
}

fn dns_server(text: &str) -> Result<SocketAddr, String> {
    let bare = || text.trim_matches(['[', ']']).parse().ok().map(|ip: IpAddr| (ip, 53).into());
    text.parse()
        .ok()
        .or_else(bare)
        .ok_or_else(|| "write an IP address, as 192.0.2.1 or 192.0.2.1:5353".to_owned())
}
