//! Limits the requests of each client address with token buckets, in a table of fixed size.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::client_network::ClientNetwork;
use super::network::Network;

/// Requests a minute for each client. A minute's worth may come at once.
pub struct RateLimit {
    per_minute: f64,
    exempt: Vec<Network>,
    key: RandomState,
    begun: Instant,
    shards: Vec<Mutex<Vec<Bucket>>>,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    /// Hash of the client's network; 0 if the bucket is unused.
    hash: u64,
    tokens: f32,
    /// Seconds since the server started.
    filled: f32,
}

const SHARDS: usize = 16;
/// Clients in the table. A new client replaces the one that was quiet for longest.
const CLIENTS: usize = 1 << 16;
/// Buckets that a client can be in.
const WAYS: usize = 8;

impl RateLimit {
    pub fn new(per_minute: u32, exempt: Vec<Network>) -> Self {
        let per_minute = f64::from(per_minute);
        let shard = || Mutex::new(vec![Bucket::default(); CLIENTS / SHARDS]);
        Self {
            per_minute,
            exempt,
            key: RandomState::new(),
            begun: Instant::now(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    ///
    /// The seconds to wait if there is none.
    pub fn ask(&self, peer: IpAddr) -> Result<(), u64> {
        if self.exempt.iter().any(|network| network.contains(peer)) {
            return Ok(());
        }
        self.ask_at(peer, self.begun.elapsed().as_secs_f64())
    }

    fn ask_at(&self, peer: IpAddr, now: f64) -> Result<(), u64> {
        let hash = self.key.hash_one(ClientNetwork::link(peer)).max(1);
        let index = |bits: u64| usize::try_from(bits).unwrap_or_default();
        let mut shard =
            self.shards[index(hash) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let rows = shard.len() / WAYS;
        let row = index(hash >> 32) % rows * WAYS;
        let row = &mut shard[row..row + WAYS];
        let known = row.iter().position(|bucket| bucket.hash == hash);
        let at = known.unwrap_or_else(|| {
            // The bucket that was quiet for longest is full again, or nearly, so little is lost
            // with it.
            let quiet = row.iter().enumerate().min_by(|a, b| a.1.filled.total_cmp(&b.1.filled));
            quiet.map_or(0, |(at, _)| at)
        });
        let bucket = &mut row[at];
        #[expect(clippy::cast_possible_truncation, reason = "a second is exact for years")]
        let (now, burst, per_second) =
            (now as f32, self.per_minute as f32, (self.per_minute / 60.0) as f32);
        if known.is_none() {
            *bucket = Bucket { hash, tokens: burst, filled: now };
        }
        bucket.tokens = (bucket.tokens + (now - bucket.filled) * per_second).min(burst);
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let wait = ((1.0 - bucket.tokens) / per_second).ceil() as u64;
            return Err(wait.max(1));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_ask_so_often_and_another_is_not_held_back() {
        let limit = RateLimit::new(6, vec!["198.51.100.0/24".parse().unwrap()]);
        let ann = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..6 {
            assert_eq!(limit.ask_at(ann, 1.0), Ok(()));
        }
        assert_eq!(limit.ask_at(ann, 1.0), Err(10));
        assert_eq!(limit.ask_at(IpAddr::from([192, 0, 2, 2]), 1.0), Ok(()));
        assert_eq!(limit.ask_at(ann, 12.0), Ok(()));
        assert_eq!(limit.ask_at(ann, 12.0), Err(9));
        let monitor = IpAddr::from([198, 51, 100, 7]);
        assert!((0..100).all(|_| limit.ask(monitor).is_ok()));
    }
}
