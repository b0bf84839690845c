//! Reads users from an LDAP directory, over TLS.
//!
//! A list is read twice, and a directory can change between two readings. So the directory is read
//! once, page by page, and what a user needs of each entry is written to a file, one entry per
//! line. `Users::of_directory` then reads that file like any list. Only one page is in memory at a
//! time.

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
pub use url::{DirectoryServer, SearchScope, Url};

/// What to read, and how to sign in for it.
pub struct Directory<'a> {
    pub url: &'a Url,
    /// None: detected from what the directory says about itself.
    pub preset: Option<&'static Preset>,
    /// The user's `--column` options, which name attributes here.
    pub columns: &'a [Column],
    pub sign_in: BindMethod,
    /// Client certificate for the TLS handshake.
    pub identity: Option<Identity>,
    /// Time limit for each answer.
    pub timeout: Duration,
}

/// How the reader signs in to the directory.
pub enum BindMethod {
    Nobody,
    /// A distinguished name, or another form that the directory accepts: Active Directory accepts
    /// `ann@example.com`.
    Password {
        name: String,
        password: Secret,
    },
    /// The user that the certificate or the socket stands for (SASL EXTERNAL, RFC 4513 §5.2.3).
    External,
}

/// The result of reading a directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DirectorySummary {
    /// Never 0.
    pub entries: u64,
    /// Notes that the user may want to know.
    pub notes: Vec<String>,
}

/// Why a directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is wrong, for example its filter.
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
    /// Writes one line per entry to `out`. `stop` is called many times a second; true interrupts.
    ///
    /// # Errors
    ///
    /// Finding no entry at all is an error, too.
    pub fn read(
        self,
        net: &Net,
        out: &mut (dyn io::Write + Send),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<DirectorySummary, Error> {
        session::read(self, net, out, stop)
    }
}
