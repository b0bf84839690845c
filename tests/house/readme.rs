//! The README: its table of clients, its first commands, and the real output of the others.

use std::fmt::Write as _;
use std::fs;
use std::sync::{Mutex, PoisonError};

use mailwright::internals::clients::Client;

use crate::support::{Run, root};
use crate::{TARGETS, read};

/// Locked while README.md is read or written: with `SNAPSHOTS=overwrite` two tests write it.
static README: Mutex<()> = Mutex::new(());

/// The README with the output of every `$ mailwright …` in its console blocks replaced: first
/// stdout, then stderr.
fn with_true_output(readme: &str) -> String {
    let run = Run::new();
    let mut out = String::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let Some(command) = line.strip_prefix("$ mailwright ").filter(|_| inside) else {
            if !inside {
                out.push_str(line);
                out.push('\n');
            }
            continue;
        };
        let args: Vec<&str> = command.split_whitespace().collect();
        let ended = run.args(&args);
        assert_eq!(ended.code, Some(0), "{command}: {}", ended.stderr);
        out.push_str(line);
        out.push('\n');
        for text in [&ended.stdout, &ended.stderr] {
            out.push_str(text.trim_end());
            if !text.trim().is_empty() {
                out.push('\n');
            }
        }
    }
    out
}

#[test]
fn the_commands_in_the_readme_print_what_it_says() {
    let _held = README.lock().unwrap_or_else(PoisonError::into_inner);
    let readme = read("README.md");
    let true_one = with_true_output(&readme);
    assert!(readme.matches("\n$ mailwright ").count() >= 4, "the README shows too few commands");
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        fs::write(root().join("README.md"), true_one).unwrap();
        return;
    }
    let pairs = readme.lines().zip(true_one.lines());
    for (number, (said, prints)) in pairs.enumerate() {
        assert_eq!(
            said,
            prints,
            "README.md:{}; SNAPSHOTS=overwrite cargo test --test house",
            number + 1
        );
    }
    assert_eq!(readme, true_one);
}

const CLIENTS: (&str, &str) = ("<!-- clients -->", "<!-- /clients -->");

/// One row for each client of each target.
fn clients() -> String {
    let mut table =
        "| client | file | how it gets there | last seen working |\n|---|---|---|---|\n".to_owned();
    for target in TARGETS.iter() {
        for client in &target.clients {
            let cells =
                [&client.name, &format!("`{}`", target.name), &target.delivery, &seen(client)];
            let row = cells.map(|cell| cell.replace('|', "\\|")).join(" | ");
            writeln!(table, "| {row} |").expect("a string takes everything");
        }
    }
    table
}

fn seen(client: &Client) -> String {
    match &client.last_seen {
        Some(seen) => format!("{} ({}, `{}`)", seen.version, seen.date, seen.test),
        None => client.status.as_str().to_owned(),
    }
}

/// A text with this between two marks.
fn between(text: &str, (begin, end): (&str, &str), table: &str) -> String {
    let (before, rest) = text.split_once(begin).unwrap_or_else(|| panic!("there is no {begin}"));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("there is no {end}"));
    format!("{before}{begin}\n\n{table}\n{end}{after}")
}

#[test]
fn the_readme_lists_the_clients_that_the_manifests_name() {
    let _held = README.lock().unwrap_or_else(PoisonError::into_inner);
    let text = read("README.md");
    let meant = between(&text, CLIENTS, &clients());
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") && meant != text {
        fs::write(root().join("README.md"), &meant).unwrap();
        return;
    }
    assert!(
        text == meant,
        "README.md has another table; SNAPSHOTS=overwrite cargo test --test house"
    );
}

#[test]
fn what_stands_between_two_marks_is_replaced_and_nothing_else() {
    let text = "a\n<!-- clients -->\nold\n<!-- /clients -->\nz\n";
    let new = between(text, CLIENTS, "| new |\n");
    assert_eq!(new, "a\n<!-- clients -->\n\n| new |\n\n<!-- /clients -->\nz\n");
    assert_eq!(between(&new, CLIENTS, "| new |\n"), new);
}

#[test]
fn the_readme_begins_with_the_main_job_and_the_tests_and_both_are_there() {
    let text = read("README.md");
    let (_, rest) = text.split_once("```sh\n").expect("README.md has a block of commands");
    let (block, _) = rest.split_once("```").expect("a block ends");
    let lines: Vec<_> =
        block.lines().map(|l| l.split(" # ").next().unwrap_or_default().trim()).collect();
    assert_eq!(lines, ["cargo run --release -- generate ann@outlook.com", "./tests/run"]);
    assert!(root().join("tests/run").is_file());
}
