//! `--shard`: a fixed share of the users.

use sha2::{Digest, Sha256};

/// A fixed share of the users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: u64,
    pub of: u64,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Kubernetes and Slurm count from 0, and in some of them there is no shell to add 1.
        let (text, first) = match text.strip_prefix("index:") {
            Some(rest) => (rest, 0),
            None => (text, 1),
        };
        let numbers = text.split_once('/').and_then(|(number, of)| {
            let number: u64 = number.parse().ok()?;
            Some(Shard { number: number.checked_add(1 - first)?, of: of.parse().ok()? })
        });
        numbers
            .filter(|shard| shard.number >= 1 && shard.number <= shard.of)
            .ok_or_else(|| "write I/N with I from 1 to N, or index:I/N with I from 0".to_owned())
    }
}

impl Shard {
    pub fn has(self, text: &str) -> bool {
        let digest = Sha256::digest(text);
        let mut start = [0; 8];
        start.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(start) % self.of == self.number - 1
    }
}
