//! `mailwright init`: writes a commented file as a starting point.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::settings::Catalog;

use super::args::InitArgs;
use super::terminal::Terminal;
use super::{Failure, Outcome};

/// The settings file, with every key as a comment.
const SETTINGS: &str = include_str!("settings.toml");

pub fn run(args: &InitArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let path = args.file.display();
    let settings = args.file.file_name().is_some_and(|name| name == "mailwright.toml");
    let text = if settings { SETTINGS } else { Catalog::starting_point() };
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&args.file).map_err(|e| {
            match e.kind() {
                ErrorKind::AlreadyExists => {
                    format!("{path} is there already; name another file, or move that one away")
                }
                _ => format!("cannot write {path}: {e}"),
            }
        })?;
    file.write_all(text.as_bytes()).map_err(|e| format!("cannot write {path}: {e}"))?;
    terminal.say(&match settings {
        true => format!("{path} is written; its comments say what each setting does"),
        false => {
            format!("{path} is written; fill it in, then: mailwright generate --provider {path}")
        }
    });
    Ok(Outcome::Fine)
}
