//! The catalog of providers: the built-in ones, and a folder of the user's own that overrides them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codes;
use crate::document::closest;
use crate::embedded;
use crate::finding::{Finding, Source};
use crate::model::Hostname;

use super::domain_list::ListFolder;
use super::provider::{Provider, read_provider_with};
use super::{Error, read_text};

/// The example that `mailwright init` writes; not a real provider.
const STARTING_POINT: &str = "example.com";

/// Looks providers up by name and by domain.
///
/// Files are read when they are needed. Of the built-in ones, only those whose text contains the
/// domain or a wildcard are parsed.
pub struct Catalog {
    entries: BTreeMap<String, CatalogEntry>,
}

enum CatalogEntry {
    Stored(ProviderFile),
    /// Created by this run.
    Text(Arc<Source>),
}

/// Where a provider's text is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderFile {
    BuiltIn(&'static str),
    File(PathBuf),
}

/// A provider that does not exist, with the most similar name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound {
    pub name: String,
    pub suggestion: Option<String>,
}

impl Catalog {
    /// The built-in providers, overridden by the `.toml` files of a folder.
    pub fn new(folder: Option<&Path>) -> Result<Self, Error> {
        let mut entries: BTreeMap<String, CatalogEntry> = embedded::files_below("providers")
            .filter_map(|(file, text)| {
                let entry = CatalogEntry::Stored(ProviderFile::BuiltIn(text));
                Some((file.strip_suffix(".toml")?.to_owned(), entry))
            })
            .collect();
        if let Some(folder) = folder {
            for path in Self::files(folder)? {
                if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
                    let entry = CatalogEntry::Stored(ProviderFile::File(path.clone()));
                    entries.insert(stem.to_owned(), entry);
                }
            }
        }
        Ok(Self { entries })
    }

    /// Adds a provider that exists only in memory. It replaces one of the same name.
    pub fn add(&mut self, name: &str, source: Arc<Source>) {
        self.entries.insert(name.to_owned(), CatalogEntry::Text(source));
    }

    /// The provider files of a folder, sorted by name.
    pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
        let unreadable = |source| Error::Read {
            what: "the folder of providers",
            path: folder.display().to_string(),
            source,
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// The provider names that users can type.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(|(name, entry)| name.as_str() != STARTING_POINT || !entry.is_built_in())
            .map(|(name, _)| name.as_str())
    }

    /// A provider by its name, or by the path of its file.
    pub fn get(
        &self,
        name: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<Result<Option<Provider>, NotFound>, Error> {
        if let Some(entry) = self.entries.get(name) {
            return self.load(name, entry, findings).map(Ok);
        }
        let path = Path::new(name);
        if is_path(name) {
            let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("provider");
            let entry = CatalogEntry::Stored(ProviderFile::File(path.to_owned()));
            return self.load(stem, &entry, findings).map(Ok);
        }
        let suggestion = closest(name, self.names()).map(str::to_owned);
        Ok(Err(NotFound { name: name.to_owned(), suggestion }))
    }

    /// Where a provider is stored, by its name or by the path of its file.
    pub fn file(&self, name: &str) -> Result<ProviderFile, NotFound> {
        // Callers of `file` never add providers in memory.
        if let Some(CatalogEntry::Stored(file)) = self.entries.get(name) {
            return Ok(file.clone());
        }
        if is_path(name) {
            return Ok(ProviderFile::File(PathBuf::from(name)));
        }
        let suggestion = closest(name, self.names()).map(str::to_owned);
        Err(NotFound { name: name.to_owned(), suggestion })
    }

    /// The provider of a mail domain.
    pub fn by_domain(
        &self,
        domain: &Hostname,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Provider>, Error> {
        let quoted = format!("\"{domain}\"");
        // The user's own files come first, whatever their names.
        let (files, built_in): (Vec<_>, Vec<_>) =
            self.entries.iter().partition(|(_, entry)| !entry.is_built_in());
        for (name, entry) in files.into_iter().chain(built_in) {
            if let CatalogEntry::Stored(ProviderFile::BuiltIn(text)) = entry
                && ((!text.contains(&quoted) && !text.contains("\"*.")) || name == STARTING_POINT)
            {
                continue;
            }
            let mut own = Vec::new();
            let provider = self.load(name, entry, &mut own)?;
            match provider {
                Some(provider)
                    if provider.config.domains.contains(domain) || provider.covers(domain) =>
                {
                    findings.append(&mut own);
                    return Ok(Some(provider));
                }
                // A broken file may be the one with this domain, so its findings are reported.
                None => findings.append(&mut own),
                Some(_) => {}
            }
        }
        Ok(None)
    }

    fn load(
        &self,
        name: &str,
        entry: &CatalogEntry,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Provider>, Error> {
        let source: Arc<Source> = match entry {
            CatalogEntry::Stored(ProviderFile::BuiltIn(text)) => {
                Source::new(format!("providers/{name}.toml"), *text)
            }
            CatalogEntry::Stored(ProviderFile::File(path)) => {
                Source::new(path.display().to_string(), read_text(path, "provider file")?)
            }
            CatalogEntry::Text(source) => Arc::clone(source),
        };
        let lists = match entry {
            CatalogEntry::Stored(ProviderFile::File(path)) => Some(ListFolder::of_file(path)),
            _ => None,
        };
        let (provider, mut own) = read_provider_with(name, &source, lists.as_ref());
        findings.append(&mut own);
        Ok(provider)
    }
}

impl CatalogEntry {
    fn is_built_in(&self) -> bool {
        matches!(self, Self::Stored(ProviderFile::BuiltIn(_)))
    }
}

/// Whether the user typed a path rather than a name.
fn is_path(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "toml")
        || name.contains(std::path::MAIN_SEPARATOR)
}

impl Catalog {
    /// The commented example file that `init` writes.
    pub fn starting_point() -> &'static str {
        embedded::file("providers/example.com.toml").expect("build.rs embeds it")
    }
}

impl NotFound {
    pub fn finding(&self, catalog: &Catalog) -> Finding {
        let help = match &self.suggestion {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!(
                "an address has an @, a domain a dot; of providers there are {}; a file of your own is named by its path, and `mailwright init` starts one",
                catalog.names().collect::<Vec<_>>().join(", ")
            ),
        };
        let message = format!("there is no provider \"{}\"", self.name.escape_debug());
        Finding::new(codes::NO_SUCH_PROVIDER, message).help(help)
    }
}
