//! Validates many files that differ only in their values.

use super::{FileFormat, Malformed, Tree, html, xml};

/// One parsed file with marks in place of its values. Every other file is parsed in full and
/// compared with it: for XML kinds while it is read, if that is as strict as a comparison of trees;
/// else as trees.
pub struct SkeletonMatcher(Way);

enum Way {
    /// The kind has no grammar.
    NoGrammar,
    Tree(FileFormat, Tree),
    Told(xml::XmlMatcher),
}

impl SkeletonMatcher {
    /// Parses a rendered skeleton, whose values are marks.
    ///
    /// # Errors
    ///
    /// If the skeleton does not parse.
    pub fn of(kind: &FileFormat, skeleton: &str) -> Result<Self, Malformed> {
        let Some(tree) = kind.parse(skeleton)? else { return Ok(Self(Way::NoGrammar)) };
        let told = || xml::XmlMatcher::of(skeleton);
        let told = match kind {
            FileFormat::Xml => Some(told()?),
            // HTML and property lists have rules beyond XML. These depend on names, on how elements
            // end, and on the text of a few elements. If all of those equal the skeleton's, so does
            // the result.
            FileFormat::Html => Some(told()?).filter(|told| {
                told.has_fixed_names() && !told.open_texts().any(html::is_raw_element)
            }),
            FileFormat::Plist | FileFormat::ManagedPlist => Some(told()?)
                .filter(|told| told.has_fixed_names() && told.open_texts().all(|e| e == "string")),
            _ => None,
        };
        Ok(Self(told.map_or_else(|| Way::Tree(kind.clone(), tree), Way::Told)))
    }

