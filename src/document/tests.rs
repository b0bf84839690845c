//! Every mistake of a TOML file is reported at its place.

use super::*;
use crate::model::Port;

fn messages(text: &str, f: impl FnOnce(&TomlTable<'_>) -> Option<()>) -> Vec<String> {
    let source = Source::new("x.toml", text.to_owned());
    read(&source, f).1.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_reported_at_once_each_at_its_place() {
    let found = messages("port = 0\nhots = \"x\"\nname = 3\n", |t| {
        t.integer("port", Port::new);
        t.text("name");
        t.text("host");
        Some(())
    });
    assert_eq!(
        found,
        [
            "x.toml:1:8: error[invalid-setting]: port: 0 is no port; 1 to 65535",
            "x.toml:2:1: error[unknown-key]: unknown key hots",
            "x.toml:3:8: error[invalid-setting]: name is an integer, not a string",
        ]
    );
}

#[test]
fn an_unknown_key_in_a_nested_table_has_a_suggestion() {
    let source = Source::new("x.toml", "[server]\nhostnme = \"a\"\n");
    let (_, findings) = read(&source, |t| {
        t.table("server").map(|s| {
            s.text("hostname");
        })
    });
    assert_eq!(findings[0].help.as_deref(), Some("did you mean \"hostname\"?"));
}

#[test]
fn broken_toml_is_a_finding_with_its_line() {
    let found = messages("a = \n", |_| Some(()));
    assert!(found[0].starts_with("x.toml:1:"), "{found:?}");
}
