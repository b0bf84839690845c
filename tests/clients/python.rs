//! Readers that are Python modules: Samba's of Debian's own Python, and what `tests/run` puts beside it.

use std::path::Path;
use std::process::Command;

use crate::support;

/// Debian's, for which Samba's modules are built; another one may stand before it in the `PATH`.
const PYTHON: &str = "/usr/bin/python3";

/// Where `tests/run` puts modules that Debian does not have.
const MODULES: &str = "/usr/local/lib/mailwright-tests/python";

/// Leaves the test, with a line that `tests/run` counts, when Python lacks a module.
macro_rules! needs_module {
    ($module:literal, $name:literal) => {
        if !$crate::python::has($module) {
            return $crate::support::skip($name);
        }
    };
}

pub fn has(module: &str) -> bool {
    Path::new(PYTHON).is_file()
        && command(&format!("import {module}"), &[]).output().is_ok_and(|o| o.status.success())
}

/// What a script prints about files, each line as JSON.
#[track_caller]
pub fn lines(script: &str, files: &[&Path]) -> Vec<serde_json::Value> {
    let said = support::run(&mut command(script, files)).fine();
    let line = |line: &str| serde_json::from_str(line).expect("the script prints JSON");
    said.stdout.lines().map(line).collect()
}

/// A module that is a program.
pub fn program(module: &str) -> Command {
    let mut command = python();
    command.args(["-m", module]);
    command
}

fn command(script: &str, files: &[&Path]) -> Command {
    let mut command = python();
    command.args(["-c", script]).args(files);
    command
}

fn python() -> Command {
    let mut command = Command::new(PYTHON);
    command.arg("-B").env("PYTHONPATH", MODULES).env("LC_ALL", "C.UTF-8");
    command
}
