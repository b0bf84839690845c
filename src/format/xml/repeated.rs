//! A document that is read again and again with other values in the same places.

use std::borrow::Cow;
use std::ops::Range;

use super::super::tree::is_resolved;
use super::super::{Malformed, is_mark};
use super::syntax::Attribute;
use super::{Sink, read};

/// What was read of one document: every other has to be told the same, but for the values that its
/// marks stand for. Stricter than a comparison of trees: white space counts.
pub struct Repeated(Vec<Told>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    what: What,
    /// Of an element or attribute.
    name: String,
    /// Of an attribute or a text.
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Open,
    Attribute,
    Text,
    /// A text with CDATA in it, which is a comment in HTML.
    TextWithCdata,
    Close,
    /// By a tag that is start and end, which HTML knows for some elements only.
    ClosedItself,
}

impl Repeated {
    pub(in crate::format) fn of(skeleton: &str) -> Result<Self, Malformed> {
        let mut kept = Kept(Vec::new());
        let mut texts = Texts::new(skeleton, &mut kept);
        read(skeleton, &mut texts)?;
        Ok(Self(kept.0))
    }

    /// Whether no name is a value.
    pub(in crate::format) fn has_fixed_names(&self) -> bool {
        !self.0.iter().any(|told| told.name.contains(is_mark))
    }

    /// The name of each element with each text in it that has a mark. Attributes are not looked at.
    pub(in crate::format) fn open_texts(&self) -> impl Iterator<Item = &str> {
        let mut open: Vec<&str> = Vec::new();
        self.0.iter().filter_map(move |told| {
            match told.what {
                What::Open => open.push(&told.name),
                What::Close | What::ClosedItself => drop(open.pop()),
                What::Text | What::TextWithCdata if told.value.contains(is_mark) => {
                    return open.last().copied();
                }
                _ => {}
            }
            None
        })
    }

    /// Where a document is first told otherwise.
    pub(in crate::format) fn difference(
        &self,
        text: &str,
        resolve: &dyn Fn(&str) -> String,
    ) -> Result<Option<String>, Malformed> {
        let mut compared = Compared { left: self.0.iter(), resolve, differs: None };
        let mut texts = Texts::new(text, &mut compared);
        read(text, &mut texts)?;
        let missing = compared.left.next().map(|told| told.name.clone());
        Ok(compared.differs.or(missing))
    }
}

/// Takes what is told of a document, each text as a whole.
trait Take {
    fn take(&mut self, what: What, name: &str, value: &str);
}

struct Kept(Vec<Told>);

impl Take for Kept {
    fn take(&mut self, what: What, name: &str, value: &str) {
        self.0.push(Told { what, name: name.to_owned(), value: value.to_owned() });
    }
}

struct Compared<'a> {
    left: std::slice::Iter<'a, Told>,
    resolve: &'a dyn Fn(&str) -> String,
    differs: Option<String>,
}

impl Take for Compared<'_> {
    fn take(&mut self, what: What, name: &str, value: &str) {
        if self.differs.is_some() {
            return;
        }
        let same = |mine: &str, found: &str| is_resolved(mine, found, self.resolve);
        let fits = self.left.next().is_some_and(|told| {
            told.what == what && same(&told.name, name) && same(&told.value, value)
        });
        if !fits {
            self.differs = Some(if name.is_empty() { "#text" } else { name }.to_owned());
        }
    }
}

/// Puts the pieces of a text together.
struct Texts<'a, T> {
    source: &'a str,
    text: String,
    has_text: bool,
    has_cdata: bool,
    to: &'a mut T,
}

impl<'a, T: Take> Texts<'a, T> {
    fn new(source: &'a str, to: &'a mut T) -> Self {
        Self { source, text: String::new(), has_text: false, has_cdata: false, to }
    }

    fn end_text(&mut self) {
        if self.has_text {
            let what = if self.has_cdata { What::TextWithCdata } else { What::Text };
            self.to.take(what, "", &self.text);
            self.text.clear();
            (self.has_text, self.has_cdata) = (false, false);
        }
    }
}

impl<T: Take> Sink for Texts<'_, T> {
    fn open(&mut self, name: &str, _: Range<usize>) {
        self.end_text();
        self.to.take(What::Open, name, "");
    }

    fn attribute(&mut self, attribute: Attribute<'_>) {
        let value: Cow<'_, str> = attribute.value;
        self.to.take(What::Attribute, attribute.name, &value);
    }

    fn characters(&mut self, piece: &str, is_cdata: bool, _: Range<usize>) {
        self.text.push_str(piece);
        self.has_text = true;
        self.has_cdata |= is_cdata;
    }

    fn close(&mut self, span: Range<usize>) {
        self.end_text();
        let itself = self.source[span].ends_with("/>");
        self.to.take(if itself { What::ClosedItself } else { What::Close }, "", "");
    }
}
