//! Texts as people and attackers write them.

use mailwright::internals::model::Text;
use proptest::prelude::*;

/// What means something to one of our formats, or to a shell, in ASCII.
#[rustfmt::skip]
const ASCII: &[&str] = &[
    "\"", "'", "`", "<", ">", "&", "&amp;", "&#0;", "]]>", "-->", "<!--", "</p>", "<x y=\"1\"/>",
    "%00", "%", "%EMAILADDRESS%", "%s", "\\", "\\\\", "\\n", "\\x22", "\\\"", "$", "$(x)",
    "${x}", "$HOME", "`id`", "{", "}", "{{x}}", "{{{x}}}", "\\{{x}}", "{address}", "{provider}",
    ";", "; x", "[Section]", "[", "]", "](x)", "=", "=cmd", "=-", "#", "# x", "//", "/*", "*/",
    "|", "*", "**", "_", "~", "@", ",", ":", "- ", "1. ", "+", "!", "?", " ", "  ", "..", "../",
    "C:\\x", "dword:", "\"\"", "''", "' or '", "\" and \"", "null", "true", "0",
];

/// What windows-1252 has besides.
const LATIN: &[&str] = &["\u{a0}", "é", "ß", "ÿ", "\u{ad}", "«", "»", "€", "“", "’", "½", "¦"];

/// What only Unicode has.
#[rustfmt::skip]
const UNICODE: &[&str] = &[
    "\u{202e}", "\u{202d}", "\u{200f}", "\u{2066}", "\u{200b}", "\u{200d}", "\u{feff}",
    "e\u{301}", "\u{301}", "Ж", "Привет", "日本", "ﷺ", "👩\u{200d}👩\u{200d}👧", "\u{1F600}",
    "\u{e000}", "\u{100000}", "＂", "＜", "\u{2028}x", "ı", "İ", "ẞ", "\u{fffd}", "\u{3000}",
];

/// Any text that the model takes; some of them nothing but spaces, or empty.
///
/// An alphabet to a list: a format that cannot hold one Cyrillic letter would else never be made.
pub fn any_texts() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        2 => list(text(ASCII.to_vec(), "[a-zA-Z0-9 .-]{1,6}")),
        1 => list(text([ASCII, LATIN].concat(), "[a-zA-Z0-9 .À-ÿ-]{1,6}")),
        2 => list(text([ASCII, LATIN, UNICODE].concat(), "\\PC{1,6}")),
    ]
}

/// The same, and in each of them something to see.
pub fn visible_texts() -> impl Strategy<Value = Vec<String>> {
    any_texts().prop_map(|texts| texts.into_iter().map(visible).collect())
}

fn list(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text, 1..10)
}

fn text(pieces: Vec<&'static str>, letters: &'static str) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(pieces).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![3 => piece, 1 => letters], 0..8).prop_map(|pieces| {
        // What the model refuses is not a text; its unit tests are about that.
        pieces.concat().chars().filter(|c| Text::new(c.encode_utf8(&mut [0; 4])).is_ok()).collect()
    })
}

/// Blank texts are settings of their own: where they stand, a client sees nothing.
pub fn visible(text: String) -> String {
    if text.trim().is_empty() { format!("{text}x") } else { text }
}

/// The texts of one case, handed out in order, again and again.
pub struct Supply<'a> {
    texts: &'a [String],
    /// Instead of each a text without anything in it.
    plain: bool,
    handed_out: usize,
}

impl<'a> Supply<'a> {
    pub fn new(texts: &'a [String], plain: bool) -> Self {
        Self { texts, plain, handed_out: 0 }
    }

    pub fn text(&mut self) -> String {
        let at = self.handed_out;
        self.handed_out += 1;
        if self.plain { format!("Plain {at}") } else { self.texts[at % self.texts.len()].clone() }
    }

    /// Something to see, no longer than this, and nothing that Thunderbird takes for a number.
    pub fn name(&mut self, longest: usize) -> String {
        let text = self.text().replace("%EMAIL", "");
        let name: String = format!("N{}", text.trim()).chars().take(longest).collect();
        name.trim().to_owned()
    }

    /// The address of a page: no blanks, quotes or angle brackets.
    pub fn url(&mut self) -> String {
        format!("https://www.example.com/{}", self.text().replace([' ', '"', '<', '>'], ""))
    }

    /// A placeholder of a device management system, with anything in it.
    pub fn token(&mut self) -> String {
        format!("{{{{{}}}}}", visible(self.text()))
    }

    /// What can stand in a user name beside placeholders.
    pub fn login(&mut self) -> String {
        format!("u{}", self.text().replace('%', "").trim())
    }
}
