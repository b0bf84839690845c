//! What all threads of the server share.

use std::io;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError, RwLock};

use hyper::header::HeaderValue;

use super::acme::Acme;
use super::connection_limits::ConnectionLimits;
use super::diagnosis::Diagnoses;
use super::error::Error;
use super::foreign_hosts::ForeignHosts;
use super::jobs::BlockingJobs;
use super::limits::RateLimit;
use super::log::AccessLog;
use super::login_lists::LoginLists;
use super::metrics::Metrics;
use super::options::{ServeOptions, Tell};
use super::prepare::AnswerBuilder;
use super::readiness::{Readiness, ReadyState};
use super::room::RoomRequests;
use super::routes::OTHER_ROUTES;
use super::store::ProviderStore;

/// Signs a profile.
pub type ProfileSigner = dyn Fn(&[u8]) -> Result<Vec<u8>, String> + Send + Sync;

/// Loads the signing key from its files. It is called at the start and at each reload.
pub type ProfileSignerLoader = dyn Fn() -> Result<Arc<ProfileSigner>, String> + Send + Sync;

/// The signer with the key as it was last read.
#[derive(Clone)]
pub struct ReloadedSigner {
    pub sign: Arc<ProfileSigner>,
    /// The number of the reading: what was signed with the key of another one is not kept.
    pub reading: u64,
}

impl ReloadedSigner {
    pub fn first(sign: Arc<ProfileSigner>) -> Self {
        Self { sign, reading: 0 }
    }

    /// The signer after another reading of the key.
    pub fn next(&self, sign: Arc<ProfileSigner>) -> Self {
        Self { sign, reading: self.reading + 1 }
    }
}

/// What all worker threads share.
pub struct ServerState {
    pub(super) builder: Arc<AnswerBuilder>,
    pub(super) store: Arc<ProviderStore>,
    pub(super) acme: Option<Arc<Acme>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) log: AccessLog,
    pub(super) options: ServeOptions,
    pub(super) rate_limit: Option<RateLimit>,
    /// By the number of the resource.
    pub(super) media_types: Vec<HeaderValue>,
    pub(super) signer: Arc<RwLock<Option<ReloadedSigner>>>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) foreign_hosts: ForeignHosts,
    pub(super) login_lists: Arc<LoginLists>,
    pub(super) diagnoses: Diagnoses,
    pub(super) blocking_jobs: BlockingJobs,
    pub(super) limits: Arc<ConnectionLimits>,
    pub(super) room_requests: RoomRequests,
    pub(super) tell: Arc<Tell>,
}

impl ServerState {
    pub(super) fn new(
        builder: Arc<AnswerBuilder>,
        options: ServeOptions,
        acme: Option<Arc<Acme>>,
        signer: Option<Arc<ProfileSigner>>,
        tell: Arc<Tell>,
    ) -> Result<(Self, Option<Receiver<String>>), Error> {
        let resources = builder.routes.resources.iter();
        let mut routes: Vec<String> =
            resources.clone().map(|resource| resource.name.clone()).collect();
        routes.extend(OTHER_ROUTES.map(str::to_owned));
        let media_types = resources
            .map(|resource| HeaderValue::try_from(&resource.media_type).map_err(io::Error::other))
            .collect::<Result<Vec<_>, _>>()?;
        let metrics = Arc::new(Metrics::new(routes));
        let (log, lines) =
            AccessLog::new(options.access_log, options.log_addresses, Arc::clone(&metrics));
        let shared = Self {
            builder,
            store: Arc::default(),
            acme,
            metrics,
            log,
            rate_limit: options
                .rate_limit
                .map(|limit| RateLimit::new(limit, options.rate_limit_exempt.clone())),
            media_types,
            signer: Arc::new(RwLock::new(signer.map(ReloadedSigner::first))),
            readiness: Arc::default(),
            foreign_hosts: ForeignHosts::default(),
            login_lists: Arc::default(),
            diagnoses: Diagnoses::default(),
            blocking_jobs: BlockingJobs::new(options.threads),
            limits: ConnectionLimits::new(
                options.max_connections,
                options.max_connections_per_client,
            ),
            room_requests: RoomRequests::default(),
            options,
            tell,
        };
        Ok((shared, lines))
    }

    pub(super) fn is_ready(&self) -> bool {
        self.readiness.get() != ReadyState::Reading
    }

    pub(super) fn signer(&self) -> Option<ReloadedSigner> {
        self.signer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn tell(&self, words: &str) {
        (self.tell)(words);
    }

    pub(super) fn route_name(&self, route: usize) -> &str {
        let resources = &self.builder.routes.resources;
        match resources.get(route) {
            Some(resource) => &resource.name,
            None => OTHER_ROUTES.get(route - resources.len()).copied().unwrap_or_default(),
        }
    }
}
