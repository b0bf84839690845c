//! Group Policy's registry file (`registry.pol`), represented as the text of a `.reg` file.
//!
//! The records name no hive; it follows from the folder of the policy object, `User` or `Machine`.
//! The text uses the one spelling that `decode` produces, so templates are parsed and judged like
//! those of `.reg` files.
//!
//! MS-GPREG 2.2.1; Samba reads it back in tests/clients/group_policy.rs

use super::{Malformed, Tree, Unwritable, reg};

/// The half of a policy object that a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hive {
    #[default]
    User,
    Machine,
}

impl Hive {
    /// The hives, by the names that manifests use.
    pub const ALL: [(&'static str, Hive); 2] = [("user", Hive::User), ("machine", Hive::Machine)];

    fn key(self) -> &'static str {
        match self {
            Hive::User => r"HKEY_CURRENT_USER\",
            Hive::Machine => r"HKEY_LOCAL_MACHINE\",
        }
    }
}

/// The signature "PReg" and version 1.
const HEADER: [u8; 8] = *b"PReg\x01\0\0\0";
/// A value name with this prefix is a command to the client.
const ORDER: &str = "**";
/// The command that deletes the value whose name follows.
const DELETE: &str = "**del.";
/// The data of such a command. The client ignores it; gpedit writes this.
const NO_DATA: &str = " ";

const REG_SZ: u32 = 1;
const REG_BINARY: u32 = 3;
const REG_DWORD: u32 = 4;
/// REG_QWORD, the highest type that a `.reg` file can express.
const LAST_TYPE: u32 = 11;

/// Encodes a finished text as records. Refuses a text that would decode differently.
pub(super) fn encode(text: &str, hive: Hive) -> Result<Vec<u8>, Unwritable> {
    let tree = reg::parse(text).map_err(|why| Unwritable(why.message))?;
    let mut bytes = HEADER.to_vec();
    for key in &tree.children {
        let path = path(key, hive)?;
        if key.children.is_empty() {
            return Err(Unwritable(format!("the key {path} has no values")));
        }
        for value in &key.children {
            let name = if value.name == "@" { "" } else { value.name.as_str() };
            if name.starts_with(ORDER) {
                return Err(Unwritable(format!("the name \"{name}\" would be read as an order")));
            }
            match value.kind {
                "delete" => {
                    record(&mut bytes, path, &format!("{DELETE}{name}"), REG_SZ, &string(NO_DATA))
                }
                kind => {
                    let (number, data) = data(kind, value.value.as_deref().unwrap_or_default())?;
                    record(&mut bytes, path, name, number, &data);
                }
            }
        }
    }
    match decode(&bytes, hive) {
        Ok(back) if back == text => Ok(bytes),
        _ => Err(Unwritable(
            "a registry.pol file holds values and nothing else: no comment, one empty line before each key, \
             digits in lower case"
                .to_owned(),
        )),
    }
}

/// The path of a key without its hive.
fn path(key: &Tree, hive: Hive) -> Result<&str, Unwritable> {
    if key.kind != "key" {
        return Err(Unwritable(format!("the key {} cannot be deleted by a policy", key.name)));
    }
    key.name.strip_prefix(hive.key()).ok_or_else(|| {
        Unwritable(format!("the key {} is not in {}", key.name, hive.key().trim_end_matches('\\')))
    })
}

/// The registry type and the bytes of a value in `.reg` syntax.
fn data(kind: &str, value: &str) -> Result<(u32, Vec<u8>), Unwritable> {
    let wrong = || Unwritable(format!("\"{value}\" is no data of type {kind}"));
    let bytes = || -> Result<Vec<u8>, Unwritable> {
        let listed = value.split(',').filter(|_| !value.is_empty());
        listed.map(|byte| u8::from_str_radix(byte, 16).map_err(|_| wrong())).collect()
    };
    match kind {
        "string" => Ok((REG_SZ, string(value))),
        "dword" => {
            let number = u32::from_str_radix(value, 16).map_err(|_| wrong())?;
            Ok((REG_DWORD, number.to_le_bytes().to_vec()))
        }
        "hex" => Ok((REG_BINARY, bytes()?)),
        _ => {
            let number = kind.strip_prefix("hex(").and_then(|rest| rest.strip_suffix(')'));
            let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            Ok((number.ok_or_else(wrong)?, bytes()?))
        }
    }
}

/// UTF-16LE with a terminating NUL.
fn string(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// Appends a record: `[key;name;type;size;data]`.
fn record(bytes: &mut Vec<u8>, key: &str, name: &str, number: u32, data: &[u8]) {
    let size = u32::try_from(data.len()).expect("a text that is in memory is below 4 GiB");
    let mut sign = |sign: char, part: &[u8]| {
        bytes.extend([sign as u8, 0]);
        bytes.extend(part);
    };
    sign('[', &string(key));
    sign(';', &string(name));
    sign(';', &number.to_le_bytes());
    sign(';', &size.to_le_bytes());
    sign(';', data);
    sign(']', &[]);
}

/// Decodes records to the text of a `.reg` file.
pub(super) fn decode(bytes: &[u8], hive: Hive) -> Result<String, Malformed> {
    let Some(body) = bytes.strip_prefix(&HEADER) else {
        return Err(malformed("no \"PReg\" of version 1 at the start"));
    };
    let mut records = Records { rest: body };
    let mut text = format!("{}\n", reg::FIRST_LINE);
    let mut last = None;
    while !records.rest.is_empty() {
        let (key, value) = records.record()?;
        if last.as_ref() != Some(&key) {
            text.push_str(&format!("\n[{}{key}]\n", hive.key()));
            last = Some(key);
        }
        text.push_str(&value);
        text.push('\n');
    }
    Ok(text)
}

struct Records<'a> {
    rest: &'a [u8],
}

impl Records<'_> {
    /// Reads the next record: its key, and its value as a line.
    fn record(&mut self) -> Result<(String, String), Malformed> {
        self.sign('[')?;
        let key = self.name()?;
        self.sign(';')?;
        let name = self.name()?;
        self.sign(';')?;
        let number = self.number()?;
        self.sign(';')?;
        let size = self.number()?;
        self.sign(';')?;
        let size = usize::try_from(size).map_err(|_| malformed("a size beyond this machine"))?;
        let Some((data, rest)) = self.rest.split_at_checked(size) else {
            return Err(malformed("a record ends before its data"));
        };
        self.rest = rest;
        self.sign(']')?;
        if let Some(deleted) = name.strip_prefix(DELETE) {
            return Ok((key, format!("{}=-", quoted_name(deleted)?)));
        }
        if name.starts_with(ORDER) {
            let shown = name.escape_debug();
            return Err(malformed(format!("the order {shown} has no spelling in a .reg file")));
        }
        Ok((key, format!("{}={}", quoted_name(&name)?, line(number, data)?)))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let Some((taken, rest)) = self.rest.split_first_chunk() else {
            return Err(malformed("the file ends within a record"));
        };
        self.rest = rest;
        Ok(*taken)
    }

