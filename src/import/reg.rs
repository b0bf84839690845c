//! Reads Windows registry files: their raw values, and Outlook accounts among them.
//!
//! The meaning of other values is up to the program that owns the key; the schema of the file
//! checks them. Strings written as bytes (REG_EXPAND_SZ and similar) are returned as text.

mod account;

use super::defects::DefectList;
use super::{Examination, ReadConfig};
use crate::codes;
use crate::format::Tree;

pub(super) fn read(tree: &Tree) -> Examination {
    let mut errors = DefectList::default();
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
fn decode(bytes: &str, value: &Tree, errors: &mut DefectList) -> String {
    if let Some(text) = account::texts(bytes) {
        return text.trim_end_matches('\0').replace('\0', "\n");
    }
    let message = format!("the bytes of {} are no UTF-16 text", value.name);
    errors.add(codes::REG_HEX_TEXT, &value.span, message);
    String::new()
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
