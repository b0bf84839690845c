//! The list of users. It is read twice: first to check all of it, then to make the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use sha2::{Digest, Sha256};

use crate::format::hex;
use crate::users::{Column, Duplicates, ListRow, SeenUsers, User, Users};

use super::super::Failure;
use super::super::args::{GenerateArgs, Shard};
use super::super::directory::{self, DirectoryAccess, DirectoryFile};

/// A list that can be read again.
pub struct List {
    pub name: String,
    file: File,
    columns: Vec<Column>,
    is_directory: bool,
    /// Notes about it for the user.
    pub notes: Vec<String>,
}

/// The result of the first reading.
#[derive(Default)]
pub struct ListSummary {
    pub users: u64,
    pub bad: Vec<InvalidRow>,
    pub bad_count: u64,
    /// Oddities of users who get files anyway: place and message.
    pub notes: Vec<(String, String)>,
    pub doubles: Duplicates,
    /// The names of duplicates and of their originals, if the list is a directory.
    names: BTreeMap<u64, String>,
    /// Domains without a known provider, and why.
    pub unknown: BTreeMap<String, String>,
    /// The number of users of all shards.
    pub all: u64,
    /// Each domain with its first user.
    pub domains: BTreeMap<String, User>,
    /// Of the list's bytes.
    pub checksum: String,
}

/// An invalid row.
pub struct InvalidRow {
    pub at: String,
    pub why: String,
}

/// How many are listed; all of them go into rejected.csv.
const TOLD: usize = 100;
const STANDARD_INPUT: &str = "standard input";

impl List {
    /// Standard input and directories are copied to a file, because they cannot be read again.
    pub fn open(
        args: &GenerateArgs,
        name: &str,
        interrupted: &AtomicBool,
    ) -> Result<Self, Failure> {
        let columns = args.column.clone();
        if directory::is_one(name) {
            let access = DirectoryAccess {
                ldap: &args.ldap,
                columns: &args.column,
                #[cfg(feature = "ldap")]
                net: &args.net,
            };
            let DirectoryFile { name, file, notes } = directory::read(&access, name, interrupted)?;
            return Ok(Self { name, file, columns, is_directory: true, notes });
        }
        if !args.ldap.is_empty() {
            return Err("the options --ldap-… are for --users ldaps://…".into());
        }
        let failed = |e: io::Error| format!("cannot read {name}: {e}");
        let file = if name == "-" {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut io::stdin().lock(), &mut file).map_err(failed)?;
            file
        } else {
            File::open(Path::new(name)).map_err(failed)?
        };
        let name = if name == "-" { STANDARD_INPUT } else { name };
        let name = name.to_owned();
        Ok(Self { name, file, columns, is_directory: false, notes: Vec::new() })
    }

    /// Reads the list from the beginning.
    pub fn users(&self) -> Result<Users, Failure> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        #[cfg(feature = "ldap")]
        if self.is_directory {
            return Ok(Users::of_directory(&self.name, Box::new(file))?);
        }
        Ok(Users::open(&self.name, Box::new(file), &self.columns)?)
    }

    /// The name of an archive of all users.
    pub fn stem(&self) -> &str {
        let stem = Path::new(&self.name).file_stem().and_then(|stem| stem.to_str());
        stem.filter(|_| !self.is_directory && self.name != STANDARD_INPUT).unwrap_or("users")
    }

    /// The place of a row, for messages.
    fn at(&self, line: u64, name: Option<&str>) -> String {
        match name {
            Some(name) => format!("{}: {name}", self.name),
            None => format!("{}:{line}", self.name),
        }
    }

    /// Each duplicate, with the mailbox that it repeats.
    pub fn doubles<'l>(&'l self, looked: &'l ListSummary) -> impl Iterator<Item = String> + 'l {
        looked.doubles.iter().map(|(line, first)| {
            let at = self.at(line, looked.names.get(&line).map(String::as_str));
            format!("{at}: {}", looked.same_as(first))
        })
    }

    /// Reads the whole list and keeps only a summary. `known` returns why a domain has no provider.
    pub fn look(
        &self,
        shard: Option<Shard>,
        known: &mut dyn FnMut(&User) -> Result<Option<String>, Failure>,
    ) -> Result<ListSummary, Failure> {
        let mut looked = ListSummary::default();
        let mut seen = SeenUsers::default();
        let mut asked: BTreeMap<String, bool> = BTreeMap::new();
        for row in self.users()? {
            let ListRow { line, name, user, notes, .. } = row?;
            let at = || self.at(line, name.as_deref());
            let user = match user {
                Ok(user) => user,
                Err(why) => {
                    looked.reject(at, why);
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
                looked.reject(at, why);
                continue;
            }
            looked.all += 1;
            seen.add(&user.address, line);
            if shard.is_some_and(|shard| !shard.has(user.address.as_str())) {
                continue;
            }
            looked.notes.extend(notes.into_iter().take(TOLD).map(|note| (at(), note)));
            looked.users += 1;
            if !looked.domains.contains_key(domain) {
                looked.domains.insert(domain.to_owned(), user);
            }
        }
        looked.doubles = seen.doubles();
        if self.is_directory && !looked.doubles.is_empty() {
            looked.names = self.names(&looked.doubles)?;
        }
        looked.checksum = self.checksum()?;
        Ok(looked)
    }

    /// The names of duplicates and of their originals.
    fn names(&self, doubles: &Duplicates) -> Result<BTreeMap<u64, String>, Failure> {
        let lines: BTreeSet<u64> = doubles.iter().flat_map(|(line, first)| [line, first]).collect();
        let mut names = BTreeMap::new();
        for row in self.users()? {
            let ListRow { line, name, .. } = row?;
            if let Some(name) = name.filter(|_| lines.contains(&line)) {
                names.insert(line, name);
            }
        }
        Ok(names)
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

    /// Whether a row belongs to this shard. A user is assigned by address; any other row by its
    /// name if it has one, because a directory returns entries in any order, else by its line.
    pub fn is_of(shard: Option<Shard>, row: &ListRow) -> bool {
        shard.is_none_or(|shard| match (&row.user, &row.name) {
            (Ok(user), _) => shard.has(user.address.as_str()),
            (Err(_), Some(name)) => shard.has(name),
            (Err(_), None) => row.line % shard.of == shard.number - 1,
        })
    }
}

impl ListSummary {
    fn reject(&mut self, at: impl Fn() -> String, why: String) {
        self.bad_count += 1;
        if self.bad.len() < TOLD {
            self.bad.push(InvalidRow { at: at(), why });
        }
    }

    /// Describes the original of a duplicate.
    pub fn same_as(&self, first: u64) -> String {
        match self.names.get(&first) {
            Some(name) => format!("the same mailbox as {name}"),
            None => format!("the same mailbox as in line {first}"),
        }
    }
}
