//! Reads users from an LDAP directory, over TLS.
//!
//! A list is read twice, and a directory can change between two readings. So the directory is read
//! once, page by page, and what a user needs of each entry is written to a file, one entry per
//! line. `Users::of_directory` then reads that file like any list. Only one page is in memory at a
//! time.

mod catch_panic;
mod connect;
mod entry;
mod error;
mod preset;
mod request;
mod session;
mod starttls;
mod url;
mod words;

use std::io;

use crate::net::Net;

pub use error::Error;
pub use preset::{ACTIVE_DIRECTORY, OPENLDAP};
pub use request::{BindMethod, Directory, DirectorySummary};
pub use url::{DirectoryServer, SearchScope, Url};

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
