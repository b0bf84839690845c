//! Prepares one server for one client (resolves names, picks keywords, looks up refusals), and
//! lists the DNS services of a provider.

use std::fmt;

use crate::clients::{Inexpressible, SideSpec, Words};
use crate::model::{
    Authentication, ClientConfig, Hostname, HostnamePattern, Server, ServerType, Side, SocketType,
};
use crate::settings::MdmUsername;

use super::audience::Audience;
use super::job::PlannedServer;
use super::managed;

/// Why a client cannot use a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfit {
    Words(Vec<Inexpressible>),
    /// The host name depends on the account, and the client does not replace placeholders.
    Placeholder(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Words(reasons) => {
                let all: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(" and "))
            }
            Unfit::Placeholder(host) => write!(
                f,
                "cannot have the host name \"{host}\" in a file for everybody, which depends on the account"
            ),
        }
    }
}

/// Prepares a server for a client.
pub(super) fn fit<'a>(
    config: &ClientConfig,
    audience: Audience<'_>,
    spec: &SideSpec,
    server: &'a Server,
) -> Result<PlannedServer<'a>, Unfit> {
    let server_type = server.server_type;
    let words = spec
        .words
        .iter()
        .find(|w| w.covers(server_type))
        .ok_or_else(|| Unfit::Words(vec![Inexpressible::Type(server_type)]))?;
    let host = resolve_hostname(config, audience, &server.hostname);
    let hostname = match &host {
        Some(host) => host.to_string(),
        None if words.expands_hostname => server.hostname.to_string(),
        None => return Err(Unfit::Placeholder(server.hostname.to_string())),
    };
    let ways = preferred(config, server, words);
    let expressed = words
        .express(server_type, server.socket_type, server.port, host.as_ref(), &ways)
        .map_err(Unfit::Words)?;
    if !words.takes_username(server.username.as_str()) {
        let name = server.username.to_string();
        return Err(Unfit::Words(vec![Inexpressible::Username(name)]));
    }
    let refused =
        expressed.authentication.iter().all(|(a, _)| config.refusal(server_type, *a).is_some());
    Ok(PlannedServer {
        server,
        hostname,
        username: resolve_username(config, audience, server, words),
        words: expressed.words,
        authentication: expressed.authentication,
        refused,
    })
}

/// The authentication methods in the provider's order. If the client takes only one, refused
/// methods come last.
fn preferred(config: &ClientConfig, server: &Server, words: &Words) -> Vec<Authentication> {
    let mut ways = server.authentication.clone();
    if !words.all_authentications {
        ways.sort_by_key(|a| config.refusal(server.server_type, *a).is_some());
    }
    ways
}

fn resolve_hostname(
    config: &ClientConfig,
    audience: Audience<'_>,
    pattern: &HostnamePattern,
) -> Option<Hostname> {
    match audience {
        Audience::Account { address, .. } => pattern.resolve(address).ok(),
        Audience::Domain { domain } => pattern.resolve_domain(domain),
        // With a single domain, the domain placeholder can be resolved.
        Audience::Managed { domain, all_domains: false, .. } => pattern.resolve_domain(domain),
        Audience::Everybody { domain } if config.domains.len() == 1 => {
            pattern.resolve_domain(domain)
        }
        Audience::Everybody { .. } | Audience::Managed { .. } => {
            Hostname::new(pattern.as_str()).ok()
        }
    }
}

fn resolve_username(
    config: &ClientConfig,
    audience: Audience<'_>,
    server: &Server,
    words: &Words,
) -> Option<String> {
    let pattern = &server.username;
    if pattern.placeholders().is_empty() {
        return Some(pattern.to_string());
    }
    match audience {
        Audience::Account { address, .. } => Some(pattern.resolve(address)),
        Audience::Managed { .. } => managed::sign_in(server, audience).map(|name| match name {
            MdmUsername::Known(name) | MdmUsername::Guessed(name) => name,
        }),
        _ if words.expands_username => Some(pattern.to_string()),
        Audience::Everybody { .. } if config.domains.len() > 1 => None,
        Audience::Everybody { domain } | Audience::Domain { domain } => {
            pattern.resolve_domain(domain)
        }
    }
}

/// A DNS service record of the domain.
///
/// RFC 6186 section 3, RFC 8314 section 5.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRecord {
    pub service: &'static str,
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// `None`: the service is explicitly not offered (target ".").
    pub target: Option<Hostname>,
}

/// All services of the provider, regardless of the chosen protocol.
///
/// Clients prefer a smaller priority number across protocols, so implicit TLS comes before STARTTLS
/// and IMAP before POP3 (RFC 6186 section 3.4 and 4, RFC 8314 section 5.1).
pub fn services(config: &ClientConfig, domain: &Hostname) -> Vec<ServiceRecord> {
    const KNOWN: [(&str, ServerType, SocketType, u16); 6] = [
        ("_imaps._tcp", ServerType::Imap, SocketType::Ssl, 0),
        ("_imap._tcp", ServerType::Imap, SocketType::Starttls, 10),
        ("_pop3s._tcp", ServerType::Pop3, SocketType::Ssl, 20),
        ("_pop3._tcp", ServerType::Pop3, SocketType::Starttls, 30),
        ("_submissions._tcp", ServerType::Smtp, SocketType::Ssl, 0),
        ("_submission._tcp", ServerType::Smtp, SocketType::Starttls, 10),
    ];
    let mut services = Vec::new();
    for (service, server_type, socket_type, priority) in KNOWN {
        let side = if server_type == ServerType::Smtp { Side::Outgoing } else { Side::Incoming };
        let servers = config
            .servers(side)
            .iter()
            .filter(|s| s.server_type == server_type && s.socket_type == socket_type);
        let before = services.len();
        for (at, server) in servers.enumerate() {
            let Some(target) = server.hostname.resolve_domain(domain) else { continue };
            let later = u16::try_from(at).unwrap_or(u16::MAX);
            services.push(ServiceRecord {
                service,
                priority: priority + later,
                weight: 1,
                port: server.port.get(),
                target: Some(target),
            });
        }
        if services.len() == before {
            services.push(ServiceRecord { service, priority: 0, weight: 0, port: 0, target: None });
        }
    }
    services
}
