//! Windows registry files, version 5.
//!
//! regedit skips a line that it does not understand, imports the rest and reports success. So
//! `examine` reads on and collects each such line as a flaw, while `parse` treats the first one as
//! an error.
//!
//! Microsoft KB 310516; Wine's tests of `reg import`, whose expectations hold on Windows too; Wine
//! 8.

mod value;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::characters::{MOST_NODES, control, lines, named};
use super::errors::Flaws;
use super::{Flaw, Malformed, Tree, Unwritable};
use crate::codes;
use crate::finding::PerCode;

use value::WHITE;

pub(super) const FIRST_LINE: &str = "Windows Registry Editor Version 5.00";
/// The first line of Windows 9x files. Their text, and strings written as bytes, are in the code
/// page of the PC.
const FIRST_LINE_4: &str = "REGEDIT4";

/// Microsoft Learn, "Registry element size limits".
const DEEPEST_KEY: usize = 512;

/// The root keys, with the short names that only some programs know.
const HIVES: [(&str, &str); 5] = [
    ("HKEY_CURRENT_USER", "HKCU"),
    ("HKEY_LOCAL_MACHINE", "HKLM"),
    ("HKEY_CLASSES_ROOT", "HKCR"),
    ("HKEY_USERS", "HKU"),
    ("HKEY_CURRENT_CONFIG", "HKCC"),
];

