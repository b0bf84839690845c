//! A list of users that the operator or a provider file names.

use std::path::PathBuf;

use crate::settings::UsersFrom;

/// A list of users, and how to open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserListSource {
    pub from: UsersFrom,
    /// The folder that the path of a file is relative to.
    pub beside: PathBuf,
    /// The folder that a file has to lie in. `None` for the operator's own list.
    pub within: Option<PathBuf>,
}

impl UserListSource {
    /// The path of the list, if it is a file.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.from {
            UsersFrom::File(name) => Some(self.beside.join(name)),
            UsersFrom::Directory(_) | UsersFrom::Command(_) => None,
        }
    }

    /// The list's name for messages.
    pub fn shown(&self) -> String {
        match &self.from {
            UsersFrom::File(name) => self.beside.join(name).display().to_string(),
            UsersFrom::Directory(url) => url.split('?').next().unwrap_or_default().to_owned(),
            UsersFrom::Command(command) => command.first().cloned().unwrap_or_default(),
        }
    }
}
