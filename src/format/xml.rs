//! A strict XML 1.0 parser: anything that one of the parsers between us and the client could reject
//! is malformed here.
//!
//! quick-xml finds the tags and pairs them. The checks that it leaves to its callers are here
//! (document structure) and in `syntax` (names, attributes, references, characters). The reader
//! reports each element to an [`ElementSink`]: one sink builds the tree (`tree`), another compares
//! with a document that was read before (`matcher`).

mod matcher;
mod syntax;
mod tree;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

pub(super) use matcher::XmlMatcher;
pub(super) use syntax::escape;
use syntax::{Attribute, are_literals, attributes, first_forbidden, is_name, is_space, resolve};
pub(super) use tree::parse;

use super::Malformed;
use super::characters::{DEEPEST, MOST_NODES, named};

/// Receives the elements of a document while it is read. The prolog, comments, and white space
/// outside the root are checked but not reported.
trait ElementSink {
    fn open(&mut self, name: &str, span: Range<usize>);
    fn attribute(&mut self, attribute: Attribute<'_>);
    /// Text of one element can arrive in several pieces.
    fn characters(&mut self, piece: &str, is_cdata: bool, span: Range<usize>);
    /// `span` is that of the end tag, or of the whole tag if it closes itself.
    fn close(&mut self, span: Range<usize>);
}

/// Reads a whole document.
fn read(text: &str, sink: &mut impl ElementSink) -> Result<(), Malformed> {
    if text.starts_with('\u{FEFF}') {
        return Err(Malformed::new("a byte order mark; write UTF-8 without one", 0..0));
    }
    if let Some((at, c)) = first_forbidden(text) {
        let message = format!("{} cannot stand in an XML file", named(c));
        return Err(Malformed::new(message, at..at + c.len_utf8()));
    }
    let mut document = Document {
        text,
        open: Vec::new(),
        nodes: 0,
        names: BTreeSet::new(),
        has_root: false,
        has_doctype: false,
    };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let start = position(reader.buffer_position(), text);
        let event = reader.read_event();
        let span = start..position(reader.buffer_position(), text);
        match event {
            Err(why) => {
                let at = position(reader.error_position(), text);
                return Err(Malformed::new(
                    format!("not well-formed XML: {why}"),
                    at..span.end.max(at),
                ));
            }
            Ok(Event::Eof) => return document.finish(),
            Ok(event) => {
                document.take(event, span, sink)?;
                if document.nodes > MOST_NODES {
                    return Err(Malformed::too_much(MOST_NODES, "elements", start));
                }
            }
        }
    }
}

fn position(position: u64, text: &str) -> usize {
    usize::try_from(position).map_or(text.len(), |at| at.min(text.len()))
}

struct Document<'a> {
    text: &'a str,
    /// The start tags of the open elements, outermost first.
    open: Vec<Range<usize>>,
    /// The elements, attributes and pieces of text so far.
    nodes: usize,
    /// Buffer for the attribute names of the current tag.
    names: BTreeSet<&'a str>,
    has_root: bool,
    has_doctype: bool,
}

impl<'a> Document<'a> {
    fn take(
        &mut self,
        event: Event<'_>,
        span: Range<usize>,
        sink: &mut impl ElementSink,
    ) -> Result<(), Malformed> {
        match event {
            Event::Start(_) => {
                let inner = span.start + 1..span.end - 1;
                self.start(inner, span, sink)
            }
            Event::Empty(_) => {
                let inner = span.start + 1..span.end - 2;
                self.start(inner, span.clone(), sink)?;
                self.end(span, sink);
                Ok(())
            }
            Event::End(_) => {
                self.end(span, sink);
                Ok(())
            }
            Event::Text(piece) => {
                if piece.contains(']')
                    && let Some(at) = piece.find("]]>")
                {
                    let at = span.start + at;
                    return Err(Malformed::new("\"]]>\" in text; write ]]&gt;", at..at + 3));
                }
                self.characters(&piece, false, span, sink)
            }
            Event::CData(piece) => self.characters(&piece, true, span, sink),
            Event::GeneralRef(name) => {
                let c = resolve(&name).map_err(|why| Malformed::new(why, span.clone()))?;
                if self.open.is_empty() {
                    return Err(Malformed::new("a reference outside the root element", span));
                }
                self.characters(c.encode_utf8(&mut [0; 4]), false, span, sink)
            }
            Event::Comment(_) => Ok(()),
            Event::Decl(_) => self.declaration(span),
            Event::PI(_) => {
                Err(Malformed::new("a processing instruction, which no mail client reads", span))
            }
            Event::DocType(content) => self.doctype(&content, span),
            Event::Eof => Ok(()),
        }
    }