    fn sign(&mut self, sign: char) -> Result<(), Malformed> {
        match self.take()? {
            [byte, 0] if char::from(byte) == sign => Ok(()),
            _ => Err(malformed(format!("a record without its \"{sign}\""))),
        }
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_le_bytes)
    }

    /// Reads a text up to its NUL.
    fn name(&mut self) -> Result<String, Malformed> {
        let mut units = Vec::new();
        loop {
            match u16::from_le_bytes(self.take()?) {
                0 => break,
                unit => units.push(unit),
            }
        }
        match String::from_utf16(&units) {
            Ok(name) if !name.contains(char::is_control) => Ok(name),
            _ => Err(malformed("a name that is no line of UTF-16")),
        }
    }
}

fn quoted_name(name: &str) -> Result<String, Malformed> {
    match name {
        "" => Ok("@".to_owned()),
        _ => quoted(name).ok_or_else(|| malformed("a name that cannot be quoted")),
    }
}

fn quoted(text: &str) -> Option<String> {
    reg::escape(text).ok().map(|text| format!("\"{text}\""))
}

/// The text after `=`. A REG_SZ that cannot be quoted is written in bytes.
fn line(number: u32, data: &[u8]) -> Result<String, Malformed> {
    if number == REG_SZ
        && let Some(text) = text_of(data).and_then(|text| quoted(&text))
    {
        return Ok(text);
    }
    if let (REG_DWORD, Ok(four)) = (number, data.try_into()) {
        return Ok(format!("dword:{:08x}", u32::from_le_bytes(four)));
    }
    if number > LAST_TYPE {
        return Err(malformed(format!("a value of type {number}")));
    }
    let bytes: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(match number {
        REG_BINARY => format!("hex:{}", bytes.join(",")),
        _ => format!("hex({number:x}):{}", bytes.join(",")),
    })
}

