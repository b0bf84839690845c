//! Text files: encodings, newlines, and the escape rules from manifests.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use super::characters::{is_mark, named};
use super::{Malformed, Unwritable};

/// The encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    #[default]
    Utf8,
    /// With a byte order mark. Without it Windows PowerShell 5.1 reads a script in the code page of
    /// the PC.
    Utf8Bom,
    /// With a byte order mark, as regedit writes it.
    Utf16LeBom,
    /// The "ANSI" code page of Western Windows.
    Windows1252,
    Ascii,
}

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The line ends of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Newline {
    #[default]
    Lf,
    CrLf,
}

/// The rules of a line format, from its manifest.
///
/// No parser checks such a file, so `refuse` is its only protection: be strict there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextRules {
    pub encoding: Encoding,
    pub newline: Newline,
    /// Characters of a value and their replacements in the file.
    pub escape: Vec<(char, String)>,
    /// Characters that no value may contain.
    pub refuse: String,
}

impl TextRules {
    /// Escapes a value. `refuse` wins over `escape`. A character that is replaced need not be in
    /// the encoding.
    pub(super) fn escape<'a>(&self, value: &'a str) -> Result<Cow<'a, str>, Unwritable> {
        let printable = value.bytes().fold(true, |all, byte| all & (b' '..=b'~').contains(&byte));
        let mut own = self.refuse.chars().chain(self.escape.iter().map(|(from, _)| *from));
        if printable && !own.any(|c| value.contains(c)) {
            return Ok(Cow::Borrowed(value));
        }
        for c in value.chars() {
            if self.refuse.contains(c) {
                return Err(Unwritable(format!("{} cannot stand in this kind of file", named(c))));
            }
            if c.is_control() {
                return Err(Unwritable(format!("{} is a control character", named(c))));
            }
            if self.replacement(c).is_none() {
                writable(c, self.encoding)?;
            }
        }
        if !value.chars().any(|c| self.replacement(c).is_some()) {
            return Ok(Cow::Borrowed(value));
        }
        let mut out = String::with_capacity(value.len() + 8);
        for c in value.chars() {
            match self.replacement(c) {
                Some(replacement) => out.push_str(replacement),
                None => out.push(c),
            }
        }
        Ok(Cow::Owned(out))
    }

    fn replacement(&self, c: char) -> Option<&str> {
        self.escape.iter().find(|(from, _)| *from == c).map(|(_, to)| to.as_str())
    }
}

/// Checks that a value may contain this character in a file of this encoding.
///
/// A mark always passes: it stands for a value and never reaches [`encode`], which would refuse it.
pub(super) fn writable(c: char, encoding: Encoding) -> Result<(), Unwritable> {
    let fits = match encoding {
        Encoding::Utf8 | Encoding::Utf8Bom | Encoding::Utf16LeBom => true,
        Encoding::Ascii => c.is_ascii(),
        Encoding::Windows1252 => windows_1252_has(c),
    };
    if fits || is_mark(c) {
        return Ok(());
    }
    Err(Unwritable(format!("{} is not in {}", named(c), encoding.name())))
}

/// Whether windows-1252 contains the character. WHATWG's table maps U+0081, U+008D … to the five
/// unused bytes; Windows has no character there.
fn windows_1252_has(c: char) -> bool {
    c.is_ascii() || !c.is_control() && !WINDOWS_1252.encode(c.encode_utf8(&mut [0; 4])).2
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 | Encoding::Utf8Bom => "UTF-8",
            Encoding::Utf16LeBom => "UTF-16",
            Encoding::Windows1252 => "windows-1252, the only alphabet that this client reads here",
            Encoding::Ascii => "ASCII",
        }
    }
}

/// Encodes a finished text whose lines end in `\n`. A character that the encoding lacks is an
/// error; it is never replaced.
pub(super) fn encode(
    text: &str,
    encoding: Encoding,
    newline: Newline,
) -> Result<Vec<u8>, Unwritable> {
    if let Some(at) = memchr::memchr2(b'\r', 0, text.as_bytes()) {
        let c = char::from(text.as_bytes()[at]);
        return Err(Unwritable(format!(
            "{} in a finished text; lines end in a line feed alone and the format adds the rest",
            named(c)
        )));
    }
    if text.starts_with('\u{FEFF}') {
        return Err(Unwritable("a byte order mark at the start of a finished text".into()));
    }
    let text = match newline {
        Newline::Lf => Cow::Borrowed(text),
        Newline::CrLf => Cow::Owned(text.replace('\n', "\r\n")),
    };
    match encoding {
        Encoding::Utf8 => Ok(text.into_owned().into_bytes()),
        Encoding::Utf8Bom => Ok([UTF8_MARK, text.as_bytes()].concat()),
        Encoding::Utf16LeBom => {
            let mut bytes = vec![0xFF, 0xFE];
            if text.is_ascii() {
                bytes.resize(text.len() * 2 + 2, 0);
                let (pairs, _) = bytes[2..].as_chunks_mut::<2>();
                pairs.iter_mut().zip(text.bytes()).for_each(|(pair, byte)| pair[0] = byte);
            } else {
                bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            }
            Ok(bytes)
        }
        Encoding::Ascii => match text.chars().find(|c| !c.is_ascii()) {
            None => Ok(text.into_owned().into_bytes()),
            Some(c) => Err(Unwritable(format!("{} is not in ASCII", named(c)))),
        },
        Encoding::Windows1252 => {
            if !text.is_ascii()
                && let Some(c) = text.chars().find(|&c| c != '\r' && !windows_1252_has(c))
            {
                return Err(Unwritable(format!("{} is not in {}", named(c), encoding.name())));
            }
            Ok(WINDOWS_1252.encode(&text).0.into_owned())
        }
    }
}

