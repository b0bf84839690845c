//! WHO a bundle is for: an address, a domain or a provider; and which provider's settings apply.

use std::path::PathBuf;
use std::sync::Arc;

use crate::codes;
use crate::finding::Finding;
use crate::model::{ClientConfig, EmailAddress, Hostname, PublicAddress, ServerAddress, Text};

use super::Error;
use super::catalog::{Catalog, NotFound};
use super::project::Override;
use super::provider::Provider;

/// The user's WHO argument, classified by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Address(EmailAddress),
    /// A domain or the name of a provider.
    Name(String),
}

impl Who {
    pub fn parse(who: &str) -> Result<Self, Box<Finding>> {
        if who.contains('@') {
            return match EmailAddress::new(who) {
                Ok(address) => Ok(Self::Address(address)),
                Err(why) => Err(Box::new(
                    Finding::new(codes::INVALID_ADDRESS, why.to_string())
                        .help("write it as ann@example.com"),
                )),
            };
        }
        if who.is_empty() {
            return Err(Box::new(
                Finding::new(codes::INVALID_SUBJECT, "an empty name")
                    .help("write an address, a domain or a provider"),
            ));
        }
        Ok(Self::Name(who.to_owned()))
    }
}

/// Who the files are for.
#[derive(Debug, Clone)]
pub struct Subject {
    pub kind: SubjectKind,
    /// The domain of its files.
    pub domain: Hostname,
    /// The provider's settings with the domain and the user's overrides applied.
    pub config: ClientConfig,
    /// Where people reach the server that publishes these settings. `None`: at hosts of the domain
    /// itself, such as `autoconfig.`.
    pub public_address: Option<PublicAddress>,
    pub provider: Arc<Provider>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectKind {
    Provider,
    Domain,
    Account { address: EmailAddress, display_name: Option<Text> },
}

impl Subject {
    /// A provider as a whole.
    pub fn provider(
        provider: Arc<Provider>,
        overrides: &Override,
        findings: &mut Vec<Finding>,
    ) -> Self {
        with_overrides(provider_subject(provider), overrides, findings)
    }

    /// A customer's own domain.
    pub fn customer(
        provider: Arc<Provider>,
        domain: &Hostname,
        overrides: &Override,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let subject = subject(SubjectKind::Domain, domain.clone(), provider, true);
        with_overrides(subject, overrides, findings)
    }

    /// A user of one of the provider's domains, or of a customer's.
    pub fn account(
        provider: Arc<Provider>,
        address: &EmailAddress,
        is_customers: bool,
        overrides: &Override,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let kind = SubjectKind::Account { address: address.clone(), display_name: None };
        let subject = subject(kind, address.domain().clone(), provider, is_customers);
        with_overrides(subject, overrides, findings)
    }

    /// The same subject, published by this server.
    pub fn published_by(mut self, server: &ServerAddress) -> Self {
        self.public_address = server.of(self.provider.public_host.as_ref());
        self
    }

    /// The same user with this name.
    pub fn with_display_name(mut self, name: Option<&Text>) -> Self {
        if let SubjectKind::Account { display_name, .. } = &mut self.kind {
            *display_name = name.cloned();
        }
        self
    }

    /// The name for users: an address, a domain, or the provider's id.
    pub fn name(&self) -> &str {
        match &self.kind {
            SubjectKind::Provider => self.config.id.as_str(),
            SubjectKind::Domain => self.domain.as_str(),
            SubjectKind::Account { address, .. } => address.as_str(),
        }
    }

    pub fn address(&self) -> Option<&EmailAddress> {
        match &self.kind {
            SubjectKind::Account { address, .. } => Some(address),
            _ => None,
        }
    }

    /// The user's display name, if known.
    pub fn display_name(&self) -> Option<&Text> {
        match &self.kind {
            SubjectKind::Account { display_name, .. } => display_name.as_ref(),
            _ => None,
        }
    }

