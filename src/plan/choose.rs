//! Chooses the servers for a client: in the provider's order, as far as the client can express
//! them.

use crate::clients::{Client, FileSpec, SideSpec, Take, Target};
use crate::codes;
use crate::finding::Finding;
use crate::model::{Authentication, ClientConfig, Hostname, Protocol, Server, ServerType, Side};
use crate::settings::Subject;

use super::audience::Audience;
use super::job::PlannedServer;
use super::servers::{Unfit, fit};

/// The servers of one file. A side that the target does not describe is empty; a side without a
/// suitable server is `None`.
pub(super) struct ChosenServers<'a> {
    pub incoming: Option<Vec<PlannedServer<'a>>>,
    pub outgoing: Option<Vec<PlannedServer<'a>>>,
    pub findings: Vec<Finding>,
}

/// Chooses the servers of one file.
pub(super) fn choose<'a>(
    subject: &'a Subject,
    audience: Audience<'a>,
    target: &'a Target,
    file: &FileSpec,
    protocol: Protocol,
) -> ChosenServers<'a> {
    let mut findings = Vec::new();
    let mut sides = [Some(Vec::new()), Some(Vec::new())];
    for (at, side) in [Side::Incoming, Side::Outgoing].into_iter().enumerate() {
        let Some(spec) = target.side(side) else { continue };
        let offered = subject.config.servers(side);
        if !offered.iter().any(|s| spec.words.iter().any(|w| w.covers(s.server_type))) {
            // Not a defect, only inapplicable: for example an Exchange profile for a provider
            // without Exchange.
            if side == Side::Incoming {
                findings.push(not_for_this_provider(subject, target, spec));
                sides[at] = None;
                continue;
            }
        }
        sides[at] =
            one_side(subject, audience, target, spec, offered, protocol, side, &mut findings);
    }
    let [incoming, outgoing] = sides;
    let complete = incoming.is_some() && outgoing.is_some();
    if complete && file.names_servers() {
        let planned: Vec<&PlannedServer<'_>> = incoming.iter().chain(&outgoing).flatten().collect();
        cannot_sign_in(subject, target, &planned, &mut findings);
        without_username(file, &planned, &mut findings);
        clients_left_out(&subject.config, target, &planned, &mut findings);
    } else if complete {
        // These findings are reported with the files that contain servers.
        findings.clear();
    }
    ChosenServers { incoming, outgoing, findings }
}

#[expect(clippy::too_many_arguments, reason = "the two sides differ in all of them")]
fn one_side<'a>(
    subject: &'a Subject,
    audience: Audience<'a>,
    target: &'a Target,
    spec: &'a SideSpec,
    offered: &'a [Server],
    protocol: Protocol,
    side: Side,
    findings: &mut Vec<Finding>,
) -> Option<Vec<PlannedServer<'a>>> {
    let (wanted, others): (Vec<_>, Vec<_>) = offered
        .iter()
        .enumerate()
        .filter(|(_, s)| spec.words.iter().any(|w| w.covers(s.server_type)))
        .partition(|(_, s)| protocol.wants(s.server_type));
    let chosen = fit_all(subject, audience, spec, &wanted);
    let other = fit_all(subject, audience, spec, &others);
    let works = |fits: &SuitableServers<'_>| fits.planned.iter().any(|p| !p.refused);
    // A client that cannot use the chosen protocol gets the other one.
    let (fits, switched) = if works(&chosen) {
        (chosen, false)
    } else if works(&other) {
        findings.push(other_protocol(subject, target, protocol, &chosen, &other));
        (other, true)
    } else if !chosen.planned.is_empty() {
        (chosen, false)
    } else if !other.planned.is_empty() {
        findings.push(other_protocol(subject, target, protocol, &chosen, &other));
        (other, true)
    } else {
        findings.push(cannot_express(subject, target, &chosen, &other, side));
        return None;
    };
    if !switched && protocol == Protocol::Both && spec.take != Take::One {
        imap_first(subject, target, &fits, findings);
    }
    for (server, why) in &fits.unfit {
        if spec.take != Take::One || !fits.planned.iter().any(|p| !p.refused) {
            findings.push(left_out(subject, target, server, why, side));
        }
    }
    let mut planned = fits.planned;
    if spec.take == Take::Each {
        let mut seen = Vec::new();
        planned.sort_by_key(|p| p.refused);
        planned.retain(|p| {
            let first = !seen.contains(&p.server.server_type);
            seen.push(p.server.server_type);
            first
        });
        planned.sort_by_key(|p| offered.iter().position(|s| s == p.server));
    }
    if spec.take == Take::One {
        let best = planned.iter().position(|p| !p.refused).unwrap_or(0);
        planned = vec![planned.swap_remove(best)];
    }
    Some(planned)
}

