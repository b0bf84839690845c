//! Finds users that appear twice, without keeping every address.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::model::EmailAddress;

/// Every user so far, in sixteen bytes each: 96 bits of the mailbox's checksum, and the line. The
/// chance that two of a million mailboxes share these bits is one in 10^17.
#[derive(Default)]
pub struct SeenUsers(Vec<(u64, u32, u32)>);

/// Lines whose user already appears in an earlier line, with that line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Duplicates(BTreeMap<u64, u64>);

impl SeenUsers {
    /// Records a user and the line of their row.
    pub fn add(&mut self, address: &EmailAddress, line: u64) {
        let digest = Sha256::digest(mailbox(address));
        let (mut long, mut short) = ([0; 8], [0; 4]);
        long.copy_from_slice(&digest[..8]);
        short.copy_from_slice(&digest[8..12]);
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.0.push((u64::from_le_bytes(long), u32::from_le_bytes(short), line));
    }

    /// Finds all duplicates among the users recorded so far.
    pub fn doubles(mut self) -> Duplicates {
        self.0.sort_unstable();
        let mut doubles = BTreeMap::new();
        for same in self.0.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let [(_, _, first), more @ ..] = same else { continue };
            doubles.extend(more.iter().map(|(_, _, line)| (u64::from(*line), u64::from(*first))));
        }
        Duplicates(doubles)
    }
}

impl Duplicates {
    /// The earlier line with the same user as this one, if there is one.
    pub fn first_of(&self, line: u64) -> Option<u64> {
        self.0.get(&line).copied()
    }

    /// Each duplicate line with the earlier one.
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

/// The form that all spellings of a mailbox share. RFC 5321 makes the local part case-sensitive,
/// but no provider distinguishes two people by case, and two folders that differ only by case are
/// one on Windows and macOS.
pub(super) fn mailbox(address: &EmailAddress) -> String {
    address.as_str().nfkc().flat_map(char::to_lowercase).collect()
}
