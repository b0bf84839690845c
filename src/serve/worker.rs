//! A worker: what one thread of the server has for itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use hyper::header::HeaderValue;
use tokio::task::AbortHandle;

use super::answer_cache::AnswerCache;
use super::connection::ConnectionProgress;
use super::log::LogBuffer;
use super::metrics::Counts;
use super::state::ServerState;
use super::user_agent;

/// What belongs to one worker thread.
pub struct Worker {
    pub shared: Arc<ServerState>,
    pub cache: AnswerCache,
    pub counts: Arc<Counts>,
    pub lines: LogBuffer,
    pub(super) open: RefCell<HashMap<u64, OpenConnection>>,
    pub(super) next: Cell<u64>,
    pub(super) ending: Cell<Ending>,
}

/// Which connections to close while the server stops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Not,
    /// Those that have received at least one byte.
    Used,
    All,
}

pub(super) struct OpenConnection {
    pub(super) progress: Rc<ConnectionProgress>,
    pub(super) task: AbortHandle,
}

/// What requests know about their connection.
pub struct Connection {
    pub peer: IpAddr,
    pub tls: bool,
    /// The server name of the TLS handshake (SNI), for requests without a Host.
    pub server_name: Option<String>,
    /// The connection came to the metrics listener.
    pub is_inside: bool,
    /// The last User-Agent and its client; it is usually the same on every request.
    family: RefCell<Option<(HeaderValue, usize)>>,
}

impl From<IpAddr> for Connection {
    /// A plain connection.
    fn from(peer: IpAddr) -> Self {
        Self { peer, tls: false, server_name: None, is_inside: false, family: RefCell::default() }
    }
}

impl Connection {
    /// The client by its User-Agent; see [`user_agent::client`].
    pub fn family(&self, user_agent: Option<&HeaderValue>) -> usize {
        let mut known = self.family.borrow_mut();
        match (&*known, user_agent) {
            (Some((name, family)), Some(user_agent)) if name == user_agent => *family,
            (_, Some(user_agent)) => {
                let family = user_agent::client(Some(user_agent.as_bytes()));
                *known = Some((user_agent.clone(), family));
                family
            }
            (_, None) => user_agent::client(None),
        }
    }
}

impl Worker {
    pub fn new(shared: Arc<ServerState>) -> Rc<Self> {
        let counts = shared.metrics.counts();
        let lines = shared.log.lines();
        Rc::new(Self {
            shared,
            cache: AnswerCache::new(),
            counts,
            lines,
            open: RefCell::default(),
            next: Cell::new(0),
            ending: Cell::new(Ending::Not),
        })
    }
}
