//! Windows registry files, version 5.
//!
//! regedit skips a line that it does not understand, imports the rest and reports success, so
//! every such line is malformed here. Seen in Wine 8 as well: `dword:zz` is dropped with exit 0.
//!
//! Microsoft KB 310516; what real files look like is in the tests.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::{Malformed, Tree, Unwritable, is_mark, lines, named};

const FIRST_LINE: &str = "Windows Registry Editor Version 5.00";

/// Short names such as `HKCU` make regedit skip the key.
const HIVES: [&str; 5] = [
    "HKEY_CURRENT_USER",
    "HKEY_LOCAL_MACHINE",
    "HKEY_CLASSES_ROOT",
    "HKEY_USERS",
    "HKEY_CURRENT_CONFIG",
];

/// `hex(n)` by type number: REG_NONE to REG_QWORD.
const HEX: [(&str, &str); 12] = [
    ("0", "hex(0)"),
    ("1", "hex(1)"),
    ("2", "hex(2)"),
    ("3", "hex(3)"),
    ("4", "hex(4)"),
    ("5", "hex(5)"),
    ("6", "hex(6)"),
    ("7", "hex(7)"),
    ("8", "hex(8)"),
    ("9", "hex(9)"),
    ("a", "hex(a)"),
    ("b", "hex(b)"),
];

