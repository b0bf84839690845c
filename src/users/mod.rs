//! Reads the users of an organisation one by one, from a table, from JSON Lines, or from a
//! directory.
//!
//! Each row gives a user or the reason why it is not one; only empty rows are skipped. Rows are not
//! kept: a list of a million users takes no more memory than one of ten. [`SeenUsers`] finds
//! duplicates with a few bytes per user.

mod columns;
mod command_output;
mod decode;
#[cfg(feature = "ldap")]
mod directory;
mod duplicates;
mod error;
mod json;
#[cfg(feature = "ldap")]
pub mod ldap;
mod login_names;
mod table;
mod user;

use std::io::Read;

pub use columns::Column;
pub use command_output::command_output;
pub use duplicates::{Duplicates, SeenUsers};
pub use error::Error;
pub use login_names::{LoginList, LoginNames};
pub use user::{ListRow, User};

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
