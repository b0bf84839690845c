//! The parts of a manifest that are needed before the target is read in full.
//!
//! Reading a target costs as much as rendering a file, and a run needs only a few targets.
//! `build.rs` compiles this file too and stores the summaries of the built-in targets; a manifest
//! of the user's own is summarized when its folder is opened.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

/// A summary of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// `optIn`: the target is generated only if it is named.
    pub opt_in: bool,
    /// Whether a web server serves one of its files.
    pub has_routes: bool,
    /// The media types of its files.
    pub media_types: Cow<'static, [Cow<'static, str>]>,
}

/// The summary of a manifest. `None` if the text is not TOML; reading it in full reports that.
pub fn summary(manifest: &str) -> Option<Summary> {
    let document = DeTable::parse(manifest).ok()?;
    let root = document.get_ref();
    let files = root.get("file").map_or_else(Vec::new, |files| tables(files.get_ref()));
    let media_type = |file: &&DeTable<'_>| {
        let text = file.get("mediaType")?.get_ref().as_str()?;
        Some(Cow::Owned(text.to_owned()))
    };
    Some(Summary {
        opt_in: root.get("optIn").and_then(|value| value.get_ref().as_bool()) == Some(true),
        has_routes: files.iter().any(|file| file.contains_key("routes")),
        media_types: files.iter().filter_map(media_type).collect(),
    })
}

/// The tables of `[[file]]`, `[file]` or `file = [{ … }]`.
fn tables<'a>(value: &'a DeValue<'a>) -> Vec<&'a DeTable<'a>> {
    match value {
        DeValue::Table(table) => vec![table],
        DeValue::Array(items) => {
            items.iter().filter_map(|item| item.get_ref().as_table()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_parsed_and_not_searched_line_by_line() {
        let spelt = [
            "optIn = true\n[[file]]\nmediaType = \"text/html\"\nroutes = [\"/\"]\n",
            "'optIn' = true\nfile = [{ \"mediaType\" = \"text/html\", \"routes\" = ['/'] }]\n",
            "file.\"mediaType\" = \"text/html\"\nfile.routes = [\n\"/\"]\noptIn=true # yes\n",
        ];
        let wanted = Summary {
            opt_in: true,
            has_routes: true,
            media_types: Cow::Borrowed(&[Cow::Borrowed("text/html")]),
        };
        for manifest in spelt {
            assert_eq!(summary(manifest), Some(wanted.clone()), "{manifest}");
        }
        let none = summary("title = \"optIn = true\"\n# routes = []\n").unwrap();
        assert_eq!((none.opt_in, none.has_routes), (false, false));
        assert_eq!(summary("title ="), None);
    }
}
