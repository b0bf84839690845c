//! The children of an element.

use crate::format::Tree;

/// The last child of this name. It counts, because the app overwrites earlier ones.
pub(crate) fn last<'a>(parent: &'a Tree, name: &str) -> Option<&'a Tree> {
    parent.children.iter().rev().find(|child| child.name == name)
}
