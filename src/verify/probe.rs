//! The server to test.

use crate::model::{Authentication, Port, ServerType, SocketType};

/// One server as the settings or a finished file name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// For whom the test is: an address, a provider or a file.
    pub subject: String,
    pub server_type: ServerType,
    pub hostname: String,
    pub port: Port,
    pub socket_type: SocketType,
    /// In the order of the settings; empty if they declare nothing.
    pub authentication: Vec<Authentication>,
    /// The host name in the settings to which this one is an alternative.
    pub alternative_of: Option<String>,
    /// Whether the provider is known to refuse passwords from mail clients.
    pub refuses_passwords: bool,
    /// What users must switch on first, if the provider requires that.
    pub advice: Option<String>,
}
