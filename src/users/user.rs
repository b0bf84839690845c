//! A user, and the row of a list that describes one.

use crate::model::{EmailAddress, HostnamePattern, Text, UsernamePattern};

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
