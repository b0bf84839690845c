//! What can be typed about a server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::model::{Hostname, PathPrefix, public_host};
use crate::serve::{ListenAddress, Network, ProviderLimits};
use crate::users::Column;

use super::{LdapArgs, ProtocolArg};

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen: with TLS if there is a certificate, else plain HTTP. unix:PATH is a Unix
    /// socket for a proxy on this machine, whose headers are believed [default: 127.0.0.1:8080]
    #[arg(long, env = "MAILWRIGHT_LISTEN", value_name = "ADDR:PORT", value_delimiter = ',')]
    pub listen: Vec<ListenAddress>,
    /// Where to listen for plain HTTP in addition to TLS, for older programs and for redirects
    #[arg(long, value_name = "ADDR:PORT", value_delimiter = ',')]
    pub listen_http: Vec<ListenAddress>,
    /// The provider to serve, by name or as a file; domains that it does not name are its customers'
    #[arg(long, env = "MAILWRIGHT_PROVIDER", value_name = "ID|FILE")]
    pub provider: Option<String>,
    /// With --providers: which of them serves domains that nobody has
    #[arg(long, value_name = "NAME", conflicts_with = "provider")]
    pub default_provider: Option<String>,
    /// Which domains a provider file of --providers may have: all; file-name (example.com.toml may
    /// have example.com and what is below it); or a file with lines of NAME DOMAIN…, where *.DOMAIN
    /// is everything below and NAME a provider file without .toml [default: all]
    #[arg(long, value_name = "all|file-name|FILE")]
    pub domain_owners: Option<String>,
    /// The folder to keep the owner of each domain in, so that it is the same after a restart
    #[arg(long, env = "STATE_DIRECTORY", hide_env = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// The most bytes that a provider file may have
    #[arg(long, default_value_t = ProviderLimits::default().size, value_name = "BYTES")]
    pub max_provider_size: u64,
    /// The most domains that a provider file may name
    #[arg(long, default_value_t = ProviderLimits::default().domains, value_name = "N")]
    pub max_domains: usize,
    /// The most domains in the list of a provider file (domainsFrom)
    #[arg(long, default_value_t = ProviderLimits::default().listed_domains, value_name = "N")]
    pub max_listed_domains: usize,
    /// Login names for people whose login name their provider's pattern does not tell: a list as for
    /// `generate --users`, read again when it changes, or every five minutes if it is a directory
    #[arg(long, value_name = "FILE|ldaps://…")]
    pub users: Option<String>,
    /// Which column or attribute is what, where its name does not tell, such as username=uid
    #[arg(long, value_name = "WHAT=NAME", requires = "users")]
    pub column: Vec<Column>,
    #[command(flatten)]
    pub ldap: LdapArgs,
    /// Provider files may name directories and commands (usersFrom), which the server asks and runs
    #[arg(long)]
    pub trust_provider_files: bool,
    /// Which servers are published [default: both]
    #[arg(long, env = "MAILWRIGHT_PROTOCOL", value_enum, value_name = "PROTOCOL")]
    pub protocol: Option<ProtocolArg>,
    /// An option of a target; `targets show` lists them
    #[arg(long = "set", value_name = "TARGET.OPTION=VALUE")]
    pub set: Vec<String>,
    /// The host under which people reach this server, for providers without a publicHost of their
    /// own: pages, QR codes and Autodiscover lead there, so that customers' domains need no
    /// certificate. Addresses of every provider are answered there, but at a provider's host only
    /// its own
    #[arg(long, value_name = "HOST", value_parser = public_host)]
    pub public_host: Option<Hostname>,
    /// The folder of that host that a proxy forwards to this server, such as /mail-setup
    #[arg(long, value_name = "/FOLDER")]
    pub path_prefix: Option<PathPrefix>,
    /// The former name of --public-host.
    #[arg(long, hide = true, value_name = "HOST")]
    pub canonical_host: Option<String>,
    /// The certificate with its intermediates, a PEM file; more than once for more names
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Vec<PathBuf>,
    /// The private key of that certificate, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Vec<PathBuf>,
    #[cfg(feature = "acme")]
    #[command(flatten)]
    pub acme: super::acme::AcmeArgs,
    /// Sign Apple's profiles: a PEM file with the certificate and its intermediates
    #[cfg(feature = "sign")]
    #[arg(long, value_name = "FILE", requires = "sign_key")]
    pub sign_cert: Option<PathBuf>,
    /// The private key of that certificate, a PEM file
    #[cfg(feature = "sign")]
    #[arg(long, value_name = "FILE", requires = "sign_cert")]
    pub sign_key: Option<PathBuf>,
    /// The password of that key, where it is encrypted
    #[cfg(feature = "sign")]
    #[arg(long, value_name = "prompt|env:NAME|fd:N", requires = "sign_key")]
    pub sign_key_password_from: Option<String>,
    /// A proxy, or a network of them, whose headers are believed: X-Forwarded-For, -Proto and -Host,
    /// Forwarded, X-Real-IP
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub trusted_proxy: Vec<Network>,
    /// Take the client's address only from this header of trusted proxies, such as CF-Connecting-IP
    #[arg(long, value_name = "NAME", requires = "trusted_proxy")]
    pub client_address_header: Option<hyper::header::HeaderName>,
    /// These proxies begin each connection with a header of the PROXY protocol, version 1 or 2
    #[arg(long, requires = "trusted_proxy")]
    pub proxy_protocol: bool,
    /// Also answer a JSON API for panels and webmail under /api/v1/: settings?email=ADDRESS, check, and
    /// openapi.json, which describes it
    #[arg(long)]
    pub api: bool,
    /// Figures for Prometheus on a listener of their own, under /metrics
    #[arg(long, value_name = "ADDR:PORT")]
    pub metrics: Option<SocketAddr>,
    /// Ask the server at every place where clients look, say what each finds, and end
    #[cfg(feature = "verify")]
    #[arg(long)]
    pub selftest: bool,
    /// Trust the authorities of this PEM file too, with --selftest and for directories of users
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// How many connections may be open
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub max_connections: usize,
    /// Maximum number of open connections from one client: an IPv4 address or an IPv6 /56.
    /// Connections from --trusted-proxy are not counted
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub max_connections_per_client: usize,
    /// Requests per minute from one client: an IPv4 address or an IPv6 /64. A minute's worth may
    /// come at once [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit: Option<u32>,
    /// Network that --rate-limit does not apply to, such as that of your monitoring
    #[arg(long, value_name = "CIDR", value_delimiter = ',', requires = "rate_limit")]
    pub rate_limit_exempt: Vec<Network>,
    /// How many threads answer [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Whom root becomes once the sockets are open [default: mailwright if there is such a user, else
    /// nobody]
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Further files or folders that the server may read after its start: on Linux it sees only those
    /// that its options name, and the folders above them
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    pub allow_path: Vec<PathBuf>,
    /// Write no line for each request to standard output
    #[arg(long)]
    pub no_access_log: bool,
    /// Write addresses of people and clients into these lines, not only hashes of them
    #[arg(long, conflicts_with = "no_access_log")]
    pub log_addresses: bool,
}