    fn start(
        &mut self,
        inner: Range<usize>,
        span: Range<usize>,
        sink: &mut impl ElementSink,
    ) -> Result<(), Malformed> {
        if self.open.is_empty() && self.has_root {
            return Err(Malformed::new("a second root element", span));
        }
        if self.open.len() >= DEEPEST {
            return Err(Malformed::new("nested too deeply", span));
        }
        let content = &self.text[inner.clone()];
        let name = &content[..content.find(is_space).unwrap_or(content.len())];
        if !is_name(name) {
            let message = format!("\"{}\" is no element name", name.escape_debug());
            return Err(Malformed::new(message, span));
        }
        sink.open(name, span.clone());
        self.open.push(span);
        self.has_root = true;
        self.nodes += 1;
        let range = inner.start + name.len()..inner.end;
        let nodes = &mut self.nodes;
        attributes(self.text, range, &mut self.names, &mut |attribute| {
            *nodes += 1;
            if *nodes <= MOST_NODES {
                sink.attribute(attribute);
            }
        })
    }

    /// quick-xml has checked that the tag closes the innermost element.
    fn end(&mut self, span: Range<usize>, sink: &mut impl ElementSink) {
        if self.open.pop().is_some() {
            sink.close(span);
        }
    }

    fn characters(
        &mut self,
        piece: &str,
        is_cdata: bool,
        span: Range<usize>,
        sink: &mut impl ElementSink,
    ) -> Result<(), Malformed> {
        if self.open.is_empty() {
            return match piece.chars().all(is_space) && !is_cdata {
                true => Ok(()),
                false => Err(Malformed::new("text outside the root element", span)),
            };
        }
        self.nodes += usize::from(self.text[..span.start].ends_with('>') && !is_cdata);
        sink.characters(piece, is_cdata, span);
        Ok(())
    }

    fn declaration(&mut self, span: Range<usize>) -> Result<(), Malformed> {
        if span.start != 0 {
            // Thunderbird 153 drops the whole file.
            return Err(Malformed::new("<?xml … ?> belongs at the very start of the file", span));
        }
        let mut found: Vec<(&str, Cow<'_, str>)> = Vec::new();
        attributes(self.text, 5..span.end - 2, &mut self.names, &mut |attribute| {
            found.push((attribute.name, attribute.value));
        })?;
        let mut found = found.iter().map(|(name, value)| (*name, value.as_ref()));
        let mut next = found.next();
        if next != Some(("version", "1.0")) {
            return Err(Malformed::new("the XML declaration needs version=\"1.0\" first", span));
        }
        next = found.next();
        // The bytes are decoded already, so the encoding is not checked here.
        if let Some(("encoding", _)) = next {
            next = found.next();
        }
        if let Some(("standalone", "yes" | "no")) = next {
            next = found.next();
        }
        match next {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("\"{}\" in the XML declaration", name.escape_debug());
                Err(Malformed::new(message, span))
            }
        }
    }

    /// A DOCTYPE is accepted and ignored, unless it has an internal subset: that could declare
    /// entities.
    fn doctype(&mut self, content: &str, span: Range<usize>) -> Result<(), Malformed> {
        if self.has_doctype || self.has_root {
            return Err(Malformed::new("a DOCTYPE belongs once, before the root element", span));
        }
        self.has_doctype = true;
        let spaced = self.text[span.clone()]
            .strip_prefix("<!DOCTYPE")
            .is_some_and(|s| s.starts_with(is_space));
        if !spaced {
            return Err(Malformed::new("DOCTYPE is written in capitals, then a space", span));
        }
        let (name, rest) = content.split_at(content.find(is_space).unwrap_or(content.len()));
        let rest = rest.trim_matches(is_space);
        let literals = match (rest.strip_prefix("PUBLIC"), rest.strip_prefix("SYSTEM")) {
            (Some(rest), _) => Some((rest, 2)),
            (_, Some(rest)) => Some((rest, 1)),
            _ => None,
        };
        let good = match literals {
            Some((rest, count)) => are_literals(rest, count),
            None => rest.is_empty(),
        };
        match is_name(name) && good {
            true => Ok(()),
            false => Err(Malformed::new("a DOCTYPE with more than a name and identifiers", span)),
        }
    }

    fn finish(self) -> Result<(), Malformed> {
        let end = self.text.len();
        if let Some(span) = self.open.last() {
            let tag = self.text[span.clone()].trim_matches(['<', '>', '/']);
            let name = tag.split(is_space).next().unwrap_or_default();
            return Err(Malformed::new(format!("<{name}> does not end"), span.clone()));
        }
        match self.has_root {
            true => Ok(()),
            false => Err(Malformed::new("no root element", end..end)),
        }
    }
}

