//! Detects the format of a file from its content, not from its name.

use std::collections::BTreeSet;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::de::IgnoredAny;

use super::{Reader, envelope};
use crate::format::declared_encoding;

/// The encoding of a text in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Utf8,
    Utf8Mark,
    Utf16LeMark,
    Utf16BeMark,
    /// Without a byte order mark; detected by the zero byte in each character.
    Utf16Le,
    Utf16Be,
    /// XML whose declaration names an encoding other than UTF-8 or UTF-16.
    Declared(&'static Encoding),
    /// Bytes that are not UTF-8; read as windows-1252.
    CodePage,
}

/// The most bytes that are searched for an XML declaration.
const DECLARATION: usize = 200;

impl Form {
    /// Detects the encoding from the first bytes and from an XML declaration.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xFF, 0xFE, ..] => Form::Utf16LeMark,
            [0xFE, 0xFF, ..] => Form::Utf16BeMark,
            [0xEF, 0xBB, 0xBF, ..] => Form::Utf8Mark,
            [1..=0xFF, 0, 1..=0xFF, 0, ..] => Form::Utf16Le,
            [0, 1..=0xFF, 0, 1..=0xFF, ..] => Form::Utf16Be,
            _ => match declared(bytes) {
                Some(encoding) => Form::Declared(encoding),
                None if std::str::from_utf8(bytes).is_ok() => Form::Utf8,
                None => Form::CodePage,
            },
        }
    }

    /// Decodes the bytes; newlines stay as they are.
    pub fn decode(self, bytes: &[u8]) -> String {
        let encoding = match self {
            Form::Utf16LeMark | Form::Utf16Le => UTF_16LE,
            Form::Utf16BeMark | Form::Utf16Be => UTF_16BE,
            Form::Utf8 | Form::Utf8Mark => UTF_8,
            Form::Declared(encoding) => encoding,
            Form::CodePage => WINDOWS_1252,
        };
        encoding.decode_with_bom_removal(bytes).0.into_owned()
    }

    /// Encodes a text; the reverse of [`Self::decode`]. `None` if the encoding lacks a character.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        let units = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect();
        Some(match self {
            Form::Utf8 => text.as_bytes().to_vec(),
            Form::Utf8Mark => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            Form::Utf16Le => units(u16::to_le_bytes),
            Form::Utf16Be => units(u16::to_be_bytes),
            Form::Utf16LeMark => [vec![0xFF, 0xFE], units(u16::to_le_bytes)].concat(),
            Form::Utf16BeMark => [vec![0xFE, 0xFF], units(u16::to_be_bytes)].concat(),
            Form::CodePage | Form::Declared(_) => {
                let encoding = if let Form::Declared(one) = self { one } else { WINDOWS_1252 };
                let (bytes, _, lost) = encoding.encode(text);
                return (!lost).then(|| bytes.into_owned());
            }
        })
    }
}

/// The encoding that an XML declaration names, if it is not UTF-8 and can be true.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(DECLARATION)];
    let start: String = start.iter().map(|byte| char::from(*byte)).collect();
    let encoding = Encoding::for_label(declared_encoding(&start)?.as_bytes())?;
    // A declaration in UTF-16 would not have been readable so far.
    (encoding != UTF_8 && encoding.is_ascii_compatible()).then_some(encoding)
}

/// The formats that can be read, for messages.
pub const FORMATS: &str = "autoconfig XML, Autodiscover XML, .mobileconfig, .reg, .prf, Thunderbird's \
    prefs.js, the payload of its QR code, .k9s, and the files of msmtp, mpop, getmail and fetchmail";

/// Finds the reader for these bytes, and decodes the text for it (newlines as `\n`).
///
/// A signed or binary profile is unwrapped first. `None` if the format is unknown.
pub fn recognise(bytes: &[u8]) -> Option<(Reader, String)> {
    if let Some((inside, _)) = envelope::open(bytes) {
        let text = Form::of(&inside).decode(&inside).replace("\r\n", "\n");
        return text.contains("<plist").then_some((Reader::Mobileconfig, text));
    }
    let text = Form::of(bytes).decode(bytes).replace("\r\n", "\n");
    let start = text.trim_start();
    let has = |word: &str| text.contains(word);
    let reader = if start.starts_with('<') {
        if has("<clientConfig") {
            Reader::Autoconfig
        } else if has("<plist") {
            Reader::Mobileconfig
        } else if has("<k9settings") {
            Reader::K9s
        } else if has("Autodiscover") {
            Reader::Autodiscover
        } else {
            return None;
        }
    } else if is_registry(start) {
        Reader::Reg
    } else if is_profile(start) {
        Reader::Prf
    } else if is_payload(start) {
        Reader::QrPayload
    } else {
        by_first_words(&text)?
    };
    Some((reader, text))
}

