//! The HTTP server that mail clients ask for their settings.
//!
//! `prepare` renders and checks a provider's answers before anybody asks; `store` keeps them
//! packed, by domain; each `worker` thread accepts connections (`accept`) and answers from what it
//! has unpacked (`handle`, `answer_cache`). This file opens the sockets, drops privileges, starts the
//! workers, and reloads files that change. The server keeps nothing of a request but its line in
//! the access log.

mod accept;
mod acceptor;
#[cfg(feature = "acme")]
mod acme;
#[cfg(not(feature = "acme"))]
#[path = "acme/absent.rs"]
mod acme;
mod address;
mod answer_body;
mod answer_cache;
mod api;
mod autodiscover;
mod blocking;
mod certificate_names;
mod client_network;
mod confine;
mod connection;
mod connection_executor;
mod connection_limits;
mod credentials;
mod diagnosis;
mod domain_rules;
mod error;
mod fair_queue;
mod files;
mod foreign_hosts;
mod full_name;
mod handle;
mod healthcheck;
mod held;
mod in_memory;
mod internal_paths;
mod jobs;
#[cfg(target_os = "linux")]
mod landlock_rules;
mod limits;
mod lingering;
mod log;
mod login_lists;
mod login_loader;
mod metrics;
mod network;
mod options;
mod owner_file;
mod paced;
mod pages;
mod prepare;
mod privileges;
mod provider_loader;
mod proxy;
mod proxy_protocol;
mod qr;
mod readiness;
mod redirects;
mod reloader;
mod reply;
mod request;
mod request_body;
mod room;
mod routes;
mod sockets;
mod sources;
mod state;
mod store;
#[cfg(target_os = "linux")]
mod syscall_filter;
mod tls;
mod unanswered;
mod user_agent;
mod user_list_source;
mod watch;
mod worker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::{io, thread};

use tokio::sync::watch as stop;

pub use acme::AcmeSettings;
#[cfg(feature = "acme")]
pub use acme::{ChallengeKind, ExternalAccount};
pub use confine::Confinement;
pub use connection::Timeouts;
pub use domain_rules::{DomainOwners, DomainRules};
pub use error::Error;
pub use healthcheck::healthcheck;
pub use in_memory::InMemoryServer;
pub use login_loader::OpenUserList;
pub use network::Network;
pub use options::{ServeOptions, Tell};
pub use prepare::{AnswerBuilder, ProviderLimits, ProviderReader, ReportFindings};
pub use proxy::ProxyTrust;
pub use proxy_protocol::{ProxyHeader, read as read_proxy_header};
pub use sockets::ListenAddress;
pub use sources::Sources;
pub use state::{ProfileSigner, ProfileSignerLoader, ServerState};
pub use tls::{CertificateFiles, Certificates};
pub use user_list_source::UserListSource;

use accept::Role;
use acme::Acme;
use credentials::CredentialReloader;
use login_loader::LoginLoader;
use owner_file::OwnerFile;
use provider_loader::ProviderLoader;
use reloader::Reloader;
use sockets::ListenSocket;
use store::SourceIndex;
use watch::{Event, FolderWatch};

/// Everything that a server needs to start.
pub struct HttpServer {
    pub options: ServeOptions,
    pub reader: ProviderReader,
    pub sources: Sources,
    pub certificates: Option<Certificates>,
    /// Gets certificates for names that no certificate file covers.
    pub acme: Option<AcmeSettings>,
    pub sign: Option<Box<ProfileSignerLoader>>,
    /// The list of login names for everybody whose provider file names none.
    pub users: Option<UserListSource>,
    pub open_users: Box<OpenUserList>,
    /// Prints a message for the administrator.
    pub tell: Arc<Tell>,
}

impl HttpServer {
    /// Serves until SIGTERM or SIGINT.
    ///
    /// # Errors
    ///
    /// The server cannot start.
    pub fn run(self) -> Result<(), Error> {
        self.run_while(|reloader, events, _| reloader.run(events)).map(|_| ())
    }

    /// Serves while `test` runs.
    ///
    /// # Errors
    ///
    /// The server cannot start.
    pub fn test<T>(self, test: impl FnOnce(&RunningServer) -> T) -> Result<T, Error> {
        self.run_while(|_, _, running| test(running))?.ok_or(Error::Ended)
    }

