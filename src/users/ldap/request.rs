//! What to read from a directory, and the result.

use std::time::Duration;

use super::super::columns::Column;
use super::preset::Preset;
use super::url::Url;
use crate::model::Secret;
use crate::net::Identity;

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
