//! The servers to test: from settings, or from a finished file.

use crate::codes;
use crate::finding::{Finding, Place, Source};
use crate::import::{FORMATS, recognise};
use crate::model::{
    Authentication, ClientConfig, Hostname, Invalid, Port, Protocol, Server, ServerType, Side,
    SocketType,
};
use crate::settings::Subject;

use super::session::MailProtocol;

/// One server as the settings or a finished file name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// For whom the test is: an address, a provider or a file.
    pub subject: String,
    /// The protocol.
    pub server_type: ServerType,
    /// The host name to connect to.
    pub hostname: String,
    /// The port to connect to.
    pub port: Port,
    /// How the connection is secured.
    pub socket_type: SocketType,
    /// In the order of the settings; empty if they declare nothing.
    pub authentication: Vec<Authentication>,
    /// The host name in the settings to which this one is an alternative.
    pub alternative_of: Option<String>,
    /// Whether the provider is known to refuse passwords from mail clients.
    pub refuses_passwords: bool,
    /// What users must switch on first, if the provider requires that.
    pub advice: Option<String>,
}

/// The servers with which the subject's clients are configured.
pub fn probes_of_subject(
    subject: &Subject,
    protocol: Option<Protocol>,
    findings: &mut Vec<Finding>,
) -> Vec<Probe> {
    let config = &subject.config;
    let protocol = config.protocol(protocol);
    let mut probes = Vec::new();
    let mut others = Vec::new();
    for side in [Side::Incoming, Side::Outgoing] {
        for server in config.servers(side) {
            if !protocol.wants(server.server_type) {
                continue;
            }
            if MailProtocol::of(server.server_type).is_none() {
                others.push(server.server_type.to_string());
                continue;
            }
            let hostname = match subject.address() {
                Some(address) => server.hostname.resolve(address).ok(),
                None => server.hostname.resolve_domain(&subject.domain),
            };
            let Some(hostname) = hostname else {
                findings.push(
                    Finding::new(
                        codes::HOST_NEEDS_ADDRESS,
                        format!("{} is known only with an address", server.hostname),
                    )
                    .help("give a whole address, as ann@example.com"),
                );
                continue;
            };
            let first = probe(subject.name(), config, server, &hostname);
            for name in &server.alternative_hostnames {
                probes.push(Probe {
                    alternative_of: Some(hostname.to_string()),
                    ..probe(subject.name(), config, server, name)
                });
            }
            let at = probes.len() - server.alternative_hostnames.len();
            probes.insert(at, first);
        }
    }
    if !others.is_empty() {
        findings.push(Finding::new(
            codes::TYPE_NOT_TESTED,
            format!(
                "{}: POP3, IMAP and SMTP are tested, {} is not",
                subject.name(),
                others.join(", ")
            ),
        ));
    }
    probes
}

fn probe(subject: &str, config: &ClientConfig, server: &Server, hostname: &Hostname) -> Probe {
    let advice = config
        .enable
        .iter()
        .find(|e| e.types.is_empty() || e.types.contains(&server.server_type))
        .and_then(|e| {
            let steps: Vec<_> = e.instruction.get("en")?.iter().map(ToString::to_string).collect();
            Some(format!("{} ({})", steps.join("; "), e.visit_url))
        });
    let refused = config.refusal(server.server_type, Authentication::PasswordCleartext).is_some();
    Probe {
        subject: subject.to_owned(),
        server_type: server.server_type,
        hostname: hostname.to_string(),
        port: server.port,
        socket_type: server.socket_type,
        authentication: server.authentication.clone(),
        alternative_of: None,
        refuses_passwords: refused,
        advice,
    }
}

/// The servers in a finished file.
///
/// # Errors
///
/// The file's format is unknown.
pub fn probes_of_file(
    path: &str,
    bytes: &[u8],
    findings: &mut Vec<Finding>,
) -> Result<Vec<Probe>, Invalid> {
    let Some((reader, text)) = recognise(bytes) else {
        return Err(Invalid(format!("{path} is of no format that can be read here: {FORMATS}")));
    };
    let source = Source::new(path, text);
    let config = match reader.read(&source.text) {
        Ok(config) => config,
        Err(wrong) => {
            findings.extend(wrong.into_iter().map(|malformed| {
                let mut finding = Finding::new(codes::UNREADABLE_FILE, malformed.message);
                finding.place = Some(Place::new(&source, malformed.span));
                finding
            }));
            return Ok(Vec::new());
        }
    };
    let mut probes = Vec::new();
    for server in &config.servers {
        if MailProtocol::of(server.server_type).is_none() {
            continue;
        }
        let port = Port::new(i64::from(server.port))?;
        // If the file's value can mean both socket types, the client tries the safer one first.
        let Some(socket_type) = server.socket_type.first().copied() else { continue };
        let hostname = match server.hostname.contains('%') {
            true => match config.domains.first() {
                Some(domain) => server.hostname.replace("%EMAILDOMAIN%", domain),
                None => server.hostname.clone(),
            },
            false => server.hostname.clone(),
        };
        probes.push(Probe {
            subject: path.to_owned(),
            server_type: server.server_type,
            hostname,
            port,
            socket_type,
            authentication: server.authentication.clone(),
            alternative_of: None,
            refuses_passwords: false,
            advice: None,
        });
    }
    if probes.is_empty() {
        findings.push(
            Finding::new(codes::NO_SERVER, format!("{path} names no POP3, IMAP or SMTP server"))
                .help("test the provider instead, by its name or an address"),
        );
    }
    Ok(probes)
}
