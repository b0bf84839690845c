//! Where the files of providers are: one that is built in, one file, or a folder of them.

use std::path::{Path, PathBuf};

/// Where providers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    pub(super) origin: SourceOrigin,
    /// Whose provider answers for domains that nobody has.
    default: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SourceOrigin {
    BuiltIn { name: String, text: &'static str },
    File(PathBuf),
    Folder(PathBuf),
}

/// Time of change, length and inode of a file, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(pub(super) u64);

impl Sources {
    pub fn built_in(name: &str, text: &'static str) -> Self {
        let origin = SourceOrigin::BuiltIn { name: name.to_owned(), text };
        Self { origin, default: Some(name.to_owned()) }
    }

    pub fn file(path: &Path) -> Self {
        Self { origin: SourceOrigin::File(path.to_owned()), default: Some(stem(path)) }
    }

    pub fn folder(path: &Path, default: Option<String>) -> Self {
        Self { origin: SourceOrigin::Folder(path.to_owned()), default }
    }

    /// The folder that has to be watched.
    pub fn watched(&self) -> Option<PathBuf> {
        match &self.origin {
            SourceOrigin::BuiltIn { .. } => None,
            SourceOrigin::File(path) => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
                Some(folder.unwrap_or(Path::new(".")).to_owned())
            }
            SourceOrigin::Folder(path) => Some(path.clone()),
        }
    }

    /// Whether it is many files, of which one more broken one does not end the service.
    pub fn is_folder(&self) -> bool {
        matches!(self.origin, SourceOrigin::Folder(_))
    }

    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }
}

/// What a provider is called whose file this is.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
