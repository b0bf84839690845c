//! `mailwright serve`: answers mail clients over HTTP.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clients::Targets;
use crate::codes;
use crate::finding::Finding;
use crate::model::{Protocol, ServerAddress};
use crate::serve::{
    AnswerBuilder, CertificateFiles, Certificates, Confinement, DomainOwners, Error, HttpServer,
    ProviderLimits, ProviderReader, ProxyTrust, ReportFindings, ServeOptions, Sources, Tell,
    Timeouts,
};
use crate::settings::{Catalog, Project, ProviderFile, UsersFrom};

use super::args::{Color, Global, LevelArgs, ProtocolArg, ServeArgs};
use super::session::{project, set_options, unknown_target_options};
use super::terminal::Terminal;
use super::{Failure, Outcome};

/// The defaults without options.
pub(super) const LISTEN: &str = "127.0.0.1:8080";
const PROVIDER: &str = "outlook.com";

pub fn run(args: &ServeArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let (mut project, beside) = project(global, &mut findings)?;
    let server = server_address(args, &mut project)?;
    let sources = sources(args, global, &project, &beside, &mut findings)?;
    let builder = builder(args, global, project, &mut findings)?.at(server);
    check_prefix(&builder)?;
    let (Some(sources), false) = (sources, terminal.report(&mut findings)) else {
        return Ok(Outcome::Findings);
    };
    let options = options(args, &sources)?;
    let (builder, threads) = (Arc::new(builder), options.threads);
    let server = HttpServer {
        options,
        reader: ProviderReader {
            builder,
            threads,
            limits: limits(args),
            report_findings: talk_of_findings(global),
        },
        sources,
        certificates: certificates(pairs(args)?)?,
        acme: acme::settings(args)?,
        sign: sign::open(args)?,
        users: user_lists::of_operator(args),
        open_users: user_lists::opener(args),
        tell: talk(global),
    };
    #[cfg(feature = "verify")]
    if args.selftest {
        return selftest::run(server, args.ca.as_deref(), terminal);
    }
    match server.run() {
        Ok(()) => Ok(Outcome::Fine),
        // The findings have been printed.
        Err(Error::NoProvider) => Ok(Outcome::Findings),
        Err(error) => Err(error.into()),
    }
}

/// The server's threads print through a terminal of their own.
fn talk(global: &Global) -> Arc<Tell> {
    let terminal = Terminal::new(&own(global.color, global.quiet));
    Arc::new(move |words| terminal.say(words))
}

fn talk_of_findings(global: &Global) -> Box<ReportFindings> {
    let terminal = Terminal::new(&own(global.color, global.quiet));
    Box::new(move |findings| terminal.findings(findings))
}

/// For a terminal that only prints.
fn own(color: Color, quiet: bool) -> Global {
    let levels = LevelArgs::default();
    Global { config: None, templates: None, providers: None, color, quiet, levels }
}

