//! What DNS says about a domain's mail (RFC 6186, RFC 8314, RFC 2782).

use std::time::{Duration, Instant};

use crate::model::{Hostname, Server, ServerType, Side, SocketType};
use crate::net::{DnsError, Net, Srv};

use super::super::codes::hosted::*;
use super::super::reach::unresolved;
use super::super::redact::Redactor;
use super::super::step::{Course, Problem, Recorder};
use super::content::Settings;

/// A service name, and the server that it means.
struct Service {
    name: &'static str,
    server_type: ServerType,
    socket_type: SocketType,
}

const SERVICES: [Service; 6] = [
    Service { name: "_imaps", server_type: ServerType::Imap, socket_type: SocketType::Ssl },
    Service { name: "_imap", server_type: ServerType::Imap, socket_type: SocketType::Starttls },
    Service { name: "_pop3s", server_type: ServerType::Pop3, socket_type: SocketType::Ssl },
    Service { name: "_pop3", server_type: ServerType::Pop3, socket_type: SocketType::Starttls },
    Service { name: "_submissions", server_type: ServerType::Smtp, socket_type: SocketType::Ssl },
    Service {
        name: "_submission",
        server_type: ServerType::Smtp,
        socket_type: SocketType::Starttls,
    },
];

/// A server that clients find by DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub server_type: ServerType,
    pub socket_type: SocketType,
    pub srv: Srv,
}

/// The records, judged; servers that they lead to, best first in each type; and where
/// `_autodiscover._tcp` leads.
pub fn records(
    net: &Net,
    domain: &Hostname,
    settings: Option<&Settings<'_>>,
    patience: Duration,
) -> (Course, Vec<Found>, Option<Srv>) {
    let mut recorder = Recorder::new(format!("dns {domain}"), Redactor::default());
    let deadline = || Instant::now() + patience;
    recorder.step("mx", |_| match net.dns.mx(domain.as_str(), deadline()) {
        Ok(hosts) => Ok(((), hosts.join(", "))),
        Err(DnsError::NoRecord | DnsError::NoSuchName) => Ok(((), "none".to_owned())),
        Err(other) => Err(unresolved(&other)),
    });
    for label in ["autoconfig", "autodiscover", "ua-auto-config"] {
        let name = format!("{label}.{domain}");
        recorder.step("name", |_| match net.dns.cname(&name, deadline()) {
            Ok(target) => Ok(((), format!("{name} is another name for {target}"))),
            Err(DnsError::NoRecord) => Ok(((), format!("{name} is no alias"))),
            Err(DnsError::NoSuchName) => Ok(((), format!("{name} does not exist"))),
            Err(other) => Err(unresolved(&other)),
        });
    }
    let mut found = Vec::new();
    let mut denied = 0;
    for service in &SERVICES {
        let name = format!("{}._tcp.{domain}", service.name);
        let records = recorder.step("srv", |_| match net.dns.srv(&name, deadline()) {
            Ok(records) => Ok((records.clone(), describe(service.name, &records))),
            Err(DnsError::NoRecord | DnsError::NoSuchName) => {
                Ok((Vec::new(), format!("{} none", service.name)))
            }
            Err(other) => Err(unresolved(&other)),
        });
        for srv in records.into_iter().flatten() {
            if srv.target.is_empty() {
                denied += 1;
                if let Some(server) = offered(settings, service) {
                    let detail = format!("{} is denied; the settings have {server}", service.name);
                    recorder.tell("srv", Err(Problem::with(&SRV_DENIES, detail)));
                }
                continue;
            }
            if let Some(problem) = wrong(settings, service, &srv) {
                recorder.tell("srv", Err(problem));
            }
            if let Ok(target) = net.dns.cname(&srv.target, deadline()) {
                let detail =
                    format!("{}: {} is another name for {target}", service.name, srv.target);
                recorder.tell("srv", Err(Problem::with(&SRV_TARGET_ALIAS, detail)));
            }
            let Service { server_type, socket_type, .. } = *service;
            found.push(Found { server_type, socket_type, srv });
        }
    }
    if found.is_empty() && denied == 0 {
        recorder.tell("srv", Err(Problem::new(&SRV_MISSING)));
    }
    let name = format!("_autodiscover._tcp.{domain}");
    let autodiscover = recorder.step("srv", |_| match net.dns.srv(&name, deadline()) {
        Ok(records) => Ok((records.clone(), describe("_autodiscover", &records))),
        Err(DnsError::NoRecord | DnsError::NoSuchName) => {
            Ok((Vec::new(), "_autodiscover none".to_owned()))
        }
        Err(other) => Err(unresolved(&other)),
    });
    let autodiscover = autodiscover.and_then(|records| records.into_iter().next());
    (recorder.finish(), found, autodiscover)
}

fn describe(service: &str, records: &[Srv]) -> String {
    let list: Vec<String> = records
        .iter()
        .map(|srv| match srv.target.is_empty() {
            true => "not offered".to_owned(),
            false => format!("{}:{}", srv.target, srv.port),
        })
        .collect();
    format!("{service} {}", list.join(", "))
}

fn servers<'a>(
    settings: Option<&'a Settings<'_>>,
    service: &Service,
) -> impl Iterator<Item = &'a Server> {
    let side = match service.server_type {
        ServerType::Smtp => Side::Outgoing,
        _ => Side::Incoming,
    };
    let (server_type, socket_type) = (service.server_type, service.socket_type);
    settings
        .into_iter()
        .flat_map(move |settings| settings.config.servers(side))
        .filter(move |s| s.server_type == server_type && s.socket_type == socket_type)
}

fn offered(settings: Option<&Settings<'_>>, service: &Service) -> Option<String> {
    servers(settings, service)
        .next()
        .map(|server| format!("{}:{}", server.hostname.as_str(), server.port))
}

/// What a record says that the settings do not.
fn wrong(settings: Option<&Settings<'_>>, service: &Service, srv: &Srv) -> Option<Problem> {
    let here = format!("{} leads to {}:{}", service.name, srv.target, srv.port);
    // The commonest mistake: 465 is TLS from the first byte, and has a name of its own.
    let mixed_up = match (service.name, srv.port) {
        ("_submission", 465) => Some("_submissions"),
        ("_imap", 993) => Some("_imaps"),
        ("_pop3", 995) => Some("_pop3s"),
        _ => None,
    };
    if let Some(right) = mixed_up {
        let detail = format!("{here}, which speaks TLS from the first byte: that is {right}");
        return Some(Problem::with(&SRV_DIFFERS, detail));
    }
    settings?;
    let fits = |server: &Server| {
        let names = server.alternative_hostnames.iter().map(Hostname::as_str);
        server.port.get() == srv.port
            && (server.hostname.as_str() == srv.target.to_ascii_lowercase()
                || names.into_iter().any(|name| name == srv.target.to_ascii_lowercase())
                // A name with a placeholder in it is known only with an address.
                || server.hostname.as_str().contains('%'))
    };
    if servers(settings, service).any(fits) {
        return None;
    }
    let detail = match offered(settings, service) {
        Some(server) => format!("{here}; the settings have {server}"),
        None => format!("{here}; the settings have no such server"),
    };
    Some(Problem::with(&SRV_DIFFERS, detail))
}
