//! `mailwright plan`: what `generate` would write, and why.

use serde::Serialize;

use crate::finding::Finding;
use crate::model::Side;
use crate::plan::{self, Job, PlannedServer};
use crate::render::Renderer;
use crate::report::{self, TextTable};

use super::args::{Format, Global, PlanArgs};
use super::session::Session;
use super::terminal::Terminal;
use super::{Failure, Outcome};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedFile {
    subject: String,
    target: String,
    /// Relative to the subject's folder.
    path: String,
    servers: Vec<ServerRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerRow {
    #[serde(rename = "type")]
    server_type: String,
    hostname: String,
    port: u16,
    socket_type: String,
    authentication: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    refused: bool,
}

#[derive(Serialize)]
struct PlanReport<'a> {
    files: &'a [PlannedFile],
    findings: &'a [Finding],
}

pub fn run(args: &PlanArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut session = Session::open(&args.subject, global)?;
    let mut findings = std::mem::take(&mut session.findings);
    let mut files = Vec::new();
    if !terminal.stops(&mut findings) {
        let request = session.request(None);
        let plan = plan::plan(&request);
        findings.extend(plan.findings);
        let mut renderer = Renderer::new();
        for bundle in &plan.bundles {
            for job in &bundle.jobs {
                match renderer.path(job) {
                    Ok(path) => files.push(file(&bundle.subject, job, path)),
                    Err(mut own) => findings.append(&mut own),
                }
            }
        }
    }
    let stops = terminal.stops(&mut findings);
    if args.format == Format::Json {
        let mut text =
            serde_json::to_string_pretty(&PlanReport { files: &files, findings: &findings })?;
        text.push('\n');
        terminal.json(&text)?;
    } else {
        terminal.findings(&findings);
        if !stops {
            terminal.print(&table(&files).render(terminal.width()))?;
        }
        let summary = report::summary(&findings).map(|s| format!("; {s}")).unwrap_or_default();
        terminal.say(&format!("{} files planned{summary}", files.len()));
    }
    Ok(if stops { Outcome::Findings } else { Outcome::Fine })
}

fn file(subject: &str, job: &Job<'_>, path: String) -> PlannedFile {
    let servers = [Side::Incoming, Side::Outgoing]
        .into_iter()
        .flat_map(|side| job.servers(side))
        .filter(|_| job.file.names_servers())
        .map(server)
        .collect();
    PlannedFile {
        subject: subject.to_owned(),
        target: job.folder_target.name.clone(),
        path,
        servers,
        notes: job.notes.iter().map(|(_, text)| text.clone()).collect(),
    }
}

fn server(planned: &PlannedServer<'_>) -> ServerRow {
    ServerRow {
        server_type: planned.server.server_type.to_string(),
        hostname: planned.hostname.clone(),
        port: planned.server.port.get(),
        socket_type: planned.server.socket_type.to_string(),
        authentication: planned.authentication.iter().map(|(a, _)| a.to_string()).collect(),
        username: planned.username.clone(),
        refused: planned.refused,
    }
}

fn table(files: &[PlannedFile]) -> TextTable {
    let mut table = TextTable::new(&["for", "file", "servers"]);
    for file in files {
        let servers: Vec<String> = file
            .servers
            .iter()
            .map(|s| {
                format!(
                    "{} {}:{} {} {}{}",
                    s.server_type,
                    s.hostname,
                    s.port,
                    s.socket_type,
                    s.authentication.join(" or "),
                    if s.refused { " (refused)" } else { "" }
                )
            })
            .collect();
        table.row(vec![file.subject.clone(), file.path.clone(), servers.join(", ")]);
    }
    table
}
