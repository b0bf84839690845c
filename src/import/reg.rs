//! Reads Windows registry files: their raw values, and Outlook accounts among them.
//!
//! The meaning of other values is up to the program that owns the key; the schema of the file
//! checks them. Strings written as bytes (REG_EXPAND_SZ and similar) are returned as text.

mod account;

use std::ops::Range;

use super::{Errors, Examination, ReadConfig};
use crate::codes;
use crate::format::Tree;

pub(super) fn read(tree: &Tree) -> Examination {
    let mut errors = Errors::default();
    let mut config = ReadConfig::default();
    for key in &tree.children {
        for value in &key.children {
            // A deleted value has no data.
            let Some(data) = &value.value else { continue };
            let data = match value.kind {
                "hex(1)" | "hex(2)" | "hex(7)" => decode(data, value, &mut errors),
                _ => data.clone(),
            };
            config.values.push((format!("{}\\{}", key.name, value.name), data));
        }
        if account::is_account(key) {
            account::read(key, &mut config, &mut errors);
        }
    }
    errors.finish(config)
}

/// Decodes UTF-16LE strings with terminating NULs. Several strings are joined with line feeds.
fn decode(bytes: &str, value: &Tree, errors: &mut Errors) -> String {
    if let Some(text) = texts(bytes) {
        return text.trim_end_matches('\0').replace('\0', "\n");
    }
    let message = format!("the bytes of {} are no UTF-16 text", value.name);
    errors.add(codes::REG_HEX_TEXT, &value.span, message);
    String::new()
}

/// Decodes bytes in hexadecimal to UTF-16LE text, including its NULs.
fn texts(bytes: &str) -> Option<String> {
    let bytes: Vec<u8> =
        bytes.split(',').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16(&units).ok()
}

/// The line of the key; the key's span also covers its values.
fn first_line(key: &Tree) -> Range<usize> {
    let end = key.children.first().map_or(key.span.end, |value| value.span.start);
    key.span.start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Reader;

    fn read(text: &str) -> Result<ReadConfig, Vec<super::super::Defect>> {
        Reader::Reg.read(text)
    }

    fn file(lines: &str) -> String {
        format!("Windows Registry Editor Version 5.00\n\n{lines}\n")
    }

    #[test]
    fn values_come_with_the_path_of_their_key() {
        let config = read(&file(
            "[-HKEY_CURRENT_USER\\A]\n[HKEY_CURRENT_USER\\A]\n\"s\"=\"C:\\\\x\"\n\"n\"=dword:0000001F\n\
             \"gone\"=-\n\"e\"=hex(2):25,00,61,00,00,00\n\"m\"=hex(7):61,00,00,00,62,00,00,00,00,00",
        ))
        .unwrap();
        let path = |name: &str| format!("HKEY_CURRENT_USER\\A\\{name}");
        assert_eq!(
            config.values,
            [("s", "C:\\x"), ("n", "0000001f"), ("e", "%a"), ("m", "a\nb")]
                .map(|(name, data)| (path(name), data.to_owned()))
        );
        assert_eq!(config.servers, []);
    }

    #[test]
    fn what_regedit_would_skip_is_an_error() {
        assert!(read(&file("[HKCU\\A]")).is_err());
    }

    #[test]
    fn a_string_of_half_a_surrogate_pair_is_an_error() {
        assert!(read(&file("[HKEY_USERS\\A]\n\"e\"=hex(2):00,d8,00,00")).is_err());
    }
}
