//! mailwright turns one description of a mail provider into every file that its users' mail
//! clients read, proves those files right, and tests the servers.
//!
//! The program `mailwright` is built on this library. Its types answer four questions:
//!
//! - [`Providers`]: which servers does someone's provider have, and how do clients sign in there?
//! - [`BundleBuilder`]: which files set up their mail clients?
//! - [`ClientFile`]: what does a client read in this file, and what is wrong with it?
//! - `ServerTest` (feature `verify`): do the servers work as the settings say?
//!
//! ```
//! use mailwright::{BundleBuilder, ClientFile, Providers};
//!
//! // One address is enough: the provider is known by its domain.
//! let settings = Providers::built_in()?.find("ann@outlook.com")?;
//! let (bundles, _) = BundleBuilder::new(&settings).target("thunderbird").build()?;
//! let file = &bundles[0].files[0];
//!
//! // What was made is read back as Thunderbird reads it.
//! let read = ClientFile::read(&file.path, &file.bytes)?;
//! assert_eq!(read.config().servers[0].hostname, "pop-mail.outlook.com");
//! # Ok::<(), mailwright::Error>(())
//! ```
//!
//! Making and checking files uses no network. Every problem is a [`Finding`] with a [`Code`], a
//! place and help; `mailwright explain CODE` prints its page.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// Dead code is looked for with all features; without some of them, unused code is normal.
#![cfg_attr(
    not(all(
        feature = "acme",
        feature = "ldap",
        feature = "manual",
        feature = "sign",
        feature = "tar",
        feature = "verify",
        feature = "zip"
    )),
    allow(dead_code, unused_imports)
)]

// Modules without documentation of every item are not part of the API; `internals` names some of
// their items.
mod api;
mod authorities;
mod bundle;
#[allow(missing_docs)]
mod check;
mod cli;
#[allow(missing_docs)]
mod clients;
mod codes;
mod document;
mod embedded;
mod finding;
mod format;
mod import;
mod model;
#[cfg(feature = "net")]
mod net;
mod output;
#[allow(missing_docs)]
mod plan;
mod regular_file;
#[allow(missing_docs)]
mod render;
mod report;
#[cfg(feature = "serve")]
#[allow(missing_docs)]
mod serve;
#[allow(missing_docs)]
mod settings;
#[cfg(feature = "sign")]
#[allow(missing_docs)]
mod sign;
#[allow(missing_docs)]
mod users;
#[cfg(feature = "verify")]
mod verify;

#[cfg(feature = "verify")]
pub use api::ServerTest;
pub use api::{BundleBuilder, ClientFile, Error, Providers, Settings};
pub use codes::{Code, Family, Hurt, Loses, Page, Severity};
pub use finding::{Finding, Place, Source};
pub use import::{ReadConfig, ReadOAuth2, ReadPage, ReadServer, Reader};
pub use model::{
    AppPassword, Authentication, ClientConfig, Documentation, EmailAddress, Enable, Hostname,
    HostnamePattern, Invalid, OAuth2, Placeholder, Pop3Options, Port, Protocol, Refusal, Secret,
    Server, ServerType, Side, SocketType, Text, UsernamePattern,
};
#[cfg(feature = "verify")]
pub use net::{HostOverride, Net};
pub use output::{Bundle, OutFile};
#[cfg(feature = "verify")]
pub use verify::{ServerReport, Step, StepOutcome};

#[doc(hidden)]
pub mod internals;
