//! What can be typed. Flags never do anything while they are parsed.

#[cfg(feature = "acme")]
mod acme;
mod archive;
mod directory;
#[cfg(feature = "serve")]
mod healthcheck;
mod levels;
mod managed;
#[cfg(feature = "zip")]
mod message;
#[cfg(feature = "net")]
mod net;
mod protocol;
#[cfg(feature = "serve")]
mod serving;
mod shard;
#[cfg(feature = "sign")]
mod signing;
#[cfg(feature = "verify")]
mod verify;

use std::path::PathBuf;

use crate::model::{Hostname, public_host};
use crate::users::Column;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

#[cfg(feature = "acme")]
pub use acme::AcmeChallenge;
pub use archive::ArchiveArgs;
pub use directory::LdapArgs;
#[cfg(feature = "ldap")]
pub use directory::LdapPreset;
#[cfg(feature = "serve")]
pub use healthcheck::HealthcheckArgs;
pub use levels::LevelArgs;
pub use managed::MdmArgs;
#[cfg(feature = "zip")]
pub use message::MessageArgs;
#[cfg(feature = "net")]
pub use net::NetArgs;
pub use protocol::ProtocolArg;
#[cfg(feature = "serve")]
pub use serving::ServeArgs;
pub use shard::Shard;
#[cfg(feature = "sign")]
pub use signing::SignArgs;
#[cfg(feature = "verify")]
pub use verify::{FlowArg, ReportFormat, VerifyArgs};

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
    Import(Box<ImportArgs>),
    /// Make other clients' files of any client's file: import, then generate
    Convert(Box<ConvertArgs>),
    /// Say what is wrong with a finished file, whom it hurts, and what to do
    Check(Box<CheckArgs>),
    /// Test the connection to every server, and name what is wrong
    #[cfg(feature = "verify")]
    Verify(Box<VerifyArgs>),
    /// Answer mail clients: hand every file out over HTTP and HTTPS
    #[cfg(feature = "serve")]
    Serve(Box<ServeArgs>),
    /// Ask a running server whether it is ready, for containers: exit code 0 or 1
    #[cfg(feature = "serve")]
    Healthcheck(HealthcheckArgs),
    /// Explain a code, or list the codes that are about something
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
    #[command(flatten)]
    pub levels: LevelArgs,
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
    /// The host under which people reach the web server, in place of the provider's publicHost
    /// [default: the domain's own hosts]
    #[arg(long, env = "MAILWRIGHT_PUBLIC_HOST", value_name = "HOST", value_parser = public_host)]
    pub public_host: Option<Hostname>,
    /// Whether messages fetched over POP3 stay on the server [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub leave_messages_on_server: Option<bool>,
    /// For how many days they stay; 0 is for ever [default: 0]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(..=18_249))]
    pub days_to_leave_messages_on_server: Option<u16>,
    /// An option of a target; `targets show` lists them
    #[arg(long = "set", value_name = "TARGET.OPTION=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub mdm: MdmArgs,
    /// Also the targets that write files of this media type, because another flag wants them.
    #[arg(skip)]
    pub also: Option<&'static str>,
    /// The provider file that `convert` has written, which is nowhere on disk.
    #[arg(skip)]
    pub imported: Option<std::sync::Arc<crate::finding::Source>>,
}

#[derive(Debug, Clone, Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// The output folder
    #[arg(short, long, env = "MAILWRIGHT_OUT", default_value = "out", value_name = "DIR")]
    pub out: PathBuf,
    /// Files for everybody in a list: CSV, TSV or lines of JSON, or - for standard input; or in an LDAP
    /// directory, ldaps://HOST/BASE?ATTRIBUTES?SCOPE?FILTER
    #[arg(long, conflicts_with = "mdm", value_name = "FILE|ldaps://…")]
    pub users: Option<String>,
    /// Which column or attribute is what, where its name does not tell, such as address=mail
    #[arg(long, value_name = "WHAT=NAME", requires = "users")]
    pub column: Vec<Column>,
    /// Leave out rows that are no users, and list them in rejected.csv
    #[arg(long, requires = "users")]
    pub keep_going: bool,
    /// Only the I-th of N shares of the users, always the same one; index:I/N counts from 0
    #[arg(long, value_name = "I/N", requires = "users")]
    pub shard: Option<Shard>,
    /// Go on with a run that was ended
    #[arg(long, requires = "users")]
    pub resume: bool,
    #[command(flatten)]
    pub archive: ArchiveArgs,
    #[cfg(feature = "zip")]
    #[command(flatten)]
    pub message: MessageArgs,
    /// Do all but the writing
    #[arg(long)]
    pub dry_run: bool,
    /// Test the connection to every server first; write nothing if one does not work
    #[cfg(feature = "verify")]
    #[arg(long)]
    pub verify: bool,
    #[cfg(feature = "net")]
    #[command(flatten)]
    pub net: NetArgs,
    /// Put the person's password into the files that can hold one
    #[arg(long, value_name = "prompt|env:NAME|fd:N")]
    pub password_from: Option<String>,
    #[cfg(feature = "sign")]
    #[command(flatten)]
    pub sign: SignArgs,
    /// Wait until the disk has everything
    #[arg(long)]
    pub fsync: bool,
    /// How to tell the result
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
    #[command(flatten)]
    pub ldap: LdapArgs,
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
    /// Another file about the same mailboxes, such as mpop's beside msmtp's
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
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
    /// Another file about the same mailboxes, such as mpop's beside msmtp's
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
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
    /// Only what hurts this client
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// Mend in the files what has one safe mend, and show what was changed
    #[arg(long, conflicts_with_all = ["matrix", "diff"])]
    pub fix: bool,
    /// Only show what --fix would change; exit 1 where that is anything
    #[arg(long, conflicts_with = "matrix")]
    pub diff: bool,
    /// Trust the authorities of this PEM file too, for who signed a profile
    #[cfg(feature = "sign")]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
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

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code, such as certificate-expired; or the beginning of codes, a family or a word, for a list
    /// of the codes that match [default: list all]
    #[arg(value_name = "CODE|PREFIX|WORD")]
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
    /// Say everything about one: clients, files, options; or its files for somebody
    Show {
        /// The target's name
        name: String,
        /// An address, a domain or a provider: the files that are the same for everybody there, with size,
        /// SHA-256 and the DNS record that goes with it
        #[arg(value_name = "WHO")]
        who: Option<String>,
        #[command(flatten)]
        choice: ShowChoice,
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

/// What decides about the bytes of a file, as in generate.
#[derive(Debug, Args)]
pub struct ShowChoice {
    /// With WHO: the provider, by name or as a file; a domain outside its list is hosted there
    #[arg(long, env = "MAILWRIGHT_PROVIDER", value_name = "ID|FILE")]
    pub provider: Option<String>,
    /// With WHO: which protocol is set up [default: the provider's own choice]
    #[arg(long, env = "MAILWRIGHT_PROTOCOL", value_enum, value_name = "PROTOCOL")]
    pub protocol: Option<ProtocolArg>,
    /// With WHO: an option of a target
    #[arg(long = "set", value_name = "TARGET.OPTION=VALUE")]
    pub set: Vec<String>,
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

/// The command line's definition, for the manual and the tests.
pub fn definition() -> clap::Command {
    let command = Cli::command();
    #[cfg(feature = "serve")]
    let command = super::environment::with_variables(command);
    command
}
