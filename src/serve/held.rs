//! Counts the bytes that are held for clients: answers that they have not read, and bodies that they
//! have not completed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;

/// What a worker holds for all its clients.
#[derive(Debug, Default)]
pub struct HeldTotal {
    bytes: AtomicUsize,
    streams: AtomicUsize,
}

impl HeldTotal {
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Requests of HTTP/2 that are in flight.
    pub fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    pub fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn subtract(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A request of HTTP/2 that is in flight. Its client decides how long.
pub struct HeldStream(Arc<HeldTotal>);

impl HeldStream {
    pub fn new(total: &Arc<HeldTotal>) -> Self {
        total.streams.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(total))
    }
}

impl Drop for HeldStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The bytes of an answer, counted until the last piece of them is sent or dropped.
pub struct HeldBytes {
    bytes: Bytes,
    total: Arc<HeldTotal>,
}

/// Owns bytes that hyper sends in pieces.
struct Owner(Arc<HeldBytes>);

impl HeldBytes {
    /// Bytes to send, and a reference that is dead when they are sent.
    pub fn hold(bytes: Bytes, total: &Arc<HeldTotal>) -> (Bytes, Weak<Self>) {
        total.add(bytes.len());
        let held = Arc::new(Self { bytes, total: Arc::clone(total) });
        let reference = Arc::downgrade(&held);
        (Bytes::from_owner(Owner(held)), reference)
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.total.subtract(self.bytes.len());
    }
}

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}