/// Whether the text is a registry file: by its first line, or by a key if that line is wrong.
fn is_registry(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default().to_ascii_lowercase();
    first.starts_with("windows registry editor")
        || first.starts_with("regedit")
        || text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("[HKEY_") || line.starts_with("[-HKEY_")
        })
}

/// Whether the text is an Outlook profile file: by a section that only such files have.
fn is_profile(text: &str) -> bool {
    const OWN: [&str; 4] =
        ["[service list]", "[internet account list]", "[i_mail]", "[imap_i_mail]"];
    text.lines().any(|line| OWN.contains(&line.trim().to_ascii_lowercase().as_str()))
}

/// Whether the text is a QR payload: an array that starts with a number, or any array of valid
/// JSON. A payload may be cut off.
fn is_payload(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('[') else { return false };
    let start = inside.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    start.len() < inside.trim_start().len() && start.trim_start().starts_with(',')
        || serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Detects line formats by the first words of their lines.
fn by_first_words(text: &str) -> Option<Reader> {
    /// Commands of mpop that msmtp does not have.
    const MPOP: [&str; 7] =
        ["delivery", "filter", "keep", "killsize", "only_new", "skipsize", "uidls_file"];
    /// Commands of both programs. A file with a single account may have no others.
    const BOTH: [&str; 6] = ["auth", "host", "passwordeval", "tls", "tls_starttls", "user"];
    let (mut begins, mut both, mut mpop) = (false, BTreeSet::<&str>::new(), false);
    for line in text.lines().map(str::trim_start) {
        let word = line.split([' ', '\t', '=']).next().unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "poll" | "skip" => return Some(Reader::Fetchmail),
            // `server` is an old alias of `poll`.
            "server" if line.contains(" proto") => return Some(Reader::Fetchmail),
            "[retriever]" => return Some(Reader::Getmail),
            _ if line.starts_with("user_pref(") => return Some(Reader::Prefs),
            "account" | "defaults" => begins = true,
            word if MPOP.contains(&word) => mpop = true,
            word => both.extend(BOTH.iter().find(|own| **own == word)),
        }
    }
    let is_either = begins || (both.contains("host") && both.len() > 2);
    is_either.then_some(if mpop { Reader::Mpop } else { Reader::Msmtp })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Option<Reader> {
        recognise(bytes).map(|(reader, _)| reader)
    }

    #[test]
    fn a_format_is_known_by_its_bytes() {
        for (text, reader) in [
            ("<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\">", Reader::Autoconfig),
            ("<Autodiscover xmlns=\"x\">", Reader::Autodiscover),
            ("<?xml version=\"1.0\"?><plist version=\"1.0\">", Reader::Mobileconfig),
            ("; comment\r\n[General]\r\n[Service List]\r\n", Reader::Prf),
            ("[internet account list]\nAccount1=I_Mail\n", Reader::Prf),
            ("[1,[1,1]]", Reader::QrPayload),
            ("[2,[1,1", Reader::QrPayload),
            ("[HKEY_CURRENT_USER\\Software]\n", Reader::Reg),
            ("REGEDIT4\n", Reader::Reg),
            ("# mine\n  poll pop.example.com protocol pop3\n", Reader::Fetchmail),
            ("server pop.example.com protocol pop3 user ann\n", Reader::Fetchmail),
            ("[options]\nread_all = false\n[retriever]\n", Reader::Getmail),
            ("<?xml version='1.0'?><k9settings version=\"1\">", Reader::K9s),
            ("account a\nhost pop.example.com\nkeep on\n", Reader::Mpop),
            ("# mine\ndefaults\ntls on\naccount a\nhost h.example.com\n", Reader::Msmtp),
            ("host h.example.com\nuser ann\nauth on\ntls on\n", Reader::Msmtp),
            ("host h.example.com\nuser ann\ntls on\ndelivery mbox ~/m\n", Reader::Mpop),
            ("// Mozilla\nuser_pref(\"a\", 1);\n", Reader::Prefs),
        ] {
            assert_eq!(of(text.as_bytes()), Some(reader), "{text}");
        }
        assert_eq!(of(b"hello"), None);
        assert_eq!(of(b"[general]\na=b"), None);
        // This is a configuration file of ssh.
        assert_eq!(of(b"Host h.example.com\nUser ann\nPort 22\n"), None);
    }

    #[test]
    fn a_registry_file_is_known_in_every_encoding() {
        let text = "Windows Registry Editor Version 5.00\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (mark, bytes, form) in [
            (&[0xFF, 0xFE][..], &little, Form::Utf16LeMark),
            (&[0xFE, 0xFF], &big, Form::Utf16BeMark),
            (&[], &little, Form::Utf16Le),
            (&[], &big, Form::Utf16Be),
        ] {
            let bytes = [mark, bytes].concat();
            assert_eq!((of(&bytes), Form::of(&bytes)), (Some(Reader::Reg), form));
        }
    }
}
