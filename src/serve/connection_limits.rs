//! Counts the open connections of each client, over all workers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};

use super::client_network::ClientNetwork;

/// How many connections there may be.
pub struct ConnectionLimits {
    total: usize,
    per_client: usize,
    open: AtomicUsize,
    /// Notified when a connection has ended.
    ended: Notify,
    key: RandomState,
    shards: Vec<Mutex<HashMap<ClientNetwork, ClientConnections>>>,
}

/// The connections of one client.
struct ClientConnections {
    open: usize,
    handshakes: Arc<Semaphore>,
}

/// Why there is no room for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// The client has too many connections.
    OfClient,
    /// There are too many connections.
    Total,
}

/// An open connection, until this is dropped.
pub struct OpenPermit {
    limits: Arc<ConnectionLimits>,
    /// `None` for a proxy, whose connections are those of many clients.
    client: Option<ClientNetwork>,
    handshakes: Arc<Semaphore>,
}

const SHARDS: usize = 16;
/// TLS handshakes of one client at a time. Further ones wait, so that a client that reconnects all
/// the time delays itself.
const HANDSHAKES: usize = 32;

impl ConnectionLimits {
    pub fn new(total: usize, per_client: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            per_client,
            open: AtomicUsize::new(0),
            ended: Notify::new(),
            key: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        })
    }

    /// Room for a connection of a client; `None` stands for a proxy.
    ///
    /// # Errors
    ///
    /// There is no room. The caller can close an idle connection and try again.
    pub fn open(self: &Arc<Self>, client: Option<ClientNetwork>) -> Result<OpenPermit, NoRoom> {
        if self.open.load(Ordering::Relaxed) >= self.total {
            return Err(NoRoom::Total);
        }
        let is_full =
            |client| self.shard(client).get(&client).is_some_and(|own| own.open >= self.per_client);
        if client.is_some_and(is_full) {
            return Err(NoRoom::OfClient);
        }
        Ok(self.open_beyond(client))
    }

    /// A connection beyond the limits: one that replaces a connection whose task has not ended yet.
    pub fn open_beyond(self: &Arc<Self>, client: Option<ClientNetwork>) -> OpenPermit {
        self.open.fetch_add(1, Ordering::Relaxed);
        let handshakes = match client {
            None => Arc::new(Semaphore::new(HANDSHAKES)),
            Some(client) => {
                let mut clients = self.shard(client);
                let own = clients.entry(client).or_insert_with(|| ClientConnections {
                    open: 0,
                    handshakes: Arc::new(Semaphore::new(HANDSHAKES)),
                });
                own.open += 1;
                Arc::clone(&own.handshakes)
            }
        };
        OpenPermit { limits: Arc::clone(self), client, handshakes }
    }

    /// Waits until there is room for a connection of a client.
    pub async fn room(self: &Arc<Self>, client: Option<ClientNetwork>) -> OpenPermit {
        loop {
            let ended = self.ended.notified();
            match self.open(client) {
                Ok(permit) => return permit,
                Err(_) => ended.await,
            }
        }
    }

    fn shard(
        &self,
        client: ClientNetwork,
    ) -> MutexGuard<'_, HashMap<ClientNetwork, ClientConnections>> {
        let number = usize::try_from(self.key.hash_one(client) % SHARDS as u64).unwrap_or_default();
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenPermit {
    /// What a TLS handshake of this client needs a permit of.
    pub fn handshakes(&self) -> Arc<Semaphore> {
        Arc::clone(&self.handshakes)
    }
}

impl Drop for OpenPermit {
    fn drop(&mut self) {
        self.limits.open.fetch_sub(1, Ordering::Relaxed);
        if let Some(client) = self.client {
            let mut clients = self.limits.shard(client);
            if let Some(own) = clients.get_mut(&client) {
                own.open -= 1;
                if own.open == 0 {
                    clients.remove(&client);
                }
            }
        }
        self.limits.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::task::{Context, Waker};

    use super::*;

    fn client(number: u8) -> Option<ClientNetwork> {
        Some(ClientNetwork::subscriber(IpAddr::from([192, 0, 2, number])))
    }

    #[test]
    fn a_client_has_so_many_connections_and_leaves_the_others_theirs() {
        let limits = ConnectionLimits::new(10, 3);
        let mut own: Vec<_> = (0..3).map(|_| limits.open(client(1)).unwrap()).collect();
        assert_eq!(limits.open(client(1)).err(), Some(NoRoom::OfClient));
        let other = limits.open(client(2)).unwrap();
        own.pop();
        own.push(limits.open(client(1)).unwrap());
        let proxy: Vec<_> = (0..6).map(|_| limits.open(None).unwrap()).collect();
        assert_eq!(limits.open(client(3)).err(), Some(NoRoom::Total));
        drop((own, other, proxy));
        assert_eq!(limits.open.load(Ordering::Relaxed), 0);
        assert!(limits.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }

    #[tokio::test]
    async fn whoever_waits_for_room_gets_it_when_a_connection_ends_and_may_give_up() {
        let limits = ConnectionLimits::new(10, 1);
        let only = limits.open(client(1)).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut given_up = Box::pin(limits.room(client(1)));
        assert!(given_up.as_mut().poll(&mut cx).is_pending());
        drop(given_up);
        let mut waits = Box::pin(limits.room(client(1)));
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        drop(only);
        drop(waits.await);
        assert_eq!(limits.open.load(Ordering::Relaxed), 0);
    }
}