    fn run_while<T>(
        self,
        work: impl FnOnce(&Reloader, &Receiver<Event>, &RunningServer) -> T,
    ) -> Result<Option<T>, Error> {
        let Self { options, reader, sources, certificates, acme, sign, users, open_users, tell } =
            self;
        let certificates = certificates.map(Arc::new);
        let acme = acme.map(|settings| {
            let own = reader.builder.server.host.clone();
            Acme::new(settings, certificates.clone(), own)
        });
        let acme = acme.transpose()?;
        let listeners = open(&options, certificates.as_ref(), acme.as_ref())?;
        privileges::raise_file_limit();
        if let Some(acme) = &acme {
            acme.prepare(options.user.as_deref()).map_err(Error::Cache)?;
        }
        let state_dir = options.state_dir.clone().filter(|_| sources.folder_path().is_some());
        if let Some(folder) = &state_dir {
            OwnerFile::prepare(folder, options.user.as_deref()).map_err(Error::Owners)?;
        }
        let is_bounded = confine::empty_bounding_set();
        if let Some(words) = privileges::drop_privileges(options.user.as_deref())? {
            tell(&words);
        }
        tell(&confine::confine(&options.confinement, is_bounded));
        if let Some(acme) = &acme {
            acme.load().map_err(Error::Cache)?.iter().for_each(|words| tell(words));
        }
        let owners = state_dir.map(|folder| OwnerFile::open(&folder)).transpose();
        let (owner_file, owners) = owners.map_err(Error::Owners)?.unzip();
        let mut rules = DomainRules::new(options.domain_owners.clone());
        if let Err(findings) = rules.reload() {
            (reader.report_findings)(&findings);
            return Err(Error::NoProvider);
        }
        let signer = sign.as_ref().map(|open| open()).transpose().map_err(Error::Sign)?;
        let builder = Arc::clone(&reader.builder);
        let (shared, lines) = ServerState::new(builder, options, acme, signer, tell)?;
        let shared = Arc::new(shared);
        let (sender, events) = channel();
        watch::signals(sender.clone())?;
        let watch = FolderWatch::start(sender.clone()).map_err(|source| Error::Watch { source })?;
        let mut folders = certificates.as_ref().map(|c| c.folders()).unwrap_or_default();
        folders.extend(sources.watched());
        folders.extend(shared.options.domain_owners.folder());
        for folder in &folders {
            watch.add(folder).map_err(|source| Error::Watch { source })?;
        }
        // Health checks are answered from the start. Other connections wait in the system's queue
        // until the providers are read: a mail client that gets 503 goes on without its settings.
        let (stop, stopped) = stop::channel(false);
        let is_inside = |role: &Role| matches!(role, Role::Inside);
        let mut threads = start(&shared, &listeners, &is_inside, 1, &stopped)?;
        let inside = listeners.iter().filter(|(_, role)| is_inside(role));
        for (listener, _) in inside {
            shared.tell(&format!("figures on http://{}", listener.address()?));
        }
        let writer = lines.map(|lines| thread::spawn(move || log::write(&lines)));
        let (metrics, tell) = (&shared.metrics, &shared.tell);
        let mut logins =
            LoginLoader::new(open_users, Arc::clone(&shared.login_lists), Arc::clone(tell));
        if let Some(users) = users {
            logins.load_first(users).map_err(Error::Users)?;
        }
        let (login_sender, login_requests) = channel();
        thread::Builder::new()
            .name("users".to_owned())
            .spawn(move || logins.run(&login_requests))?;
        let loader = ProviderLoader {
            index: SourceIndex::new(sources, rules, owners.unwrap_or_default()),
            reader,
            store: Arc::clone(&shared.store),
            readiness: Arc::clone(&shared.readiness),
            metrics: Arc::clone(metrics),
            tell: Arc::clone(tell),
            watch,
            owner_file,
            logins: login_sender,
        };
        let signer = Arc::clone(&shared.signer);
        let (metrics, tell) = (Arc::clone(metrics), Arc::clone(tell));
        let credentials = CredentialReloader { certificates, sign, signer, metrics, tell };
        let reloader = Reloader::start(loader, credentials, sender)?;
        let mut done = None;
        if reloader.wait_until_loaded(&events)? {
            let is_outside = |role: &Role| !is_inside(role);
            let count = shared.options.threads;
            threads.extend(start(&shared, &listeners, &is_outside, count, &stopped)?);
            for (listener, role) in listeners.iter().filter(|(_, role)| is_outside(role)) {
                let scheme = if matches!(role, Role::Tls(_)) { "https" } else { "http" };
                shared.tell(&format!("listening on {scheme}://{}", listener.address()?));
            }
            let addresses = listeners.iter().filter(|(_, role)| !matches!(role, Role::Inside));
            let addresses: Vec<(SocketAddr, bool)> = addresses
                .filter_map(|(listener, role)| match listener.address() {
                    Ok(ListenAddress::Tcp(at)) => Some((at, matches!(role, Role::Tls(_)))),
                    _ => None,
                })
                .collect();
            let listening = addresses.iter().map(|(at, _)| *at).collect();
            threads.extend(start_acme(&shared, listening, stopped)?);
            let mut public_hosts = shared.store.public_hosts(MOST_TESTED);
            public_hosts.extend(shared.builder.server.host.as_ref().map(ToString::to_string));
            let domains = shared.store.domains(MOST_TESTED);
            let running = RunningServer { addresses, domains, public_hosts };
            done = Some(work(&reloader, &events, &running));
        }
        drop(listeners);
        // It fails if all workers have ended already.
        let _ = stop.send(true);
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        drop(shared);
        if let Some(writer) = writer {
            let _ = writer.join();
        }
        Ok(done)
    }
}