/// The encoding that the XML declaration names, if there is one.
pub fn declared_encoding(text: &str) -> Option<&str> {
    let declaration = text.strip_prefix("<?xml")?.split("?>").next()?;
    let behind = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    behind[1..].split_once(quote).map(|(label, _)| label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::any;
    use super::*;

    fn refuses(text: &str) -> String {
        parse(text).expect_err(text).message
    }

    #[test]
    fn elements_attributes_and_text_come_in_order_with_their_places() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE a>\n\
                    <a x='1 &lt; 2'>\n  <b>t &amp; <![CDATA[<u>]]>&#x41;</b>\n  <c/>\n</a>\n";
        let root = parse(text).unwrap();
        assert_eq!(root.name, "a");
        assert_eq!(root.attribute("x"), Some("1 < 2"));
        let names: Vec<_> = root.children.iter().map(|child| child.name.as_str()).collect();
        assert_eq!(names, ["@x", "b", "c"]);
        let b = root.child("b").unwrap();
        assert_eq!(b.text(), "t & <u>A");
        assert_eq!(&text[b.span.clone()], "<b>t &amp; <![CDATA[<u>]]>&#x41;</b>");
        assert_eq!(&text[b.children[0].span.clone()], "t &amp; <![CDATA[<u>]]>&#x41;");
        assert_eq!(&text[root.children[0].span.clone()], "x='1 &lt; 2'");
        assert_eq!(&text[root.child("c").unwrap().span.clone()], "<c/>");
    }

    #[test]
    fn mixed_content_keeps_its_order_and_comments_are_dropped() {
        let root = parse("<p>a <b>x</b> <i/><!-- c --> d</p>").unwrap();
        let parts: Vec<_> =
            root.children.iter().map(|c| (c.name.as_str(), c.value.as_deref())).collect();
        assert_eq!(parts, [("#text", Some("a ")), ("b", None), ("i", None), ("#text", Some(" d"))]);
    }

    #[test]
    fn white_space_alone_stays_where_there_is_no_element() {
        assert_eq!(parse("<a> \n</a>").unwrap().text(), " \n");
        assert_eq!(parse("<a> \n<b/></a>").unwrap().children.len(), 1);
    }

    #[test]
    fn there_is_one_root_and_nothing_beside_it() {
        for text in [
            "",
            " ",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "<a>",
            "</a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a/>&amp;",
            "<a/><![CDATA[ ]]>",
            "<a/><!DOCTYPE a>",
            "< a/>",
            "<>",
            "<a:/ >",
            "<1/>",
        ] {
            refuses(text);
        }
        assert!(parse("<!-- x -->\n<a/>\n<!-- y -->\n").is_ok());
    }

    #[test]
    fn the_xml_declaration_stands_at_byte_0_or_not_at_all() {
        for text in [
            " <?xml version=\"1.0\"?><a/>",
            "\u{FEFF}<a/>",
            "<?xml?><a/>",
            "<?xml version='1.1'?><a/>",
            "<?xml encoding='UTF-8'?><a/>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
            "<a><?xml version='1.0'?></a>",
            "<?XML version='1.0'?><a/>",
            "<?php ?><a/>",
        ] {
            refuses(text);
        }
        assert!(parse("<?xml version='1.0' encoding='utf-8' standalone='no'?><a/>").is_ok());
        assert!(parse("<?xml version='1.0' encoding='ISO-8859-1'?><a/>").is_ok());
    }

    #[test]
    fn a_doctype_with_an_internal_subset_is_malformed() {
        for text in [
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<!DOCTYPE a []><a/>",
            "<!doctype a><a/>",
            "<!DOCTYPE a PUBLIC 'x'><a/>",
            "<!DOCTYPE a><!DOCTYPE a><a/>",
            "<!DOCTYPE a b><a/>",
            "<!DOCTYPE><a/>",
            "<!DOCTYPEa><a/>",
            "<!DOCTYPE a SYSTEM'x'><a/>",
        ] {
            refuses(text);
        }
        assert!(parse("<!DOCTYPE plist PUBLIC \"-//x//y\" \"http://x/y.dtd\"><plist/>").is_ok());
    }

    #[test]
    fn two_hyphens_in_a_comment_are_malformed() {
        for text in ["<a><!-- x -- y --></a>", "<a><!-- x ---></a>", "<a>]]></a>"] {
            refuses(text);
        }
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(parse(&format!("{}{}", "<a>".repeat(128), "</a>".repeat(128))).is_ok());
        assert_eq!(refuses(&"<a>".repeat(100_000)), "nested too deeply");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String, like in any::document(&[
            "<a>", "</a>", "<", ">", "/", "a", " ", "b=", "\"", "'", "&", ";", "#x", "41", "amp", "<!--",
            "--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE ", "[", "]", "<?", "?>", "xml", "\n", "é", "<a/>",
        ])) {
            let _ = parse(&text);
            let _ = parse(&like);
        }
    }
}
