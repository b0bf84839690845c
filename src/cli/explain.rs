//! `mailwright explain`: the page of a code, or a list of the codes about a topic.

use std::fmt::Write as _;

use crate::codes::{self, Code, Hurt};
use crate::document::closest;
use crate::finding::Finding;
use crate::report::TextTable;

use super::args::ExplainArgs;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some(word) = &args.code else {
        terminal.print(&list(&|_| true, terminal.width()))?;
        return Ok(Outcome::Fine);
    };
    if let Some(code) = codes::find(word) {
        terminal.print(&page(code))?;
        return Ok(Outcome::Fine);
    }
    let folded = word.to_lowercase();
    let is_family = codes::families().any(|(family, _)| family.name == folded);
    let wanted = |code: Code| match is_family {
        true => code.family.name == folded || code.name.starts_with(&folded),
        false => is_about(code, &folded),
    };
    let found = list(&wanted, terminal.width());
    if !found.is_empty() {
        terminal.print(&found)?;
        return Ok(Outcome::Fine);
    }
    let finding = Finding::new(
        codes::UNKNOWN_CODE,
        format!("there is no code \"{}\", and no page has this word", word.escape_debug()),
    );
    let finding = match closest(word, codes::all().map(|code| code.name)) {
        Some(near) => finding.help(format!("did you mean {near}?")),
        None => finding.help("`mailwright explain` lists all codes"),
    };
    terminal.findings(&[finding]);
    Ok(Outcome::Findings)
}

/// Whether the code, or a word on its page, begins with `word` (in lower case).
fn is_about(code: Code, word: &str) -> bool {
    let has = |text: &str| {
        let text = text.to_lowercase();
        let starts_word = |at: usize| !text[..at].ends_with(char::is_alphanumeric);
        text.match_indices(word).any(|(at, _)| starts_word(at))
    };
    !word.is_empty()
        && (code.name.starts_with(word) || [code.title, code.means, code.help].into_iter().any(has))
}

/// The wanted codes with their titles, by family; empty if there are none.
fn list(wanted: &dyn Fn(Code) -> bool, width: usize) -> String {
    let mut out = String::new();
    for (family, codes) in codes::families() {
        let mut table = TextTable::new(&["code", "what was found"]);
        let wanted: Vec<Code> = codes.into_iter().filter(|code| wanted(*code)).collect();
        for code in &wanted {
            table.row(vec![code.name.to_owned(), code.title.to_owned()]);
        }
        if !wanted.is_empty() {
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = write!(out, "{gap}{}\n\n{}", family.title, table.render(width));
        }
    }
    out
}

/// The page of a code as text.
fn page(code: Code) -> String {
    let mut out = format!("{code} ({})\n\n", code.severity);
    let _ = writeln!(out, "What was found: {}.\n\nWhat it means: {}\n", code.title, code.means);
    if !code.hurts.is_empty() {
        out.push_str("Affected clients:\n");
        for Hurt { client, how, .. } in code.hurts {
            let _ = writeln!(out, "  {client} {how}");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "What to do: {}\n", code.help);
    if let Some(fix) = code.fix {
        let _ = writeln!(out, "`check --fix`: {fix}\n");
    }
    let _ = writeln!(
        out,
        "Source: {}\n\nFamily: {} ({})",
        code.source, code.family.name, code.family.title
    );
    out
}
