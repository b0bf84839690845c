//! Certificates from an ACME authority, ordered when a client first asks for a name.
//!
//! `accept` sees the name in a handshake; `names` decides whether it may have a certificate, and
//! `order_limiter` whether now. A thread of its own (`thread`) places one order for each name
//! (`order`), while `challenges` proves to the authority that the name is ours. Certificates are
//! kept in memory (`issued`) and on disk (`cache`).
//!
//! RFC 8555; RFC 8737 for TLS-ALPN-01

mod accept;
mod cache;
mod challenges;
mod figures;
mod issued;
mod names;
mod order;
mod order_limiter;
mod resolver;
mod thread;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};
use std::{fmt, io};

use rustls::ServerConfig;
use tokio::sync::{mpsc, watch};

use crate::model::Hostname;

use super::ServerState;
use super::tls::Certificates;

pub use figures::AcmeFigures;

use cache::Cache;
use challenges::Challenges;
use issued::{IssuedCertificate, IssuedCertificates};
use names::NameOwner;
use order_limiter::{OrderDecision, OrderLimiter};
use resolver::AcmeResolver;

/// The kinds of challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeKind {
    /// On a TLS listener that the authority reaches at port 443.
    TlsAlpn,
    /// On a plain listener that the authority reaches at port 80.
    Http,
}

/// How to use the authority.
#[derive(Debug, Clone)]
pub struct AcmeSettings {
    /// The URL of the authority's directory.
    pub directory: String,
    /// `mailto:` addresses for messages of the authority.
    pub contacts: Vec<String>,
    /// The folder for certificates and keys.
    pub cache: PathBuf,
    /// A CA certificate to trust for the directory, instead of the system's.
    pub trust: Option<PathBuf>,
    /// The challenges to use, in this order; at least one.
    pub kinds: Vec<ChallengeKind>,
    /// The size of the order budget, and how much of it is refilled in an hour.
    pub orders_an_hour: u32,
}

/// The state of ACME.
pub struct Acme {
    settings: AcmeSettings,
    cache: Cache,
    issued: IssuedCertificates,
    challenges: Challenges,
    /// Certificates from files, which take precedence.
    files: Option<Arc<Certificates>>,
    canonical: Option<Hostname>,
    limiter: Mutex<OrderLimiter>,
    queue: mpsc::UnboundedSender<String>,
    /// Taken by the thread that orders certificates.
    asked: Mutex<Option<mpsc::UnboundedReceiver<String>>>,
    /// Changes whenever an order is finished.
    over: watch::Sender<u64>,
}

/// The most certificates for customers' domains. Each takes some KiB of memory.
const MOST_CUSTOMERS: usize = 20_000;

impl Acme {
    pub fn new(
        settings: AcmeSettings,
        files: Option<Arc<Certificates>>,
        canonical: Option<Hostname>,
    ) -> Result<Arc<Self>, rustls::Error> {
        let (queue, asked) = mpsc::unbounded_channel();
        let cache = Cache::new(&settings.cache, &settings.directory);
        let ways = u32::try_from(settings.kinds.len()).unwrap_or(u32::MAX);
        let limiter = OrderLimiter::new(settings.orders_an_hour, ways, Instant::now());
        Ok(Arc::new(Self {
            settings,
            cache,
            issued: IssuedCertificates::default(),
            challenges: Challenges::new()?,
            files,
            canonical,
            limiter: Mutex::new(limiter),
            queue,
            asked: Mutex::new(Some(asked)),
            over: watch::Sender::new(0),
        }))
    }

    /// Creates the cache folder, while the process is still root.
    pub fn prepare(&self, user: Option<&str>) -> io::Result<()> {
        self.cache.prepare(user)
    }

    /// Loads the certificates on disk. Returns messages for the administrator.
    pub fn load(&self) -> io::Result<Vec<String>> {
        self.cache.try_to_write()?;
        let mut talk = Vec::new();
        let mut count = 0_usize;
        for (path, kept) in self.cache.load()? {
            let one =
                kept.and_then(|kept| IssuedCertificate::new(&kept.name, &kept.key, &kept.chain));
            match one {
                Ok(one) => {
                    count += 1;
                    self.issued.put(one);
                }
                Err(why) => talk.push(format!(
                    "cannot use {}: {why}; the name gets another certificate when it is asked for",
                    path.display()
                )),
            }
        }
        if count > 0 {
            let s = if count == 1 { "" } else { "s" };
            talk.push(format!("{count} certificate{s} of {} kept", self.settings.directory));
        }
        Ok(talk)
    }

    /// The TLS configuration of a listener.
    pub fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        Certificates::config(Arc::new(AcmeResolver(Arc::clone(self))), &[b"h2", b"http/1.1"])
    }

    /// The answer at `/.well-known/acme-challenge/TOKEN`.
    pub fn at_path(&self, path: &str) -> Option<String> {
        self.challenges.at_path(path)
    }

    /// Orders a certificate if the name may have one now. Returns whether an order is in progress.
    fn ask(&self, shared: &ServerState, name: &str) -> bool {
        let Some(whose) = names::whose(name, &shared.store, self.canonical.as_ref()) else {
            return false;
        };
        let figures = &shared.metrics.shared.acme;
        let is_full = whose == NameOwner::Customer && self.issued.len() >= MOST_CUSTOMERS;
        let answer = match is_full && self.issued.get(name).is_none() {
            true => OrderDecision::LimitReached { report: false },
            false => self.limiter().ask(name, whose, Instant::now()),
        };
        match answer {
            OrderDecision::Start => {
                figures.orders.fetch_add(1, Ordering::Relaxed);
                // It fails while the server stops; then nobody waits for long.
                self.queue.send(name.to_owned()).is_ok()
            }
            OrderDecision::InProgress => true,
            OrderDecision::Backoff => false,
            OrderDecision::LimitReached { report } => {
                figures.limited.fetch_add(1, Ordering::Relaxed);
                if report {
                    shared.tell(&format!(
                        "no certificate for {name} now: there were as many orders as --acme-orders \
                         {} allows",
                        self.settings.orders_an_hour
                    ));
                }
                false
            }
        }
    }

    fn limiter(&self) -> MutexGuard<'_, OrderLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acme").field("directory", &self.settings.directory).finish_non_exhaustive()
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
