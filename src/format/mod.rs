//! The kinds of files: how each escapes a value, encodes a text, and is parsed back.
//!
//! [`FileFormat`] is the only closed set in the program. A new client needs a new kind only if it
//! brings a new syntax. Line formats without a grammar share [`FileFormat::Text`]; their manifests
//! hold the rules as data.

mod characters;
mod digest;
mod errors;
mod file_name;
mod html;
mod json;
#[cfg(feature = "zip")]
pub mod mailbox;
#[cfg(feature = "zip")]
pub mod message;
mod plist;
mod pol;
mod prf;
mod reg;
mod skeleton_matcher;
mod text;
mod tree;
mod xml;

use std::borrow::Cow;

use crate::finding::PerCode;

pub use digest::{digest_record, sha256_base64, sha256_hex};
pub use errors::{Flaw, Malformed, Unwritable};
pub use file_name::{file_name, hex, safe_component};
pub use pol::Hive;
pub use skeleton_matcher::SkeletonMatcher;
pub use text::{Encoding, Newline, TextRules};
pub use tree::Tree;
pub use xml::declared_encoding;

/// A file syntax with its encoding. [`FileFormat::Text`] carries the rules from the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFormat {
    /// XML 1.0 in UTF-8 without BOM, LF.
    Xml,
    /// HTML that is well-formed XML as well ("polyglot"), UTF-8, LF.
    Html,
    /// An Apple property list in XML.
    Plist,
    /// A property list for a device management system. Quotes are not escaped, because the system
    /// searches the text for its placeholders.
    ManagedPlist,
    /// Windows registry file: UTF-16LE with BOM, CRLF.
    Reg,
    /// Group Policy's registry file (`registry.pol`) for one hive. Its text form is that of
    /// [`FileFormat::Reg`].
    Pol(Hive),
    /// Outlook profile file: windows-1252 without BOM, CRLF.
    Prf,
    /// JSON in UTF-8, LF.
    Json,
    /// A line format; the manifest describes its escaping.
    Text(TextRules),
}