/// The suitable servers of a list, and the others with the reasons.
struct SuitableServers<'a> {
    planned: Vec<PlannedServer<'a>>,
    unfit: Vec<((usize, &'a Server), Unfit)>,
}

fn fit_all<'a>(
    subject: &'a Subject,
    audience: Audience<'a>,
    spec: &'a SideSpec,
    servers: &[(usize, &'a Server)],
) -> SuitableServers<'a> {
    let mut fits = SuitableServers { planned: Vec::new(), unfit: Vec::new() };
    for &(at, server) in servers {
        match fit(&subject.config, audience, spec, server) {
            Ok(planned) => fits.planned.push(planned),
            Err(why) => fits.unfit.push(((at, server), why)),
        }
    }
    fits
}

fn other_protocol(
    subject: &Subject,
    target: &Target,
    protocol: Protocol,
    chosen: &SuitableServers<'_>,
    other: &SuitableServers<'_>,
) -> Finding {
    let name = &subject.config.display_name;
    let instead = other.planned.first().map_or(ServerType::Imap, |p| p.server.server_type);
    let why = if let Some(((_, _), why)) = chosen.unfit.first() {
        format!("{} {why}", target.name)
    } else if let Some(refused) = chosen.planned.first() {
        let ways: Vec<_> = refused.authentication.iter().map(|(a, _)| a.to_string()).collect();
        format!("all that it can say for {protocol} is {}, which {name} refuses", ways.join(", "))
    } else {
        format!("{name} has no {protocol} that it reads")
    };
    Finding::new(
        codes::OTHER_PROTOCOL,
        format!("{}: set up with {instead} instead of {protocol}: {why}", target.name),
    )
}

fn cannot_express(
    subject: &Subject,
    target: &Target,
    chosen: &SuitableServers<'_>,
    other: &SuitableServers<'_>,
    side: Side,
) -> Finding {
    let mut finding = Finding::new(codes::TARGET_CANNOT_EXPRESS, String::new());
    let why = match chosen.unfit.first().or(other.unfit.first()) {
        Some(((at, server), why)) => {
            if let Some(span) = subject.provider.authentication_spans.get(&(side, *at)) {
                finding = finding.at(&subject.provider.source, span.clone());
            }
            format!("{} for {} at {}", why, server.server_type, server.hostname)
        }
        None => format!("{} offers no server that it reads", subject.config.display_name),
    };
    finding.message = format!("{} is left out: it {why}", target.name);
    match &target.instead {
        Some(instead) => finding.help(instead.clone()),
        None => {
            finding.help(format!("leave {} out of the targets, or use another client", target.name))
        }
    }
}

fn left_out(
    subject: &Subject,
    target: &Target,
    (at, server): &(usize, &Server),
    why: &Unfit,
    side: Side,
) -> Finding {
    let message = format!(
        "{} goes without {} at {}: it {why}",
        target.name, server.server_type, server.hostname
    );
    let finding = Finding::new(codes::SERVER_LEFT_OUT, message);
    match subject.provider.authentication_spans.get(&(side, *at)) {
        Some(span) => finding.at(&subject.provider.source, span.clone()),
        None => finding,
    }
}

fn not_for_this_provider(subject: &Subject, target: &Target, spec: &SideSpec) -> Finding {
    let mut reads: Vec<String> = spec
        .words
        .iter()
        .flat_map(|w| w.server_type.values())
        .flat_map(|words| words.keys().map(ToString::to_string))
        .collect();
    reads.sort();
    reads.dedup();
    Finding::new(
        codes::NOT_FOR_THIS_PROVIDER,
        format!(
            "{} is left out: {} has no {}",
            target.name,
            subject.config.display_name,
            reads.join(" or ")
        ),
    )
}

fn imap_first(
    subject: &Subject,
    target: &Target,
    fits: &SuitableServers<'_>,
    findings: &mut Vec<Finding>,
) {
    let at = |wanted| fits.planned.iter().position(|p| p.server.server_type == wanted);
    if let (Some(pop3), Some(imap)) = (at(ServerType::Pop3), at(ServerType::Imap))
        && pop3 < imap
    {
        findings.push(
            Finding::new(
                codes::IMAP_NOT_FIRST,
                format!("{} lists pop3 before imap in {}", subject.provider.name, target.name),
            )
            .help("list imap first: FairEmail then drops it otherwise; other clients keep either order")
            .spec("FairEmail EmailProvider.java, 2026-08"),
        );
    }
}

fn cannot_sign_in(
    subject: &Subject,
    target: &Target,
    planned: &[&PlannedServer<'_>],
    findings: &mut Vec<Finding>,
) {
    let config = &subject.config;
    for server in planned {
        let server_type = server.server.server_type;
        if !server.refused {
            continue;
        }
        // One working incoming server is enough.
        let same_side = |p: &&&PlannedServer<'_>| {
            (p.server.server_type == ServerType::Smtp) == (server_type == ServerType::Smtp)
        };
        if planned.iter().filter(same_side).any(|p| !p.refused) {
            continue;
        }
        let Some(refusal) =
            server.authentication.iter().find_map(|(a, _)| config.refusal(server_type, *a))
        else {
            continue;
        };
        let since = refusal.since.as_ref().map_or(String::new(), |s| format!(" since {s}"));
        let mut help: Vec<String> =
            refusal.instead.get("en").map(ToString::to_string).into_iter().collect();
        help.extend(target.instead.clone());
        let finding = Finding::new(
            codes::CANNOT_SIGN_IN,
            format!(
                "{}: this account cannot sign in: {} refuses {}{since}, and the file cannot say another way",
                target.name, config.display_name, refusal.authentication
            ),
        )
        .spec(refusal.source.to_string());
        findings.push(if help.is_empty() { finding } else { finding.help(help.join(" ")) });
        return;
    }
}

fn without_username(file: &FileSpec, planned: &[&PlannedServer<'_>], findings: &mut Vec<Finding>) {
    if let Some(text) = &file.without_username
        && planned.iter().any(|p| p.username.is_none())
    {
        findings.push(Finding::new(codes::USERNAME_NOT_SAID, text.clone()));
    }
}

/// Reports which of the target's clients cannot use the file, and why.
fn clients_left_out(
    config: &ClientConfig,
    target: &Target,
    planned: &[&PlannedServer<'_>],
    findings: &mut Vec<Finding>,
) {
    let incoming: Vec<&&PlannedServer<'_>> =
        planned.iter().filter(|p| p.server.server_type != ServerType::Smtp).collect();
    if incoming.is_empty() {
        return;
    }
    let mut read_nothing = Vec::new();
    let mut cannot_sign_in = Vec::new();
    for client in target.clients.iter().filter(|c| !c.reads.is_empty()) {
        let mut reads =
            incoming.iter().filter(|p| client.reads.contains(&p.server.server_type)).peekable();
        if reads.peek().is_none() {
            read_nothing.push(client.name.as_str());
        } else if !reads.any(|p| can_sign_in(config, client, p)) {
            cannot_sign_in.push(client.name.as_str());
        }
    }
    let has: Vec<_> = incoming.iter().map(|p| p.server.server_type.to_string()).collect();
    if !read_nothing.is_empty() {
        let verb = if read_nothing.len() == 1 { "takes" } else { "take" };
        let message = format!(
            "{}: {} {verb} nothing from a file that has only {}",
            target.name,
            read_nothing.join(", "),
            has.join(", ")
        );
        findings.push(
            Finding::new(codes::CLIENT_READS_NOTHING, message)
                .help("--protocol both puts every protocol of the provider into it"),
        );
    }
    // If no client can sign in, the file itself has already been reported.
    if !cannot_sign_in.is_empty() && !planned.iter().any(|p| p.refused) {
        let message = format!(
            "{}: {} cannot sign in with it: no OAuth2 there for {}, and {} takes nothing else",
            target.name,
            cannot_sign_in.join(", "),
            incoming[0].hostname,
            config.display_name,
        );
        findings.push(Finding::new(codes::CLIENT_CANNOT_SIGN_IN, message));
    }
}

fn can_sign_in(config: &ClientConfig, client: &Client, planned: &PlannedServer<'_>) -> bool {
    let host = Hostname::new(&planned.hostname).ok();
    planned.authentication.iter().any(|(way, _)| {
        let known = *way != Authentication::OAuth2
            || client.oauth2_hosts.as_ref().is_none_or(|rules| {
                host.as_ref().is_some_and(|h| rules.iter().any(|r| r.matches(h)))
            });
        known && config.refusal(planned.server.server_type, *way).is_none()
    })
}
