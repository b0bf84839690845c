//! The README shows the program's real output.

mod support;

use std::fs;

use support::{Run, root};

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
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let true_one = with_true_output(&readme);
    assert!(readme.matches("\n$ mailwright ").count() >= 4, "the README shows too few commands");
    if std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite") {
        fs::write(path, true_one).unwrap();
        return;
    }
    let pairs = readme.lines().zip(true_one.lines());
    for (number, (said, prints)) in pairs.enumerate() {
        assert_eq!(said, prints, "README.md:{}; SNAPSHOTS=overwrite writes it anew", number + 1);
    }
    assert_eq!(readme, true_one);
}

#[test]
fn the_readme_opens_with_one_sentence_and_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let commands: Vec<&str> =
        block.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    assert_eq!(commands, ["cargo run --release -- generate ann@outlook.com", "./tests/run"]);
}
