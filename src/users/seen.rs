//! Who appears twice, without keeping everybody.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::model::EmailAddress;

/// Every user so far: 96 bits of her mailbox's checksum, and her line, sixteen bytes together. That
/// two mailboxes of a million share them has a chance of one in 10^17.
#[derive(Default)]
pub struct Seen(Vec<(u64, u32, u32)>);

/// The lines of users who stand in an earlier line already, with that line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Doubles(BTreeMap<u64, u64>);

impl Seen {
    pub fn add(&mut self, address: &EmailAddress, line: u64) {
        let digest = Sha256::digest(mailbox(address));
        let (mut long, mut short) = ([0; 8], [0; 4]);
        long.copy_from_slice(&digest[..8]);
        short.copy_from_slice(&digest[8..12]);
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.0.push((u64::from_le_bytes(long), u32::from_le_bytes(short), line));
    }

    pub fn doubles(mut self) -> Doubles {
        self.0.sort_unstable();
        let mut doubles = BTreeMap::new();
        for same in self.0.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let [(_, _, first), more @ ..] = same else { continue };
            doubles.extend(more.iter().map(|(_, _, line)| (u64::from(*line), u64::from(*first))));
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