    /// Whether this is a customer's own domain, to which the provider's settings have been adapted.
    pub fn is_customers_domain(&self) -> bool {
        let domains = &self.config.domains;
        self.config.id == self.domain
            && domains.len() == 1
            && domains[0] == self.domain
            && self.provider.config.domains != *domains
    }

    /// The folder of the shared files, relative to the output folder.
    pub fn shared_folder(&self) -> PathBuf {
        match self.kind {
            SubjectKind::Provider => PathBuf::from(self.config.id.as_str()),
            _ => PathBuf::from(self.domain.as_str()),
        }
    }
}

/// The options that choose a subject, besides WHO.
pub struct Choice<'a> {
    /// `--provider`, from a flag, the environment or the settings file.
    pub provider: Option<&'a str>,
    pub overrides: &'a Override,
    /// `--name`.
    pub display_name: Option<&'a Text>,
}

/// The provider that is used if none is named.
const DEFAULT_PROVIDER: &str = "outlook.com";

/// Finds the provider for WHO.
///
/// Without WHO, the subject is the chosen provider, or the default one. If a provider is chosen, a
/// domain outside its list is a customer's domain that is hosted there.
pub fn resolve(
    who: Option<&Who>,
    choice: &Choice<'_>,
    catalog: &Catalog,
    findings: &mut Vec<Finding>,
) -> Result<Option<Subject>, Error> {
    let chosen = match choice.provider {
        Some(name) => match named(name, catalog, findings)? {
            Some(provider) => Some(Arc::new(provider)),
            None => return Ok(None),
        },
        None => None,
    };
    let subject = match (who, chosen) {
        (None, Some(provider)) => provider_subject(provider),
        (None, None) => match named(DEFAULT_PROVIDER, catalog, findings)? {
            Some(provider) => provider_subject(Arc::new(provider)),
            None => return Ok(None),
        },
        (Some(Who::Address(address)), chosen) => {
            let Some((provider, custom)) = of_domain(address.domain(), chosen, catalog, findings)?
            else {
                return Ok(None);
            };
            let display_name = choice.display_name.cloned();
            let kind = SubjectKind::Account { address: address.clone(), display_name };
            subject(kind, address.domain().clone(), provider, custom)
        }
        (Some(Who::Name(name)), chosen) => {
            // Try provider names first: `gmail`, `outlook.com`.
            let own_name = |p: &Provider| p.name == *name || p.config.id.as_str() == name;
            match &chosen {
                Some(provider) if own_name(provider) => provider_subject(provider.clone()),
                None if catalog.names().any(|n| n == name) => {
                    match named(name, catalog, findings)? {
                        Some(provider) => provider_subject(Arc::new(provider)),
                        None => return Ok(None),
                    }
                }
                _ => match domain_subject(name, chosen, catalog, findings)? {
                    Some(subject) => subject,
                    None => return Ok(None),
                },
            }
        }
    };
    Ok(Some(with_overrides(subject, choice.overrides, findings)))
}

fn named(
    name: &str,
    catalog: &Catalog,
    findings: &mut Vec<Finding>,
) -> Result<Option<Provider>, Error> {
    match catalog.get(name, findings)? {
        Ok(provider) => Ok(provider),
        Err(missing) => {
            findings.push(missing.finding(catalog));
            Ok(None)
        }
    }
}

fn domain_subject(
    name: &str,
    chosen: Option<Arc<Provider>>,
    catalog: &Catalog,
    findings: &mut Vec<Finding>,
) -> Result<Option<Subject>, Error> {
    let domain = match Hostname::new(name) {
        Ok(domain) if domain.is_qualified() => domain,
        Ok(_) => {
            let suggestion = crate::document::closest(name, catalog.names()).map(str::to_owned);
            findings.push(NotFound { name: name.to_owned(), suggestion }.finding(catalog));
            return Ok(None);
        }
        Err(why) => {
            findings.push(
                Finding::new(codes::INVALID_SUBJECT, why.to_string())
                    .help("write an address, a domain or a provider"),
            );
            return Ok(None);
        }
    };
    let Some((provider, custom)) = of_domain(&domain, chosen, catalog, findings)? else {
        return Ok(None);
    };
    if provider.config.id == domain {
        return Ok(Some(provider_subject(provider)));
    }
    Ok(Some(subject(SubjectKind::Domain, domain, provider, custom)))
}

