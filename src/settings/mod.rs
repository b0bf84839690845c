//! Reads what users write into the model: provider files, `mailwright.toml`, and WHO a bundle is
//! for.

mod catalog;
mod domain_list;
mod mdm;
mod project;
mod provider;
mod server;
mod url;
mod users_from;
mod who;

pub use catalog::{Catalog, ProviderFile};
pub use domain_list::{ListFolder, MOST_LISTED, mail_domain};
pub use mdm::{CUSTOM, Mdm, MdmUsername};
pub use project::{OptionValue, Organization, Override, Project};
pub use provider::{Provider, read_provider, read_provider_with};
pub use users_from::UsersFrom;
pub use who::{Choice, Subject, SubjectKind, Who, resolve};

/// A file that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {what} {path}: {source}")]
    Read { what: &'static str, path: String, source: std::io::Error },
    #[error("{path} is not UTF-8 text, so it is no {what}")]
    NotText { what: &'static str, path: String },
}

/// Reads a text file whose path the user gave.
pub(crate) fn read_text(path: &std::path::Path, what: &'static str) -> Result<String, Error> {
    let name = || path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| Error::Read { what, path: name(), source })?;
    String::from_utf8(bytes).map_err(|_| Error::NotText { what, path: name() })
}
