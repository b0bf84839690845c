//! Builds the tree of an XML document.

use std::ops::Range;

use super::super::{Malformed, Tree};
use super::syntax::{Attribute, is_space};
use super::{ElementSink, read};

/// Parses a document and returns its root element. Attributes come first, as `@name`; adjacent text
/// and CDATA become one `#text`; white space between elements is dropped.
pub(in crate::format) fn parse(text: &str) -> Result<Tree, Malformed> {
    let mut trees = Trees::default();
    read(text, &mut trees)?;
    trees.root.ok_or_else(|| Malformed::new("no root element", text.len()..text.len()))
}

#[derive(Default)]
struct Trees {
    /// The open elements, outermost first.
    open: Vec<Tree>,
    root: Option<Tree>,
}

impl ElementSink for Trees {
    fn open(&mut self, name: &str, span: Range<usize>) {
        self.open.push(Tree::branch(name, "", span));
    }

    fn attribute(&mut self, Attribute { name, value, span }: Attribute<'_>) {
        if let Some(element) = self.open.last_mut() {
            let leaf = Tree::leaf(["@", name].concat(), "attribute", value, span);
            element.children.push(leaf);
        }
    }

    fn characters(&mut self, piece: &str, _: bool, span: Range<usize>) {
        let Some(element) = self.open.last_mut() else { return };
        match element.children.last_mut() {
            Some(Tree { kind: "text", value: Some(value), span: before, .. }) => {
                value.push_str(piece);
                before.end = span.end;
            }
            _ if piece.is_empty() => {}
            _ => element.children.push(Tree::leaf("#text", "text", piece, span)),
        }
    }

    fn close(&mut self, span: Range<usize>) {
        let Some(mut element) = self.open.pop() else { return };
        element.span.end = span.end;
        if element.children.iter().any(|child| child.kind.is_empty()) {
            let is_blank = |child: &Tree| {
                child.kind == "text" && child.value.iter().all(|value| value.chars().all(is_space))
            };
            element.children.retain(|child| !is_blank(child));
        }
        // A list starts with room for four, and most elements have one child.
        element.children.shrink_to_fit();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }
}
