//! The catalog of targets: the built-in folders, and a folder of the user's own that overrides
//! them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codes;
use crate::document;
use crate::embedded;
use crate::finding::{Finding, Source, any_error};
use crate::regular_file::{self, Links, Refused};

use super::manifest::Target;
use super::read::{TextSources, read_manifest};
use super::summary::{Summary, summary};

include!(concat!(env!("OUT_DIR"), "/manifests.rs"));

const MANIFEST: &str = "target.toml";
/// Bytes of a template, and of any other file of a target. The largest built-in template has 20 kB.
pub const LARGEST_FILE: u64 = 256 * 1024;

/// A folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {source}")]
pub struct Error {
    path: String,
    source: std::io::Error,
}

/// Looks targets up by name. A folder of the user's own replaces the whole built-in target of the
/// same name; `targets eject` copies a built-in one as a starting point.
pub struct Targets {
    entries: BTreeMap<String, TargetEntry>,
}

struct TargetEntry {
    /// The user's own folder; `None` for a built-in target.
    folder: Option<PathBuf>,
    /// `None` if the manifest is not TOML. The mistake is reported when the target is read in full.
    summary: Option<Cow<'static, Summary>>,
}

impl TargetEntry {
    /// Whether the summary says so, or is missing. The target has to be read in full in both cases.
    fn may(&self, says: impl Fn(&Summary) -> bool) -> bool {
        self.summary.as_deref().is_none_or(says)
    }
}

impl Targets {
    pub fn new(folder: Option<&Path>) -> Result<Self, Error> {
        let mut entries: BTreeMap<String, TargetEntry> = MANIFESTS
            .iter()
            .map(|(name, summary)| {
                let entry = TargetEntry { folder: None, summary: Some(Cow::Borrowed(summary)) };
                ((*name).to_owned(), entry)
            })
            .collect();
        if let Some(folder) = folder {
            let failed = |source| Error { path: folder.display().to_string(), source };
            for entry in std::fs::read_dir(folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let manifest = path.join(MANIFEST);
                if manifest.is_file()
                    && let Some(name) = path.file_name().and_then(|n| n.to_str())
                {
                    let text = read(&manifest).ok();
                    let summary = text.as_deref().and_then(summary).map(Cow::Owned);
                    let name = name.to_owned();
                    entries.insert(name, TargetEntry { folder: Some(path), summary });
                }
            }
        }
        Ok(Self { entries })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The targets that are generated without being named (no `optIn`).
    pub fn names_unasked(&self) -> impl Iterator<Item = &str> {
        self.names_if(|summary| !summary.opt_in)
    }

    /// The targets that generate files of a media type.
    pub fn names_writing(&self, media_type: &str) -> impl Iterator<Item = &str> {
        self.names_if(move |summary| summary.media_types.iter().any(|own| own == media_type))
    }

    /// The targets with files that a web server serves.
    pub fn names_routed(&self) -> impl Iterator<Item = &str> {
        self.names_if(|summary| summary.has_routes)
    }

    fn names_if(&self, says: impl Fn(&Summary) -> bool) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(move |(_, entry)| entry.may(&says)).map(|(name, _)| &**name)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Reads a target with all files that its manifest names. `None` if one of the findings is an
    /// error.
    pub fn get(&self, name: &str, findings: &mut Vec<Finding>) -> Option<Target> {
        let Some(TargetEntry { folder, .. }) = self.entries.get(name) else {
            findings.push(self.no_such_target(name));
            return None;
        };
        let source = match self.text(name, folder, MANIFEST) {
            Ok(source) => source,
            Err(finding) => {
                findings.push(*finding);
                return None;
            }
        };
        let (read, mut own) = read_manifest(name, &source);
        let target = read.map(|(mut target, texts)| {
            self.fill(&mut target, &texts, folder, &mut own);
            target
        });
        let broken = any_error(&own);
        findings.append(&mut own);
        target.filter(|_| !broken)
    }

    /// The targets whose names begin with `name-`, without opt-in targets.
    pub fn group(&self, name: &str, findings: &mut Vec<Finding>) -> Vec<String> {
        let prefix = format!("{name}-");
        let names: Vec<String> =
            self.names().filter(|n| n.starts_with(&prefix)).map(str::to_owned).collect();
        names
            .into_iter()
            .filter(|name| self.get(name, findings).is_some_and(|target| !target.opt_in))
            .collect()
    }

    pub fn no_such_target(&self, name: &str) -> Finding {
        let help = match document::closest(name, self.names()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("there are {}", self.names().collect::<Vec<_>>().join(", ")),
        };
        Finding::new(
            codes::NO_SUCH_TARGET,
            format!("there is no target \"{}\"", name.escape_debug()),
        )
        .help(help)
    }

    /// The files of a built-in target, for `eject`: relative path and text.
    pub fn built_in_files(name: &str) -> Vec<(&'static str, &'static str)> {
        embedded::files_below(&format!("templates/{name}")).collect()
    }

    fn fill(
        &self,
        target: &mut Target,
        texts: &TextSources,
        folder: &Option<PathBuf>,
        findings: &mut Vec<Finding>,
    ) {
        let name = target.name.clone();
        let mut wanted: BTreeSet<(bool, String)> = BTreeSet::new();
        for file in &target.files {
            wanted.insert((false, file.template.clone()));
            if let Some(schema) = &file.schema {
                wanted.insert((true, schema.clone()));
            }
        }
        for (is_schema, file) in wanted {
            let read = match (is_schema, embedded::file(&format!("schemas/{file}"))) {
                (true, Some(text)) => Ok(Source::new(format!("schemas/{file}"), text)),
                _ => self.text(&name, folder, &file),
            };
            match read {
                Ok(source) if is_schema => drop(target.schemas.insert(file, source)),
                Ok(source) => drop(target.templates.insert(file, source)),
                Err(finding) => {
                    let user = target
                        .files
                        .iter()
                        .find(|f| f.template == file || f.schema.as_deref() == Some(&file));
                    let span = user.map_or(0..0, |f| f.span.clone());
                    findings.push(finding.at(&target.source, span));
                }
            }
        }
        if let Some(texts) = &texts.folder {
            target.texts = self.texts(&name, folder, texts, findings);
        }
        for other in &texts.of {
            let at = |finding: Finding| finding.at(&target.source, texts.span.clone());
            let Some(TargetEntry { folder, .. }) = self.entries.get(other) else {
                findings.push(at(self.no_such_target(other)));
                continue;
            };
            let read =
                self.text(other, folder, MANIFEST).map(|source| read_manifest(other, &source).0);
            match read {
                Ok(Some((_, TextSources { folder: Some(theirs), .. }))) => {
                    // Mistakes in that target are reported where it is generated itself.
                    let theirs = self.texts(other, folder, &theirs, &mut Vec::new());
                    // Only in this target's own languages: a half-translated one would be of no
                    // use.
                    for (language, own) in &mut target.texts {
                        for (key, text) in theirs.get(language).into_iter().flatten() {
                            own.entry(key.clone()).or_insert_with(|| text.clone());
                        }
                    }
                }
                Ok(_) => findings
                    .push(at(Finding::new(codes::NO_TEXTS, format!("{other} has no texts")))),
                Err(finding) => findings.push(at(*finding)),
            }
        }
    }

    /// Reads the texts: language → key → text.
    fn texts(
        &self,
        name: &str,
        folder: &Option<PathBuf>,
        texts: &str,
        findings: &mut Vec<Finding>,
    ) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut all = BTreeMap::new();
        for (file, source) in self.folder(name, folder, texts, findings) {
            let Some(language) = file.strip_suffix(".toml") else { continue };
            let (read, mut own) = document::read(&source, |root| {
                let mut map = BTreeMap::new();
                for key in root.keys() {
                    if let Some(text) = root.string(&key) {
                        map.insert(key, text);
                    }
                }
                Some(map)
            });
            findings.append(&mut own);
            all.insert(language.to_owned(), read.unwrap_or_default());
        }
        all
    }

