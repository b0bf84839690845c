//! Checks what DNS says about a domain's mail (RFC 6186, RFC 8314, RFC 2782).

use std::time::{Duration, Instant};

use crate::codes;
use crate::model::{Hostname, Server, ServerType, Side, SocketType};
use crate::net::{DnsError, Net, Srv};

use super::super::pool;
use super::super::reach::unresolved;
use super::super::redact::Redactor;
use super::super::step::{Problem, Recorder, StepSequence};
use super::content::ExpectedSettings;

/// A service name, and the kind of server that it stands for.
struct MailService {
    name: &'static str,
    server_type: ServerType,
    socket_type: SocketType,
}

const SERVICES: [MailService; 6] = [
    MailService { name: "_imaps", server_type: ServerType::Imap, socket_type: SocketType::Ssl },
    MailService { name: "_imap", server_type: ServerType::Imap, socket_type: SocketType::Starttls },
    MailService { name: "_pop3s", server_type: ServerType::Pop3, socket_type: SocketType::Ssl },
    MailService { name: "_pop3", server_type: ServerType::Pop3, socket_type: SocketType::Starttls },
    MailService {
        name: "_submissions",
        server_type: ServerType::Smtp,
        socket_type: SocketType::Ssl,
    },
    MailService {
        name: "_submission",
        server_type: ServerType::Smtp,
        socket_type: SocketType::Starttls,
    },
];

/// A server that clients find by DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsServer {
    pub server_type: ServerType,
    pub socket_type: SocketType,
    pub srv: Srv,
}

