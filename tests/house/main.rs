//! The rules of this repository: its source, manifests, texts, documents and pages of codes.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod architecture;
mod code_pages;
mod cycles;
mod documents;
mod manifests;
mod providers;
mod readme;
mod source;

use std::fs;
use std::sync::LazyLock;

use mailwright::internals::clients::{Target, Targets};

use support::root;

static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| {
    let targets = Targets::new(None).expect("built-in targets need no folder");
    targets.names().filter_map(|name| targets.get(name, &mut Vec::new())).collect()
});

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[track_caller]
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