impl FileFormat {
    /// Escapes a value for this format.
    ///
    /// # Errors
    ///
    /// If the format cannot represent a character of the value.
    pub fn escape<'a>(&self, value: &'a str) -> Result<Cow<'a, str>, Unwritable> {
        match self {
            FileFormat::Xml => xml::escape(value),
            FileFormat::Plist => plist::escape(value),
            FileFormat::ManagedPlist => plist::escape_managed(value),
            FileFormat::Html => html::escape(value),
            FileFormat::Reg | FileFormat::Pol(_) => reg::escape(value),
            FileFormat::Prf => prf::escape(value),
            FileFormat::Json => json::escape(value),
            FileFormat::Text(rules) => rules.escape(value),
        }
    }

    /// Encodes a finished text, whose lines end in `\n`, as the bytes of the file.
    ///
    /// # Errors
    ///
    /// If the encoding has no bytes for a character. Characters are never replaced.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, Unwritable> {
        match self {
            FileFormat::Xml
            | FileFormat::Html
            | FileFormat::Plist
            | FileFormat::ManagedPlist
            | FileFormat::Json => text::encode(text, Encoding::Utf8, Newline::Lf),
            FileFormat::Pol(hive) => pol::encode(text, *hive),
            FileFormat::Reg => text::encode(text, Encoding::Utf16LeBom, Newline::CrLf),
            FileFormat::Prf => text::encode(text, Encoding::Windows1252, Newline::CrLf),
            FileFormat::Text(rules) => text::encode(text, rules.encoding, rules.newline),
        }
    }

    /// Decodes bytes to a text whose lines end in `\n`; the reverse of [`Self::encode`].
    ///
    /// # Errors
    ///
    /// If the bytes, line ends or byte order mark do not match the kind.
    pub fn decode(&self, bytes: &[u8]) -> Result<String, Malformed> {
        match self {
            FileFormat::Xml | FileFormat::Html | FileFormat::Plist | FileFormat::ManagedPlist => {
                let text = text::decode(bytes, Encoding::Utf8, Newline::Lf)?;
                match xml::declared_encoding(&text) {
                    Some(label) if !label.eq_ignore_ascii_case("utf-8") => {
                        let label = label.escape_debug();
                        let message = format!("encoding=\"{label}\", but the file is UTF-8");
                        Err(Malformed::new(message, 0..text.find("?>").unwrap_or_default()))
                    }
                    _ => Ok(text),
                }
            }
            FileFormat::Json => text::decode(bytes, Encoding::Utf8, Newline::Lf),
            FileFormat::Pol(hive) => pol::decode(bytes, *hive),
            FileFormat::Reg => text::decode(bytes, Encoding::Utf16LeBom, Newline::CrLf),
            FileFormat::Prf => text::decode(bytes, Encoding::Windows1252, Newline::CrLf),
            FileFormat::Text(rules) => text::decode(bytes, rules.encoding, rules.newline),
        }
    }

    /// Parses a decoded text strictly. Returns `None` for kinds without a grammar.
    pub fn parse(&self, text: &str) -> Result<Option<Tree>, Malformed> {
        match self {
            FileFormat::Xml => xml::parse(text).map(Some),
            FileFormat::Html => html::parse(text).map(Some),
            FileFormat::Plist | FileFormat::ManagedPlist => plist::parse(text).map(Some),
            FileFormat::Reg | FileFormat::Pol(_) => reg::parse(text).map(Some),
            FileFormat::Prf => prf::parse(text).map(Some),
            FileFormat::Json => json::parse(text).map(Some),
            FileFormat::Text(_) => Ok(None),
        }
    }

    /// Parses a text and collects its flaws instead of stopping at the first one. Only for the
    /// kinds whose readers skip a bad line and go on; `None` for all others.
    pub fn examine(&self, text: &str) -> Option<(Tree, PerCode<Flaw>)> {
        match self {
            FileFormat::Reg => Some(reg::examine(text)),
            FileFormat::Prf => Some(prf::examine(text)),
            _ => None,
        }
    }

    /// Converts a tree to JSON for a JSON Schema check. `None` for kinds that have an XSD or no
    /// schema.
    pub fn to_json(&self, tree: &Tree) -> Option<serde_json::Value> {
        match self {
            FileFormat::Plist | FileFormat::ManagedPlist => Some(plist::to_json(tree)),
            FileFormat::Reg | FileFormat::Pol(_) => Some(reg::to_json(tree)),
            FileFormat::Prf => Some(prf::to_json(tree)),
            FileFormat::Json => Some(json::to_json(tree)),
            FileFormat::Xml | FileFormat::Html | FileFormat::Text(_) => None,
        }
    }
}

/// Generators that the property tests share.
#[cfg(test)]
mod any {
    use proptest::prelude::*;

    /// Texts as users and attackers write them, without control characters.
    pub(super) fn text() -> impl Strategy<Value = String> {
        let nasty = prop::sample::select(vec![
            "<",
            ">",
            "&",
            "\"",
            "'",
            "\\",
            "]]>",
            "-->",
            "&amp;",
            "&#0;",
            "%00",
            ";",
            "=",
            "[a]",
            "@",
            "{",
            "}",
            ",",
            " ",
            "\u{202E}",
            "\u{F0000}",
            "\u{FFFFD}",
            "é",
            "日",
            "\u{1F600}",
        ])
        .prop_map(str::to_owned);
        prop::collection::vec(prop_oneof![nasty, "[a-zA-Z0-9.-]{1,4}", "\\PC"], 0..12)
            .prop_map(|parts| parts.concat())
    }

    /// Words of a format in random order, with an occasional arbitrary text between them.
    pub(super) fn document(words: &'static [&'static str]) -> impl Strategy<Value = String> {
        let word = prop::sample::select(words.to_vec()).prop_map(str::to_owned);
        prop::collection::vec(prop_oneof![4 => word, 1 => ".{0,4}"], 0..40)
            .prop_map(|parts| parts.concat())
    }
}
