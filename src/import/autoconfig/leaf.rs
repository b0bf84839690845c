//! Elements that contain text, as Thunderbird's XML reader (JXON) reads them.

use super::super::defects::DefectList;
use crate::codes;
use crate::format::Tree;

pub(super) fn called(child: &Tree) -> String {
    match child.kind {
        "text" => "text".to_owned(),
        _ => format!("<{}>", child.name),
    }
}

/// Reports all attributes except the known ones.
pub(super) fn attributes(element: &Tree, known: &[&str], errors: &mut DefectList) {
    for attribute in element.children.iter().filter(|child| child.kind == "attribute") {
        if !known.contains(&&attribute.name[1..]) {
            let message = format!("{} has no attribute {}", element.name, &attribute.name[1..]);
            errors.add(codes::AUTOCONFIG_UNKNOWN_ATTRIBUTE, &attribute.span, message);
        }
    }
}

/// The text of an element that contains only text.
///
/// Thunderbird (JXON) turns a leaf with an attribute into an object and finds no text in it. It
/// keeps white space, so that ` SSL ` is not a valid socketType. Both are reported, and the text is
/// returned nevertheless.
pub(super) fn leaf<'a>(element: &'a Tree, errors: &mut DefectList) -> Option<&'a str> {
    if let Some(odd) = element.children.iter().find(|child| child.kind == "attribute") {
        errors.add(
            codes::AUTOCONFIG_ATTRIBUTE_ON_TEXT,
            &odd.span,
            format!("{} with an attribute is not read as text", element.name),
        );
    }
    if let Some(odd) = element.children.iter().find(|child| child.kind.is_empty()) {
        errors.add(
            codes::AUTOCONFIG_ELEMENT_IN_TEXT,
            &odd.span,
            format!("<{}> in {}, which holds only text", odd.name, element.name),
        );
        return None;
    }
    let text = element.text();
    let trimmed = text.trim();
    if trimmed.is_empty() {
        errors.add(codes::AUTOCONFIG_EMPTY, &element.span, format!("{} is empty", element.name));
        return None;
    }
    if trimmed != text {
        let message =
            format!("white space around the text of {}, which clients keep", element.name);
        errors.add(codes::AUTOCONFIG_WHITE_SPACE, &element.span, message);
    }
    Some(trimmed)
}

pub(super) fn coerced(element: &Tree, text: &str) -> String {
    format!(
        "{} {text} looks like a number or a boolean, and Thunderbird 153 makes one of it",
        element.name
    )
}
