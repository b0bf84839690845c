//! Repairs two errors that make a profile an invalid property list but leave its meaning clear: a
//! key that appears twice in one dictionary, and an empty number.
//!
//! Surplus text is overwritten with spaces, so that all other positions stay the same.

use std::collections::HashSet;
use std::ops::Range;

use super::DefectList;
use crate::codes;
use crate::format::{FileFormat, Tree};

/// Parses the property list without these errors, and returns them as defects. `None` if there are
/// none or if others remain.
pub(super) fn fixed(text: &str) -> Option<(Tree, DefectList)> {
    let root = FileFormat::Xml.parse(text).ok()??;
    let mut defects = DefectList::default();
    let mut surplus = Vec::new();
    look(&root, &mut defects, &mut surplus);
    if defects.is_empty() {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for span in surplus {
        for byte in bytes.get_mut(span)? {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    let fixed = String::from_utf8(bytes).ok()?;
    Some((FileFormat::Plist.parse(&fixed).ok()??, defects))
}

fn look(element: &Tree, defects: &mut DefectList, surplus: &mut Vec<Range<usize>>) {
    let elements: Vec<&Tree> =
        element.children.iter().filter(|child| child.kind.is_empty()).collect();
    if element.name != "dict" {
        elements.iter().for_each(|child| look(child, defects, surplus));
        return;
    }
    let mut keys = HashSet::new();
    for pair in elements.chunks(2) {
        let [key, value] = pair else { continue };
        let name = key.text();
        let (shown, whole) = (name.escape_debug(), key.span.start..value.span.end);
        if !keys.insert(name) {
            // An arbitrary choice: the first one is used.
            let message = format!("key {shown} appears twice in one <dict>");
            defects.add(codes::PROFILE_KEY_TWICE, &key.span, message);
            surplus.push(whole);
        } else if matches!(value.name.as_str(), "integer" | "real") && value.text().is_empty() {
            let message = format!("{shown} is an empty <{}>", value.name);
            defects.add(codes::PROFILE_EMPTY_NUMBER, &value.span, message);
            surplus.push(whole);
        } else {
            look(value, defects, surplus);
        }
    }
}
