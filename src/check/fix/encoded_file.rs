//! A text together with the form in which a file stores it.

use super::edit::Edit;
use crate::codes::{self, Code};
use crate::import::Form;

pub(super) struct EncodedFile {
    form: Form,
    /// With the file's own line ends.
    raw: String,
}

impl EncodedFile {
    /// `None` if encoding the text again would not give the same bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let form = Form::of(bytes);
        let file = Self { form, raw: form.decode(bytes) };
        (file.bytes()? == bytes).then_some(file)
    }

    /// With `\n`, as readers expect it.
    pub(super) fn text(&self) -> String {
        self.raw.replace("\r\n", "\n")
    }

    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        self.form.encode(&self.raw)
    }

    /// Fixes a defect of the bytes themselves. Returns whether that was possible.
    pub(super) fn fix(&mut self, code: Code) -> bool {
        let form = match code {
            codes::REG_LINE_ENDS | codes::PRF_LINE_ENDS => {
                self.raw = self.text().replace('\n', "\r\n");
                return true;
            }
            codes::REG_LAST_LINE => {
                let end = if self.raw.contains("\r\n") { "\r\n" } else { "\n" };
                self.raw.push_str(end);
                return true;
            }
            codes::REG_ENCODING_NO_MARK
            | codes::REG_ENCODING_BIG_ENDIAN
            | codes::REG_ENCODING_UTF8_MARK
            | codes::REG_ENCODING_UTF8 => Form::Utf16LeMark,
            codes::PRF_ENCODING_MARK | codes::PRF_ENCODING_UTF8 | codes::PRF_ENCODING_UTF16 => {
                match self.raw.is_ascii() {
                    true => Form::Utf8,
                    false => Form::CodePage,
                }
            }
            // A declaration of another encoding would no longer be true.
            codes::AUTOCONFIG_BYTE_ORDER_MARK | codes::QR_ENCODING
                if self.form == Form::Utf8Mark =>
            {
                Form::Utf8
            }
            _ => return false,
        };
        let fits = form.encode(&self.raw).is_some();
        if fits {
            self.form = form;
        }
        fits
    }

    /// The edits must be sorted and must not touch each other.
    pub(super) fn apply(&mut self, edits: &[Edit]) {
        let newline = if self.raw.contains("\r\n") { "\r\n" } else { "\n" };
        let mut out = String::with_capacity(self.raw.len());
        let (mut rest, mut at) = (self.raw.as_str(), 0);
        for edit in edits {
            let (kept, behind) = split(rest, edit.start - at);
            out.push_str(kept);
            out.push_str(&edit.text.replace('\n', newline));
            rest = split(behind, edit.end - edit.start).1;
            at = edit.end;
        }
        out.push_str(rest);
        self.raw = out;
    }
}

/// Splits after `count` bytes, with each `\r\n` counted as one.
fn split(raw: &str, count: usize) -> (&str, &str) {
    let (mut at, mut left) = (0, count);
    while left > 0 {
        let Some(c) = raw[at..].chars().next() else { break };
        match raw[at..].starts_with("\r\n") {
            true => (at, left) = (at + 2, left - 1),
            false => (at, left) = (at + c.len_utf8(), left.saturating_sub(c.len_utf8())),
        }
    }
    raw.split_at(at)
}
