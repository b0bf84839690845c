//! Reads the users of an organisation one by one, from a table, from JSON Lines, or from a
//! directory.
//!
//! Each row gives a user or the reason why it is not one; only empty rows are skipped. Rows are not
//! kept: a list of a million users takes no more memory than one of ten. [`SeenUsers`] finds duplicates
//! with a few bytes per user.

mod columns;
mod decode;
#[cfg(feature = "ldap")]
mod directory;
mod duplicates;
mod json;
#[cfg(feature = "ldap")]
pub mod ldap;
mod table;

use std::io::{self, Read};

use crate::model::{EmailAddress, HostnamePattern, Text, UsernamePattern};

pub use columns::{Column, UserField};
pub use duplicates::{Duplicates, SeenUsers};

/// One person who gets their own files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub address: EmailAddress,
    pub display_name: Option<Text>,
    /// Overrides the provider's pattern for user names.
    pub username: Option<UsernamePattern>,
    /// A language tag: `de`, `pt-BR`.
    pub language: Option<String>,
    /// Overrides the provider's incoming host, as `outgoing` does the other.
    pub incoming: Option<HostnamePattern>,
    pub outgoing: Option<HostnamePattern>,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The line in which the row begins, from 1.
    pub line: u64,
    /// An entry of a directory is named by this distinguished name instead of its line.
    pub name: Option<String>,
    /// The user, or why the row is not one.
    pub user: Result<User, String>,
    /// Unusual values in a row that is a user all the same.
    pub notes: Vec<String>,
    /// The fields as they were read, for the list of rejected rows.
    pub fields: Vec<String>,
}

/// Why a list cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {name}: {source}")]
    Io { name: String, source: io::Error },
    #[error("{name}:{line}: {why}")]
    Broken { name: String, line: u64, why: String },
    #[error(
        "{name} has no column of addresses; it has {}. --column address=NAME names one",
        .found.join(", ")
    )]
    NoAddress { name: String, found: Vec<String> },
    #[error("{name} has no column \"{column}\"; it has {}", .found.join(", "))]
    NoColumn { name: String, column: String, found: Vec<String> },
    #[error("{name} is empty")]
    Empty { name: String },
}

/// A list of users, read row by row.
pub struct Users(Rows);

enum Rows {
    Table(Box<table::UserTable>),
    Json(Box<json::Lines>),
    #[cfg(feature = "ldap")]
    Directory(Box<directory::Entries>),
}

impl Users {
    /// Opens a list and detects its format from its first character. `name` is for messages,
    /// `wanted` holds the user's `--column` options.
    ///
    /// # Errors
    ///
    /// Fails if the list is empty, cannot be read, or has no column of addresses.
    pub fn open(name: &str, source: Box<dyn Read>, wanted: &[Column]) -> Result<Self, Error> {
        let mut text = decode::DecodedReader::new(name, source)?;
        let rows = match text.first_character()? {
            Some('{') => Rows::Json(Box::new(json::Lines::new(text, wanted))),
            Some(_) => Rows::Table(Box::new(table::UserTable::open(text, wanted)?)),
            None => return Err(Error::Empty { name: name.to_owned() }),
        };
        Ok(Self(rows))
    }

    /// Opens what [`ldap::Directory::read`] has written.
    #[cfg(feature = "ldap")]
    pub fn of_directory(name: &str, source: Box<dyn Read>) -> Result<Self, Error> {
        let text = decode::DecodedReader::new(name, source)?;
        Ok(Self(Rows::Directory(Box::new(directory::Entries::new(text)))))
    }

    /// The names of the columns; empty if the list has none.
    pub fn header(&self) -> &[String] {
        match &self.0 {
            Rows::Table(table) => table.header(),
            Rows::Json(_) => &[],
            #[cfg(feature = "ldap")]
            Rows::Directory(entries) => entries.header(),
        }
    }
}

impl Iterator for Users {
    type Item = Result<ListRow, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Rows::Table(table) => table.next(),
            Rows::Json(lines) => lines.next(),
            #[cfg(feature = "ldap")]
            Rows::Directory(entries) => entries.next(),
        }
    }
}

#[cfg(test)]
mod tests;
