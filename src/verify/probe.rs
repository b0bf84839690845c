//! What is to be tested.

use crate::model::{Authentication, Port, ServerType, SocketType};

/// One server as settings or a finished file name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Who or what it is for: an address, a provider, a file.
    pub subject: String,
    pub server_type: ServerType,
    pub hostname: String,
    pub port: Port,
    pub socket_type: SocketType,
    /// In the order of the settings; empty where they say nothing about it.
    pub authentication: Vec<Authentication>,
    /// The name in the settings that this one is another name for.
    pub alternative_of: Option<String>,
    /// The provider is known to refuse passwords from mail clients.
    pub refuses_passwords: bool,
    /// What users must switch on first, where the provider has such a thing.
    pub advice: Option<String>,
}
