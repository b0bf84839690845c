//! Text written by people that goes into files. It never contains a control character.

use std::borrow::Cow;
use std::fmt;

use super::Invalid;

/// The maximum length of a text in bytes. No client shows more, so a longer text is an attack.
const LONGEST: usize = 16 * 1024;

/// One line of text without control characters.
///
/// A newline in a display name would add a line to a `.prf` or `.reg` file, so it is refused here,
/// once, for all formats. Quotes, angle brackets and right-to-left marks are allowed: each format
/// escapes the characters that are special in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    /// Checks a text.
    ///
    /// # Errors
    ///
    /// It has a control character or a reserved one, or is longer than 16 KiB.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if text.len() > LONGEST {
            return Err(Invalid::new(format!("{} bytes long; {LONGEST} is the most", text.len())));
        }
        // Testing all bytes without an early exit is fastest, and most texts pass this test.
        if !text.bytes().fold(false, |found, byte| found | may_be_forbidden(byte)) {
            return Ok(Self(text.to_owned()));
        }
        match text.char_indices().find(|&(_, c)| forbidden(c)) {
            Some((at, c)) if is_reserved(c) => {
                Err(Invalid::new(format!("private-use character U+{:04X} at byte {at}", c as u32)))
            }
            Some((at, c)) if is_noncharacter(c) => {
                Err(Invalid::new(format!("U+{:04X} at byte {at} is not a character", c as u32)))
            }
            Some((at, _)) => Err(Invalid::new(format!("control character at byte {at}"))),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether Thunderbird changes this text when it reads it from XML.
///
/// Its JXON reader converts text that looks like a number or a boolean. Seen in Thunderbird 153: it
/// sends the user name `00123` as `123` and `1e5` as `100000`, and shows the displayName `007` as
/// `7`. A number in its usual spelling does not change.
pub fn reads_as_another(text: &str) -> bool {
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return true;
    }
    // A JavaScript number is exact up to 15 digits.
    let plain = text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit());
    if plain && (text == "0" || !text.starts_with('0')) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        }
    }
    // Rust's number grammar equals JavaScript's, except for the names of infinity and not-a-number.
    lower.contains(|c: char| c.is_ascii_digit()) && lower.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Shortens a name to at most `longest` characters, at a space if possible. The result is never a
/// text for which [`reads_as_another`] is true, unless it is for the name itself.
pub fn shortened(name: &str, longest: usize) -> String {
    let head: String = name.chars().take(longest).collect();
    if head == name {
        return head;
    }
    let words = head.rfind(' ').map_or(head.as_str(), |space| &head[..space]).trim_end();
    match [words, head.trim_end()].into_iter().find(|cut| !reads_as_another(cut)) {
        Some(cut) => cut.to_owned(),
        None => head.chars().take(longest.saturating_sub(1)).chain(['\u{2026}']).collect(),
    }
}

/// A text from elsewhere as it may reach a terminal or a log: characters that would steer the one, or
/// forge a line of the other, become U+FFFD. These are the control characters (C0, DEL and C1), and
/// those that turn the direction of writing (Unicode TR 36 section 3.6).
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    replace_if(text, steers)
}

/// Like [`printable`], for a text of several lines.
pub(crate) fn printable_lines(text: &str) -> Cow<'_, str> {
    replace_if(text, |c| steers(c) && !matches!(c, '\n' | '\t'))
}

fn replace_if(text: &str, steers: impl Fn(char) -> bool) -> Cow<'_, str> {
    match text.contains(&steers) {
        true => text.chars().map(|c| if steers(c) { '\u{FFFD}' } else { c }).collect(),
        false => Cow::Borrowed(text),
    }
}

pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Whether this UTF-8 byte can start a [`forbidden`] character; few other characters start with
/// one.
fn may_be_forbidden(byte: u8) -> bool {
    (byte < b' ') | (byte == 0x7F) | (byte == 0xC2) | (byte == 0xE2) | (byte >= 0xEF)
}

fn forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_noncharacter(c) || is_reserved(c)
}

/// Whether the character is U+FFFE, U+FFFF, U+FDD0..U+FDEF or one of the last two of any plane (XML
/// 1.0 cannot write the first two at all).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || (c as u32) & 0xFFFE == 0xFFFE
}

/// Plane 15 holds the marks with which `render` represents values.
pub(crate) fn is_reserved(c: char) -> bool {
    ('\u{F0000}'..='\u{FFFFD}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_in_a_display_name_is_refused() {
        let err = Text::new("Ann\r\n[Service1]").unwrap_err();
        assert_eq!(err.to_string(), "control character at byte 3");
    }

    #[test]
    fn line_separators_and_c1_controls_are_refused() {
        for text in ["a\u{2028}b", "a\u{85}b", "\u{0}", "\u{7f}", "\u{FFFE}", "\u{F0001}"] {
            assert!(Text::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_javascript_changes_is_told_from_what_it_keeps() {
        for text in ["007", "1e5", "TRUE", "0x1f", "1.0", " 5.50".trim(), "12345678901234567890"] {
            assert!(reads_as_another(text), "{text}");
        }
        for text in ["163", "0", "1&1", "7up", "e5", "Infinity", "00x"] {
            assert!(!reads_as_another(text), "{text}");
        }
    }

    #[test]
    fn a_name_is_cut_between_words_and_never_to_a_number() {
        assert_eq!(shortened("Example Mail", 20), "Example Mail");
        assert_eq!(shortened("Example Mail of the University", 20), "Example Mail of the");
        assert_eq!(shortened("007 Supercalifragilistic", 20), "007 Supercalifragili");
        assert_eq!(shortened(&"8".repeat(90), 20), format!("{}\u{2026}", "8".repeat(19)));
    }

    #[test]
    fn quotes_brackets_and_direction_marks_are_text() {
        let text = "\"]]>\u{202e}<%00 & 'ann' 日本";
        assert_eq!(Text::new(text).unwrap().as_str(), text);
    }
}