    /// The path of names to the first place where a file differs from the skeleton with its marks
    /// resolved.
    ///
    /// # Errors
    ///
    /// If the file does not parse.
    pub fn difference(
        &self,
        text: &str,
        resolve: &dyn Fn(&str) -> String,
    ) -> Result<Option<String>, Malformed> {
        match &self.0 {
            Way::NoGrammar => Ok(None),
            Way::Tree(kind, tree) => match kind.parse(text)? {
                Some(found) => Ok(tree.difference(&found, resolve)),
                None => Ok(None),
            },
            Way::Told(told) => told.difference(text, resolve),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::any;
    use super::*;

    const MARK: char = '\u{F0000}';

    fn difference(
        kind: &FileFormat,
        skeleton: &str,
        text: &str,
        value: &str,
    ) -> Result<bool, Malformed> {
        let again = SkeletonMatcher::of(kind, skeleton)?;
        let resolve = |text: &str| text.replace(MARK, value);
        again.difference(text, &resolve).map(|found| found.is_some())
    }

    fn by_trees(
        kind: &FileFormat,
        skeleton: &str,
        text: &str,
        value: &str,
    ) -> Result<bool, Malformed> {
        let trees = (kind.parse(skeleton)?, kind.parse(text)?);
        let resolve = |text: &str| text.replace(MARK, value);
        let (Some(skeleton), Some(found)) = trees else { return Ok(false) };
        Ok(skeleton.difference(&found, &resolve).is_some())
    }

    const PLIST: &str = "<plist version=\"1.0\"><dict><key>a</key><string>\u{F0000}</string>\
                         <key>b</key><integer>1</integer></dict></plist>\n";
    const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\"><body title=\"\u{F0000}\"><p>\u{F0000}</p>\
                        <br/><style>a</style></body></html>\n";
    const XML: &str = "<?xml version=\"1.0\"?>\n<a b=\"\u{F0000}\"> <c>x\u{F0000}</c>\n<d/></a>\n";

    #[test]
    fn a_file_with_its_values_is_the_same_and_with_others_it_is_not() {
        for (kind, skeleton) in
            [(FileFormat::Plist, PLIST), (FileFormat::Html, PAGE), (FileFormat::Xml, XML)]
        {
            let text = skeleton.replace(MARK, "x&amp;y");
            assert_eq!(difference(&kind, skeleton, &text, "x&y"), Ok(false), "{kind:?}");
            assert_eq!(difference(&kind, skeleton, &text, "x&amp;y"), Ok(true), "{kind:?}");
        }
    }

    #[test]
    fn whatever_else_is_changed_in_a_file_is_found() {
        let changes = [
            ("<string>", "<string>\n"),
            ("<integer>1", "<integer>2"),
            ("<key>b", "<key>a"),
            ("lang=\"en\"", "lang=\"en\" dir=\"rtl\""),
            ("<p>", "<p><b></b>"),
            ("<br/>", "<br></br>"),
            ("<br/>", ""),
            ("<style>a", "<style>a<![CDATA[]]>"),
            ("<p>", "<p><![CDATA[ ]]>"),
            ("<d/>", "<d></d>"),
            ("<d/>", "<d/>\n<e/>"),
            (" <c>", "<c>"),
            ("<c>x", "<c>"),
            ("</a>", ""),
        ];
        for (kind, skeleton) in
            [(FileFormat::Plist, PLIST), (FileFormat::Html, PAGE), (FileFormat::Xml, XML)]
        {
            for (from, to) in changes.iter().filter(|(from, _)| skeleton.contains(from)) {
                let text = skeleton.replace(from, to).replace(MARK, "v");
                assert_ne!(difference(&kind, skeleton, &text, "v"), Ok(false), "{from} {to}");
            }
        }
    }

    #[test]
    fn values_that_decide_whether_a_file_is_right_are_compared_as_trees() {
        let number =
            PLIST.replace(">1<", &format!(">{MARK}<")).replace("<string>\u{F0000}", "<string>");
        assert!(difference(&FileFormat::Plist, &number, &number.replace(MARK, "x"), "x").is_err());
        let style = PAGE.replace(">a<", &format!(">{MARK}<"));
        assert!(difference(&FileFormat::Html, &style, &style.replace(MARK, "&lt;"), "<").is_err());
        let twice = PLIST.replace("<key>b", "<key>\u{F0000}");
        assert!(difference(&FileFormat::Plist, &twice, &twice.replace(MARK, "a"), "a").is_err());
        let name = PAGE.replace("<p>", "<\u{F0000}>").replace("</p>", "</\u{F0000}>");
        assert!(difference(&FileFormat::Html, &name, &name.replace(MARK, "P"), "P").is_err());
    }

    proptest! {
        /// Any text in place of a mark, escaped or not: a difference that trees show is found, and
        /// a file that does not parse never counts as equal.
        #[test]
        fn comparing_while_reading_finds_what_comparing_trees_finds(
            text in any::text(), like in any::document(&[
                "<p>", "</p>", "<string>", "</string>", "<br/>", "\"", "'", "&amp;", "<", ">", " ",
                "<![CDATA[", "]]>", "<!--", "-->", "a=", "&#9;",
            ]),
        ) {
            for (kind, skeleton) in [(FileFormat::Plist, PLIST), (FileFormat::Html, PAGE), (FileFormat::Xml, XML)] {
                // Empty values get no mark.
                for value in [&text, &like].into_iter().filter(|value| !value.is_empty()) {
                    let written = [Some(value.clone()), kind.escape(value).ok().map(Into::into)];
                    for written in written.into_iter().flatten() {
                        let file = skeleton.replace(MARK, &written);
                        let trees = by_trees(&kind, skeleton, &file, value);
                        let told = difference(&kind, skeleton, &file, value);
                        prop_assert!(trees != Ok(true) || told != Ok(false), "{file}");
                        prop_assert!(trees.is_ok() || told != Ok(false), "{file}");
                    }
                    if let Ok(written) = kind.escape(value) {
                        let file = skeleton.replace(MARK, &written);
                        prop_assert_eq!(
                            by_trees(&kind, skeleton, &file, value).ok(),
                            difference(&kind, skeleton, &file, value).ok(),
                            "{}", file
                        );
                    }
                }
            }
        }
    }
}
