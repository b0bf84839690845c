//! Users out of an LDAP directory, over TLS.
//!
//! A directory changes between two readings, and a list is read twice. So it is read once, page by page,
//! and what a user needs of each entry is written down, an entry a line; `Users::of_directory` then
//! reads that like any list. Nothing is kept in memory but a page.

mod catch_panic;
mod connect;
mod entry;
mod preset;
mod session;
mod starttls;
mod url;
mod words;

use std::io;
use std::time::Duration;

use super::Column;
use crate::model::Secret;
use crate::net::{Identity, Net};

pub use preset::{ACTIVE_DIRECTORY, OPENLDAP, Preset};
pub use url::{Scope, Server, Url};

/// What is to be read, and as whom.
pub struct Directory<'a> {
    pub url: &'a Url,
    /// None: seen from what the directory says of itself.
    pub preset: Option<&'static Preset>,
    /// What the user said about attributes.
    pub columns: &'a [Column],
    pub sign_in: SignIn,
    /// Shown in the TLS handshake.
    pub identity: Option<Identity>,
    /// For each answer.
    pub timeout: Duration,
}

/// As whom a directory is read.
pub enum SignIn {
    Nobody,
    /// A distinguished name, or what else the directory takes: Active Directory takes `ann@example.com`.
    Password {
        name: String,
        password: Secret,
    },
    /// As whom the certificate or the socket says (RFC 4513 §5.2.3, SASL EXTERNAL).
    External,
}

/// What a reading came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Never 0.
    pub entries: u64,
    /// What the user may want to know.
    pub notes: Vec<String>,
}

/// Why a directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is asked for cannot be asked.
    #[error("{0}")]
    Request(String),
    #[error("{place}: {why}")]
    Server { place: String, why: String },
    #[error("cannot keep what the directory says in a temporary file: {0}")]
    Spool(io::Error),
    #[error("interrupted")]
    Interrupted,
}

impl Directory<'_> {
    /// Writes the entries down. Whether `stop` says so is looked at many times a second.
    pub fn read(
        self,
        net: &Net,
        out: &mut (dyn io::Write + Send),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Found, Error> {
        session::read(self, net, out, stop)
    }
}
