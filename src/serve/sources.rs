//! Where provider files come from: a built-in provider, one file, or a folder.

use std::path::{Path, PathBuf};

/// Where providers are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    pub(super) origin: SourceOrigin,
    /// The name of the provider that answers for domains of no provider.
    default: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SourceOrigin {
    BuiltIn { name: String, text: &'static str },
    File(PathBuf),
    Folder(PathBuf),
}

/// Times, length and inode of a file, hashed. If it differs, the file is read again.
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

    /// The file or folder.
    pub fn path(&self) -> Option<&Path> {
        match &self.origin {
            SourceOrigin::BuiltIn { .. } => None,
            SourceOrigin::File(path) | SourceOrigin::Folder(path) => Some(path),
        }
    }

    /// The folder to watch for changes.
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

    /// The folder, if there may be many files.
    pub fn folder_path(&self) -> Option<&Path> {
        match &self.origin {
            SourceOrigin::Folder(path) => Some(path),
            _ => None,
        }
    }

    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }
}

/// The name of a provider: its file's name without `.toml`. In a subfolder, `folder/name`.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
