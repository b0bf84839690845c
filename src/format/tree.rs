//! What every parser here gives back: an ordered tree of names and values.

use std::ops::Range;

/// A node: an XML element, attribute or text; a registry key or value; a section or an entry; a
/// JSON member.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Element name, `@attribute`, `#text`, key, entry name; empty for items of an array.
    pub name: String,
    /// What kind of value it is, where the syntax says so: `dword`, `string`, `integer`, `true`.
    pub kind: &'static str,
    pub value: Option<String>,
    pub children: Vec<Tree>,
    /// Where it stands in the decoded text.
    pub span: Range<usize>,
}

/// Equal in structure: spans do not count.
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
    pub fn branch(name: impl Into<String>, kind: &'static str, span: Range<usize>) -> Self {
        Self { name: name.into(), kind, value: None, children: Vec::new(), span }
    }

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

    /// All children of this name, in order.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tree> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// An attribute of an XML element.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.children
            .iter()
            .find(|child| child.name.strip_prefix('@') == Some(name))
            .and_then(|child| child.value.as_deref())
    }

    /// The text of an XML element that has nothing but text; empty if it has none.
    pub fn text(&self) -> &str {
        self.child("#text").and_then(|text| text.value.as_deref()).unwrap_or_default()
    }

    /// The first place where another tree is not this one with its texts resolved, as a path of
    /// names.
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

/// Whether a text is another one with its marks resolved.
pub(super) fn is_resolved(mine: &str, found: &str, resolve: &dyn Fn(&str) -> String) -> bool {
    match (mine.is_empty(), found.is_empty()) {
        // Comparing what is empty costs more than seeing that it is: glibc 2.36 loads from where there
        // is nothing, which takes a processor with AVX-512 a hundred steps.
        (true, true) => true,
        (true, false) => false,
        _ => mine == found || resolve(mine) == found,
    }
}