/// The inside of a quoted string. Key lines are not escaped: they hold `\` as it is.
pub(super) fn escape(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    if let Some(c) = value.chars().find(|c| c.is_control()) {
        return Err(Unwritable(format!("{} cannot stand in a quoted registry string", named(c))));
    }
    if !value.contains(['\\', '"']) {
        return Ok(Cow::Borrowed(value));
    }
    Ok(Cow::Owned(value.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Keys (kind `key` or `delete-key`, named by their full path) of values (kind `string`, `dword`,
/// `hex`, `hex(n)` or `delete`; the default value is called `@`). Names compare without case, as
/// Windows does.
pub(super) fn parse(text: &str) -> Result<Tree, Malformed> {
    let mut root = Tree::branch("", "", 0..text.len());
    // A key may be deleted and then made again; the other way round nothing would be left.
    let mut keys: HashMap<String, &str> = HashMap::new();
    let mut names = HashSet::new();
    let mut lines = lines(text).enumerate();
    while let Some((number, (line, mut span))) = lines.next() {
        if let Some(c) = line.chars().find(|c| c.is_control()) {
            return Err(Malformed::new(format!("{} in a line", named(c)), span));
        }
        match number {
            0 if line != FIRST_LINE => {
                // Wine 8 and regedit import nothing at all.
                return Err(Malformed::new(format!("the first line has to be {FIRST_LINE}"), span));
            }
            1 if !line.is_empty() => {
                return Err(Malformed::new("the second line has to be empty", span));
            }
            0 | 1 => continue,
            _ if line.is_empty() || line.starts_with(';') => continue,
            _ => {}
        }
        if line.starts_with('[') {
            let key = key(line, span)?;
            let before = keys.insert(key.name.to_lowercase(), key.kind);
            if before.is_some_and(|before| before != "delete-key" || key.kind == before) {
                let message = format!("{} appears twice", key.name.escape_debug());
                return Err(Malformed::new(message, key.span));
            }
            names.clear();
            root.children.push(key);
            continue;
        }
        let Some(key) = root.children.last_mut() else {
            return Err(Malformed::new("a value before the first [key]", span));
        };
        if key.kind == "delete-key" {
            return Err(Malformed::new("a value under a key that is deleted", span));
        }
        let is_hex = is_hex(line);
        let mut whole = Cow::Borrowed(line);
        while is_hex && whole.ends_with('\\') {
            let Some((_, (next, next_span))) = lines.next() else {
                return Err(Malformed::new(
                    "nothing follows the \"\\\" at the end of the line",
                    span,
                ));
            };
            whole.to_mut().pop();
            whole.to_mut().push_str(next.trim_start_matches(' '));
            span.end = next_span.end;
        }
        let value = value(&whole, span)?;
        if !names.insert(value.name.to_lowercase()) {
            let message = format!("{} appears twice under one key", value.name.escape_debug());
            return Err(Malformed::new(message, value.span));
        }
        key.span.end = value.span.end;
        key.children.push(value);
    }
    if text.is_empty() {
        return Err(Malformed::new(format!("the first line has to be {FIRST_LINE}"), 0..0));
    }
    Ok(root)
}

fn key(line: &str, span: Range<usize>) -> Result<Tree, Malformed> {
    let Some(inner) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Err(Malformed::new("a line that starts with \"[\" has to end with \"]\"", span));
    };
    let (kind, path) = match inner.strip_prefix('-') {
        Some(path) => ("delete-key", path),
        None => ("key", inner),
    };
    let (hive, below) = path.split_once('\\').unwrap_or((path, ""));
    if !HIVES.contains(&hive) {
        let message =
            format!("\"{}\" is no hive; one of {}", hive.escape_debug(), HIVES.join(", "));
        return Err(Malformed::new(message, span));
    }
    let is_whole_hive = path.len() == hive.len();
    if is_whole_hive && kind == "delete-key" {
        return Err(Malformed::new(format!("{hive} itself cannot be deleted"), span));
    }
    if !is_whole_hive && below.split('\\').any(|part| part.is_empty() || part.chars().count() > 255)
    {
        let message =
            "every part of a key path has 1 to 255 characters; \"\\\" is not doubled here";
        return Err(Malformed::new(message, span));
    }
    Ok(Tree::branch(path, kind, span))
}

/// Whether a line gives a value as bytes, which may go on over several lines.
fn is_hex(line: &str) -> bool {
    let Ok((_, data)) = split_name(line) else { return false };
    data.starts_with("hex")
}

fn value(line: &str, span: Range<usize>) -> Result<Tree, Malformed> {
    let malformed = |message: String| Malformed::new(message, span.clone());
    let (name, data) = split_name(line).map_err(|why| malformed(why.to_owned()))?;
    if data == "-" {
        return Ok(Tree::branch(name, "delete", span));
    }
    if let Some(quoted) = data.strip_prefix('"') {
        let (value, rest) = unquote(quoted).map_err(|why| malformed(why.to_owned()))?;
        if !rest.is_empty() {
            return Err(malformed("something behind the closing quote".into()));
        }
        return Ok(Tree::leaf(name, "string", value, span));
    }
    if let Some(digits) = data.strip_prefix("dword:") {
        let is_number = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_number && !digits.contains(is_mark) {
            let digits = digits.escape_debug();
            return Err(malformed(format!("\"{digits}\" is not eight hexadecimal digits")));
        }
        return Ok(Tree::leaf(name, "dword", digits.to_ascii_lowercase(), span));
    }
    let Some((kind, bytes)) = data.split_once(':') else {
        return Err(malformed("not \"string\", dword:, hex: or -".into()));
    };
    let number = kind.strip_prefix("hex(").and_then(|rest| rest.strip_suffix(')'));
    let kind = match number {
        _ if kind == "hex" => "hex",
        Some(number) => {
            HEX.iter().find(|(n, _)| *n == number).map(|(_, kind)| *kind).ok_or_else(|| {
                malformed(format!("\"hex({})\" is no registry type", number.escape_debug()))
            })?
        }
        None => return Err(malformed(format!("\"{}\" is no type", kind.escape_debug()))),
    };
    check_bytes(kind, bytes).map_err(malformed)?;
    Ok(Tree::leaf(name, kind, bytes.to_ascii_lowercase(), span))
}

/// `"name"=data` or `@=data`.
fn split_name(line: &str) -> Result<(String, &str), &'static str> {
    const NEITHER: &str = "neither [key], \"name\"=value, @=value nor ; comment";
    if let Some(data) = line.strip_prefix("@=") {
        return Ok(("@".to_owned(), data));
    }
    let (name, rest) = unquote(line.strip_prefix('"').ok_or(NEITHER)?)?;
    match name.as_str() {
        "" => return Err("a value without a name is written @="),
        "@" => return Err("a value that is called @ looks like the default value"),
        _ => {}
    }
    Ok((name, rest.strip_prefix('=').ok_or("\"=\" belongs directly behind the name")?))
}

/// A quoted string from behind its opening quote, and what follows the closing one.
fn unquote(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok((value, chars.as_str())),
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | '"')) => value.push(escaped),
                _ => return Err("a \"\\\" in a string is written twice"),
            },
            _ => value.push(c),
        }
    }
    Err("the string does not end")
}