    fn text(
        &self,
        name: &str,
        folder: &Option<PathBuf>,
        file: &str,
    ) -> Result<Arc<Source>, Box<Finding>> {
        match folder {
            None => {
                let path = format!("templates/{name}/{file}");
                embedded::file(&path).map(|text| Source::new(path.as_str(), text)).ok_or_else(
                    || Box::new(Finding::new(codes::MISSING_FILE, format!("there is no {path}"))),
                )
            }
            Some(folder) => {
                let path = folder.join(file);
                read(&path).map(|text| Source::new(path.display().to_string(), text))
            }
        }
    }

    fn folder(
        &self,
        name: &str,
        folder: &Option<PathBuf>,
        texts: &str,
        findings: &mut Vec<Finding>,
    ) -> Vec<(String, Arc<Source>)> {
        match folder {
            None => {
                let below = format!("templates/{name}/{texts}");
                embedded::files_below(&below)
                    .map(|(file, text)| {
                        (file.to_owned(), Source::new(format!("{below}/{file}"), text))
                    })
                    .collect()
            }
            Some(folder) => {
                let Ok(entries) = std::fs::read_dir(folder.join(texts)) else { return Vec::new() };
                let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
                paths.sort();
                paths
                    .into_iter()
                    .filter_map(|path| {
                        let file = path.file_name()?.to_str()?.to_owned();
                        // Editors leave other files there.
                        let text = match read(&path) {
                            Ok(text) => text,
                            Err(_) if !file.ends_with(".toml") => return None,
                            Err(finding) => {
                                findings.push(*finding);
                                return None;
                            }
                        };
                        Some((file, Source::new(path.display().to_string(), text)))
                    })
                    .collect()
            }
        }
    }
}

/// Reads a file of the user's own.
fn read(path: &Path) -> Result<String, Box<Finding>> {
    let shown = path.display();
    let finding = match regular_file::read(path, LARGEST_FILE, Links::Anywhere) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(_) => Finding::new(codes::NOT_UTF_8, format!("{shown} is not UTF-8")),
        },
        Err(Refused::TooLarge(most)) => {
            let message = format!("{shown} has more than {most} bytes");
            Finding::new(codes::TARGET_FILE_TOO_LARGE, message).help(
                "is it the right file? a template can loop over a list instead of writing it out",
            )
        }
        Err(why) => Finding::new(codes::MISSING_FILE, format!("cannot read {shown}: {why}")),
    };
    Err(Box::new(finding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_made_by_name_is_known_before_it_is_read() {
        let targets = Targets::new(None).unwrap();
        let mut findings = Vec::new();
        let unasked: Vec<&str> = targets.names_unasked().collect();
        let mut opt_in = 0;
        for name in targets.names() {
            let target = targets.get(name, &mut findings).unwrap();
            assert_eq!(unasked.contains(&name), !target.opt_in, "{name}");
            opt_in += usize::from(target.opt_in);
        }
        assert!(opt_in >= 5, "{opt_in}");
    }
}