/// One DNS query.
enum DnsQuestion {
    Mx,
    /// The name that `LABEL.DOMAIN` is an alias for.
    Alias(&'static str),
    Srv(&'static str),
}

const QUESTIONS: [DnsQuestion; 11] = [
    DnsQuestion::Mx,
    DnsQuestion::Alias("autoconfig"),
    DnsQuestion::Alias("autodiscover"),
    DnsQuestion::Alias("ua-auto-config"),
    DnsQuestion::Srv("_imaps"),
    DnsQuestion::Srv("_imap"),
    DnsQuestion::Srv("_pop3s"),
    DnsQuestion::Srv("_pop3"),
    DnsQuestion::Srv("_submissions"),
    DnsQuestion::Srv("_submission"),
    DnsQuestion::Srv(AUTODISCOVER),
];
const AUTODISCOVER: &str = "_autodiscover";

/// What DNS answered, in words, and the SRV records of a service.
type DnsAnswer = Result<(String, Vec<Srv>), DnsError>;

impl DnsQuestion {
    fn step(&self) -> &'static str {
        match self {
            DnsQuestion::Mx => "mx",
            DnsQuestion::Alias(_) => "name",
            DnsQuestion::Srv(_) => "srv",
        }
    }

    fn ask(&self, net: &Net, domain: &Hostname, deadline: Instant) -> DnsAnswer {
        let words = |text: String| Ok((text, Vec::new()));
        match self {
            DnsQuestion::Mx => match net.dns.mx(domain.as_str(), deadline) {
                Ok(hosts) => words(hosts.join(", ")),
                Err(DnsError::NoRecord | DnsError::NoSuchName) => words("none".to_owned()),
                Err(other) => Err(other),
            },
            DnsQuestion::Alias(label) => {
                let name = format!("{label}.{domain}");
                match net.dns.cname(&name, deadline) {
                    Ok(target) => words(format!("{name} is another name for {target}")),
                    Err(DnsError::NoRecord) => words(format!("{name} is no alias")),
                    Err(DnsError::NoSuchName) => words(format!("{name} does not exist")),
                    Err(other) => Err(other),
                }
            }
            DnsQuestion::Srv(service) => {
                match net.dns.srv(&format!("{service}._tcp.{domain}"), deadline) {
                    Ok(records) => Ok((describe(service, &records), records)),
                    Err(DnsError::NoRecord | DnsError::NoSuchName) => {
                        words(format!("{service} none"))
                    }
                    Err(other) => Err(other),
                }
            }
        }
    }
}

/// Queries and judges the records. Returns the steps, the servers that the records name, and the
/// record of `_autodiscover._tcp`.
pub fn records(
    net: &Net,
    domain: &Hostname,
    settings: Option<&ExpectedSettings<'_>>,
    patience: Duration,
) -> (StepSequence, Vec<DnsServer>, Option<Srv>) {
    let mut recorder = Recorder::new(format!("dns {domain}"), Redactor::default());
    let deadline = Instant::now() + patience;
    let answers = pool::each(&QUESTIONS, |question| {
        let begun = Instant::now();
        (question.ask(net, domain, deadline), begun.elapsed())
    });
    let mut found = Vec::new();
    let mut autodiscover = None;
    let mut told: Vec<DnsError> = Vec::new();
    let mut has_any = false;
    for (question, (said, took)) in QUESTIONS.iter().zip(answers) {
        let (words, records) = match said {
            Ok(said) => said,
            Err(error) => {
                // A name server that does not answer is reported once, not eleven times.
                if !told.contains(&error) {
                    recorder.took(question.step(), took, Err(unresolved(&error)));
                    told.push(error);
                }
                continue;
            }
        };
        recorder.took(question.step(), took, Ok(words));
        let DnsQuestion::Srv(name) = question else { continue };
        let Some(service) = SERVICES.iter().find(|service| service.name == *name) else {
            autodiscover = records.into_iter().next();
            continue;
        };
        has_any |= !records.is_empty();
        for srv in records {
            if srv.target.is_empty() {
                if let Some(server) = offered(settings, service) {
                    let detail = format!("{name} is denied; the settings have {server}");
                    recorder.tell("srv", Err(Problem::with(codes::SRV_DENIES, detail)));
                }
                continue;
            }
            if let Some(problem) = wrong(settings, service, &srv) {
                recorder.tell("srv", Err(problem));
            }
            if let Ok(target) = net.dns.cname(&srv.target, deadline) {
                let detail = format!("{name}: {} is another name for {target}", srv.target);
                recorder.tell("srv", Err(Problem::with(codes::SRV_TARGET_ALIAS, detail)));
            }
            let MailService { server_type, socket_type, .. } = *service;
            found.push(DnsServer { server_type, socket_type, srv });
        }
    }
    if !has_any && told.is_empty() {
        recorder.tell("srv", Err(Problem::new(codes::SRV_MISSING)));
    }
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
    settings: Option<&'a ExpectedSettings<'_>>,
    service: &MailService,
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

fn offered(settings: Option<&ExpectedSettings<'_>>, service: &MailService) -> Option<String> {
    servers(settings, service)
        .next()
        .map(|server| format!("{}:{}", server.hostname.as_str(), server.port))
}

/// How a record contradicts the settings.
fn wrong(
    settings: Option<&ExpectedSettings<'_>>,
    service: &MailService,
    srv: &Srv,
) -> Option<Problem> {
    let here = format!("{} leads to {}:{}", service.name, srv.target, srv.port);
    // The most common mistake: 465 is TLS from the first byte and has a service name of its own.
    let mixed_up = match (service.name, srv.port) {
        ("_submission", 465) => Some("_submissions"),
        ("_imap", 993) => Some("_imaps"),
        ("_pop3", 995) => Some("_pop3s"),
        _ => None,
    };
    if let Some(right) = mixed_up {
        let detail = format!("{here}, which speaks TLS from the first byte: that is {right}");
        return Some(Problem::with(codes::SRV_DIFFERS, detail));
    }
    settings?;
    let fits = |server: &Server| {
        let names = server.alternative_hostnames.iter().map(Hostname::as_str);
        server.port.get() == srv.port
            && (server.hostname.as_str() == srv.target.to_ascii_lowercase()
                || names.into_iter().any(|name| name == srv.target.to_ascii_lowercase())
                // A host name with a placeholder is known only for an address.
                || server.hostname.as_str().contains('%'))
    };
    if servers(settings, service).any(fits) {
        return None;
    }
    let detail = match offered(settings, service) {
        Some(server) => format!("{here}; the settings have {server}"),
        None => format!("{here}; the settings have no such server"),
    };
    Some(Problem::with(codes::SRV_DIFFERS, detail))
}
