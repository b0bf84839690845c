//! Who appears twice, without keeping everybody.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::model::EmailAddress;

/// Every user so far: half a checksum of her mailbox, and her line.
#[derive(Default)]
pub struct Seen(Vec<(u128, u64)>);

/// The lines of users who stand in an earlier line already, with that line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Doubles(BTreeMap<u64, u64>);

impl Seen {
    pub fn add(&mut self, address: &EmailAddress, line: u64) {
        let digest = Sha256::digest(mailbox(address));
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        self.0.push((u128::from_le_bytes(half), line));
    }

    pub fn doubles(mut self) -> Doubles {
        self.0.sort_unstable();
        let mut doubles = BTreeMap::new();
        for same in self.0.chunk_by(|a, b| a.0 == b.0) {
            let [(_, first), more @ ..] = same else { continue };
            doubles.extend(more.iter().map(|(_, line)| (*line, *first)));
        }
        Doubles(doubles)
    }
}

impl Doubles {
    /// The earlier line.
    pub fn first_of(&self, line: u64) -> Option<u64> {
        self.0.get(&line).copied()
    }

    /// Each such line with the earlier one.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(line, first)| (*line, *first))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What two spellings of one mailbox share. The local part has case by RFC 5321, but no provider
/// tells two people by it, and two folders that differ by case are one on Windows and on a Mac.
fn mailbox(address: &EmailAddress) -> String {
    address.as_str().nfkc().flat_map(char::to_lowercase).collect()
}
