//! Text that people wrote and that goes into files: never a control character in it.

use std::fmt;

use super::Invalid;

/// The longest text a settings value may have, in bytes. No client shows more; a file that
/// carries more is somebody's attack.
const LONGEST: usize = 16 * 1024;

/// One line of text without control characters.
///
/// A newline in a display name would write a line of its own into a `.prf` or `.reg` file, so it
/// is refused here, once, for all formats. Quotes, angle brackets and right-to-left marks are
/// fine: each format escapes what means something to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if text.len() > LONGEST {
            return Err(Invalid::new(format!("{} bytes long; {LONGEST} is the most", text.len())));
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

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_noncharacter(c) || is_reserved(c)
}

/// U+FFFE, U+FFFF, U+FDD0..U+FDEF and the last two of every plane (XML 1.0 has no way to write
/// the first two at all).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || (c as u32) & 0xFFFE == 0xFFFE
}

/// Plane 15 is where `render` puts the marks that stand for values.
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
    fn quotes_brackets_and_direction_marks_are_text() {
        let text = "\"]]>\u{202e}<%00 & 'ann' 日本";
        assert_eq!(Text::new(text).unwrap().as_str(), text);
    }
}