/// Where providers come from. Precedence: `--provider`, `--providers`, the settings file, the
/// default.
fn sources(
    args: &ServeArgs,
    global: &Global,
    project: &Project,
    beside: &Path,
    findings: &mut Vec<Finding>,
) -> Result<Option<Sources>, Failure> {
    if let (None, Some(folder)) = (&args.provider, &global.providers) {
        let default = args.default_provider.clone();
        if let Some(name) = &default
            && !folder.join(format!("{name}.toml")).is_file()
        {
            let message = format!("there is no {name}.toml in {}", folder.display());
            findings.push(
                Finding::new(codes::NO_SUCH_PROVIDER, message)
                    .help("--default-provider is the name of a file of the folder, without .toml"),
            );
        }
        return Ok(Some(Sources::folder(folder, default)));
    }
    if args.default_provider.is_some() {
        findings.push(
            Finding::new(codes::NO_SUCH_PROVIDER, "--default-provider is one of --providers")
                .help("name the folder of your providers with --providers DIR"),
        );
    }
    let catalog = Catalog::new(global.providers.as_deref())?;
    let of_project = project.provider.as_ref().map(|name| match name.ends_with(".toml") {
        true => beside.join(name).display().to_string(),
        false => name.clone(),
    });
    let name = args.provider.clone().or(of_project).unwrap_or_else(|| PROVIDER.to_owned());
    match catalog.file(&name) {
        Ok(ProviderFile::BuiltIn(text)) => Ok(Some(Sources::built_in(&name, text))),
        Ok(ProviderFile::File(path)) => {
            // Report an unreadable file before any socket is opened.
            std::fs::metadata(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
            Ok(Some(Sources::file(&path)))
        }
        Err(missing) => {
            findings.push(missing.finding(&catalog));
            Ok(None)
        }
    }
}

fn builder(
    args: &ServeArgs,
    global: &Global,
    project: Project,
    findings: &mut Vec<Finding>,
) -> Result<AnswerBuilder, Failure> {
    let all = Targets::new(global.templates.as_deref())?;
    let targets: Vec<_> = all.names_routed().filter_map(|name| all.get(name, findings)).collect();
    let protocol = match args.protocol {
        Some(ProtocolArg::Pop3) => Protocol::Pop3,
        Some(ProtocolArg::Imap) => Protocol::Imap,
        Some(ProtocolArg::Both) => Protocol::Both,
        // By default all servers of a provider are published.
        None => project.protocol.unwrap_or(Protocol::Both),
    };
    let mut options = project.options;
    set_options(&args.set, &targets, &mut options, findings);
    unknown_target_options(&options, &targets, findings);
    let levels = global.levels.levels();
    let (organization, overrides) = (project.organization, project.overrides);
    Ok(AnswerBuilder::new(targets, protocol, options, organization, overrides, levels))
}

/// Under which address people reach the server. A provider's own `publicHost` comes before it.
fn server_address(args: &ServeArgs, project: &mut Project) -> Result<ServerAddress, Failure> {
    if args.canonical_host.is_some() {
        return Err(
            "--canonical-host is --public-host now: name the host with --public-host, or as \
                    publicHost in the provider's file"
                .into(),
        );
    }
    // It is the server's, not each provider's: a host can belong to one provider only.
    let by_settings = project.overrides.public_host.take();
    let host = args.public_host.clone().or(by_settings);
    let path = args.path_prefix.clone().unwrap_or_default();
    if host.is_none() && !path.as_str().is_empty() {
        return Err(format!(
            "--path-prefix {} is a folder of a host: name the host with --public-host",
            path.as_str()
        )
        .into());
    }
    Ok(ServerAddress { host, path })
}

/// Mail clients ask at the root, so a prefix must not be the beginning of a path of theirs.
fn check_prefix(builder: &AnswerBuilder) -> Result<(), Failure> {
    let prefix = builder.server.path.as_str();
    let is_below = |path: &str| {
        let rest = path.strip_prefix(prefix.to_ascii_lowercase().as_str());
        !prefix.is_empty() && rest.is_some_and(|rest| rest.starts_with('/'))
    };
    match builder.routes.paths().map(|(path, _)| path).find(|path| is_below(path)) {
        None => Ok(()),
        Some(path) => Err(format!(
            "--path-prefix {prefix}: clients ask for {path} at the root of a host, which is below it; \
             choose another folder, such as /mail-setup"
        )
        .into()),
    }
}

fn limits(args: &ServeArgs) -> ProviderLimits {
    ProviderLimits {
        size: args.max_provider_size,
        domains: args.max_domains,
        listed_domains: args.max_listed_domains,
        trusts_files: args.trust_provider_files,
    }
}

fn domain_owners(args: &ServeArgs, is_folder: bool) -> Result<DomainOwners, Failure> {
    let owners = match args.domain_owners.as_deref() {
        None => return Ok(DomainOwners::All),
        Some("all") => DomainOwners::All,
        Some("file-name") => DomainOwners::FileName,
        Some(path) => DomainOwners::File(path.into()),
    };
    match is_folder {
        true => Ok(owners),
        false => {
            Err("--domain-owners is about the files of a folder: name it with --providers DIR"
                .into())
        }
    }
}

/// The files that the server reads again, and the folders that it writes to.
fn confinement(args: &ServeArgs, sources: &Sources, owners: &DomainOwners) -> Confinement {
    let mut readable = args.allow_path.clone();
    readable.extend(sources.path().map(Path::to_owned));
    readable.extend(args.tls_cert.iter().chain(&args.tls_key).cloned());
    #[cfg(feature = "sign")]
    readable.extend(args.sign_cert.iter().chain(&args.sign_key).cloned());
    readable.extend(args.ca.clone());
    if let DomainOwners::File(path) = owners {
        readable.push(path.clone());
    }
    let mut writable: Vec<PathBuf> = args.state_dir.clone().into_iter().collect();
    #[cfg(feature = "acme")]
    {
        readable.extend(args.acme.acme_ca.clone());
        writable.extend(args.acme.acme.is_some().then(|| args.acme.acme_cache.clone()));
    }
    let mut reads_directories = args.trust_provider_files;
    match args.users.as_deref().map(UsersFrom::named) {
        Some(UsersFrom::File(path)) => readable.push(path.into()),
        Some(UsersFrom::Directory(_) | UsersFrom::Command(_)) => reads_directories = true,
        None => {}
    }
    // What a directory says is copied to a file there.
    writable.extend(reads_directories.then(std::env::temp_dir));
    Confinement { readable, writable, runs_commands: args.trust_provider_files }
}

fn options(args: &ServeArgs, sources: &Sources) -> Result<ServeOptions, Failure> {
    let domain_owners = domain_owners(args, sources.folder_path().is_some())?;
    let listen = match args.listen.as_slice() {
        [] => vec![LISTEN.parse().expect("an address and a port")],
        listen => listen.to_vec(),
    };
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    Ok(ServeOptions {
        listen,
        listen_http: args.listen_http.clone(),
        metrics: args.metrics,
        trust: ProxyTrust {
            networks: args.trusted_proxy.clone(),
            client_header: args.client_address_header.clone(),
        },
        proxy_protocol: args.proxy_protocol,
        timeouts: Timeouts::default(),
        max_connections: args.max_connections,
        max_connections_per_client: args.max_connections_per_client,
        rate_limit: args.rate_limit,
        rate_limit_exempt: args.rate_limit_exempt.clone(),
        threads: args.threads.unwrap_or_else(processors).max(1),
        api: args.api,
        confinement: confinement(args, sources, &domain_owners),
        domain_owners,
        state_dir: args.state_dir.clone(),
        user: args.user.clone(),
        access_log: !args.no_access_log && !tests_itself(args),
        log_addresses: args.log_addresses,
    })
}

/// With `--selftest`, standard output has the report instead of the access log.
fn tests_itself(args: &ServeArgs) -> bool {
    #[cfg(feature = "verify")]
    return args.selftest;
    #[cfg(not(feature = "verify"))]
    {
        let _ = args;
        false
    }
}

fn pairs(args: &ServeArgs) -> Result<Vec<CertificateFiles>, Failure> {
    if args.tls_cert.len() != args.tls_key.len() {
        return Err(format!(
            "there are {} --tls-cert and {} --tls-key; each certificate has a key of its own",
            args.tls_cert.len(),
            args.tls_key.len()
        )
        .into());
    }
    let pairs = args.tls_cert.iter().zip(&args.tls_key);
    Ok(pairs
        .map(|(chain, key)| CertificateFiles { chain: chain.clone(), key: key.clone() })
        .collect())
}

fn certificates(pairs: Vec<CertificateFiles>) -> Result<Option<Certificates>, Failure> {
    Ok(match pairs.is_empty() {
        true => None,
        false => Some(Certificates::read(pairs)?),
    })
}

#[path = "serve/user_lists.rs"]
mod user_lists;

#[cfg(feature = "verify")]
#[path = "serve/selftest.rs"]
mod selftest;

#[cfg(feature = "acme")]
#[path = "serve/acme.rs"]
mod acme;

#[cfg(not(feature = "acme"))]
mod acme {
    use super::{Failure, ServeArgs};
    use crate::serve::AcmeSettings;

    pub fn settings(_: &ServeArgs) -> Result<Option<AcmeSettings>, Failure> {
        Ok(None)
    }
}

#[cfg(feature = "sign")]
mod sign {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::SystemTime;

    use zeroize::Zeroizing;

    use super::super::secret::read_secret;
    use super::{Failure, ServeArgs};
    use crate::regular_file::{self, Links};
    use crate::serve::{ProfileSigner, ProfileSignerLoader};
    use crate::sign::{Pem, Signer};

    /// Bytes of a certificate chain or key.
    const LARGEST: u64 = 1 << 20;

    /// Wiped from memory when dropped, because it may contain a key. A file that is not text is not
    /// PEM.
    fn read(path: &Path) -> Result<Zeroizing<String>, String> {
        let bytes = regular_file::read(path, LARGEST, Links::Anywhere).map(Zeroizing::new);
        let bytes = bytes.map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Returns a function that loads the signing key. A password is asked for once.
    pub fn open(args: &ServeArgs) -> Result<Option<Box<ProfileSignerLoader>>, Failure> {
        let (Some(chain), Some(key)) = (args.sign_cert.clone(), args.sign_key.clone()) else {
            return Ok(None);
        };
        let password = args.sign_key_password_from.as_deref().map(|from| {
            read_secret("--sign-key-password-from", "password of the private key", from)
        });
        let password = password.transpose()?;
        let open = move || -> Result<Arc<ProfileSigner>, String> {
            let (chain_text, key_text) = (read(&chain)?, read(&key)?);
            let (chain_name, key_name) = (chain.display().to_string(), key.display().to_string());
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let signer = Signer::new(
                Pem { name: &chain_name, text: &chain_text },
                Pem { name: &key_name, text: &key_text },
                password.as_ref(),
                now,
            )
            .map_err(|finding| finding.to_string())?;
            Ok(Arc::new(move |profile: &[u8]| {
                signer.sign(profile).map_err(|finding| finding.to_string())
            }))
        };
        // Report a bad key before any socket is opened.
        open()?;
        Ok(Some(Box::new(open)))
    }
}

#[cfg(not(feature = "sign"))]
mod sign {
    use super::{Failure, ServeArgs};
    use crate::serve::ProfileSignerLoader;

    pub fn open(_: &ServeArgs) -> Result<Option<Box<ProfileSignerLoader>>, Failure> {
        Ok(None)
    }
}
