//! `serve --selftest`: asks the server at every place where clients look, without DNS or any other
//! host.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::model::{CONFIG_HOST_LABELS, EmailAddress, Hostname};
use crate::net::{HostOverride, Net};
use crate::report::{VerifyReport, human_verified, overview};
use crate::serve::{HttpServer, RunningServer};
use crate::verify::hosted::{HostedReport, hosted};

use super::super::terminal::Terminal;
use super::super::{Failure, Outcome};

/// The server is in this process; if it takes longer, it does not work.
const PATIENCE: Duration = Duration::from_millis(1500);
/// An address where nothing listens, for everything that is not this server.
const NOBODY: ([u8; 4], u16) = ([127, 0, 0, 1], 9);

pub fn run(server: HttpServer, ca: Option<&Path>, terminal: &Terminal) -> Result<Outcome, Failure> {
    let reports = server.test(|running| {
        let domains = running.domains.iter().filter_map(|domain| Hostname::new(domain).ok());
        domains.map(|domain| look(running, &domain, ca)).collect::<Result<Vec<_>, _>>()
    })??;
    let mut works = !reports.is_empty();
    let overview = overview(&reports, terminal.width());
    for report in reports {
        let mut result = VerifyReport { hosted: Some(report), ..VerifyReport::default() };
        result.set_levels(terminal.levels());
        works &= result.works();
        terminal.print(&human_verified(&result, false, terminal.width()))?;
    }
    terminal.print(&overview)?;
    Ok(if works { Outcome::Fine } else { Outcome::Findings })
}

fn look(
    running: &RunningServer,
    domain: &Hostname,
    ca: Option<&Path>,
) -> Result<HostedReport, crate::net::Error> {
    let hosts = CONFIG_HOST_LABELS.iter().map(|label| format!("{label}.{domain}"));
    let hosts = std::iter::once(domain.to_string()).chain(hosts);
    let overrides = hosts.chain(running.public_hosts.iter().cloned()).flat_map(|host| {
        [(443, true), (80, false)].map(|(port, tls)| HostOverride {
            host: host.clone(),
            port,
            addresses: vec![address(running, tls)],
        })
    });
    let net = Net::new(ca, Some(SocketAddr::from(NOBODY)), overrides.collect())?;
    // Every domain must accept mail for postmaster (RFC 5321 section 4.5.1).
    let known = EmailAddress::new(&format!("postmaster@{domain}")).ok();
    let mut report = hosted(&net, domain, None, known, PATIENCE, &|_| {});
    let has = |tls: bool| running.addresses.iter().any(|(_, own)| *own == tls);
    // Drop what depends on DNS, and places where this server does not listen.
    report.courses.retain(|course| {
        (course.name.contains(" https://") && has(true))
            || (course.name.contains(" http://") && has(false))
    });
    for course in &mut report.courses {
        course.steps.retain(|step| step.step != "digest");
    }
    Ok(report)
}

/// Where this server listens, with or without TLS; an unused address if it does not.
fn address(running: &RunningServer, tls: bool) -> SocketAddr {
    let found = running.addresses.iter().find(|(_, own)| *own == tls);
    let (mut address, _) = found.copied().unwrap_or((SocketAddr::from(NOBODY), tls));
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}
