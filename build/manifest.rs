//! Parses a built-in manifest for the index of targets.

use toml::{Table, Value};

use crate::summary::summary;

/// What the target index and the table of parsed templates need from a manifest.
pub struct Manifest {
    /// The target's row in the index, as Rust.
    pub row: String,
    /// The paths of the target's files, where they are templates.
    pub paths: Vec<String>,
}

/// The target name, if `file` is the path of a built-in manifest.
pub fn target_of(file: &str) -> Option<&str> {
    file.strip_prefix("templates/")?.strip_suffix("/target.toml")
}

/// Parses the manifest of a target.
///
/// # Errors
/// The text is not TOML.
pub fn read(target: &str, text: &str) -> Result<Manifest, String> {
    let table: Table = text.parse().map_err(|why: toml::de::Error| why.to_string())?;
    let summary = summary(text).ok_or("is not TOML")?;
    let types = summary.media_types.iter().map(|name| format!("Cow::Borrowed({name:?})"));
    let row = format!(
        "    ({target:?}, Summary {{ opt_in: {}, has_routes: {}, media_types: Cow::Borrowed(&[{}]) }}),\n",
        summary.opt_in,
        summary.has_routes,
        types.collect::<Vec<_>>().join(", ")
    );
    let tables = ["file", "include"].iter().filter_map(|key| table.get(*key)?.as_array()).flatten();
    let paths =
        tables.filter_map(|table| Some(table.get("path").and_then(Value::as_str)?.to_owned()));
    Ok(Manifest { row, paths: paths.filter(|path| path.contains("{{")).collect() })
}
