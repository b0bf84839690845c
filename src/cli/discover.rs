//! `mailwright import ann@example.com`: finds what the provider publishes, as clients do.

use std::path::Path;

use crate::codes;
use crate::finding::Finding;
use crate::import::ReadConfig;
use crate::model::{EmailAddress, Hostname};
use crate::verify::hosted::{CLIENTS, LookupClient, Search, discover};

use super::Failure;
use super::args::ImportArgs;
use super::terminal::Terminal;

/// The settings that were found, and the place.
pub struct DiscoveredSettings {
    pub place: String,
    pub config: ReadConfig,
}

/// Whether SOURCE is an address or domain rather than a file.
pub fn is_address(source: &str) -> bool {
    let domain = source.rsplit_once('@').map_or(source, |(_, domain)| domain);
    !Path::new(source).exists()
        && domain.contains('.')
        && Hostname::new(domain).is_ok()
        // A missing file is reported as such.
        && (source.contains('@') || !source.ends_with(".xml"))
}

pub fn run(
    source: &str,
    args: &ImportArgs,
    terminal: &Terminal,
    findings: &mut Vec<Finding>,
) -> Result<Option<DiscoveredSettings>, Failure> {
    let address = match source.contains('@') {
        true => Some(EmailAddress::new(source).map_err(|why| format!("{source}: {why}"))?),
        false => None,
    };
    let domain = match &address {
        Some(address) => address.domain().clone(),
        None => Hostname::new(source).map_err(|why| format!("{source}: {why}"))?,
    };
    let client = args.eyes.as_deref().map(client).transpose()?;
    let database = args.database.as_deref().map(database).transpose()?;
    let progress = terminal.progress(0, "answers");
    let search = Search {
        domain: &domain,
        address: address.as_ref(),
        client,
        database: database.as_ref(),
        patience: args.net.timeout,
    };
    let found = discover(&args.net.open()?, &search, &|url| {
        progress.working_on(url);
        progress.step();
    });
    drop(progress);
    for (place, why) in &found.passed_over {
        terminal.say(&format!("{place}: {why}"));
    }
    let Some(winner) = found.winner else {
        let who = client.map_or("anybody", |client| client.name);
        findings.push(
            Finding::new(codes::NOTHING_FOUND, format!("{domain} publishes nothing that {who} finds"))
                .help("ask the provider for its settings and write them into a file (`mailwright init`), or import the file of a client that works"),
        );
        return Ok(None);
    };
    terminal.say(&format!("found at {}", winner.place));
    if !winner.over_https {
        findings.push(
            Finding::new(
                codes::DISCOVERED_OVER_HTTP,
                format!(
                    "{} came over plain http: anybody on the way could have changed it",
                    winner.place
                ),
            )
            .help("compare it with the provider's page before you use it"),
        );
    }
    if let Some(other) = &winner.of {
        findings.push(
            Finding::new(
                codes::DISCOVERED_FOR_ANOTHER,
                format!("{} sends {source} on to {other}; these are the settings of {other}", winner.place),
            )
            .help(format!(
                "`mailwright generate {other} --provider FILE` makes its files; its user name may not be {source}"
            )),
        );
    }
    let mut config = *winner.config;
    // DNS records contain only servers, and a hoster's file contains the hoster's own domains, not
    // this customer's.
    if config.domains.is_empty() {
        config.domains.push(domain.to_string());
    } else if !config.domains.contains(&domain.to_string()) {
        findings.push(
            Finding::new(
                codes::CUSTOMER_DOMAIN,
                format!("{domain} is none of the domains of {}", winner.place),
            )
            .help(format!("`mailwright generate {domain} --provider FILE` makes its files")),
        );
        config.custom_domains = true;
    }
    Ok(Some(DiscoveredSettings { place: winner.place, config }))
}

fn client(key: &str) -> Result<&'static LookupClient, Failure> {
    LookupClient::find(key).ok_or_else(|| {
        let keys: Vec<_> = CLIENTS.iter().map(|client| client.key).collect();
        format!("--as {key} is none of {}", keys.join(", ")).into()
    })
}

fn database(url: &str) -> Result<url::Url, Failure> {
    match url::Url::parse(url) {
        Ok(url) if url.scheme() == "https" && url.host().is_some() => Ok(url),
        _ => Err(format!("--database {url} is no https address").into()),
    }
}
