//! Checks that the typed reader of the client's format gives back the plan.

use crate::codes;
use crate::finding::Finding;
use crate::format::Tree;
use crate::import::{ReadServer, Reader};
use crate::model::Side;
use crate::plan::PlannedServer;
use crate::render::Artifact;

/// `tree` is the parsed file, if its format has a grammar.
pub(super) fn check(artifact: &Artifact<'_>, tree: Option<&Tree>) -> Vec<Finding> {
    let Some(reader) = artifact.job.file.reader else { return Vec::new() };
    let text = &artifact.text;
    let read = match tree {
        Some(tree) if artifact.job.file.format == reader.kind() => reader.read_parsed(text, tree),
        _ => reader.read(text),
    };
    let read = match read {
        Ok(read) => read,
        Err(errors) => {
            let source = artifact.source();
            return errors
                .into_iter()
                .map(|e| Finding::new(codes::NOT_READABLE, e.message).at(&source, e.span))
                .collect();
        }
    };
    // A registry file contains servers only if it creates an account.
    let values_only = reader == Reader::Reg && read.servers.is_empty();
    if values_only || !artifact.job.file.names_servers() {
        return Vec::new();
    }
    let planned: Vec<&PlannedServer<'_>> = [Side::Incoming, Side::Outgoing]
        .into_iter()
        .flat_map(|side| artifact.job.servers(side))
        .collect();
    let mut findings = Vec::new();
    if planned.len() != read.servers.len() {
        findings.push(Finding::new(
            codes::NOT_AS_PLANNED,
            format!("{} servers were planned and {} read back", planned.len(), read.servers.len()),
        ));
        return findings;
    }
    for planned in planned {
        let same_type: Vec<&ReadServer> =
            read.servers.iter().filter(|r| r.server_type == planned.server.server_type).collect();
        let differences: Vec<_> = same_type.iter().map(|r| (r, difference(planned, r))).collect();
        if differences.iter().any(|(_, d)| d.is_none()) {
            continue;
        }
        let server_type = planned.server.server_type;
        findings.push(match differences.first() {
            Some((read, Some(what))) => Finding::new(
                codes::NOT_AS_PLANNED,
                format!("the {server_type} server reads back otherwise than planned: {what}"),
            )
            .at(&artifact.source(), read.span.clone()),
            _ => Finding::new(codes::NOT_AS_PLANNED, format!("no {server_type} server reads back")),
        });
    }
    findings
}

/// The first value that the reader sees differently, if any.
fn difference(planned: &PlannedServer<'_>, read: &ReadServer) -> Option<String> {
    let server = planned.server;
    let told = |what: &str, meant: &dyn std::fmt::Display, found: &dyn std::fmt::Display| {
        Some(format!("{what} \"{found}\" instead of \"{meant}\""))
    };
    if read.hostname != planned.hostname {
        return told("hostname", &planned.hostname, &read.hostname);
    }
    if read.port != server.port.get() {
        return told("port", &server.port, &read.port);
    }
    if !read.socket_type.contains(&server.socket_type) {
        let found: Vec<_> = read.socket_type.iter().map(ToString::to_string).collect();
        return told("socketType", &server.socket_type, &found.join(" or "));
    }
    let meant: Vec<_> = planned.authentication.iter().map(|(a, _)| *a).collect();
    if !meant.iter().all(|a| read.authentication.contains(a)) {
        let meant: Vec<_> = meant.iter().map(ToString::to_string).collect();
        let found: Vec<_> = read.authentication.iter().map(ToString::to_string).collect();
        return told("authentication", &meant.join(", "), &found.join(", "));
    }
    if planned.signs_in() && read.username != planned.username {
        let none = || "none".to_owned();
        return told(
            "username",
            &planned.username.clone().unwrap_or_else(none),
            &read.username.clone().unwrap_or_else(none),
        );
    }
    if server.server_type == crate::model::ServerType::Pop3
        && let Some(leave) = read.leave_messages_on_server
        && leave != server.pop3.leave_messages_on_server
    {
        return told("leaveMessagesOnServer", &server.pop3.leave_messages_on_server, &leave);
    }
    None
}
