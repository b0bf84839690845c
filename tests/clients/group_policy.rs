//! Do readers of others find in our Group Policy files the values that the `.reg` files set?
//!
//! Of `registry.pol` two, written apart: Samba's own, with which its `samba-tool gpo` works, and regpol.
//! Of `Registry.xml` Python's XML reader.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::python;
use crate::support::Bundle;
use crate::wine::{Registry, registry};

const SAMBA: &str = r#"
import json, sys
from samba.gp_parse.gp_pol import GPPolParser
parser = GPPolParser()
parser.parse(open(sys.argv[1], "rb").read())
file = parser.pol_file
assert (file.header.signature, file.header.version) == ("PReg", 1)
assert file.num_entries == len(file.entries)
for e in file.entries:
    print(json.dumps([e.keyname, e.valuename, e.type, e.data]))
"#;

/// It leaves the NUL behind keys and names to its caller.
const REGPOL: &str = r#"
import json, sys
from regpol import regpol
def show(entries):
    for e in entries:
        assert e.size == len(e.data) and e.key[-1] == e.value[-1] == "\0"
        text = e.regtype == regpol.REG_SZ
        data = e.data.decode("utf-16-le") if text else int.from_bytes(e.data, "little")
        assert not text or data[-1] == "\0"
        print(json.dumps([e.key[:-1], e.value[:-1], e.regtype, data[:-1] if text else data]))
regpol.pprint_entries = show
regpol.cli.callback(sys.argv[1], None)
"#;

const XML: &str = r#"
import json, sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == "RegistrySettings"
for item in root:
    p = item.find("Properties")
    assert item.tag == "Registry" and item.get("name") == item.get("status") == p.get("name")
    assert p.get("hive") == "HKEY_CURRENT_USER" and item.get("image") == str("CRUD".index(p.get("action")))
    print(json.dumps([p.get(a) for a in ("key", "name", "action", "type", "value")]))
"#;

#[test]
fn samba_finds_in_registry_pol_what_the_reg_files_set() {
    needs_module!("samba.gp_parse.gp_pol", "python3-samba");
    same_values("registry.pol", |file| python::lines(SAMBA, &[file]).iter().map(record).collect());
}

#[test]
fn regpol_finds_in_registry_pol_what_the_reg_files_set() {
    needs_module!("regpol", "regpol");
    same_values("registry.pol", |file| python::lines(REGPOL, &[file]).iter().map(record).collect());
}

#[test]
fn registry_xml_sets_what_the_reg_files_set() {
    needs_module!("xml.etree.ElementTree", "python3");
    same_values("Registry.xml", |file| python::lines(XML, &[file]).iter().map(item).collect());
}

/// An import is not to be repeated with each refresh of the policies.
#[test]
fn what_imports_a_profile_is_applied_once() {
    let bundle = bundle();
    let text = |folder: &str| {
        fs::read_to_string(bundle.file(folder, "Registry.xml")).expect("a file of the bundle")
    };
    let once = text("ann@both.example-import-prf");
    assert_eq!(once.matches("<Registry ").count(), 3);
    assert_eq!(once.matches("<FilterRunOnce ").count(), 3);
    assert!(!text("both.example-local-xml").contains("<FilterRunOnce "));
}

/// For each `.reg` file of ours the same values in the policy file of the same name.
#[track_caller]
fn same_values(name: &str, read: impl Fn(&Path) -> Registry) {
    let bundle = bundle();
    let files = bundle.files("outlook-registry", ".reg");
    assert_eq!(files.len(), 2 * (4 + 4), "{files:#?}");
    for file in files {
        let folder = file.with_extension("").to_string_lossy().into_owned();
        let folder = folder.replace("/outlook-registry/", "/outlook-group-policy/");
        let policy = PathBuf::from(folder).join(name);
        let set = registry(&fs::read(&file).expect("a file of the bundle"));
        assert!(!set.is_empty());
        assert_eq!(read(&policy), set, "{}", bundle.name(&policy));
    }
}

fn bundle() -> Bundle {
    let mut arguments = vec!["both.example", "--provider", "both.toml"];
    arguments.extend(["ann@both.example", "o'neil+x@beide.example"]);
    let sets = ["outlook-registry", "outlook-group-policy"].map(|target| {
        [
            "--target".to_owned(),
            target.to_owned(),
            "--set".to_owned(),
            format!("{target}.steering=true"),
            "--set".to_owned(),
            format!(r#"{target}.installDir=D:\Grüße & 100%;]'\%TEMP%"#),
        ]
    });
    arguments.extend(sets.iter().flatten().map(String::as_str));
    let provider = include_str!("../fixtures/providers/both.example.toml");
    Bundle::new().with_file("both.toml", provider).and(&arguments)
}

/// `[key, name, type, data]` as a `.reg` file writes it.
fn record(record: &Value) -> ((String, String), String) {
    let [key, name, kind, data] = &record.as_array().expect("a record")[..] else {
        panic!("{record}");
    };
    let (key, name) = (key.as_str().expect("a key"), name.as_str().expect("a name"));
    match (name.strip_prefix("**del."), kind.as_u64(), data) {
        (Some(name), Some(1), Value::String(data)) if data == " " => value(key, name, "-".into()),
        (None, Some(1), Value::String(text)) => value(key, name, quoted(text)),
        (None, Some(4), Value::Number(_)) => {
            value(key, name, format!("dword:{:08x}", data.as_u64().unwrap()))
        }
        _ => panic!("{record}"),
    }
}

/// `[key, name, action, type, value]` as a `.reg` file writes it.
fn item(item: &Value) -> ((String, String), String) {
    let texts: Vec<&str> = item
        .as_array()
        .expect("an item")
        .iter()
        .map(|text| text.as_str().expect("a text"))
        .collect();
    match texts[..] {
        [key, name, "D", _, ""] => value(key, name, "-".into()),
        [key, name, "U", "REG_SZ", text] => value(key, name, quoted(text)),
        [key, name, "U", "REG_DWORD", number] => {
            assert_eq!(number.len(), 8, "{item}");
            value(key, name, format!("dword:{}", number.to_lowercase()))
        }
        _ => panic!("{item}"),
    }
}

fn value(key: &str, name: &str, value: String) -> ((String, String), String) {
    ((format!(r"HKEY_CURRENT_USER\{key}"), name.to_owned()), value)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}
