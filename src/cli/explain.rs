//! `mailwright explain`: the page about a code.

use crate::document::closest;
use crate::finding::Finding;
use crate::report::Table;
use crate::verify::{Code, codes};

use super::args::ExplainArgs;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some(name) = &args.code else {
        let mut table = Table::new(&["code", "what was seen"]);
        for code in codes::all() {
            table.row(vec![code.name.to_owned(), code.title.to_owned()]);
        }
        terminal.print(&table.render(terminal.width()))?;
        return Ok(Outcome::Fine);
    };
    match codes::find(name) {
        Some(code) => {
            terminal.print(&page(code))?;
            Ok(Outcome::Fine)
        }
        None => {
            let mut finding = Finding::error(
                "unknown-code",
                format!("there is no code \"{}\"", name.escape_debug()),
            );
            finding = match closest(name, codes::all().map(|code| code.name)) {
                Some(near) => finding.help(format!("did you mean {near}?")),
                None => finding.help("`mailwright explain` lists them"),
            };
            terminal.findings(&[finding]);
            Ok(Outcome::Findings)
        }
    }
}

fn page(code: &Code) -> String {
    format!(
        "{}\n\nWhat was seen: {}. The server's own words are in the report, behind \"seen\".\n\n\
         What it means: {}\n\nWhat to do: {}\n",
        code.name, code.title, code.means, code.help
    )
}
