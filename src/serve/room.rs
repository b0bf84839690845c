//! Room for a connection where other workers have the idle ones that can be closed for it.
//!
//! The system decides which worker gets a connection, so a worker may have none that is idle while
//! another has hundreds.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::client_network::ClientNetwork;
use super::connection_limits::{ConnectionLimits, NoRoom, OpenPermit};

/// Which idle connections to close: those of a client, or any.
pub type Closing = Option<ClientNetwork>;

/// Asks all workers to close idle connections.
pub struct RoomRequests {
    closing: broadcast::Sender<Closing>,
    of_client: Arc<Semaphore>,
    total: Arc<Semaphore>,
}

/// Connections that wait for room at a time, for each reason. Further ones are refused.
const WAITING: usize = 64;
/// How often to ask, and how long to wait each time. Workers close idle connections within
/// milliseconds, except those that they have had for less than a tick.
const ATTEMPTS: u32 = 4;
const WAIT: Duration = Duration::from_millis(200);

impl Default for RoomRequests {
    fn default() -> Self {
        Self {
            closing: broadcast::Sender::new(WAITING),
            of_client: Arc::new(Semaphore::new(WAITING)),
            total: Arc::new(Semaphore::new(WAITING)),
        }
    }
}

impl RoomRequests {
    /// What a worker closes idle connections for.
    pub fn subscribe(&self) -> broadcast::Receiver<Closing> {
        self.closing.subscribe()
    }

    /// A place to wait for room. `None` if too many connections wait already.
    pub fn place(&self, why: NoRoom) -> Option<OwnedSemaphorePermit> {
        let places = match why {
            NoRoom::OfClient => &self.of_client,
            NoRoom::Total => &self.total,
        };
        Arc::clone(places).try_acquire_owned().ok()
    }

    /// Room for a connection that has a place. `None` if no worker makes any.
    pub async fn room(
        &self,
        limits: &Arc<ConnectionLimits>,
        client: Option<ClientNetwork>,
        why: NoRoom,
    ) -> Option<OpenPermit> {
        let closing = match why {
            NoRoom::OfClient => client,
            NoRoom::Total => None,
        };
        for _ in 0..ATTEMPTS {
            let _ = self.closing.send(closing);
            if let Ok(permit) = tokio::time::timeout(WAIT, limits.room(client)).await {
                return Some(permit);
            }
        }
        None
    }
}
