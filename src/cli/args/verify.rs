//! What can be typed about `verify`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::ProtocolArg;
use super::net::{NetArgs, seconds};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Human,
    Json,
    Junit,
}
