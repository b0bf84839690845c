//! Checks the bytes of a file: encoding and line ends.

use std::ops::Range;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::codes::{self, Code};
use crate::format::declared_encoding;
use crate::import::{DefectList, Form, Reader, envelope};

/// The problems that the bytes cause in the client of this format.
pub fn encoding(reader: Reader, bytes: &[u8]) -> DefectList {
    // A signed or binary file contains the text.
    let opened = envelope::open(bytes).map(|(inside, _)| inside);
    let bytes = opened.as_deref().unwrap_or(bytes);
    let form = Form::of(bytes);
    let text = form.decode(bytes);
    let mut found = EncodingDefects { text: &text, defects: DefectList::default() };
    match reader {
        Reader::Reg => registry(form, &mut found),
        Reader::Prf => profile(form, &mut found),
        Reader::QrPayload => payload(form, &mut found),
        Reader::Autoconfig => {
            xml(form, &mut found);
            autoconfig(form, &mut found);
        }
        Reader::Mobileconfig | Reader::Autodiscover | Reader::K9s => xml(form, &mut found),
        Reader::Msmtp | Reader::Mpop => unix(form, codes::MSMTP_ENCODING, &mut found),
        Reader::Getmail => {
            unix(form, codes::GETMAIL_ENCODING, &mut found);
            if form == Form::CodePage {
                let message = "letters that are no UTF-8, at which Python stops";
                let place = found.beyond_ascii().unwrap_or_default();
                found.add(codes::GETMAIL_ENCODING, place, message);
            }
        }
        Reader::Fetchmail => unix(form, codes::FETCHMAIL_ENCODING, &mut found),
        Reader::Prefs => unix(form, codes::PREFS_ENCODING, &mut found),
    }
    found.defects
}

/// regedit reads UTF-16LE with a byte order mark, and bytes in the PC's code page.
fn registry(form: Form, found: &mut EncodingDefects<'_>) {
    let other = found.beyond_ascii();
    match form {
        Form::Utf16LeMark => {}
        Form::Utf16Le | Form::Utf16Be => {
            found.add(codes::REG_ENCODING_NO_MARK, 0..0, "UTF-16 without a byte order mark");
        }
        Form::Utf16BeMark => {
            found.add(
                codes::REG_ENCODING_BIG_ENDIAN,
                0..0,
                "UTF-16 with its bytes the other way round",
            );
        }
        Form::Utf8Mark => {
            found.add(codes::REG_ENCODING_UTF8_MARK, 0..0, "UTF-8 with a byte order mark");
        }
        Form::Utf8 => {
            if let Some(place) = other {
                let message = "UTF-8, which regedit reads in the code page of the PC";
                found.add(codes::REG_ENCODING_UTF8, place, message);
            }
        }
        Form::CodePage | Form::Declared(_) => {
            let message = "letters in a code page, which another PC reads otherwise";
            found.add(codes::REG_ENCODING_CODE_PAGE, other.unwrap_or_default(), message);
        }
    }
    found.line_ends(codes::REG_LINE_ENDS);
    if !found.text.ends_with('\n') {
        let end = found.place(found.text.len());
        found.add(codes::REG_LAST_LINE, end..end, "the last line has no end");
    }
}

/// Outlook reads bytes in the PC's code page.
fn profile(form: Form, found: &mut EncodingDefects<'_>) {
    let other = found.beyond_ascii();
    match form {
        Form::Utf16LeMark | Form::Utf16BeMark | Form::Utf16Le | Form::Utf16Be => {
            found.add(codes::PRF_ENCODING_UTF16, 0..0, "UTF-16; Outlook reads one byte a letter");
        }
        Form::Utf8Mark => found.add(codes::PRF_ENCODING_MARK, 0..0, "a byte order mark"),
        Form::Utf8 => {
            if let Some(place) = other {
                let message = "UTF-8, which Outlook reads in the code page of the PC";
                found.add(codes::PRF_ENCODING_UTF8, place, message);
            }
        }
        Form::CodePage | Form::Declared(_) => {
            let message = "letters beyond ASCII; read as meant where the PC has this code page";
            found.add(codes::PRF_ENCODING_CODE_PAGE, other.unwrap_or_default(), message);
        }
    }
    found.line_ends(codes::PRF_LINE_ENDS);
}

