//! Who reads the files of providers and makes their answers: this process, or one that does so for it and
//! ends.
//!
//! Reading takes everything that mailwright can: templates, schemas, judges. Answering takes none of it. So
//! that a server that only answers is small, another process of the same program reads for it and tells what
//! it has found; what it needed is gone with it.

mod apart;
mod frames;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::store::Packed;

pub use apart::{Apart, NoSetup, Setup, decline, is_apart, tell_apart};

/// Reads what is new or has changed, and tells of it in the order of the files' names; at last how it
/// ended.
pub trait Reader: Send + Sync {
    fn read(
        &self,
        sources: &Sources,
        wanted: &Wanted<'_>,
        tell: &mut dyn FnMut(Told),
    ) -> io::Result<()>;
}

/// Where providers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    pub(super) origin: Origin,
    /// Whose provider answers for domains that nobody has.
    default: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    BuiltIn { name: String, text: Cow<'static, str> },
    File(PathBuf),
    Folder(PathBuf),
}

/// Time of change, length and inode of a file, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp(pub(super) u64);

/// What is wanted: everything that is not as it is known.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Wanted<'a> {
    pub known: &'a BTreeMap<String, Stamp>,
    /// Only these, even if they are as they were.
    pub only: Option<&'a BTreeSet<String>>,
    /// What answers are packed against; none: the first ones say it.
    pub dictionary: Option<&'a [u8]>,
}

/// What there is to tell of a reading.
#[derive(Serialize, Deserialize)]
pub enum Told {
    Dictionary(Vec<u8>),
    /// A file that is not there any more.
    Gone(String),
    Taken {
        name: String,
        stamp: Stamp,
        packed: Packed,
    },
    /// What is wrong with it has been said.
    Broken {
        name: String,
        stamp: Stamp,
    },
    /// All has been told, or nothing can be read and why.
    End(Option<String>),
}

impl Sources {
    pub fn built_in(name: &str, text: &'static str) -> Self {
        let origin = Origin::BuiltIn { name: name.to_owned(), text: text.into() };
        Self { origin, default: Some(name.to_owned()) }
    }

    pub fn file(path: &Path) -> Self {
        Self { origin: Origin::File(path.to_owned()), default: Some(stem(path)) }
    }

    pub fn folder(path: &Path, default: Option<String>) -> Self {
        Self { origin: Origin::Folder(path.to_owned()), default }
    }

    /// The folder that has to be watched.
    pub fn watched(&self) -> Option<PathBuf> {
        match &self.origin {
            Origin::BuiltIn { .. } => None,
            Origin::File(path) => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
                Some(folder.unwrap_or(Path::new(".")).to_owned())
            }
            Origin::Folder(path) => Some(path.clone()),
        }
    }

    /// Whether it is many files, of which one more broken one does not end the service.
    pub fn is_folder(&self) -> bool {
        matches!(self.origin, Origin::Folder(_))
    }

    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }
}

/// What a provider is called whose file this is.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
