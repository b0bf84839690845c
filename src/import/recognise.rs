//! Which format a file is, by its bytes and not by its name.

use encoding_rs::{UTF_8, UTF_16LE, WINDOWS_1252};

use super::Reader;

/// The reader for these bytes, and the text it wants (newlines as `\n`).
pub fn recognise(bytes: &[u8]) -> Option<(Reader, String)> {
    let encoding = match bytes {
        [0xFF, 0xFE, ..] => UTF_16LE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        _ => WINDOWS_1252,
    };
    let text = encoding.decode_with_bom_removal(bytes).0.replace("\r\n", "\n");
    let start = text.trim_start();
    let has = |word: &str| text.contains(word);
    let reader = if start.starts_with('<') {
        if has("<clientConfig") {
            Reader::Autoconfig
        } else if has("<plist") {
            Reader::Mobileconfig
        } else if has("Autodiscover") {
            Reader::Autodiscover
        } else {
            return None;
        }
    } else if start.starts_with("Windows Registry Editor") || start.starts_with("REGEDIT4") {
        Reader::Reg
    } else if start.starts_with(['[', ';']) && has("[Service List]") {
        Reader::Prf
    } else if start.starts_with('[') && serde_json::from_str::<serde_json::Value>(start).is_ok() {
        Reader::QrPayload
    } else {
        return None;
    };
    Some((reader, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_bytes() {
        let of = |text: &str| recognise(text.as_bytes()).map(|(reader, _)| reader);
        assert_eq!(
            of("<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\">"),
            Some(Reader::Autoconfig)
        );
        assert_eq!(of("<Autodiscover xmlns=\"x\">"), Some(Reader::Autodiscover));
        assert_eq!(
            of("<?xml version=\"1.0\"?><plist version=\"1.0\">"),
            Some(Reader::Mobileconfig)
        );
        assert_eq!(of("; comment\r\n[General]\r\n[Service List]\r\n"), Some(Reader::Prf));
        assert_eq!(of("[1,[1,1]]"), Some(Reader::QrPayload));
        assert_eq!(of("hello"), None);
        let mut reg = vec![0xFF, 0xFE];
        reg.extend(
            "Windows Registry Editor Version 5.00\r\n".encode_utf16().flat_map(u16::to_le_bytes),
        );
        assert_eq!(recognise(&reg).map(|(reader, _)| reader), Some(Reader::Reg));
    }
}
