//! A worker: what one thread of the server has for itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use hyper::header::HeaderValue;
use tokio::task::AbortHandle;

use super::answer_cache::AnswerCache;
use super::client_network::ClientNetwork;
use super::connection::{CoarseClock, ConnectionProgress};
use super::held::HeldTotal;
use super::log::LogBuffer;
use super::metrics::Counts;
use super::state::ServerState;
use super::user_agent;

/// Bytes that all workers together hold for clients that do not read their answers or complete their
/// requests.
const MAX_HELD: usize = 16 << 20;
/// Requests of HTTP/2 in flight from which on a connection has only a few at a time.
const BUSY_STREAMS: usize = 1024;
const FEW_STREAMS: usize = 4;
/// Idle connections that are closed at a time to make room for others.
const CLOSED_TOGETHER: usize = 8;

/// What belongs to one worker thread.
pub struct Worker {
    pub shared: Arc<ServerState>,
    pub cache: AnswerCache,
    pub counts: Arc<Counts>,
    pub lines: LogBuffer,
    pub clock: CoarseClock,
    /// What is held for all clients of this worker.
    pub held: Arc<HeldTotal>,
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
    /// `None` for a proxy.
    pub(super) client: Option<ClientNetwork>,
    /// The connection came to the metrics listener.
    pub(super) is_inside: bool,
    pub(super) task: AbortHandle,
}

/// What requests know about their connection.
pub struct Connection {
    pub peer: IpAddr,
    pub tls: bool,
    /// The peer is a trusted proxy, whose headers name the client.
    pub is_proxy: bool,
    /// The server name of the TLS handshake (SNI), for requests without a Host.
    pub server_name: Option<String>,
    /// The connection came to the metrics listener.
    pub is_inside: bool,
    pub progress: Rc<ConnectionProgress>,
    /// The last User-Agent and its client; it is usually the same on every request.
    family: RefCell<Option<(HeaderValue, usize)>>,
}

impl Connection {
    /// A plain connection.
    pub fn new(peer: IpAddr, progress: &Rc<ConnectionProgress>) -> Self {
        Self {
            peer,
            tls: false,
            is_proxy: false,
            server_name: None,
            is_inside: false,
            progress: Rc::clone(progress),
            family: RefCell::default(),
        }
    }

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
            clock: CoarseClock::new(),
            held: Arc::default(),
            open: RefCell::default(),
            next: Cell::new(0),
            ending: Cell::new(Ending::Not),
        })
    }

    /// Whether a connection has to wait with further requests of HTTP/2: it has some in flight, and
    /// all connections together have very many.
    pub(super) fn has_too_many_streams(&self, progress: &ConnectionProgress) -> bool {
        self.held.streams() > BUSY_STREAMS / self.shared.options.threads
            && progress.in_flight() > FEW_STREAMS
    }

    /// Closes the connections that hold most, if all of them together hold too much.
    pub(super) fn limit_held_bytes(&self) {
        let most = MAX_HELD / self.shared.options.threads;
        if self.held.bytes() <= most {
            return;
        }
        let open = self.open.borrow();
        let mut holders: Vec<_> = open.values().map(|open| (open.progress.held(), open)).collect();
        let mut held: usize = holders.iter().map(|(bytes, _)| bytes).sum();
        holders.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (bytes, open) in holders {
            if held <= most {
                return;
            }
            self.close_early(open);
            held -= bytes;
        }
    }

    /// Makes room for a connection: closes the connections that have been idle for longest, or if
    /// there is none, those that have waited longest for their clients. Returns whether there was
    /// one.
    pub(super) fn close_idle(&self, client: Option<ClientNetwork>) -> bool {
        self.close_oldest(client, ConnectionProgress::idle_since)
            || self.close_oldest(client, ConnectionProgress::waits_since)
    }

    fn close_oldest(
        &self,
        client: Option<ClientNetwork>,
        since: impl Fn(&ConnectionProgress) -> Option<Instant>,
    ) -> bool {
        let open = self.open.borrow();
        // The clock ticks four times a second; within a tick, the numbers tell who came first.
        let mut oldest: Vec<_> = open
            .iter()
            .filter(|(_, open)| !open.is_inside && (client.is_none() || open.client == client))
            .filter_map(|(number, open)| Some(((since(&open.progress)?, *number), open)))
            .collect();
        let some = oldest.len().min(CLOSED_TOGETHER);
        if some < oldest.len() {
            oldest.select_nth_unstable_by_key(some, |(since, _)| *since);
        }
        oldest.iter().take(some).for_each(|(_, open)| self.close_early(open));
        some > 0
    }

    fn close_early(&self, open: &OpenConnection) {
        self.shared.metrics.shared.closed_early.fetch_add(1, Ordering::Relaxed);
        open.progress.abort();
        open.task.abort();
    }
}