fn check_bytes(kind: &str, bytes: &str) -> Result<(), String> {
    if bytes.contains(is_mark) {
        return Ok(());
    }
    let is_byte = |byte: &str| byte.len() == 2 && byte.bytes().all(|b| b.is_ascii_hexdigit());
    if !bytes.is_empty() && !bytes.split(',').all(is_byte) {
        return Err("bytes are two hexadecimal digits each, with commas between them".into());
    }
    let count = (bytes.len() + 1) / 3;
    let good = match kind {
        "hex(4)" | "hex(5)" => count == 4,
        "hex(b)" => count == 8,
        // REG_SZ, REG_EXPAND_SZ, REG_MULTI_SZ: UTF-16LE that ends in a NUL.
        "hex(1)" | "hex(2)" | "hex(7)" => count.is_multiple_of(2) && bytes.ends_with("00,00"),
        _ => true,
    };
    if good { Ok(()) } else { Err(format!("{count} bytes do not make a value of type {kind}")) }
}

/// `{"keys": {path: {"delete": bool, "values": {name: {"type": …, "data": …}}}}}`; a key that is
/// deleted and made again is there once, with `delete` true.
pub(super) fn to_json(tree: &Tree) -> Value {
    let mut keys = Map::new();
    for key in &tree.children {
        let values: Map<String, Value> = key
            .children
            .iter()
            .map(|value| {
                let data = value.value.as_deref();
                (value.name.clone(), json!({"type": value.kind, "data": data}))
            })
            .collect();
        let again = keys.contains_key(&key.name);
        let delete = key.kind == "delete-key" || again;
        keys.insert(key.name.clone(), json!({"delete": delete, "values": values}));
    }
    json!({ "keys": keys })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::any;
    use super::*;

    fn file(lines: &str) -> String {
        format!("{FIRST_LINE}\n\n{lines}\n")
    }

    fn refuses(lines: &str) -> String {
        parse(&file(lines)).expect_err(lines).message
    }

    #[test]
    fn keys_and_values_are_read_in_order() {
        let text = file(concat!(
            "; made by us\n[-HKEY_CURRENT_USER\\A]\n\n[HKEY_CURRENT_USER\\A]\n",
            "\"p\\\\a\\\"th\"=\"C:\\\\x\\\\y \\\"z\\\"\"\n\"n\"=dword:0000001F\n@=\"d\"\n\"gone\"=-\n",
            "\"b\"=hex:01,\\\n  0A,\\\n  ff\n\"e\"=hex(2):25,00,00,00\n",
        ));
        let tree = parse(&text).unwrap();
        assert_eq!(tree.children[0].kind, "delete-key");
        let b = tree.children[1].child("b").unwrap();
        assert_eq!(&text[b.span.clone()], "\"b\"=hex:01,\\\n  0A,\\\n  ff");
        assert_eq!(
            to_json(&tree),
            json!({"keys": {"HKEY_CURRENT_USER\\A": {"delete": true, "values": {
                "p\\a\"th": {"type": "string", "data": "C:\\x\\y \"z\""},
                "n": {"type": "dword", "data": "0000001f"},
                "@": {"type": "string", "data": "d"},
                "gone": {"type": "delete", "data": null},
                "b": {"type": "hex", "data": "01,0a,ff"},
                "e": {"type": "hex(2)", "data": "25,00,00,00"},
            }}}})
        );
    }

    #[test]
    fn the_first_line_is_exact_and_the_second_empty() {
        for text in ["", "REGEDIT4\n\n", "\n", "Windows Registry Editor Version 5.00 \n\n"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&format!("{FIRST_LINE}\n[HKEY_USERS\\A]\n")).is_err());
    }

    #[test]
    fn a_hive_has_its_full_name() {
        assert!(refuses("[HKCU\\Software]").contains("is no hive"));
        assert!(refuses("[-HKEY_CURRENT_USER]").contains("cannot be deleted"));
    }

    #[test]
    fn a_line_that_regedit_would_skip_is_malformed() {
        for line in [
            "[HKEY_USERS\\A",
            "[HKEY_USERS\\\\A]",
            "[HKEY_USERS\\A\\]",
            "[HKEY_USERS\\A] ",
            "\"a\"=\"b\"",
        ] {
            refuses(line);
        }
        for line in [
            "a=1",
            "\"a\"=b",
            "\"a\" =\"b\"",
            "\"a\"= \"b\"",
            "\"a\"=\"b",
            "\"a\"=\"b\" ; c",
            "\"a\"=\"\\n\"",
            "\"a\"=\"C:\\x\"",
            "\"a\"=dword:zz",
            "\"a\"=dword:1",
            "\"a\"=dword:000000001",
            "\"a\"=hex(g):00",
            "\"a\"=hex(2):00",
            "\"a\"=hex(b):00",
            "\"a\"=hex:0",
            "\"a\"=hex:00,\\",
            "\"a\"=hex:00,,00",
            "\"a\"=hexx:00",
            "\"\"=\"a\"",
            "\"a\"=",
            "\"@\"=\"a\"",
            "text",
            " \"a\"=\"b\"",
        ] {
            refuses(&format!("[HKEY_USERS\\A]\n{line}"));
        }
    }

    #[test]
    fn nothing_is_said_twice() {
        assert!(
            refuses("[HKEY_USERS\\A]\n\"a\"=\"1\"\n\"A\"=\"2\"").contains("twice under one key")
        );
        assert!(refuses("[HKEY_USERS\\A]\n[HKEY_USERS\\a]").contains("twice"));
        assert!(refuses("[HKEY_USERS\\A]\n[-HKEY_USERS\\A]").contains("twice"));
    }

    #[test]
    fn a_deleted_key_has_no_values() {
        assert!(refuses("[-HKEY_USERS\\A]\n\"a\"=\"1\"").contains("deleted"));
    }

    #[test]
    fn a_newline_in_a_value_is_refused() {
        for value in ["a\nb", "a\0", "a\tb"] {
            assert!(escape(value).is_err(), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String, like in any::document(&[
            "[HKEY_USERS\\A]\n", "[", "]", "\n", "\"a\"", "=", "\"", "\\", "dword:", "00000001", "hex:", "00",
            ",", "\\\n", "hex(2):", "-", "@", ";",
        ])) {
            let _ = parse(&text);
            let _ = parse(&file(&like)).map(|tree| to_json(&tree));
        }

        #[test]
        fn an_escaped_value_is_read_back(value in any::text()) {
            let escaped = escape(&value).unwrap();
            let lines = format!("[HKEY_USERS\\A]\n\"a\"=\"{escaped}\"\n\"n{escaped}\"=\"b\"");
            let tree = parse(&file(&lines)).unwrap();
            let values = &tree.children[0].children;
            prop_assert_eq!(values[0].value.as_deref(), Some(value.as_str()));
            prop_assert_eq!(&values[1].name, &format!("n{value}"));
        }
    }
}
