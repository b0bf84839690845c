//! What can be typed about a health check.

use clap::Args;

use crate::serve::ListenAddress;

#[derive(Debug, Args)]
pub struct HealthcheckArgs {
    /// The listener to ask [default: the first of MAILWRIGHT_METRICS, MAILWRIGHT_LISTEN_HTTP and
    /// MAILWRIGHT_LISTEN, else 127.0.0.1:8080]
    #[arg(value_name = "ADDR:PORT")]
    pub address: Option<ListenAddress>,
    /// Seconds to wait for an answer
    #[arg(long, default_value_t = 3, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout: u32,
    /// The listener for metrics
    #[arg(long, env = "MAILWRIGHT_METRICS", hide = true)]
    pub metrics: Option<ListenAddress>,
    /// Listeners for plain HTTP
    #[arg(long, env = "MAILWRIGHT_LISTEN_HTTP", hide = true, value_delimiter = ',')]
    pub listen_http: Vec<ListenAddress>,
    /// Listeners that may speak TLS
    #[arg(long, env = "MAILWRIGHT_LISTEN", hide = true, value_delimiter = ',')]
    pub listen: Vec<ListenAddress>,
}
