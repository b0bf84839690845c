//! The files that are built into the program (`mdm/`, `providers/`, `schemas/`, `templates/`) and
//! the parsed templates, in tables that `build.rs` generates.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a file by its path, e.g. `templates/thunderbird/target.toml`.
pub fn file(path: &str) -> Option<&'static str> {
    find(FILES, path)
}

/// The parsed form of a built-in template for `render::parsed`. `None` if `text` is not the text of
/// the built-in file.
pub(crate) fn parsed(path: &str, text: &str) -> Option<&'static str> {
    find(TEMPLATES, path).filter(|_| file(path) == Some(text))
}

/// The parsed form of a path from a built-in manifest.
pub(crate) fn parsed_path(path: &str) -> Option<&'static str> {
    find(PATHS, path)
}

fn find(table: &[(&str, &'static str)], path: &str) -> Option<&'static str> {
    let at = table.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    Some(table[at].1)
}

/// All files below a folder as (relative path, text), sorted by path.
pub fn files_below(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let prefix = format!("{}/", folder.trim_end_matches('/'));
    FILES.iter().filter_map(move |(name, text)| Some((name.strip_prefix(&prefix)?, *text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_so_that_a_file_is_found_by_halving() {
        assert!(FILES.is_sorted_by_key(|(name, _)| *name));
        assert!(TEMPLATES.is_sorted_by_key(|(name, _)| *name));
        assert!(PATHS.is_sorted_by_key(|(path, _)| *path));
        assert!(file("providers/outlook.com.toml").is_some());
    }
}
