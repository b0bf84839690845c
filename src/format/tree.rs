//! The result of every parser here: an ordered tree of names and values.

use std::ops::Range;

/// A node: an XML element, attribute or text; a registry key or value; a section or an entry of a
/// profile file; a JSON member.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Element name, `@attribute`, `#text`, key or entry name; empty for items of an array.
    pub name: String,
    /// The type of the value, if the syntax has types: `dword`, `string`, `integer`, `true`.
    pub kind: &'static str,
    /// The text or the value; `None` for a group.
    pub value: Option<String>,
    /// In the order of the file.
    pub children: Vec<Tree>,
    /// Byte range in the decoded text.
    pub span: Range<usize>,
}

/// Compares the structure and ignores spans.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.value == other.value
            && self.children == other.children
    }
}

impl Eq for Tree {}

impl Tree {
    /// The child with exactly this place. Children are in the order of the file.
    pub fn child_at(&self, span: &Range<usize>) -> Option<&Tree> {
        let next = self.children.partition_point(|child| child.span.start < span.start);
        self.children.get(next).filter(|child| child.span == *span)
    }

    /// The element or section at this place, below this one or itself. Children are in the order of
    /// the file.
    pub fn at(&self, span: &Range<usize>) -> Option<&Tree> {
        if self.span == *span && self.kind.is_empty() {
            return Some(self);
        }
        let next = self.children.partition_point(|child| child.span.end < span.end);
        self.children.get(next)?.at(span)
    }

    /// A node without a value and, so far, without children.
    pub fn branch(name: impl Into<String>, kind: &'static str, span: Range<usize>) -> Self {
        Self { name: name.into(), kind, value: None, children: Vec::new(), span }
    }

    /// A node with a value and without children.
    pub fn leaf(
        name: impl Into<String>,
        kind: &'static str,
        value: impl Into<String>,
        span: Range<usize>,
    ) -> Self {
        Self { name: name.into(), kind, value: Some(value.into()), children: Vec::new(), span }
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Tree> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name, in the order of the file.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tree> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The value of an attribute of an XML element.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.children
            .iter()
            .find(|child| child.name.strip_prefix('@') == Some(name))
            .and_then(|child| child.value.as_deref())
    }

    /// The text of an XML element that contains only text; empty if there is none.
    pub fn text(&self) -> &str {
        self.child("#text").and_then(|text| text.value.as_deref()).unwrap_or_default()
    }

    /// The path of names to the first place where `other` differs from this tree with its marks
    /// resolved. `None` if they are equal.
    pub fn difference(&self, other: &Tree, resolve: &dyn Fn(&str) -> String) -> Option<String> {
        let same = |mine: &str, others: &str| is_resolved(mine, others, resolve);
        let values = match (&self.value, &other.value) {
            (Some(mine), Some(others)) => same(mine, others),
            (mine, others) => mine == others,
        };
        if !values || self.kind != other.kind || !same(&self.name, &other.name) {
            return Some(other.name.clone());
        }
        for (a, b) in self.children.iter().zip(&other.children) {
            if let Some(path) = a.difference(b, resolve) {
                return Some(format!("{}/{path}", other.name));
            }
        }
        (self.children.len() != other.children.len()).then(|| format!("{}/*", other.name))
    }
}

/// Whether `found` equals `mine` after its marks are resolved.
pub(super) fn is_resolved(mine: &str, found: &str, resolve: &dyn Fn(&str) -> String) -> bool {
    match (mine.is_empty(), found.is_empty()) {
        // Handled apart because comparing empty slices is slow: glibc 2.36 loads from their
        // dangling pointers, which costs a processor with AVX-512 about a hundred cycles.
        (true, true) => true,
        (true, false) => false,
        _ => mine == found || resolve(mine) == found,
    }
}
