//! `mailwright completions` and `mailwright man`, generated from the same definition as the help.

use std::fs;

use super::args::{CompletionsArgs, ManArgs};
use super::terminal::Terminal;
use super::{Failure, Outcome, definition};

const NAME: &str = "mailwright";

pub fn completions(args: &CompletionsArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition(), NAME, &mut script);
    terminal.print(&String::from_utf8(script)?)?;
    Ok(Outcome::Fine)
}

pub fn man(args: &ManArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    match &args.out {
        Some(folder) => {
            let cannot = |e| format!("cannot write the pages into {}: {e}", folder.display());
            fs::create_dir_all(folder).map_err(cannot)?;
            clap_mangen::generate_to(definition(), folder).map_err(cannot)?;
            terminal.say(&format!("the pages are in {}", folder.display()));
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(definition()).render(&mut page)?;
            terminal.print(&String::from_utf8(page)?)?;
        }
    }
    Ok(Outcome::Fine)
}
