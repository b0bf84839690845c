//! The state of ACME: what is ordered, what is proved, and what has been issued.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};
use std::{fmt, io};

use tokio::sync::{mpsc, watch};

use crate::model::Hostname;

use super::super::tls::Certificates;
use super::cache::Cache;
use super::challenges::Challenges;
use super::issued::{IssuedCertificate, IssuedCertificates};
use super::order_limiter::OrderLimiter;
use super::settings::AcmeSettings;

/// The state of ACME.
pub struct Acme {
    pub(super) settings: AcmeSettings,
    pub(super) cache: Cache,
    pub(super) issued: IssuedCertificates,
    pub(super) challenges: Challenges,
    /// Certificates from files, which take precedence.
    pub(super) files: Option<Arc<Certificates>>,
    /// The server's own host.
    pub(super) public_host: Option<Hostname>,
    pub(super) limiter: Mutex<OrderLimiter>,
    pub(super) queue: mpsc::UnboundedSender<String>,
    /// Taken by the thread that orders certificates.
    pub(super) asked: Mutex<Option<mpsc::UnboundedReceiver<String>>>,
    /// Changes whenever an order is finished.
    pub(super) over: watch::Sender<u64>,
}

impl Acme {
    pub fn new(
        settings: AcmeSettings,
        files: Option<Arc<Certificates>>,
        public_host: Option<Hostname>,
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
            public_host,
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

    /// The answer at `/.well-known/acme-challenge/TOKEN`.
    pub fn at_path(&self, path: &str) -> Option<String> {
        self.challenges.at_path(path)
    }

    pub(super) fn limiter(&self) -> MutexGuard<'_, OrderLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acme").field("directory", &self.settings.directory).finish_non_exhaustive()
    }
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