/// A QR code contains UTF-8, and Moshi reads a byte order mark as a value.
fn payload(form: Form, found: &mut EncodingDefects<'_>) {
    if form != Form::Utf8 {
        found.add(
            codes::QR_ENCODING,
            0..0,
            "the payload has to be UTF-8 without a byte order mark",
        );
    }
}

/// XML 1.0, section 4.3.3: without a declaration the file is UTF-8, or UTF-16 with a mark.
fn xml(form: Form, found: &mut EncodingDefects<'_>) {
    let label = declared_encoding(found.text).map(str::to_ascii_lowercase);
    let named = label.as_deref().and_then(|label| Encoding::for_label(label.as_bytes()));
    let sixteen = |encoding: Option<&'static Encoding>| {
        encoding.is_some_and(|encoding| [UTF_16LE, UTF_16BE].contains(&encoding))
    };
    let is_true = match form {
        Form::Declared(_) => true,
        Form::Utf8 | Form::Utf8Mark => label.is_none() || named == Some(UTF_8),
        Form::Utf16LeMark | Form::Utf16BeMark => label.is_none() || sixteen(named),
        Form::Utf16Le | Form::Utf16Be => sixteen(named),
        Form::CodePage => false,
    };
    if is_true {
        return;
    }
    let place = found.beyond_ascii().filter(|_| form == Form::CodePage).unwrap_or(0..0);
    let message = match (label, named) {
        (Some(label), None) => format!("nobody knows an encoding \"{}\"", label.escape_debug()),
        (Some(label), _) => format!("the bytes are not in {label}, as the file says"),
        (None, _) => "the bytes are not in UTF-8, and no other encoding is named".to_owned(),
    };
    found.add(codes::XML_ENCODING, place, &message);
}

fn autoconfig(form: Form, found: &mut EncodingDefects<'_>) {
    if matches!(form, Form::Utf8Mark | Form::Utf16LeMark | Form::Utf16BeMark) {
        found.add(codes::AUTOCONFIG_BYTE_ORDER_MARK, 0..0, "a byte order mark before the XML");
    }
}

/// For programs that read a byte order mark, or the zeros of UTF-16, as letters of the first
/// keyword.
fn unix(form: Form, code: Code, found: &mut EncodingDefects<'_>) {
    match form {
        Form::Utf8 | Form::CodePage => {}
        Form::Utf8Mark => found.add(code, 0..0, "a byte order mark before the first word"),
        _ => found.add(code, 0..0, "UTF-16, of which the program knows no word"),
    }
}

struct EncodingDefects<'a> {
    /// With the file's own line ends.
    text: &'a str,
    defects: DefectList,
}

impl EncodingDefects<'_> {
    fn add(&mut self, code: Code, span: Range<usize>, message: &str) {
        self.defects.add(code, &span, message);
    }

    /// The first character outside ASCII.
    fn beyond_ascii(&self) -> Option<Range<usize>> {
        let (at, c) = self.text.char_indices().find(|(_, c)| !c.is_ascii())?;
        let start = self.place(at);
        Some(start..start + c.len_utf8())
    }

    fn line_ends(&mut self, code: Code) {
        let bare = self.text.match_indices('\n').find(|(at, _)| !self.text[..*at].ends_with('\r'));
        if let Some((at, _)) = bare {
            let place = self.place(at);
            self.add(code, place..place, "the line ends in LF; lines of Windows end in CR LF");
        }
    }

    /// Converts a position to that in the text with `\n`, which readers use.
    fn place(&self, at: usize) -> usize {
        at - self.text[..at].matches("\r\n").count()
    }
}
