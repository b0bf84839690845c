//! File names that are safe on every system, for users' folders and for paths in manifests.
//!
//! [`safe_component`] judges a name, [`file_name`] makes a good one out of any text. Windows sets
//! most of the rules, because bundles made on Linux are unpacked there.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::model::Invalid;

/// Checks that `name` can be one component of a path, on this system and on any other.
///
/// Such a name cannot lead to another folder (`..`, `/`, `C:`) or open a device (`con.xml` on
/// Windows). Other systems neither change it (a trailing dot) nor display it as something else
/// (U+202E).
///
/// Microsoft, "Naming Files, Paths, and Namespaces"
pub fn safe_component(name: &str) -> Result<(), Invalid> {
    if name.is_empty() {
        return Err(Invalid::new("a component is empty"));
    }
    if name == "." || name == ".." {
        return Err(Invalid::new(format!("\"{name}\" leads to another folder")));
    }
    if let Some(c) = name.chars().find(|&c| is_forbidden(c)) {
        return Err(Invalid::new(match is_invisible(c) {
            true => format!("U+{:04X} cannot be seen", c as u32),
            false => format!("\"{c}\" is not allowed in file names"),
        }));
    }
    if name.ends_with(['.', ' ']) {
        return Err(Invalid::new("Windows drops a dot or space at the end of a name"));
    }
    if is_device(name) {
        return Err(Invalid::new(format!("\"{name}\" is a device on Windows")));
    }
    if name.len() > LONGEST_COMPONENT {
        return Err(Invalid::new(format!(
            "a name of {} bytes; {LONGEST_COMPONENT} is the most",
            name.len()
        )));
    }
    Ok(())
}

/// Turns any text into a file name that [`safe_component`] accepts. Two different texts never share
/// one.
///
/// Ordinary text stays as it is. Forbidden characters are percent-encoded, `%` as well, so that the
/// text can be recovered. A name that gets too long is cut and ends in `%-` and a checksum. The
/// result leaves 55 bytes for an extension.
pub fn file_name(value: &str) -> String {
    if value.is_empty() {
        // No other text becomes a single "%".
        return "%".to_owned();
    }
    let device = is_device(value);
    let all = value == "." || value == "..";
    let end = value.trim_end_matches(['.', ' ']).len();
    let mut name = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let encode = c == '%' || is_forbidden(c) || all || at >= end || (device && at == 0);
        match encode {
            true => percent_encode(c, &mut name),
            false => name.push(c),
        }
    }
    if name.len() > LONGEST_VALUE { shorten(&name) } else { name }
}

fn percent_encode(c: char, into: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(into, "%{byte:02X}").expect("writing to a String cannot fail");
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 0xF)]);
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.extend([digit(byte >> 4), digit(*byte)]);
    }
    out
}

/// Cuts a long name. The checksum keeps names with the same beginning apart.
fn shorten(name: &str) -> String {
    let mut cut = LONGEST_VALUE - MARK.len() - CHECKSUM_DIGITS;
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    let checksum = hex(&Sha256::digest(name));
    format!("{}{MARK}{}", &name[..cut], &checksum[..CHECKSUM_DIGITS])
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '/' | '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*') || is_invisible(c)
}

/// Control characters, line separators, and marks that change the direction of text:
/// `ann<U+202E>gpj.exe` is displayed as `annexe.jpg`.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether Windows opens a device under this name. It compares the part before the first dot,
/// without case and without trailing spaces.
pub(crate) fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    if DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return true;
    }
    let number = stem.split_at_checked(3).filter(|(start, _)| {
        start.eq_ignore_ascii_case("COM") || start.eq_ignore_ascii_case("LPT")
    });
    // Windows treats the superscript digits of Latin-1 as digits here.
    number.is_some_and(|(_, n)| {
        let mut chars = n.chars();
        matches!((chars.next(), chars.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    })
}

const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
/// The limit of Linux file systems, in bytes.
const LONGEST_COMPONENT: usize = 255;
const LONGEST_VALUE: usize = 200;
const MARK: &str = "%-";
const CHECKSUM_DIGITS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_its_own_file_name() {
        for name in ["ann@outlook.com", "o'neil+x@a.example", "岡@例え.jp", ".well-known"] {
            assert_eq!(file_name(name), name);
            assert!(safe_component(name).is_ok());
        }
    }

    #[test]
    fn names_that_lead_elsewhere_or_open_devices_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "C:",
            "a<b",
            "a\"b",
            "a|b",
            "a?b",
            "a*b",
            "a\nb",
            "a\0",
            "a.",
            "a ",
            "con",
            "Con.txt",
            "nul .x",
            "COM1",
            "lpt¹.a",
            "conin$",
            "a\u{202E}b",
        ] {
            assert!(safe_component(name).is_err(), "{name:?}");
        }
        assert!(safe_component(&"a".repeat(256)).is_err());
        for name in ["console", "com10", "com", "a.con", "~", "-"] {
            assert!(safe_component(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_percent_encoded() {
        assert_eq!(file_name("../x@y"), "..%2Fx@y");
        assert_eq!(file_name(".."), "%2E%2E");
        assert_eq!(file_name("con.x@y.example"), "%63on.x@y.example");
        assert_eq!(file_name("100%"), "100%25");
        assert_eq!(file_name("a. ."), "a%2E%20%2E");
    }

    #[test]
    fn two_long_addresses_with_one_beginning_stay_apart() {
        let (a, b) = (format!("{}a", "é".repeat(150)), format!("{}b", "é".repeat(150)));
        assert_ne!(file_name(&a), file_name(&b));
        assert!(file_name(&a).len() <= LONGEST_VALUE);
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_safe_name(text in "\\PC{0,90}|(?s).{0,90}|[./\\\\: %]{0,5}|(con|com1|nul)[ .]?.{0,3}") {
            prop_assert!(safe_component(&file_name(&text)).is_ok(), "{text:?}");
        }

        #[test]
        fn two_texts_never_share_a_name(a in "[cC%.2oEn/ ]{0,4}", b in "[cC%.2oEn/ ]{0,4}") {
            prop_assert_eq!(a == b, file_name(&a) == file_name(&b));
        }
    }
}