/// Escapes a value for the inside of a quoted string. Key lines have no escapes: they contain `\`
/// as it is.
pub(super) fn escape(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    if let Some(c) = control(value) {
        return Err(Unwritable(format!("{} cannot stand in a quoted registry string", named(c))));
    }
    if !value.contains(['\\', '"']) {
        return Ok(Cow::Borrowed(value));
    }
    Ok(Cow::Owned(value.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Parses strictly: the first flaw is an error.
pub(super) fn parse(text: &str) -> Result<Tree, Malformed> {
    let (tree, flaws) = examine(text);
    match flaws.into_kept().into_iter().next() {
        Some(Flaw { code, message, span }) => Err(Malformed { code, message, span }),
        None => Ok(tree),
    }
}

/// Reads keys (kind `key` or `delete-key`, named by their full path) with their values (kind
/// `string`, `dword`, `hex`, `hex(n)` or `delete`; the default value is named `@`). Names compare
/// without case, as on Windows. The tree leaves out what regedit drops.
pub(super) fn examine(text: &str) -> (Tree, PerCode<Flaw>) {
    let mut file = RegFile {
        root: Tree::branch("", "", 0..text.len()),
        flaws: Flaws::default(),
        nodes: 0,
        keys: HashMap::new(),
        values: HashMap::new(),
        below: CurrentKey::Nothing,
        ansi: false,
    };
    let mut lines = lines(text);
    if text.is_empty() {
        file.flaws.add(
            codes::REG_FIRST_LINE,
            &(0..0),
            format!("the first line has to be {FIRST_LINE}"),
        );
    }
    let mut number = 0;
    while let Some((line, span)) = lines.next() {
        number += 1;
        if file.nodes > MOST_NODES {
            file.flaws.too_much(MOST_NODES, "keys and values", span.start);
            break;
        }
        if number > 2 || !file.opening(number, line, &span) {
            file.line(line, span, &mut lines);
        }
    }
    (file.root, file.flaws.0)
}

/// The key that the next value belongs to.
enum CurrentKey {
    /// No key yet.
    Nothing,
    /// The last key of the tree.
    Key,
    /// A key that the file deletes.
    Deleted,
    /// A key that regedit drops.
    Dropped,
}

struct RegFile {
    root: Tree,
    flaws: Flaws,
    /// The keys and values in the tree.
    nodes: usize,
    /// The keys so far, in lower case, with their kind. Deleting a key and then creating it is
    /// fine; the reverse order would leave nothing.
    keys: HashMap<String, &'static str>,
    /// The values of the last key, in lower case, with their places among its children.
    values: HashMap<String, usize>,
    below: CurrentKey,
    ansi: bool,
}

impl RegFile {
    /// Checks one of the first two lines. Returns whether the line needs no further reading.
    fn opening(&mut self, number: usize, line: &str, span: &Range<usize>) -> bool {
        if number == 2 {
            let empty = line.is_empty();
            let first_is_good = self.ansi || self.flaws.0.is_empty();
            if !empty && first_is_good {
                self.flaws.add(codes::REG_SECOND_LINE, span, "the second line has to be empty");
            }
            return empty;
        }
        if line == FIRST_LINE {
            return true;
        }
        if line == FIRST_LINE_4 {
            self.ansi = true;
            let message = format!("{line} is a file of Windows 9x; it is {FIRST_LINE} since then");
            self.flaws.add(codes::REG_VERSION_4, span, message);
            return true;
        }
        // Wine 8 and regedit import nothing at all.
        self.flaws.add(
            codes::REG_FIRST_LINE,
            span,
            format!("the first line has to be {FIRST_LINE}"),
        );
        !line.trim_start().starts_with(['[', '"', ';'])
    }

    fn line<'a>(
        &mut self,
        line: &'a str,
        span: Range<usize>,
        lines: &mut impl Iterator<Item = (&'a str, Range<usize>)>,
    ) {
        if let Some(c) = control(line) {
            self.flaws.add(codes::REG_CONTROL_CHARACTER, &span, format!("{} in a line", named(c)));
        }
        let bare = line.trim_matches(WHITE);
        // White space after a `\` at the end of a line has a rule of its own.
        if bare != line && !bare.ends_with('\\') {
            self.flaws.add(codes::REG_WHITE_SPACE, &span, "white space around the line");
        }
        match bare.chars().next() {
            None | Some(';') => {}
            Some('#') => {
                self.flaws.add(codes::REG_COMMENT_SIGN, &span, "a comment begins with \";\"");
            }
            Some('[') => self.key(bare, span),
            _ if bare == FIRST_LINE => {} // reported by `opening`
            _ => {
                let (value, span) = value::value(line, span, lines, self.ansi, &mut self.flaws);
                self.put(value, &span);
            }
        }
    }

    fn put(&mut self, value: Option<Tree>, span: &Range<usize>) {
        let dropped = match self.below {
            CurrentKey::Nothing => Some((codes::REG_NO_KEY, "a value before the first [key]")),
            CurrentKey::Deleted => {
                Some((codes::REG_VALUE_OF_DELETED_KEY, "a value under a key that is deleted"))
            }
            CurrentKey::Dropped => {
                Some((codes::REG_VALUE_OF_DROPPED_KEY, "the value is dropped with its key"))
            }
            CurrentKey::Key => None,
        };
        if let Some((code, message)) = dropped {
            self.flaws.add(code, span, message);
            return;
        }
        let (Some(value), Some(key)) = (value, self.root.children.last_mut()) else { return };
        key.span.end = value.span.end;
        match self.values.entry(value.name.to_lowercase()) {
            Entry::Occupied(first) => {
                let message = format!("{} appears twice under one key", value.name.escape_debug());
                self.flaws.add(codes::REG_VALUE_TWICE, span, message);
                key.children[*first.get()] = value;
            }
            Entry::Vacant(new) => {
                new.insert(key.children.len());
                key.children.push(value);
                self.nodes += 1;
            }
        }
    }

    fn key(&mut self, line: &str, span: Range<usize>) {
        let inner = line.strip_prefix('[').unwrap_or(line);
        let Some((inner, behind)) = inner.rsplit_once(']') else {
            // Wine 8 assigns the values that follow to the previous key.
            let message = "a line that starts with \"[\" has to end with \"]\"";
            self.flaws.add(codes::REG_KEY_LINE, &span, message);
            return;
        };
        if !behind.is_empty() {
            self.flaws.add(codes::REG_BEHIND_KEY, &span, "something behind the closing bracket");
        }
        let (kind, path) = match inner.strip_prefix('-') {
            Some(path) => ("delete-key", path),
            None => ("key", inner),
        };
        let Some(path) = self.path(path, kind, &span) else {
            self.below = CurrentKey::Dropped;
            return;
        };
        let shown = path.escape_debug();
        match self.keys.insert(path.to_lowercase(), kind) {
            Some("key") if kind == "delete-key" => {
                let message = format!("{shown} is deleted after it was made");
                self.flaws.add(codes::REG_KEY_MADE_AND_DELETED, &span, message);
            }
            Some(before) if before == kind || before == "key" => {
                self.flaws.add(codes::REG_KEY_TWICE, &span, format!("{shown} appears twice"));
            }
            _ => {}
        }
        self.below = if kind == "key" { CurrentKey::Key } else { CurrentKey::Deleted };
        self.values = HashMap::new();
        self.nodes += 1;
        if let Some(before) = self.root.children.last_mut() {
            before.children.shrink_to_fit();
        }
        self.root.children.push(Tree::branch(path, kind, span));
    }

    /// The path of a key with the full name of its root key; `None` if regedit drops the key.
    fn path(&mut self, path: &str, kind: &str, span: &Range<usize>) -> Option<String> {
        let (root, below) = path.split_once('\\').unwrap_or((path, ""));
        let shown = root.escape_debug();
        let known = |(full, short): &&(&str, &str)| {
            full.eq_ignore_ascii_case(root) || short.eq_ignore_ascii_case(root)
        };
        let Some((full, short)) = HIVES.iter().find(known) else {
            let names: Vec<&str> = HIVES.iter().map(|(full, _)| *full).collect();
            let message = format!("\"{shown}\" is no hive; one of {}", names.join(", "));
            self.flaws.add(codes::REG_ROOT_KEY, span, message);
            return None;
        };
        if short.eq_ignore_ascii_case(root) {
            self.flaws.add(codes::REG_ROOT_KEY_SHORT, span, format!("{shown} is written {full}"));
        } else if root != *full {
            self.flaws.add(
                codes::REG_ROOT_KEY_SPELLING,
                span,
                format!("{shown} is written {full}"),
            );
        }
        let trimmed = below.trim_end_matches('\\');
        if trimmed.len() != below.len() || (below.is_empty() && path.len() != root.len()) {
            self.flaws.add(codes::REG_KEY_END, span, "a \"\\\" at the end of the key");
        }
        if trimmed.is_empty() {
            if kind == "delete-key" {
                self.flaws.add(
                    codes::REG_ROOT_KEY,
                    span,
                    format!("{full} itself cannot be deleted"),
                );
                return None;
            }
            return Some((*full).to_owned());
        }
        if trimmed.split('\\').count() > DEEPEST_KEY {
            let message = format!("a key is at most {DEEPEST_KEY} keys below its root key");
            self.flaws.add(codes::REG_KEY_PATH, span, message);
            return None;
        }
        if trimmed.split('\\').any(|part| part.is_empty() || part.chars().count() > 255) {
            let message =
                "every part of a key path has 1 to 255 characters; \"\\\" is not doubled here";
            self.flaws.add(codes::REG_KEY_PATH, span, message);
            return None;
        }
        Some(format!("{full}\\{trimmed}"))
    }
}

/// Converts to `{"keys": {path: {"delete": bool, "values": {name: {"type": …, "data": …}}}}}`. A
/// key that is deleted and created again appears once, with `delete` true.
pub(super) fn to_json(tree: &Tree) -> Value {
    let mut keys = Map::new();
    for key in &tree.children {
        let values: Map<String, Value> = key
            .children
            .iter()
            .map(|value| {
                let data = value.value.as_deref();
                (value.name.clone(), json!({"type": value.kind, "data": data}))
            })
            .collect();
        let again = keys.contains_key(&key.name);
        let delete = key.kind == "delete-key" || again;
        keys.insert(key.name.clone(), json!({"delete": delete, "values": values}));
    }
    json!({ "keys": keys })
}

#[cfg(test)]
mod tests;
