//! `mailwright check --matrix`: what every client would do with a file.

use std::time::SystemTime;

use crate::authorities::Authorities;
use crate::check;
use crate::check::matrix::{MatrixRow, matrix};
use crate::clients::{Target, Targets};
use crate::model::printable;
use crate::report::{TextTable, matrix_page};

use super::args::{CheckArgs, CheckFormat, Global};
use super::bytes::read;
use super::check::collect;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &CheckArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let targets = Targets::new(global.templates.as_deref())?;
    let names: Vec<String> = targets.names().map(str::to_owned).collect();
    let targets: Vec<Target> =
        names.iter().filter_map(|name| targets.get(name, &mut findings)).collect();
    if terminal.report(&mut findings) {
        return Ok(Outcome::Findings);
    }
    let mut files = Vec::new();
    for name in &args.files {
        collect(name, &mut files, &mut Vec::new())?;
    }
    let mut all: Vec<(String, Vec<MatrixRow>)> = Vec::new();
    for file in &files {
        let name = file.display().to_string();
        let bytes = read(file, &name)?;
        let authorities = Authorities::default();
        let Some(checked) = check::file::file(&bytes, SystemTime::now(), &authorities) else {
            return Err(format!("{name} is of no format that can be checked here").into());
        };
        let mut rows = matrix(&checked, &targets);
        if let Some(client) = &args.client {
            let client = client.to_lowercase();
            rows.retain(|row| row.client.to_lowercase().contains(&client));
        }
        all.push((name, rows));
    }
    match args.format {
        CheckFormat::Human => {
            for (name, rows) in &all {
                terminal.print(&format!("{}\n", printable(name)))?;
                terminal.print(&table(rows).render(terminal.width()))?;
                terminal.print("\n")?;
            }
        }
        CheckFormat::Json => {
            let files: Vec<_> = all
                .iter()
                .map(|(name, rows)| serde_json::json!({ "file": name, "clients": rows }))
                .collect();
            terminal.json(&format!("{:#}\n", serde_json::json!({ "files": files })))?;
        }
        CheckFormat::Html => terminal.print(&matrix_page(&all))?,
        CheckFormat::Sarif | CheckFormat::Junit => {
            return Err("--matrix is told as human, json or html".into());
        }
    }
    let works = all.iter().all(|(_, rows)| rows.iter().all(MatrixRow::works));
    Ok(if works { Outcome::Fine } else { Outcome::Findings })
}

fn table(rows: &[MatrixRow]) -> TextTable {
    let mut table = TextTable::new(&["client", "reads from", "sends through", "what to know"]);
    for row in rows {
        let cell = |server: &Option<String>| server.clone().unwrap_or_else(|| "nothing".to_owned());
        table.row(vec![
            row.client.clone(),
            cell(&row.incoming),
            cell(&row.outgoing),
            row.why.join("; "),
        ]);
    }
    table
}
