//! Puts finished files where people find them: folders, replaced atomically, or one archive.
//!
//! The last step of the pipeline: `render` made the bytes, `check` judged them, nothing here looks
//! into them again. A subject (provider, domain or person) is one [`Bundle`], and a bundle on disk
//! is always a whole one, the old or the new. [`dir`] says how that is kept, `zip` makes the
//! archive, `stream` and `tar` those of any size, [`manifest`] the `MANIFEST.json` of each bundle.

#[cfg(any(feature = "tar", feature = "zip"))]
pub mod archive;
pub mod dir;
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
    pub bytes: Vec<u8>,
    pub media_type: String,
    /// The target that made it: `thunderbird`.
    pub target: String,
    /// What to know about it, for the manifest.
    pub notes: Vec<String>,
    /// Whether it holds a password. One such file, and all files of its bundle are readable by
    /// their owner alone: the manifest's checksum would let others try passwords out.
    pub secret: bool,
}

/// The files of one subject.
#[derive(Clone, Default)]
pub struct Bundle {
    /// Relative to the output folder: `outlook.com`, or `outlook.com/ann@outlook.com` for a person.
    /// Each component is a [`crate::format::file_name`].
    pub folder: PathBuf,
    /// Who it is for, as the manifest says it.
    pub subject: String,
    pub files: Vec<OutFile>,
}

impl Bundle {
    fn is_secret(&self) -> bool {
        self.files.iter().any(|file| file.secret)
    }
}

/// How carefully to write.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Wait until the disk has everything. Without it a power cut (not a killed process) shortly
    /// after a run may cost what that run wrote.
    pub fsync: bool,
}
