//! Are our PowerShell scripts whole, and does every value stay one string in them?
//!
//! By tree-sitter's grammar of PowerShell; there is no PowerShell on our machines.

use std::path::{Path, PathBuf};

use crate::python;
use crate::support::{self, Bundle};

/// For each file whether anything in it is no PowerShell, and the strings in single quotes.
const SCRIPT: &str = r#"
import json, sys
import tree_sitter, tree_sitter_powershell
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
for name in sys.argv[1:]:
    root = parser.parse(open(name, encoding="utf-8-sig").read().encode()).root_node
    strings, nodes = [], [root]
    while nodes:
        node = nodes.pop()
        nodes += node.children
        if node.type == "verbatim_string_characters":
            strings.append(node.text.decode())
    print(json.dumps([root.has_error, strings]))
"#;

#[test]
fn every_script_is_powershell_with_each_value_in_one_string() {
    needs_module!("tree_sitter_powershell, tree_sitter", "tree-sitter-powershell");
    let version = "16.0'; Remove-Item C:\\ #’$(x)";
    let targets = ["intune-win32", "intune-win32-prf"];
    let set = targets.map(|target| format!("{target}.officeVersion={version}"));
    let provider = include_str!("../fixtures/providers/both.example.toml");
    let bundle = Bundle::new().with_file("both.toml", provider).and(&[
        "--provider",
        "both.toml",
        "o'n‘e’il+`$x@both.example",
        "--target",
        targets[0],
        "--target",
        targets[1],
        "--set",
        &set[0],
        "--set",
        &set[1],
    ]);
    let scripts = scripts(&bundle);
    assert_eq!(scripts.len(), 6, "{scripts:#?}");
    for script in &scripts {
        let (broken, strings) = &read(&[script])[0];
        let name = bundle.name(script);
        assert!(!broken, "{name}");
        let plain = |text: &String| {
            text.trim_matches('\'').replace("''", "'").replace("‘‘", "‘").replace("’’", "’")
        };
        let strings: Vec<String> = strings.iter().map(plain).collect();
        let has =
            |text: &str| assert!(strings.iter().any(|s| s == text), "{name}: {text}: {strings:#?}");
        let folder = if name.contains("intune-win32-prf") { "Setup" } else { "AutoDiscover" };
        has(&format!(r"HKCU:\Software\Microsoft\Office\{version}\Outlook\{folder}"));
        has(if folder == "Setup" { "o'n‘e’il+`$x@both.example" } else { "beide.example" });
    }
}

/// What the grammar would say if a quote were not written twice.
#[test]
fn the_grammar_tells_a_value_that_ends_its_string() {
    needs_module!("tree_sitter_powershell, tree_sitter", "tree-sitter-powershell");
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("a.ps1");
    std::fs::write(&file, "$a = 'o'neil'\n").expect("a file in the temporary folder");
    assert!(read(&[&file])[0].0);
}

fn scripts(bundle: &Bundle) -> Vec<PathBuf> {
    let is_script = |file: &PathBuf| file.extension().is_some_and(|end| end == "ps1");
    support::walk(&bundle.out()).into_iter().filter(is_script).collect()
}

#[track_caller]
fn read(files: &[&Path]) -> Vec<(bool, Vec<String>)> {
    let line = |value| serde_json::from_value(value).expect("what the script prints");
    python::lines(SCRIPT, files).into_iter().map(line).collect()
}
