//! Registry files as regedit exports them and as people write them.

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
    assert!(refuses("[HKCU\\Software]").contains("is written HKEY_CURRENT_USER"));
    assert!(refuses("[HKEY_CURRENT_USERS\\Software]").contains("is no hive"));
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
    assert!(refuses("[HKEY_USERS\\A]\n\"a\"=\"1\"\n\"A\"=\"2\"").contains("twice under one key"));
    assert!(refuses("[HKEY_USERS\\A]\n[HKEY_USERS\\a]").contains("twice"));
    assert!(refuses("[HKEY_USERS\\A]\n[-HKEY_USERS\\A]").contains("after it was made"));
}

/// The expectations are those of Wine 8 and of its `reg import` tests, which were also run on
/// Windows.
#[test]
fn examining_reads_what_regedit_reads() {
    let reads = |lines: &str, values: &[(&str, &str)], codes: &[&str]| {
        let (tree, flaws) = examine(&file(&format!("[HKEY_USERS\\A]\n{lines}")));
        let found = tree.children.iter().flat_map(|key| &key.children);
        let found: Vec<(&str, &str)> = found
            .map(|value| (value.name.as_str(), value.value.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(found, values, "{lines}");
        assert_eq!(flaws.iter().map(|flaw| flaw.code.name).collect::<Vec<_>>(), codes, "{lines}");
    };
    let after = "\n\"z\"=\"after\"";
    let z = ("z", "after");
    reads(&format!("\"a\"=dword:zz{after}"), &[z], &["reg-dword"]);
    reads(&format!("\"a\"=\"open{after}"), &[z], &["reg-string-open"]);
    reads(&format!("\"a\"=hex:00\\{after}"), &[z], &["reg-continuation-comma"]);
    reads(&format!("\"a\"=hex:00,\\{after}"), &[], &["reg-continuation-end"]);
    reads(
        "\"a\"=hex:00,\\ ; c\n\n  1",
        &[("a", "00,01")],
        &["reg-comment-behind", "reg-hex-digits"],
    );
    reads("\"a\"=hex:00,\\ \n  01", &[("a", "00,01")], &["reg-continuation-space"]);
    reads(
        "\"a\" = dword:1 ; c",
        &[("a", "00000001")],
        &["reg-white-space", "reg-comment-behind", "reg-dword-short"],
    );
    reads("\"a\"=\"1\"\n\"A\"=\"2\"", &[("A", "2")], &["reg-value-twice"]);
    reads("\"a\"=\"C:\\x\"", &[("a", "C:x")], &["reg-backslash"]);
    reads("[HKEY_NONE\\B]\n\"b\"=\"1\"", &[], &["reg-root-key", "reg-value-of-dropped-key"]);
    reads(&format!("[HKEY_USERS\\B{after}"), &[z], &["reg-key-line"]);
    let (tree, flaws) = examine("REGEDIT4\n[HKEY_USERS\\A]\n\"a\"=hex(2):25,41,00\n");
    assert_eq!(tree.children[0].children[0].value.as_deref(), Some("25,00,41,00,00,00"));
    let codes: Vec<&str> = flaws.iter().map(|flaw| flaw.code.name).collect();
    assert_eq!(codes, ["reg-version-4", "reg-second-line"]);
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
