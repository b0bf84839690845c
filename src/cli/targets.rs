//! `mailwright targets`: lists the mail clients with files, and copies templates for editing.

use std::fs;

use serde::Serialize;

use crate::clients::{OptionDefault, Target, Targets};
use crate::report::TextTable;

use super::args::{Format, Global, SubjectArgs, TargetsArgs, TargetsCommand};
use super::target_files;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &TargetsArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let targets = Targets::new(global.templates.as_deref())?;
    match &args.command {
        None => list(Format::Human, &targets, terminal),
        Some(TargetsCommand::List { format }) => list(*format, &targets, terminal),
        Some(TargetsCommand::Show { name, who: None, .. }) => show(name, &targets, terminal),
        Some(TargetsCommand::Show { name, who: Some(who), choice }) => {
            if !targets.contains(name) {
                terminal.findings(&[targets.no_such_target(name)]);
                return Ok(Outcome::Findings);
            }
            let subject = SubjectArgs {
                who: vec![who.clone()],
                provider: choice.provider.clone(),
                protocol: choice.protocol,
                set: choice.set.clone(),
                ..SubjectArgs::default()
            };
            target_files::show(name, subject, global, terminal)
        }
        Some(TargetsCommand::Eject { name, folder }) => {
            let files = Targets::built_in_files(name);
            if files.is_empty() {
                terminal.findings(&[targets.no_such_target(name)]);
                return Ok(Outcome::Findings);
            }
            let into = folder.join(name);
            if into.exists() {
                return Err(format!(
                    "{} is there already; move it away, or eject into another folder",
                    into.display()
                )
                .into());
            }
            for (file, text) in files {
                let path = into.join(file);
                let parent = path.parent().unwrap_or(&into);
                fs::create_dir_all(parent)
                    .and_then(|()| fs::write(&path, text))
                    .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
            }
            terminal.say(&format!(
                "{} is written; use it with --templates {}",
                into.display(),
                folder.display()
            ));
            Ok(Outcome::Fine)
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetRow {
    name: String,
    title: String,
    opt_in: bool,
    delivery: String,
    clients: Vec<ClientRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientRow {
    name: String,
    reads: Vec<String>,
    status: &'static str,
    evidence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<String>,
}

fn list(format: Format, targets: &Targets, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let names: Vec<String> = targets.names().map(str::to_owned).collect();
    let all: Vec<Target> =
        names.iter().filter_map(|name| targets.get(name, &mut findings)).collect();
    if format == Format::Json {
        let rows: Vec<TargetRow> = all.iter().map(row).collect();
        let mut text = serde_json::to_string_pretty(&rows)?;
        text.push('\n');
        terminal.print(&text)?;
    } else {
        let mut table = TextTable::new(&["name", "what it makes", "for"]);
        for target in &all {
            let clients: Vec<&str> = target.clients.iter().map(|c| c.name.as_str()).collect();
            let opt_in = match (target.is_managed(), target.opt_in) {
                (true, _) => " (only with --mdm)",
                (false, true) => " (only when named)",
                (false, false) => "",
            };
            table.row(vec![
                target.name.clone(),
                format!("{}{opt_in}", target.title),
                clients.join(", "),
            ]);
        }
        terminal.print(&table.render(terminal.width()))?;
    }
    Ok(if terminal.report(&mut findings) { Outcome::Findings } else { Outcome::Fine })
}

fn row(target: &Target) -> TargetRow {
    let clients = target
        .clients
        .iter()
        .map(|c| ClientRow {
            name: c.name.clone(),
            reads: c.reads.iter().map(ToString::to_string).collect(),
            status: c.status.as_str(),
            evidence: c.evidence.clone(),
            last_seen: c
                .last_seen
                .as_ref()
                .map(|s| format!("{}, {}, {}", s.version, s.date, s.test)),
        })
        .collect();
    TargetRow {
        name: target.name.clone(),
        title: target.title.clone(),
        opt_in: target.opt_in,
        delivery: target.delivery.clone(),
        clients,
    }
}

fn show(name: &str, targets: &Targets, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let target = targets.get(name, &mut findings);
    let stops = terminal.report(&mut findings);
    let Some(target) = target.filter(|_| !stops) else { return Ok(Outcome::Findings) };
    let mut text = format!("{}\n\n  {}\n", target.title, target.delivery);
    if target.is_managed() {
        text.push_str("  made with --mdm SYSTEM, instead of the others\n");
    } else if target.opt_in {
        text.push_str("  made only when it is named with --target\n");
    }
    text.push_str("\nclients\n");
    for client in &target.clients {
        let reads: Vec<String> = client.reads.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "  {} ({}): {}\n",
            client.name,
            client.status.as_str(),
            reads.join(", ")
        ));
        if let Some(seen) = &client.last_seen {
            text.push_str(&format!(
                "    last seen {}, {}, {}\n",
                seen.version, seen.date, seen.test
            ));
        }
        if !client.evidence.is_empty() {
            text.push_str(&format!("    {}\n", client.evidence));
        }
    }
    text.push_str("\nfiles\n");
    for file in &target.files {
        text.push_str(&format!("  {} (one per {})\n", file.path, file.scope.as_str()));
        for route in &file.routes {
            text.push_str(&format!("    served under {route}\n"));
        }
        if !file.also_routes.is_empty() {
            let routes = file.also_routes.join(", ");
            text.push_str(&format!("    served under paths of other systems: {routes}\n"));
        }
    }
    for include in &target.includes {
        text.push_str(&format!("  {} (from {})\n", include.path, include.target));
    }
    if !target.options.is_empty() {
        text.push_str("\noptions\n");
        for (name, option) in &target.options {
            let default = match &option.default {
                OptionDefault::Text(text) => format!("\"{text}\""),
                OptionDefault::Flag(flag) => flag.to_string(),
            };
            text.push_str(&format!("  {name} = {default}\n    {}\n", option.help));
        }
    }
    if !target.spec.is_empty() {
        text.push_str(&format!("\nspec\n  {}\n", target.spec));
    }
    terminal.print(&text)?;
    Ok(Outcome::Fine)
}
