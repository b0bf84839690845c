//! Counts the bytes that are held for clients: answers that they have not read, and bodies that they
//! have not completed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;

/// The bytes that a worker holds for all its clients.
#[derive(Debug, Default)]
pub struct HeldTotal(AtomicUsize);

impl HeldTotal {
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn subtract(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
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
