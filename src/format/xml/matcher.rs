//! Compares many documents that differ only in their values with one skeleton.

use std::borrow::Cow;
use std::ops::Range;

use super::super::Malformed;
use super::super::characters::is_mark;
use super::super::tree::is_resolved;
use super::syntax::Attribute;
use super::{ElementSink, read};

/// The events of the skeleton. Every other document must produce the same events, except where a
/// mark stands for a value. Stricter than a comparison of trees: white space counts.
#[derive(Default)]
pub struct XmlMatcher {
    told: Vec<XmlEvent>,
    /// All names and values, concatenated.
    texts: String,
}

#[derive(Debug, Clone, Copy)]
struct XmlEvent {
    what: XmlEventKind,
    /// Offset in `texts` where the name of an element or attribute ends.
    name: usize,
    /// Offset in `texts` where the value ends; it follows the name.
    value: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum XmlEventKind {
    Open,
    Attribute,
    Text,
    /// Text that contains CDATA, which browsers read as a comment.
    TextWithCdata,
    Close,
    /// Closed by its own tag (`<br/>`), which HTML allows for some elements only.
    ClosedItself,
}

impl XmlMatcher {
    /// Parses a skeleton, whose values are marks.
    pub(in crate::format) fn of(skeleton: &str) -> Result<Self, Malformed> {
        let mut repeated = Self::default();
        read(skeleton, &mut Texts::new(skeleton, &mut repeated))?;
        Ok(repeated)
    }

    /// All events with their names and values.
    fn all(&self) -> impl Iterator<Item = (XmlEventKind, &str, &str)> {
        let mut start = 0;
        self.told.iter().map(move |told| {
            let texts = (&self.texts[start..told.name], &self.texts[told.name..told.value]);
            start = told.value;
            (told.what, texts.0, texts.1)
        })
    }

    /// Whether no name of an element or attribute contains a mark.
    pub(in crate::format) fn has_fixed_names(&self) -> bool {
        !self.all().any(|(_, name, _)| name.contains(is_mark))
    }

    /// For each text that contains a mark, the name of its element. Attributes are not included.
    pub(in crate::format) fn open_texts(&self) -> impl Iterator<Item = &str> {
        let mut open: Vec<&str> = Vec::new();
        self.all().filter_map(move |(what, name, value)| {
            match what {
                XmlEventKind::Open => open.push(name),
                XmlEventKind::Close | XmlEventKind::ClosedItself => drop(open.pop()),
                XmlEventKind::Text | XmlEventKind::TextWithCdata if value.contains(is_mark) => {
                    return open.last().copied();
                }
                _ => {}
            }
            None
        })
    }

    /// The name at the first difference from the skeleton; `None` if only the marked values differ.
    pub(in crate::format) fn difference(
        &self,
        text: &str,
        resolve: &dyn Fn(&str) -> String,
    ) -> Result<Option<String>, Malformed> {
        let mut compared = Compared { left: self.all(), resolve, differs: None };
        read(text, &mut Texts::new(text, &mut compared))?;
        let missing = compared.left.next().map(|(_, name, _)| name.to_owned());
        Ok(compared.differs.or(missing))
    }
}

/// Receives the events of a document, with each text in one piece.
trait EventSink {
    fn take(&mut self, what: XmlEventKind, name: &str, value: &str);
}

impl EventSink for XmlMatcher {
    fn take(&mut self, what: XmlEventKind, name: &str, value: &str) {
        self.texts.push_str(name);
        let name = self.texts.len();
        self.texts.push_str(value);
        self.told.push(XmlEvent { what, name, value: self.texts.len() });
    }
}

struct Compared<'a, I> {
    left: I,
    resolve: &'a dyn Fn(&str) -> String,
    differs: Option<String>,
}

impl<'a, I: Iterator<Item = (XmlEventKind, &'a str, &'a str)>> EventSink for Compared<'_, I> {
    fn take(&mut self, what: XmlEventKind, name: &str, value: &str) {
        if self.differs.is_some() {
            return;
        }
        let same = |mine: &str, found: &str| is_resolved(mine, found, self.resolve);
        let fits = self.left.next().is_some_and(|(own, own_name, own_value)| {
            own == what && same(own_name, name) && same(own_value, value)
        });
        if !fits {
            self.differs = Some(if name.is_empty() { "#text" } else { name }.to_owned());
        }
    }
}

/// Joins the pieces of a text before it passes them on.
struct Texts<'a, T> {
    source: &'a str,
    text: Pieces,
    has_cdata: bool,
    to: &'a mut T,
}

enum Pieces {
    None,
    /// A range of the source, with nothing to resolve.
    One(Range<usize>),
    Many(String),
}

impl<'a, T: EventSink> Texts<'a, T> {
    fn new(source: &'a str, to: &'a mut T) -> Self {
        Self { source, text: Pieces::None, has_cdata: false, to }
    }

    fn end_text(&mut self) {
        let what = if self.has_cdata { XmlEventKind::TextWithCdata } else { XmlEventKind::Text };
        match std::mem::replace(&mut self.text, Pieces::None) {
            Pieces::None => {}
            Pieces::One(span) => self.to.take(what, "", &self.source[span]),
            Pieces::Many(text) => self.to.take(what, "", &text),
        }
        self.has_cdata = false;
    }
}

impl<T: EventSink> ElementSink for Texts<'_, T> {
    fn open(&mut self, name: &str, _: Range<usize>) {
        self.end_text();
        self.to.take(XmlEventKind::Open, name, "");
    }

    fn attribute(&mut self, attribute: Attribute<'_>) {
        let value: Cow<'_, str> = attribute.value;
        self.to.take(XmlEventKind::Attribute, attribute.name, &value);
    }

    fn characters(&mut self, piece: &str, is_cdata: bool, span: Range<usize>) {
        self.has_cdata |= is_cdata;
        self.text = match std::mem::replace(&mut self.text, Pieces::None) {
            Pieces::None if span.len() == piece.len() => Pieces::One(span),
            Pieces::None => Pieces::Many(piece.to_owned()),
            Pieces::One(before) => Pieces::Many([&self.source[before], piece].concat()),
            Pieces::Many(mut text) => {
                text.push_str(piece);
                Pieces::Many(text)
            }
        };
    }

    fn close(&mut self, span: Range<usize>) {
        self.end_text();
        let itself = self.source[span].ends_with("/>");
        self.to.take(if itself { XmlEventKind::ClosedItself } else { XmlEventKind::Close }, "", "");
    }
}
