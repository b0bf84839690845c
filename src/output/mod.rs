//! Writes finished files: as folders, which are replaced atomically, or as one archive.
//!
//! This is the last step of the pipeline: `render` made the bytes and `check` has validated them.
//! Each subject (provider, domain or user) is one [`Bundle`], and a bundle on disk is always
//! complete, either the old or the new one. [`dir`] explains how; `zip` writes one zip, `stream`
//! and `tar` write archives of any size, and [`manifest`] writes the `MANIFEST.json` of each
//! bundle.

#[cfg(any(feature = "tar", feature = "zip"))]
pub mod archive;
pub mod dir;
// The messages of the variants are their documentation.
#[allow(missing_docs)]
mod error;
mod folder;
mod keep;
mod layout;
pub mod manifest;
#[cfg(feature = "zip")]
pub mod message;
mod staging;
#[cfg(feature = "zip")]
pub mod stream;
mod swap;
#[cfg(feature = "tar")]
pub mod tar;
#[cfg(test)]
mod tests;
#[cfg(feature = "zip")]
pub mod zip;

use std::path::PathBuf;

#[cfg(any(feature = "tar", feature = "zip"))]
pub use archive::check_archive_target;
pub use dir::write_dirs;
pub use error::Error;
pub use layout::folder_path;
pub use staging::check_out;
#[cfg(feature = "zip")]
pub use zip::write_zip;

/// One finished file.
#[derive(Clone, Default)]
pub struct OutFile {
    /// Relative to the bundle's folder, with `/` on every system: `thunderbird/config-v1.1.xml`.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// Its media type (RFC 6838).
    pub media_type: String,
    /// The target that generated it: `thunderbird`.
    pub target: String,
    /// Notes about the file for the manifest.
    pub notes: Vec<String>,
    /// Whether the file contains a password. If one does, all files of its bundle are readable only
    /// by their owner: with the manifest's checksum, others could test passwords.
    pub secret: bool,
}

/// The files of one subject.
#[derive(Clone, Default)]
pub struct Bundle {
    /// Relative to the output folder: `outlook.com`, or `outlook.com/ann@outlook.com` for a user.
    /// Each component is a safe file name.
    pub folder: PathBuf,
    /// The subject as written in the manifest.
    pub subject: String,
    /// The files, in the order of their paths.
    pub files: Vec<OutFile>,
}

impl Bundle {
    fn is_secret(&self) -> bool {
        self.files.iter().any(|file| file.secret)
    }
}

/// How durably to write.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Wait until the disk has stored everything. Otherwise a power failure (not a killed process)
    /// shortly after a run may lose what that run wrote.
    pub fsync: bool,
}
