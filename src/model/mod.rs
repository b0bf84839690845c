//! The neutral model of a mail provider, in the terms of the autoconfig draft.
//!
//! Values of this module are always valid: a [`Hostname`] was checked when it was created. The rest
//! of the program translates from and to this module.

mod config;
mod email_address;
mod hostname;
mod pattern;
mod public_address;
mod secret;
mod text;
mod words;

pub use config::{
    AppPassword, ClientConfig, Documentation, Enable, Localized, LocalizedSteps, OAuth2,
    Pop3Options, Refusal, Server, Side,
};
pub use email_address::EmailAddress;
pub use hostname::Hostname;
pub use pattern::{HostnamePattern, Placeholder, UsernamePattern};
pub use public_address::{
    CONFIG_HOST_LABELS, PathPrefix, PublicAddress, ServerAddress, public_host,
};
pub use secret::Secret;
pub use text::{Text, reads_as_another, shortened};
pub(crate) use text::{is_reserved, printable, printable_lines, steers};
pub use words::{Authentication, Port, Protocol, ServerType, SocketType, Word};

/// Why a value was refused: lower case, without a full stop, ready for a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
