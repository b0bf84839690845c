//! The users of an organisation, one after another, from a table, from lines of JSON, or from a
//! directory.
//!
//! A row is a user or the reason why it is none; nothing is passed over. Nothing is kept either: a
//! list of a million users takes no more memory than one of ten. Who appears twice is found by
//! [`Seen`], which keeps a few bytes a user.

mod columns;
mod decode;
#[cfg(feature = "ldap")]
mod directory;
mod json;
#[cfg(feature = "ldap")]
pub mod ldap;
mod seen;
mod table;

use std::io::{self, Read};

use crate::model::{EmailAddress, HostnamePattern, Text, UsernamePattern};

pub use columns::{Column, Field};
pub use seen::{Doubles, Seen};

/// One person who gets files of her own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub address: EmailAddress,
    pub display_name: Option<Text>,
    /// Instead of what the provider's pattern says.
    pub username: Option<UsernamePattern>,
    /// `de`, `pt-BR`
    pub language: Option<String>,
    /// Hosts instead of the provider's.
    pub incoming: Option<HostnamePattern>,
    pub outgoing: Option<HostnamePattern>,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// In which it begins, from 1.
    pub line: u64,
    /// What an entry of a directory is called instead: its distinguished name.
    pub name: Option<String>,
    /// Or why it is none.
    pub user: Result<User, String>,
    /// What is odd about a user who is one all the same.
    pub notes: Vec<String>,
    /// As they are, for a list of what was rejected.
    pub fields: Vec<String>,
}

/// What stops the reading of a list.
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

/// A list of users that is being read.
pub struct Users(Rows);

enum Rows {
    Table(Box<table::Table>),
    Json(Box<json::Lines>),
    #[cfg(feature = "ldap")]
    Directory(Box<directory::Entries>),
}

impl Users {
    /// Begins to read; what it is is seen from its beginning. `name` is for messages, `wanted`
    /// what the user said about columns.
    pub fn open(name: &str, source: Box<dyn Read>, wanted: &[Column]) -> Result<Self, Error> {
        let mut text = decode::Decoded::new(name, source)?;
        let rows = match text.first_character()? {
            Some('{') => Rows::Json(Box::new(json::Lines::new(text, wanted))),
            Some(_) => Rows::Table(Box::new(table::Table::open(text, wanted)?)),
            None => return Err(Error::Empty { name: name.to_owned() }),
        };
        Ok(Self(rows))
    }

    /// Begins to read what [`ldap::Directory::read`] has written down.
    #[cfg(feature = "ldap")]
    pub fn of_directory(name: &str, source: Box<dyn Read>) -> Result<Self, Error> {
        let text = decode::Decoded::new(name, source)?;
        Ok(Self(Rows::Directory(Box::new(directory::Entries::new(text)))))
    }

    /// The names of the columns, where the list has any.
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
    type Item = Result<Row, Error>;

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
