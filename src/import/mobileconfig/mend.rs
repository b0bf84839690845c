//! Two mistakes that keep a profile from being a property list, and do not keep anybody from seeing
//! what is meant: a key twice in one dictionary, and a number that is empty.
//!
//! What is too much is overwritten with spaces, so that every other place stays where it is.

use std::collections::HashSet;
use std::ops::Range;

use super::Defect;
use crate::codes;
use crate::format::{Kind, Tree};

/// The property list without them, and what they were.
pub(super) fn mended(text: &str) -> Option<(Tree, Vec<Defect>)> {
    let root = Kind::Xml.parse(text).ok()??;
    let mut defects = Vec::new();
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
    let mended = String::from_utf8(bytes).ok()?;
    Some((Kind::Plist.parse(&mended).ok()??, defects))
}

fn look(element: &Tree, defects: &mut Vec<Defect>, surplus: &mut Vec<Range<usize>>) {
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
            // The first counts: one of the two has to.
            let message = format!("key {shown} appears twice in one <dict>");
            defects.push(Defect {
                code: codes::PROFILE_KEY_TWICE,
                message,
                span: key.span.clone(),
            });
            surplus.push(whole);
        } else if matches!(value.name.as_str(), "integer" | "real") && value.text().is_empty() {
            let message = format!("{shown} is an empty <{}>", value.name);
            defects.push(Defect {
                code: codes::PROFILE_EMPTY_NUMBER,
                message,
                span: value.span.clone(),
            });
            surplus.push(whole);
        } else {
            look(value, defects, surplus);
        }
    }
}