/// What a test needs to know about the running server.
pub struct RunningServer {
    /// The addresses of the listeners, and whether they speak TLS.
    pub addresses: Vec<(SocketAddr, bool)>,
    /// Domains that are served, at most `MOST_TESTED`.
    pub domains: Vec<String>,
    /// Hosts to which Autodiscover leads.
    pub public_hosts: Vec<String>,
}

/// A test asks for each domain at a dozen places.
const MOST_TESTED: usize = 20;

/// Opens the listening sockets.
fn open(
    options: &ServeOptions,
    certificates: Option<&Arc<Certificates>>,
    acme: Option<&Arc<Acme>>,
) -> Result<Vec<(ListenSocket, Role)>, Error> {
    let secured = match (acme, certificates) {
        (Some(acme), _) => Role::Tls(acme.config()?),
        (None, Some(certificates)) => {
            let resolver = Arc::clone(certificates);
            Role::Tls(Certificates::config(resolver, &[b"h2", b"http/1.1"])?)
        }
        (None, None) => Role::Plain,
    };
    let mut listeners = Vec::new();
    for (name, listener) in sockets::handed_over()? {
        let role = if name == "http" { Role::Plain } else { secured.clone() };
        listeners.push((listener, role));
    }
    let handed_over = !listeners.is_empty();
    // Sockets from systemd replace the default address.
    if !handed_over {
        for address in &options.listen {
            listeners.push((sockets::listen(address)?, secured.clone()));
        }
    }
    for address in &options.listen_http {
        listeners.push((sockets::listen(address)?, Role::Plain));
    }
    if let Some(address) = options.metrics {
        listeners.push((sockets::listen(&ListenAddress::Tcp(address))?, Role::Inside));
    }
    Ok(listeners)
}

/// Starts worker threads for the listeners that `is_meant` selects.
fn start(
    shared: &Arc<ServerState>,
    listeners: &[(ListenSocket, Role)],
    is_meant: &dyn Fn(&Role) -> bool,
    count: usize,
    stopped: &stop::Receiver<bool>,
) -> io::Result<Vec<thread::JoinHandle<()>>> {
    let mut threads = Vec::new();
    for number in 0..count {
        let own = listeners.iter().filter(|(_, role)| is_meant(role));
        let own = own
            .map(|(listener, role)| Ok((listener.try_clone()?, role.clone())))
            .collect::<io::Result<Vec<_>>>()?;
        if own.is_empty() {
            break;
        }
        let (shared, stopped) = (Arc::clone(shared), stopped.clone());
        let thread = thread::Builder::new().name(format!("serve-{number}"));
        threads.push(thread.spawn(move || accept::run(shared, own, stopped))?);
    }
    Ok(threads)
}

/// Starts the thread that orders certificates.
fn start_acme(
    shared: &Arc<ServerState>,
    listening: Vec<SocketAddr>,
    stopped: stop::Receiver<bool>,
) -> io::Result<Option<thread::JoinHandle<()>>> {
    let Some(acme) = shared.acme.clone() else { return Ok(None) };
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new().name("serve-acme".to_owned());
    thread.spawn(move || acme.run(&shared, &listening, stopped)).map(Some)
}
