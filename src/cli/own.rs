//! Checks our own files for `check`: providers, settings, manifests and templates.

use std::path::Path;

use crate::clients::{LARGEST_FILE, Targets};
use crate::codes;
use crate::finding::{Finding, Source};
use crate::render;
use crate::settings::{ListFolder, Project, read_provider_with};

use super::Failure;

/// The file name of a manifest.
const MANIFEST: &str = "target.toml";

/// The findings about one of our own files; `None` for a client's file.
pub fn check(file: &Path, name: &str, bytes: &[u8]) -> Result<Option<Vec<Finding>>, Failure> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let is_manifest = file.file_name().is_some_and(|last| last == MANIFEST);
    if !matches!(extension, Some("toml" | "hbs")) {
        return Ok(None);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(Some(vec![Finding::new(codes::NOT_UTF_8, format!("{name} is not UTF-8"))]));
    };
    if is_manifest {
        return manifest(file).map(Some);
    }
    if extension == Some("hbs") && text.len() as u64 > LARGEST_FILE {
        let message = format!("{name} has more than {LARGEST_FILE} bytes");
        return Ok(Some(vec![Finding::new(codes::TARGET_FILE_TOO_LARGE, message)]));
    }
    let source = Source::new(name, text.replace("\r\n", "\n"));
    let findings = match extension {
        Some("hbs") => render::lint(&source),
        _ if ["emailProvider", "incomingServer", "outgoingServer"]
            .iter()
            .any(|t| text.contains(t)) =>
        {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let lists = ListFolder::of_file(file);
            read_provider_with(&stem.unwrap_or_default(), &source, Some(&lists)).1
        }
        _ => Project::read(&source).1,
    };
    Ok(Some(findings))
}

/// Reads a manifest with the templates that it names.
fn manifest(file: &Path) -> Result<Vec<Finding>, Failure> {
    let folder = std::path::absolute(file)?;
    let folder = folder.parent().ok_or("a manifest stands in its target's folder")?;
    let (Some(name), Some(targets)) = (folder.file_name(), folder.parent()) else {
        return Err("a target's folder stands in a folder of targets".into());
    };
    let mut findings = Vec::new();
    Targets::new(Some(targets))?.get(&name.to_string_lossy(), &mut findings);
    Ok(findings)
}
