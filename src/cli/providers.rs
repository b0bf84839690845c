//! `mailwright providers`: lists the providers and shows their contents.

use serde::Serialize;

use crate::model::{Hostname, ServerType};
use crate::report::TextTable;
use crate::settings::{Catalog, Provider};

use super::args::{Format, Global, ProvidersArgs, ProvidersCommand};
use super::terminal::Terminal;
use super::{Failure, Outcome};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProviderRow {
    name: String,
    id: String,
    display_name: String,
    protocols: Vec<String>,
    domains: Vec<String>,
    custom_domains: bool,
}

pub fn run(args: &ProvidersArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let catalog = Catalog::new(global.providers.as_deref())?;
    match &args.command {
        None => list(Format::Human, &catalog, terminal),
        Some(ProvidersCommand::List { format }) => list(*format, &catalog, terminal),
        Some(ProvidersCommand::Show { name }) => show(name, &catalog, terminal),
    }
}

fn list(format: Format, catalog: &Catalog, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let mut rows = Vec::new();
    for name in catalog.names() {
        if let Ok(Some(provider)) = catalog.get(name, &mut findings)? {
            rows.push(row(&provider));
        }
    }
    if format == Format::Json {
        let mut text = serde_json::to_string_pretty(&rows)?;
        text.push('\n');
        terminal.json(&text)?;
    } else {
        let mut table = TextTable::new(&["name", "provider", "protocols", "domains"]);
        for row in &rows {
            let domains = match row.domains.as_slice() {
                [one] => one.clone(),
                [first, rest @ ..] => format!("{first} and {} more", rest.len()),
                [] => String::new(),
            };
            let own = if row.custom_domains { ", and customers' own" } else { "" };
            table.row(vec![
                row.name.clone(),
                row.display_name.clone(),
                row.protocols.join(", "),
                format!("{domains}{own}"),
            ]);
        }
        terminal.print(&table.render(terminal.width()))?;
    }
    Ok(if terminal.report(&mut findings) { Outcome::Findings } else { Outcome::Fine })
}

fn row(provider: &Provider) -> ProviderRow {
    let config = &provider.config;
    let mut protocols: Vec<String> = config
        .incoming
        .iter()
        .filter(|s| matches!(s.server_type, ServerType::Imap | ServerType::Pop3))
        .map(|s| s.server_type.to_string())
        .collect();
    protocols.dedup();
    ProviderRow {
        name: provider.name.clone(),
        id: config.id.to_string(),
        display_name: config.display_name.to_string(),
        protocols,
        domains: config.domains.iter().map(ToString::to_string).collect(),
        custom_domains: provider.custom_domains,
    }
}

fn show(name: &str, catalog: &Catalog, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let provider = match catalog.get(name, &mut findings)? {
        Ok(provider) => provider,
        Err(missing) => {
            let of_domain = match Hostname::new(name) {
                Ok(domain) => catalog.by_domain(&domain, &mut findings)?,
                Err(_) => None,
            };
            if of_domain.is_none() {
                findings.push(missing.finding(catalog));
            }
            of_domain
        }
    };
    let stops = terminal.report(&mut findings);
    match provider.filter(|_| !stops) {
        Some(provider) => {
            terminal.print(&provider.source.text)?;
            Ok(Outcome::Fine)
        }
        None => Ok(Outcome::Findings),
    }
}
