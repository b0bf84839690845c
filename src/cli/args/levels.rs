//! The flags that change the severity of codes.

use clap::Args;

use crate::codes::{self, Code};
use crate::document::closest;
use crate::finding::Levels;

/// The same in every command; `explain` lists the codes.
#[derive(Debug, Clone, Default, Args)]
pub struct LevelArgs {
    /// Treat this code as an error: the command fails, and nothing is written
    #[arg(short = 'D', long, global = true, value_name = "CODE,…", value_delimiter = ',', value_parser = code)]
    pub deny: Vec<Code>,
    /// Treat this code as a warning; when files are made, an error stays an error
    #[arg(short = 'W', long, global = true, value_name = "CODE,…", value_delimiter = ',', value_parser = code)]
    pub warn: Vec<Code>,
    /// Do not report this code; verify shows it as a note, and when files are made, an error stays an error
    #[arg(short = 'A', long, global = true, value_name = "CODE,…", value_delimiter = ',', value_parser = code)]
    pub allow: Vec<Code>,
}

impl LevelArgs {
    pub fn levels(&self) -> Levels {
        let Self { deny, warn, allow } = self.clone();
        Levels { deny, warn, allow }
    }
}

fn code(name: &str) -> Result<Code, String> {
    codes::find(name).ok_or_else(|| {
        let near = closest(name, codes::all().map(|code| code.name));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        format!("there is no code \"{}\"{near}", name.escape_debug())
    })
}
