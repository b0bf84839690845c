//! The text children of an element, by the names that Microsoft gives them.

use std::ops::Range;

use super::elements::elements;
use super::reader::AutodiscoverReader;
use crate::codes;
use crate::format::Tree;

/// The text and the place of one child.
#[derive(Debug)]
pub(super) struct ChildText<'t> {
    /// Trimmed; empty if the element is empty.
    pub text: &'t str,
    pub span: Range<usize>,
}

/// The first child of each name.
#[derive(Debug, Default)]
pub(super) struct ChildTexts<'t>(Vec<(&'static str, ChildText<'t>)>);

impl<'t> ChildTexts<'t> {
    pub fn get(&self, name: &str) -> Option<&ChildText<'t>> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, field)| field)
    }

    /// The text of a child, if it is not empty.
    pub fn text(&self, name: &str) -> Option<&'t str> {
        self.get(name).map(|field| field.text).filter(|text| !text.is_empty())
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn iter(&self) -> impl Iterator<Item = &(&'static str, ChildText<'t>)> {
        self.0.iter()
    }
}

impl AutodiscoverReader<'_> {
    /// Reads the text children and reports their defects. `branches` are children that contain
    /// elements; they are read elsewhere.
    pub(super) fn fields<'t>(
        &mut self,
        parent: &'t Tree,
        known: &'static [&'static str],
        branches: &[&str],
    ) -> ChildTexts<'t> {
        self.no_attributes(parent);
        let mut fields = ChildTexts::default();
        for child in elements(parent) {
            if branches.iter().any(|name| child.name.eq_ignore_ascii_case(name)) {
                continue;
            }
            let Some(name) = known.iter().find(|name| child.name.eq_ignore_ascii_case(name)) else {
                self.unknown(child, parent);
                continue;
            };
            if child.name != *name {
                self.letter_case(child, name);
            }
            if fields.has(name) {
                // Clients differ in which of the two they use.
                let message = format!("a second {name}");
                self.errors.add(codes::AUTODISCOVER_REPEATED, &child.span, message);
                continue;
            }
            let field = ChildText { text: self.leaf(child), span: child.span.clone() };
            fields.0.push((name, field));
        }
        fields
    }

    /// The text of an element.
    fn leaf<'t>(&mut self, element: &'t Tree) -> &'t str {
        let (name, text) = (&element.name, element.text());
        if let Some(odd) = element.children.iter().find(|child| child.kind != "text") {
            let message = format!("{} in {name}, which holds only text", odd.name);
            self.errors.add(codes::AUTODISCOVER_NOT_A_TEXT, &odd.span, message);
        } else if text.trim().is_empty() {
            self.errors.add(codes::AUTODISCOVER_EMPTY, &element.span, format!("{name} is empty"));
        } else if text.trim() != text {
            let message = format!("white space around the text of {name}");
            self.errors.add(codes::AUTODISCOVER_WHITE_SPACE, &element.span, message);
        }
        text.trim()
    }
}
