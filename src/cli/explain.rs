//! `mailwright explain`: the page about a code.

use crate::document::closest;
use crate::finding::Finding;
use crate::report::Table;
use crate::rules::{self, Rule};
#[cfg(feature = "verify")]
use crate::verify::{Code, codes};

use super::args::ExplainArgs;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some(name) = &args.code else {
        let mut table = Table::new(&["code", "what was seen"]);
        for (code, title) in all() {
            table.row(vec![code.to_owned(), title]);
        }
        terminal.print(&table.render(terminal.width()))?;
        return Ok(Outcome::Fine);
    };
    if let Some(page) = page(name) {
        terminal.print(&page)?;
        return Ok(Outcome::Fine);
    }
    let mut finding =
        Finding::error("unknown-code", format!("there is no code \"{}\"", name.escape_debug()));
    finding = match closest(name, all().into_iter().map(|(code, _)| code)) {
        Some(near) => finding.help(format!("did you mean {near}?")),
        None => finding.help("`mailwright explain` lists them"),
    };
    terminal.findings(&[finding]);
    Ok(Outcome::Findings)
}

/// Every code with its title: of files first, then of servers.
fn all() -> Vec<(&'static str, String)> {
    let all = rules::all().map(|rule| (rule.code, rule.title));
    #[cfg(feature = "verify")]
    let all = all.chain(codes::all().map(|code| (code.name, code.title.to_owned())));
    all.collect()
}

fn page(name: &str) -> Option<String> {
    if let Some(rule) = rules::find(name) {
        return Some(of_file(&rule));
    }
    #[cfg(feature = "verify")]
    return codes::find(name).map(of_server);
    #[cfg(not(feature = "verify"))]
    None
}

fn of_file(rule: &Rule) -> String {
    let hurts: String =
        rule.hurts.iter().map(|hurt| format!("  {} {}\n", hurt.client, hurt.how)).collect();
    let hurts = if hurts.is_empty() { hurts } else { format!("Whom it hurts:\n{hurts}\n") };
    let mend = rule.mend.as_ref();
    let mend = mend.map(|mend| format!("`check --fix`: {mend}\n\n")).unwrap_or_default();
    format!(
        "{} ({})\n\nWhat was seen: {}.\n\nWhat it means: {}\n\n{hurts}What to do: {}\n\n{mend}\
         Known from: {}\n",
        rule.code, rule.severity, rule.title, rule.means, rule.help, rule.source
    )
}

#[cfg(feature = "verify")]
fn of_server(code: &'static Code) -> String {
    format!(
        "{}\n\nWhat was seen: {}. The server's own words are in the report, behind \"seen\".\n\n\
         What it means: {}\n\nWhat to do: {}\n",
        code.name, code.title, code.means, code.help
    )
}
