//! What each client would do with a file: its servers and authentication methods, or the reasons
//! why it uses none.

use std::collections::BTreeSet;

use serde::Serialize;

use super::file::CheckedFile;
use crate::clients::{Client, Target};
use crate::codes::Loses;
use crate::import::ReadServer;
use crate::model::{Authentication, Hostname, ServerType};

/// One client's view of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatrixRow {
    pub client: String,
    /// How certain this is: `proven`, `reported`, `unsafe`.
    pub status: String,
    /// `imap mail.example.com:993 SSL, OAuth2`
    pub incoming: Option<String>,
    pub outgoing: Option<String>,
    /// Why the client uses nothing, and other effects.
    pub why: Vec<String>,
    /// Whether it fetches, and whether it sends; some clients do only one of the two.
    #[serde(skip)]
    does: [bool; 2],
}

impl MatrixRow {
    /// Whether it has a server for everything that it does.
    pub fn works(&self) -> bool {
        let [fetches, sends] = self.does;
        (!fetches || self.incoming.is_some()) && (!sends || self.outgoing.is_some())
    }
}

/// One row for each client of the targets with this format, and for each client that also reads it.
pub fn matrix(checked: &CheckedFile, targets: &[Target]) -> Vec<MatrixRow> {
    let reader = checked.reader;
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for target in targets {
        let own = target.files.iter().any(|file| file.reader == Some(reader));
        // Two targets can share a format. Skip a target whose clients read none of these server
        // types.
        let reads = |server: &ReadServer| {
            target.clients.iter().any(|client| client.reads.contains(&server.server_type))
        };
        let servers = &checked.examined.config.servers;
        if !servers.is_empty() && !servers.iter().any(reads) {
            continue;
        }
        for client in target.clients.iter().filter(|c| own || c.also_reads.contains(&reader)) {
            if seen.insert(client.name.clone()) {
                rows.push(row(client, checked));
            }
        }
    }
    rows
}

fn row(client: &Client, checked: &CheckedFile) -> MatrixRow {
    let mut row = MatrixRow {
        client: client.name.clone(),
        status: client.status.as_str().to_owned(),
        incoming: None,
        outgoing: None,
        why: Vec::new(),
        does: [false, true].map(|outgoing| does(client, outgoing)),
    };
    let mut lost = Vec::new();
    for defect in checked.defects() {
        let hurts = defect.code.hurts.iter().find(|hurt| client.is_called(hurt.client));
        let Some(hurt) = hurts else { continue };
        let why = format!("{} ({})", hurt.how, defect.message);
        if !row.why.contains(&why) {
            row.why.push(why);
        }
        match hurt.loses {
            Some(Loses::File) => return row,
            Some(Loses::Server) => lost.push(defect.span.start),
            None => {}
        }
    }
    let mut take = |outgoing: bool| {
        let servers = checked.examined.config.servers.iter().filter(|server| {
            (server.server_type == ServerType::Smtp) == outgoing
                && !lost.iter().any(|at| server.span.contains(at))
        });
        let (reads, foreign): (Vec<_>, Vec<_>) =
            servers.partition(|server| client.reads.contains(&server.server_type));
        let Some(first) = reads.first() else {
            // msmtp only sends and mpop only fetches; a missing server for the other direction is
            // not a defect.
            if !does(client, outgoing) {
                return None;
            }
            let there: BTreeSet<String> =
                foreign.iter().map(|server| server.server_type.to_string()).collect();
            // The reason has already been reported.
            let of_side =
                |server: &&ReadServer| (server.server_type == ServerType::Smtp) == outgoing;
            if there.is_empty() && checked.examined.config.servers.iter().any(|s| of_side(&s)) {
                return None;
            }
            row.why.push(match there.is_empty() {
                true if outgoing => "there is no server to send through".to_owned(),
                true => "there is no server to read from".to_owned(),
                false => {
                    let there: Vec<_> = there.into_iter().collect();
                    format!("it does not read {}", there.join(" or "))
                }
            });
            return None;
        };
        match way(client, first) {
            Ok(way) => Some(format!("{}, {way}", name(first))),
            Err(why) => {
                row.why.push(format!("{}: {why}", name(first)));
                None
            }
        }
    };
    (row.incoming, row.outgoing) = (take(false), take(true));
    row
}

/// Whether a client uses servers of this direction at all. Exchange and JMAP servers serve both.
fn does(client: &Client, outgoing: bool) -> bool {
    let reads = |types: &[ServerType]| client.reads.iter().all(|reads| types.contains(reads));
    client.reads.is_empty()
        || !reads(if outgoing {
            &[ServerType::Imap, ServerType::Pop3]
        } else {
            &[ServerType::Smtp]
        })
}

/// The server's first authentication method that the client supports.
fn way(client: &Client, server: &ReadServer) -> Result<String, String> {
    let host = Hostname::new(&server.hostname).ok();
    let can = |way: &&Authentication| match (way, &client.oauth2_hosts) {
        (Authentication::OAuth2, Some(hosts)) => {
            host.as_ref().is_some_and(|host| hosts.iter().any(|rule| rule.matches(host)))
        }
        _ => true,
    };
    match server.authentication.iter().find(can) {
        Some(way) => Ok(way.to_string()),
        None if server.authentication.is_empty() => Ok("as the client guesses".to_owned()),
        None => Err("it has no OAuth2 for that host, and the file names nothing else".to_owned()),
    }
}

fn name(server: &ReadServer) -> String {
    let sockets: Vec<_> = server.socket_type.iter().map(ToString::to_string).collect();
    format!("{} {}:{} {}", server.server_type, server.hostname, server.port, sockets.join(" or "))
}