/// Decodes exactly one string: a NUL at the end and none before it.
fn text_of(data: &[u8]) -> Option<String> {
    let (pairs, []) = data.as_chunks::<2>() else { return None };
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let (0, text) = units.split_last()? else { return None };
    String::from_utf16(text).ok().filter(|text| !text.contains('\0'))
}

fn malformed(message: impl Into<String>) -> Malformed {
    Malformed::new(message, 0..0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(lines: &str) -> String {
        format!("Windows Registry Editor Version 5.00\n\n{lines}\n")
    }

    fn refused(lines: &str) -> String {
        encode(&file(lines), Hive::User).unwrap_err().to_string()
    }

    #[test]
    fn a_record_has_the_bytes_of_the_specification() {
        let bytes =
            encode(&file("[HKEY_CURRENT_USER\\A]\n\"b\"=dword:00000102"), Hive::User).unwrap();
        assert_eq!(
            bytes,
            b"PReg\x01\0\0\0[\0A\0\0\0;\0b\0\0\0;\0\x04\0\0\0;\0\x04\0\0\0;\0\x02\x01\0\0]\0"
        );
    }

    #[test]
    fn a_value_that_is_deleted_is_an_order() {
        let bytes = encode(&file("[HKEY_CURRENT_USER\\A]\n\"b\"=-"), Hive::User).unwrap();
        let order: Vec<u8> = "**del.b".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(bytes.windows(order.len()).any(|window| window == order));
    }

    #[test]
    fn every_type_reads_back_as_the_same_text() {
        let text = file(
            "[HKEY_CURRENT_USER\\A\\;b]\n@=\"\"\n\"s\"=\"C:\\\\x;]\\\"\u{1F600}\"\n\"n\"=dword:0000001f\n\
             \"gone\"=-\n\"b\"=hex:01,02,03\n\"none\"=hex:\n\"e\"=hex(2):25,00,61,00,00,00\n\
             \"m\"=hex(7):61,00,00,00,00,00\n\"q\"=hex(b):01,00,00,00,00,00,00,00\n\n\
             [HKEY_CURRENT_USER\\C]\n\"s\"=hex(1):0a,00,00,00",
        );
        let bytes = encode(&text, Hive::User).unwrap();
        assert_eq!(decode(&bytes, Hive::User).unwrap(), text);
    }

    #[test]
    fn what_would_not_read_back_is_refused() {
        assert!(
            refused("[HKEY_LOCAL_MACHINE\\A]\n\"b\"=-").contains("is not in HKEY_CURRENT_USER")
        );
        assert!(refused("[-HKEY_CURRENT_USER\\A]").contains("cannot be deleted"));
        assert!(refused("[HKEY_CURRENT_USER\\A]").contains("has no values"));
        assert!(refused("[HKEY_CURRENT_USER\\A]\n\"**del.b\"=\"\"").contains("as an order"));
        for lines in
            ["; x\n[HKEY_CURRENT_USER\\A]\n\"b\"=-", "[HKEY_CURRENT_USER\\A]\n\"b\"=dword:0000001F"]
        {
            assert!(refused(lines).contains("no comment"), "{lines}");
        }
    }

    #[test]
    fn a_file_of_the_other_half_has_the_other_hive() {
        let text = file("[HKEY_LOCAL_MACHINE\\A]\n\"b\"=-");
        assert_eq!(decode(&encode(&text, Hive::Machine).unwrap(), Hive::Machine).unwrap(), text);
    }

    #[test]
    fn an_order_without_a_spelling_is_malformed() {
        let mut bytes = HEADER.to_vec();
        record(&mut bytes, "A", "**delvals.", REG_SZ, &string(NO_DATA));
        assert!(decode(&bytes, Hive::User).unwrap_err().message.contains("**delvals."));
    }

    proptest! {
        #[test]
        fn reading_never_panics(records: Vec<u8>) {
            let _ = decode(&records, Hive::User);
            let _ = decode(&[&HEADER[..], &records].concat(), Hive::User);
        }

        #[test]
        fn any_string_reads_back(value in super::super::any::text()) {
            let text = file(&format!("[HKEY_CURRENT_USER\\A]\n\"b\"=\"{}\"", reg::escape(&value).unwrap()));
            let bytes = encode(&text, Hive::User).unwrap();
            prop_assert_eq!(decode(&bytes, Hive::User).unwrap(), text);
        }
    }
}
