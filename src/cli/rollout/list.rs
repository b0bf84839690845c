//! The list of users, read twice: once to see whether all of it is right, once to make the files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::format::hex;
use crate::users::{Column, Doubles, Row, Seen, User, Users};

use super::super::Failure;

/// A list that can be read again.
pub struct List {
    pub name: String,
    file: File,
    columns: Vec<Column>,
}

/// A share of the users, always the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: u64,
    pub of: u64,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Kubernetes and Slurm count from 0, and some of them have no shell to add 1.
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
    fn has(self, text: &str) -> bool {
        let digest = Sha256::digest(text);
        let mut start = [0; 8];
        start.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(start) % self.of == self.number - 1
    }
}

/// What the first reading found.
#[derive(Default)]
pub struct Looked {
    pub users: u64,
    pub bad: Vec<Bad>,
    pub bad_count: u64,
    /// What is odd about users who get files all the same: line and what.
    pub notes: Vec<(u64, String)>,
    pub doubles: Doubles,
    /// Domains that no provider is known for, and why.
    pub unknown: BTreeMap<String, String>,
    /// Users of all shares.
    pub all: u64,
    /// Each domain with the first user of it.
    pub domains: BTreeMap<String, User>,
    /// Over the bytes of the list.
    pub checksum: String,
}

/// A row that is no user.
pub struct Bad {
    pub line: u64,
    pub why: String,
}

/// As many as are told; all of them go into rejected.csv.
const TOLD: usize = 100;

impl List {
    /// Standard input is kept in a file, since it cannot be read again.
    pub fn open(name: &str, columns: &[Column]) -> Result<Self, Failure> {
        let failed = |e: io::Error| format!("cannot read {name}: {e}");
        let file = if name == "-" {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut io::stdin().lock(), &mut file).map_err(failed)?;
            file
        } else {
            File::open(Path::new(name)).map_err(failed)?
        };
        let name = if name == "-" { "standard input" } else { name };
        Ok(Self { name: name.to_owned(), file, columns: columns.to_vec() })
    }

    /// From the beginning.
    pub fn users(&self) -> Result<Users, Failure> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Users::open(&self.name, Box::new(file), &self.columns)?)
    }

    /// Reads everything, and keeps nearly nothing of it. `known` says why a domain has no provider.
    pub fn look(
        &self,
        shard: Option<Shard>,
        known: &mut dyn FnMut(&User) -> Result<Option<String>, Failure>,
    ) -> Result<Looked, Failure> {
        let mut looked = Looked::default();
        let mut seen = Seen::default();
        let mut asked: BTreeMap<String, bool> = BTreeMap::new();
        for row in self.users()? {
            let Row { line, user, notes, .. } = row?;
            let user = match user {
                Ok(user) => user,
                Err(why) => {
                    looked.reject(line, why);
                    continue;
                }
            };
            let domain = user.address.domain().as_str();
            if !asked.contains_key(domain) {
                let why = known(&user)?;
                asked.insert(domain.to_owned(), why.is_none());
                looked.unknown.extend(why.map(|why| (domain.to_owned(), why)));
            }
            if let Some(why) = looked.unknown.get(domain) {
                let why = why.clone();
                looked.reject(line, why);
                continue;
            }
            looked.all += 1;
            seen.add(&user.address, line);
            if shard.is_some_and(|shard| !shard.has(user.address.as_str())) {
                continue;
            }
            looked.notes.extend(notes.into_iter().take(TOLD).map(|note| (line, note)));
            looked.users += 1;
            if !looked.domains.contains_key(domain) {
                looked.domains.insert(domain.to_owned(), user);
            }
        }
        looked.doubles = seen.doubles();
        looked.checksum = self.checksum()?;
        Ok(looked)
    }

    fn checksum(&self) -> Result<String, Failure> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let mut digest = Sha256::new();
        let mut piece = vec![0; 256 * 1024];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hex(&digest.finalize())),
                read => digest.update(&piece[..read]),
            }
        }
    }

    /// Whether a row belongs to this share: a user by her address, any other row by its line.
    pub fn is_of(shard: Option<Shard>, row: &Row) -> bool {
        shard.is_none_or(|shard| match &row.user {
            Ok(user) => shard.has(user.address.as_str()),
            Err(_) => row.line % shard.of == shard.number - 1,
        })
    }
}

impl Looked {
    fn reject(&mut self, line: u64, why: String) {
        self.bad_count += 1;
        if self.bad.len() < TOLD {
            self.bad.push(Bad { line, why });
        }
    }
}
