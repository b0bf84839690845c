//! The child elements of an element.

use crate::format::Tree;

pub(super) fn elements(parent: &Tree) -> impl Iterator<Item = &Tree> {
    parent.children.iter().filter(|child| child.kind != "attribute")
}

/// Children of this name in any letter case. A wrong case is reported elsewhere.
pub(super) fn named<'t>(parent: &'t Tree, name: &'t str) -> impl Iterator<Item = &'t Tree> {
    elements(parent).filter(move |child| child.name.eq_ignore_ascii_case(name))
}