/// The provider of a domain, and whether it is a customer's own domain.
fn of_domain(
    domain: &Hostname,
    chosen: Option<Arc<Provider>>,
    catalog: &Catalog,
    findings: &mut Vec<Finding>,
) -> Result<Option<(Arc<Provider>, bool)>, Error> {
    if let Some(provider) = chosen {
        let custom = !provider.config.domains.contains(domain) && provider.config.id != *domain;
        if custom && !provider.custom_domains && !provider.covers(domain) {
            let name = &provider.config.display_name;
            findings.push(
                Finding::new(
                    codes::CUSTOMER_DOMAIN,
                    format!("{} is taken for a customer's domain at {name}, whose file does not say that there are any", domain.to_unicode()),
                )
                .help("customDomains = true in the provider's file says so"),
            );
        }
        return Ok(Some((provider, custom)));
    }
    match catalog.by_domain(domain, findings)? {
        Some(provider) => {
            let custom = !provider.config.domains.contains(domain);
            Ok(Some((Arc::new(provider), custom)))
        }
        None => {
            findings.push(
                Finding::new(
                    codes::UNKNOWN_DOMAIN,
                    format!("no provider is known for {}", domain.to_unicode()),
                )
                .help(format!(
                    "name the provider that hosts it (--provider microsoft365), write a provider \
                         file (`mailwright init`), or make one from what the domain publishes \
                         (`mailwright import {domain}`)"
                )),
            );
            Ok(None)
        }
    }
}

fn provider_subject(provider: Arc<Provider>) -> Subject {
    let domain = provider.config.domains[0].clone();
    subject(SubjectKind::Provider, domain, provider, false)
}

fn subject(
    kind: SubjectKind,
    domain: Hostname,
    provider: Arc<Provider>,
    custom_domain: bool,
) -> Subject {
    let mut config = provider.config.clone();
    if custom_domain {
        config.id = domain.clone();
        config.domains = vec![domain.clone()];
    }
    let public_address = ServerAddress::default().of(provider.public_host.as_ref());
    Subject { kind, domain, config, public_address, provider }
}

fn with_overrides(mut subject: Subject, over: &Override, findings: &mut Vec<Finding>) -> Subject {
    let config = &mut subject.config;
    if let Some(name) = &over.display_name {
        config.display_name = name.clone();
    }
    if let Some(name) = &over.display_short_name {
        config.display_short_name = name.clone();
    }
    if let Some(host) = &over.public_host {
        subject.public_address = ServerAddress::default().of(Some(host));
    }
    for server in &mut config.incoming {
        if let Some(leave) = over.leave_messages_on_server {
            server.pop3.leave_messages_on_server = leave;
        }
        if let Some(days) = over.days_to_leave_messages_on_server {
            server.pop3.days_to_leave_messages_on_server = days;
        }
    }
    for new in &over.servers {
        let servers = match new.side {
            crate::model::Side::Incoming => &mut config.incoming,
            crate::model::Side::Outgoing => &mut config.outgoing,
        };
        let mut found = false;
        for server in servers.iter_mut().filter(|s| s.server_type == new.server_type) {
            found = true;
            if let Some(hostname) = &new.hostname {
                server.hostname = hostname.clone();
                server.alternative_hostnames.clear();
            }
            server.port = new.port.unwrap_or(server.port);
            server.socket_type = new.socket_type.unwrap_or(server.socket_type);
            if !new.authentication.is_empty() {
                server.authentication = new.authentication.clone();
            }
            if let Some(username) = &new.username {
                server.username = username.clone();
            }
        }
        if !found {
            findings.push(
                Finding::new(
                    codes::OVERRIDE_WITHOUT_SERVER,
                    format!(
                        "{} has no {} server to override",
                        subject.provider.name, new.server_type
                    ),
                )
                .help("leave the override out, or add the server to a provider file of your own"),
            );
        }
    }
    subject
}
