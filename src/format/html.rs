//! HTML that is also well-formed XML ("polyglot markup"): one parser can prove its structure, and
//! every browser builds the same tree.

use std::borrow::Cow;

use super::{Malformed, Tree, Unwritable, xml};

const DOCTYPE: &str = "<!DOCTYPE html>";

/// Elements without content. WHATWG HTML section 13.1.2, "void elements"
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// Elements whose content browsers read as plain text, without tags and references. WHATWG HTML
/// section 13.3
const RAW: [&str; 7] = ["script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"];

/// Whether browsers read the content of this element as plain text.
pub(super) fn is_raw_element(name: &str) -> bool {
    RAW.contains(&name)
}

/// Escapes a value as in XML; HTML knows the same references.
pub(super) fn escape(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    xml::escape(value)
}

pub(super) fn parse(text: &str) -> Result<Tree, Malformed> {
    if !text.starts_with(DOCTYPE) {
        // Without the DOCTYPE browsers use the layout rules of 1998 ("quirks mode").
        let end = text.find('\n').unwrap_or(text.len());
        return Err(Malformed::new(format!("the first line has to be {DOCTYPE}"), 0..end));
    }
    let root = xml::parse(text)?;
    if root.name != "html" {
        let message = format!("the root element is <{}>, not <html>", root.name);
        return Err(Malformed::new(message, root.span));
    }
    check(&root, text, false)?;
    Ok(root)
}

/// Refuses markup that HTML would read differently from XML. `foreign` is true inside `<svg>` and
/// `<math>`, where HTML follows the rules of XML.
fn check(element: &Tree, text: &str, foreign: bool) -> Result<(), Malformed> {
    let source = &text[element.span.clone()];
    let name = element.name.as_str();
    let malformed = |message: String| Err(Malformed::new(message, element.span.clone()));
    let foreign = foreign || matches!(name, "svg" | "math");
    if !foreign {
        let closes_itself = source.ends_with("/>");
        if name.chars().any(|c| c.is_ascii_uppercase()) {
            return malformed(format!("<{name}>: names of HTML elements are lower case"));
        }
        match (VOID.contains(&name), closes_itself) {
            // Browsers read </br> as another <br>.
            (true, false) => return malformed(format!("<{name}> has to be written <{name}/>")),
            // Browsers ignore the slash, so the element would contain everything that follows.
            (false, true) => return malformed(format!("<{name}/> has to be <{name}></{name}>")),
            _ => {}
        }
    }
    for child in &element.children {
        let raw = &text[child.span.clone()];
        match child.kind {
            "text" if !foreign && is_raw_element(name) && raw.contains(['&', '<']) => {
                let message = format!("\"&\" or \"<\" in <{name}>, where browsers resolve nothing");
                return Err(Malformed::new(message, child.span.clone()));
            }
            "text" if !foreign && raw.contains('<') && raw.contains("<![CDATA[") => {
                let message = "CDATA in HTML, which browsers take for a comment";
                return Err(Malformed::new(message, child.span.clone()));
            }
            "" => check(child, text, foreign)?,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::any;
    use super::*;

    fn page(body: &str) -> String {
        format!("{DOCTYPE}\n<html lang=\"en\"><body>{body}</body></html>\n")
    }

    #[test]
    fn a_page_with_a_drawing_is_read() {
        let root = parse(&page("<p>a<br/>b</p><svg><path d=\"M0 0\"/></svg>")).unwrap();
        assert_eq!(root.child("body").unwrap().children.len(), 2);
    }

    #[test]
    fn the_first_line_is_the_doctype() {
        for text in [
            "<html></html>",
            "\n<!DOCTYPE html><html></html>",
            "<!doctype html><html></html>",
            "<?xml version=\"1.0\"?><!DOCTYPE html><html></html>",
            "<!DOCTYPE html><p></p>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_browsers_read_otherwise_is_malformed() {
        for body in [
            "<br></br>",
            "<br>",
            "<div/>",
            "<script src=\"a\"/>",
            "<DIV></DIV>",
            "<script>a &amp;&amp; b</script>",
            "<style><![CDATA[a]]></style>",
            "<p><![CDATA[a]]></p>",
            "<p>&nbsp;</p>",
            "<input disabled/>",
        ] {
            assert!(parse(&page(body)).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String, like in any::document(&[
            "<!DOCTYPE html>", "<html>", "</html>", "<br/>", "<script>", "</script>", "&", "<p>", "</p>",
        ])) {
            let _ = parse(&text);
            let _ = parse(&like);
            let _ = parse(&page(&like));
        }

        #[test]
        fn an_escaped_value_is_read_back(value in any::text()) {
            if let Ok(escaped) = escape(&value) {
                let root = parse(&page(&format!("<p title=\"{escaped}\">{escaped}</p>"))).unwrap();
                let p = root.child("body").and_then(|body| body.child("p")).unwrap();
                prop_assert_eq!(p.attribute("title"), Some(value.as_str()));
                prop_assert_eq!(p.text(), value.as_str());
            }
        }
    }
}