/// Decodes bytes to a text whose lines end in `\n`. Spans in errors are offsets into the part that
/// was decoded.
pub(super) fn decode(
    bytes: &[u8],
    encoding: Encoding,
    newline: Newline,
) -> Result<String, Malformed> {
    let text = match encoding {
        Encoding::Utf8 => decode_utf8(bytes)?,
        Encoding::Utf8Bom => match bytes.strip_prefix(UTF8_MARK) {
            Some(body) => decode_utf8(body)?,
            None => return Err(Malformed::new("no UTF-8 byte order mark at the start", 0..0)),
        },
        Encoding::Utf16LeBom => decode_utf16(bytes)?,
        Encoding::Ascii => {
            let text = decode_utf8(bytes)?;
            if !text.is_ascii()
                && let Some((at, c)) = text.char_indices().find(|(_, c)| !c.is_ascii())
            {
                let message = format!("{} in a file that is to be ASCII", named(c));
                return Err(Malformed::new(message, at..at + c.len_utf8()));
            }
            text
        }
        Encoding::Windows1252 => {
            let text = WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned();
            if text.starts_with("ï»¿") {
                // Outlook reads the three bytes of a UTF-8 BOM as part of the first line.
                return Err(Malformed::new("a byte order mark in a windows-1252 file", 0..0));
            }
            if !text.is_ascii()
                && let Some((at, c)) =
                    text.char_indices().find(|(_, c)| ('\u{80}'..='\u{9F}').contains(c))
            {
                let message = format!("byte {:02X} stands for nothing in windows-1252", c as u32);
                return Err(Malformed::new(message, at..at + c.len_utf8()));
            }
            text
        }
    };
    match newline {
        Newline::Lf => match memchr::memchr(b'\r', text.as_bytes()) {
            None => Ok(text),
            Some(at) => Err(Malformed::new("a carriage return; lines end in LF here", at..at + 1)),
        },
        Newline::CrLf => without_carriage_returns(&text),
    }
}

fn decode_utf8(bytes: &[u8]) -> Result<String, Malformed> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Malformed::new(format!("not UTF-8 at byte {at}"), at..at)
    })?;
    if text.starts_with('\u{FEFF}') {
        // The autoconfig database forbids it, and JSON parsers fail on it (RFC 8259 section 8.1).
        return Err(Malformed::new("a byte order mark; write UTF-8 without one", 0..0));
    }
    Ok(text.to_owned())
}

fn decode_utf16(bytes: &[u8]) -> Result<String, Malformed> {
    let Some(body) = bytes.strip_prefix(&[0xFF, 0xFE]) else {
        // Without the mark Wine 8 and regedit read the file as ANSI.
        return Err(Malformed::new("no UTF-16LE byte order mark (FF FE) at the start", 0..0));
    };
    let (pairs, rest) = body.as_chunks::<2>();
    // Fast path: most UTF-16 files contain only ASCII.
    if rest.is_empty()
        && pairs.iter().fold(true, |all, [low, high]| all & (*low < 0x80) & (*high == 0))
    {
        let bytes: Vec<u8> = pairs.iter().map(|[low, _]| *low).collect();
        return decode_utf8(&bytes);
    }
    let mut text = String::with_capacity(pairs.len());
    for unit in char::decode_utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair))) {
        match unit {
            Ok(c) => text.push(c),
            Err(lone) => {
                let message = format!("lone surrogate {:04X} in UTF-16", lone.unpaired_surrogate());
                return Err(Malformed::new(message, text.len()..text.len()));
            }
        }
    }
    if !rest.is_empty() {
        return Err(Malformed::new("an odd number of bytes in UTF-16", text.len()..text.len()));
    }
    Ok(text)
}

