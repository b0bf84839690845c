//! What can be typed. Flags never do anything while they are parsed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// One description of a mail provider, rendered into every file that its users' mail clients
/// want, and proven right.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true, help_expected = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write every client's file for an address, a domain or a provider
    Generate(Box<GenerateArgs>),
    /// Say what generate would write, for whom, with which server, and why
    Plan(Box<PlanArgs>),
    /// Make a provider file of any client's file
    Import(ImportArgs),
    /// Make other clients' files of any client's file: import, then generate
    Convert(Box<ConvertArgs>),
    /// Say what is wrong with a finished file, whom it hurts, and what to do
    Check(Box<CheckArgs>),
    /// Test the connection to every server, and name what is wrong
    #[cfg(feature = "verify")]
    Verify(Box<VerifyArgs>),
    /// Explain a code of check or verify
    Explain(ExplainArgs),
    /// Start a provider file or a settings file
    Init(InitArgs),
    /// List or show the mail providers there are
    Providers(ProvidersArgs),
    /// List, show or copy out the mail clients there are files for
    Targets(TargetsArgs),
    /// Print a completion script for a shell
    #[cfg(feature = "manual")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them into a folder
    #[cfg(feature = "manual")]
    Man(ManArgs),
}

/// The same in every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The settings file [default: ./mailwright.toml, if there is one]
    #[arg(long, global = true, env = "MAILWRIGHT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A folder of targets of your own, over the built-in ones
    #[arg(long, global = true, env = "MAILWRIGHT_TEMPLATES", value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// A folder of providers of your own, over the built-in ones
    #[arg(long, global = true, env = "MAILWRIGHT_PROVIDERS", value_name = "DIR")]
    pub providers: Option<PathBuf>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Say only what is wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// For whom, and with what; the same in generate and plan.
#[derive(Debug, Clone, Default, Args)]
pub struct SubjectArgs {
    /// An address, a domain or a provider [default: the chosen provider, else outlook.com]
    #[arg(value_name = "WHO")]
    pub who: Vec<String>,
    /// The provider, by name or as a file; a domain outside its list is hosted there
    #[arg(long, env = "MAILWRIGHT_PROVIDER", value_name = "ID|FILE")]
    pub provider: Option<String>,
    /// Only these targets [default: all that are not opt-in]
    #[arg(long = "target", env = "MAILWRIGHT_TARGETS", value_delimiter = ',', value_name = "T,…")]
    pub targets: Vec<String>,
    /// Which protocol to set up [default: the provider's own choice]
    #[arg(long, env = "MAILWRIGHT_PROTOCOL", value_enum, value_name = "PROTOCOL")]
    pub protocol: Option<ProtocolArg>,
    /// Languages of the guides [default: all for a provider, the locale's for a person]
    #[arg(long, env = "MAILWRIGHT_LANGUAGE", value_delimiter = ',', value_name = "LANG,…")]
    pub language: Vec<String>,
    /// The person's name, for the From line
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Also the files of the provider's other domains
    #[arg(long)]
    pub all_domains: bool,
    /// Whether messages fetched over POP3 stay on the server [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub leave_messages_on_server: Option<bool>,
    /// For how many days they stay; 0 is for ever [default: 0]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(..=18_249))]
    pub days_to_leave_messages_on_server: Option<u16>,
    /// An option of a target; `targets show` lists them
    #[arg(long = "set", value_name = "TARGET.OPTION=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProtocolArg {
    Pop3,
    Imap,
    Both,
}

#[derive(Debug, Clone, Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// The output folder
    #[arg(short, long, env = "MAILWRIGHT_OUT", default_value = "out", value_name = "DIR")]
    pub out: PathBuf,
    /// Everything in one zip, <OUT>/<SUBJECT>.zip
    #[cfg(feature = "zip")]
    #[arg(long)]
    pub zip: bool,
    /// Do all but the writing
    #[arg(long)]
    pub dry_run: bool,
    /// Test the connection to every server first; write nothing if one does not work
    #[cfg(feature = "verify")]
    #[arg(long)]
    pub verify: bool,
    #[cfg(feature = "verify")]
    #[command(flatten)]
    pub net: NetArgs,
    /// Put the person's password into the files that can hold one
    #[arg(long, value_name = "prompt|env:NAME|fd:N")]
    pub password_from: Option<String>,
    /// Wait until the disk has everything
    #[arg(long)]
    pub fsync: bool,
    /// How to tell the result
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// How to tell the plan
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A file of a client, or - for standard input; or an address or domain, whose settings are looked
    /// for where clients look
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Look only where this client does
    #[cfg(feature = "verify")]
    #[arg(long = "as", value_name = "CLIENT")]
    pub eyes: Option<String>,
    /// Also ask a database of providers, at URL/DOMAIN
    #[cfg(feature = "verify")]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Look into this folder first, as Thunderbird does into isp/ beside its program
    #[arg(long, value_name = "DIR")]
    pub isp_dir: Option<PathBuf>,
    #[cfg(feature = "verify")]
    #[command(flatten)]
    pub net: NetArgs,
    /// The domains of the users, where the source does not name them
    #[arg(long = "domain", value_name = "DOMAIN,…", value_delimiter = ',')]
    pub domains: Vec<String>,
    /// The provider file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How to tell the result
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// A file of a client, or - for standard input
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// The domains of the users, where the source does not name them
    #[arg(long = "domain", value_name = "DOMAIN,…", value_delimiter = ',')]
    pub domains: Vec<String>,
    #[command(flatten)]
    pub generate: GenerateArgs,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Files, folders, or - for standard input; what they are is seen from what is in them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Make this code an error
    #[arg(short = 'D', long, value_name = "CODE", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// Make this code a warning
    #[arg(short = 'W', long, value_name = "CODE", value_delimiter = ',')]
    pub warn: Vec<String>,
    /// Say nothing of this code
    #[arg(short = 'A', long, value_name = "CODE", value_delimiter = ',')]
    pub allow: Vec<String>,
    /// Only what hurts this client
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// Say for every client what it would make of the file: which server, or why nothing
    #[arg(long)]
    pub matrix: bool,
    /// How to tell the result; html is for --matrix
    #[arg(long, value_enum, default_value_t = CheckFormat::Human, value_name = "FORMAT")]
    pub format: CheckFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Human,
    Json,
    Sarif,
    Junit,
    Html,
}

