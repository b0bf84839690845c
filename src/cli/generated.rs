//! The files that a run made.

use serde::Serialize;

use crate::codes::Code;
use crate::output::Bundle;

/// The bundles to write, with the table's rows.
#[derive(Default)]
pub struct GeneratedFiles {
    pub bundles: Vec<Bundle>,
    pub rows: Vec<FileRow>,
}

/// A file as listed for users.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRow {
    pub clients: Vec<String>,
    pub target: String,
    /// Relative to the output folder.
    pub file: String,
    pub delivery: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(skip)]
    pub bundle: String,
    /// Relative to the bundle, with `*` for the language if there is one file per language.
    #[serde(skip)]
    pub short: String,
    #[serde(skip)]
    pub codes: Vec<Code>,
}

impl FileRow {
    /// The codes of the notes, for one cell of a table.
    pub fn codes(&self) -> String {
        self.codes.iter().map(|code| code.name).collect::<Vec<_>>().join(" ")
    }
}

impl GeneratedFiles {
    pub fn has_secrets(&self) -> bool {
        self.bundles.iter().flat_map(|b| &b.files).any(|f| f.secret)
    }
}