fn without_carriage_returns(text: &str) -> Result<String, Malformed> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let lone = match rest[at..].strip_prefix("\r\n") {
            Some(after) => {
                out.push('\n');
                rest = after;
                continue;
            }
            None if rest[at..].starts_with('\r') => "a carriage return without a line feed",
            None => "a line feed without a carriage return; lines end in CR LF here",
        };
        return Err(Malformed::new(lone, out.len()..out.len()));
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [(Encoding, Newline); 6] = [
        (Encoding::Utf8, Newline::Lf),
        (Encoding::Utf8, Newline::CrLf),
        (Encoding::Utf8Bom, Newline::CrLf),
        (Encoding::Utf16LeBom, Newline::CrLf),
        (Encoding::Windows1252, Newline::CrLf),
        (Encoding::Ascii, Newline::Lf),
    ];

    fn msmtprc() -> TextRules {
        TextRules {
            escape: vec![('\\', r"\\".into())],
            refuse: "\"".into(),
            ..TextRules::default()
        }
    }

    #[test]
    fn a_value_is_escaped_as_the_manifest_says() {
        assert_eq!(msmtprc().escape(r"a\b").unwrap(), r"a\\b");
        assert!(matches!(msmtprc().escape("ann").unwrap(), Cow::Borrowed("ann")));
    }

    #[test]
    fn a_refused_character_is_named() {
        let err = msmtprc().escape("a\"b").unwrap_err();
        assert_eq!(err.to_string(), "\"\\\"\" (U+0022) cannot stand in this kind of file");
    }

    #[test]
    fn a_newline_in_a_value_is_refused() {
        assert!(msmtprc().escape("a\nb").is_err());
    }

    #[test]
    fn cyrillic_is_refused_in_windows_1252_and_never_replaced() {
        let rules = TextRules { encoding: Encoding::Windows1252, ..TextRules::default() };
        assert!(rules.escape("Zoë €").is_ok());
        assert!(rules.escape("Аня").is_err());
        assert!(encode("Аня", Encoding::Windows1252, Newline::Lf).is_err());
        assert!(encode("\u{81}", Encoding::Windows1252, Newline::Lf).is_err());
    }

    #[test]
    fn a_mark_passes_every_escape_and_reaches_no_ansi_file() {
        let rules = TextRules { encoding: Encoding::Ascii, ..TextRules::default() };
        assert_eq!(rules.escape("\u{F0001}").unwrap(), "\u{F0001}");
        assert!(encode("\u{F0001}", Encoding::Ascii, Newline::Lf).is_err());
    }

    #[test]
    fn windows_1252_is_one_byte_a_character() {
        assert_eq!(encode("é€\n", Encoding::Windows1252, Newline::CrLf).unwrap(), b"\xE9\x80\r\n");
    }

    #[test]
    fn utf_16_has_a_byte_order_mark() {
        let bytes = encode("a\n", Encoding::Utf16LeBom, Newline::CrLf).unwrap();
        assert_eq!(bytes, b"\xFF\xFEa\0\r\0\n\0");
        assert!(decode(&bytes[2..], Encoding::Utf16LeBom, Newline::CrLf).is_err());
        assert!(decode(&bytes[..5], Encoding::Utf16LeBom, Newline::CrLf).is_err());
        assert!(decode(b"\xFF\xFE\x00\xD8", Encoding::Utf16LeBom, Newline::CrLf).is_err());
    }

    #[test]
    fn utf_8_has_a_byte_order_mark_where_it_is_asked_for() {
        let bytes = encode("ä\n", Encoding::Utf8Bom, Newline::CrLf).unwrap();
        assert_eq!(bytes, b"\xEF\xBB\xBF\xC3\xA4\r\n");
        assert!(decode(&bytes[3..], Encoding::Utf8Bom, Newline::CrLf).is_err());
    }

    #[test]
    fn a_bare_line_feed_is_malformed_where_lines_end_in_crlf() {
        let err = decode(b"a\r\nb\nc", Encoding::Utf8, Newline::CrLf).unwrap_err();
        assert_eq!(err.span, 3..3);
        assert!(decode(b"a\rb", Encoding::Utf8, Newline::CrLf).is_err());
    }

    #[test]
    fn a_carriage_return_is_malformed_where_lines_end_in_lf() {
        assert!(decode(b"a\r\nb", Encoding::Utf8, Newline::Lf).is_err());
    }

    #[test]
    fn a_utf_8_byte_order_mark_is_malformed() {
        for encoding in [Encoding::Utf8, Encoding::Windows1252, Encoding::Ascii] {
            assert!(decode(b"\xEF\xBB\xBFa", encoding, Newline::Lf).is_err(), "{encoding:?}");
        }
    }

    #[test]
    fn a_carriage_return_in_a_finished_text_is_refused() {
        assert!(encode("a\r\n", Encoding::Utf8, Newline::CrLf).is_err());
    }

    proptest! {
        #[test]
        fn decoding_never_panics(bytes: Vec<u8>) {
            for (encoding, newline) in KINDS {
                let _ = decode(&bytes, encoding, newline);
            }
        }

        #[test]
        fn what_can_be_encoded_decodes_to_itself(text: String) {
            for (encoding, newline) in KINDS {
                if let Ok(bytes) = encode(&text, encoding, newline) {
                    prop_assert_eq!(decode(&bytes, encoding, newline).unwrap(), text.clone());
                }
            }
        }
    }
}