#[cfg(feature = "verify")]
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
    pub arrival: std::time::Duration,
    /// Test again and again, as 5m or 90s, until a signal ends it
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub watch: Option<std::time::Duration>,
    /// Tell Prometheus the results of --watch, at /metrics of this address
    #[arg(long, value_name = "ADDR:PORT", requires = "watch")]
    pub metrics_listen: Option<std::net::SocketAddr>,
    #[command(flatten)]
    pub net: NetArgs,
    /// Show the dialogues, secrets blanked
    #[arg(long)]
    pub transcript: bool,
    /// How to tell the result
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, value_name = "FORMAT")]
    pub format: ReportFormat,
}

#[cfg(feature = "verify")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlowArg {
    /// A code to enter in any browser (RFC 8628)
    Device,
    /// The browser of this machine (RFC 8252)
    Browser,
}

/// How servers are reached; the same in verify and generate.
#[cfg(feature = "verify")]
#[derive(Debug, Clone, Args)]
pub struct NetArgs {
    /// How long a step may take, in seconds; a server has three times that
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub timeout: std::time::Duration,
    /// Trust the authorities of this PEM file too
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Where a host is, whatever DNS says; an address may have a port of its own
    #[arg(long, value_name = "HOST:PORT:ADDR[,ADDR]", value_parser = crate::net::Override::parse)]
    pub resolve: Vec<crate::net::Override>,
    /// Ask this DNS server
    #[arg(long, alias = "dns-server", value_name = "ADDR[:PORT]", value_parser = dns_server)]
    pub dns: Option<std::net::SocketAddr>,
}

#[cfg(feature = "verify")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Human,
    Json,
    Junit,
}

#[cfg(feature = "verify")]
fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    match number.parse::<f64>().map(|number| number * unit) {
        Ok(seconds) if (0.01..=86_400.0).contains(&seconds) => {
            Ok(std::time::Duration::from_secs_f64(seconds))
        }
        _ => Err("write seconds or minutes, as 10, 0.5s or 2m".to_owned()),
    }
}

#[cfg(feature = "verify")]
fn dns_server(text: &str) -> Result<std::net::SocketAddr, String> {
    let bare =
        || text.trim_matches(['[', ']']).parse().ok().map(|ip: std::net::IpAddr| (ip, 53).into());
    text.parse()
        .ok()
        .or_else(bare)
        .ok_or_else(|| "write an IP address, as 192.0.2.1 or 192.0.2.1:5353".to_owned())
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code, such as certificate-expired [default: list all]
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where to write it: a provider file, or mailwright.toml for the settings
    #[arg(value_name = "FILE", default_value = "provider.toml")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct ProvidersArgs {
    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
}

#[derive(Debug, Subcommand)]
pub enum ProvidersCommand {
    /// List them
    List {
        /// How to tell them
        #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
        format: Format,
    },
    /// Print a provider's file
    Show {
        /// The provider's name, or a domain of its
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct TargetsArgs {
    #[command(subcommand)]
    pub command: Option<TargetsCommand>,
}

#[derive(Debug, Subcommand)]
pub enum TargetsCommand {
    /// List them
    List {
        /// How to tell them
        #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
        format: Format,
    },
    /// Say everything about one: clients, files, options
    Show {
        /// The target's name
        name: String,
    },
    /// Copy a built-in target into a folder, to change it
    Eject {
        /// The target's name
        name: String,
        /// The folder for targets of your own; it gets a folder of that name
        #[arg(default_value = "templates", value_name = "DIR")]
        folder: PathBuf,
    },
}

#[cfg(feature = "manual")]
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[cfg(feature = "manual")]
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for every command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
