//! `providers/NAME.toml` → [`ClientConfig`].

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::codes;
use crate::document::{self, TomlTable};
use crate::finding::{Finding, Source, any_error};
use crate::model::{
    AppPassword, Authentication, ClientConfig, Documentation, Enable, Hostname, Invalid, OAuth2,
    Protocol, Refusal, ServerType, Side, Text, Word, public_host, reads_as_another, shortened,
};

use super::domain_list::{DomainList, ListFolder, mail_domain};
use super::server::read_servers;
use super::url::url;
use super::users_from::UsersFrom;

/// A provider as described in its file.
#[derive(Debug)]
pub struct Provider {
    /// The name that users type: the file's name without `.toml`.
    pub name: String,
    pub config: ClientConfig,
    /// Whether customers can use their own domains.
    pub custom_domains: bool,
    /// Parent domains of customers' domains: `example.com` for `*.example.com`.
    pub wildcards: Vec<Hostname>,
    /// The name of the list with further domains of customers: `domainsFrom`.
    pub domains_from: Option<String>,
    /// The host under which people reach the server that publishes the settings: `publicHost`.
    pub public_host: Option<Hostname>,
    /// The domains of that list, sorted. They are in no file but their own, so that no customer
    /// sees the others.
    pub listed: Vec<Hostname>,
    /// Where the login names of its users come from.
    pub users_from: Option<UsersFrom>,
    pub source: Arc<Source>,
    /// The place of each server's authentication methods in the file.
    pub authentication_spans: BTreeMap<(Side, usize), Range<usize>>,
}

impl Provider {
    /// Whether the domain is a customer's domain: on the list, or below one of the wildcards.
    pub fn covers(&self, domain: &Hostname) -> bool {
        let is_below = |parent: &Hostname| domain != parent && domain.is_within(parent.as_str());
        self.listed.binary_search(domain).is_ok() || self.wildcards.iter().any(is_below)
    }
}

/// The maximum lengths of names. draft-ietf-mailmaint-autoconfig, "displayName"
pub(super) const DISPLAY_NAME: usize = 60;
pub(super) const DISPLAY_SHORT_NAME: usize = 20;

/// Reads a provider file without its list of domains. `None` if one of the findings is an error.
pub fn read_provider(name: &str, source: &Arc<Source>) -> (Option<Provider>, Vec<Finding>) {
    read_provider_with(name, source, None)
}

/// Reads a provider file, and its list of domains from `lists`. `None` if one of the findings is an
/// error.
pub fn read_provider_with(
    name: &str,
    source: &Arc<Source>,
    lists: Option<&ListFolder<'_>>,
) -> (Option<Provider>, Vec<Finding>) {
    let mut spans = BTreeMap::new();
    let mut facts = DomainFacts::default();
    let (config, mut findings) =
        document::read(source, |root| read_config(root, &mut spans, &mut facts));
    let DomainFacts { custom_domains, mut wildcards, domains_from, users_from, public_host } =
        facts;
    let mut listed = Vec::new();
    match domains_from.as_ref().zip(lists).map(|(name, lists)| lists.read(name)) {
        None => {}
        Some(Ok(DomainList { domains, wildcards: more })) => {
            listed = domains;
            wildcards.extend(more);
            wildcards.sort();
            wildcards.dedup();
        }
        Some(Err(wrong)) => findings.extend(wrong),
    }
    let config = config.filter(|_| !any_error(&findings));
    let provider = config.map(|config| Provider {
        name: name.to_owned(),
        config,
        custom_domains,
        wildcards,
        domains_from,
        public_host,
        listed,
        users_from,
        source: source.clone(),
        authentication_spans: spans,
    });
    (provider, findings)
}

/// What a file says of domains and hosts besides what clients get.
#[derive(Default)]
struct DomainFacts {
    custom_domains: bool,
    wildcards: Vec<Hostname>,
    domains_from: Option<String>,
    users_from: Option<UsersFrom>,
    public_host: Option<Hostname>,
}

fn read_config(
    root: &TomlTable<'_>,
    spans: &mut BTreeMap<(Side, usize), Range<usize>>,
    facts: &mut DomainFacts,
) -> Option<ClientConfig> {
    root.text("source");
    let incoming = read_servers(root, Side::Incoming, spans);
    let outgoing = read_servers(root, Side::Outgoing, spans);
    let enable = root.tables("enable").iter().filter_map(read_enable).collect();
    let documentation = root
        .tables("documentation")
        .iter()
        .filter_map(|t| {
            t.text("source");
            let descr = t.localized("descr");
            Some(Documentation { url: required_url(t, "url")?, descr })
        })
        .collect();
    let refuses = root.tables("refuses").iter().filter_map(read_refusal).collect();
    let app_password = root.table("appPassword").and_then(|t| {
        t.text("source");
        let note = t.localized("note");
        let required = t.bool("required").unwrap_or(false);
        Some(AppPassword { url: required_url(&t, "url")?, required, note })
    });
    let oauth2 = root.table("oAuth2").and_then(|t| read_oauth2(&t));
    let Some(provider) = root.table("emailProvider") else {
        root.missing("emailProvider", "`mailwright init` writes a commented file to start from");
        return None;
    };
    provider.text("source");
    let id = provider.value("id", Hostname::new);
    if !provider.has("id") {
        provider.missing("id", "write the provider's domain, e.g. id = \"example.com\"");
    }
    let display_name = named(&provider, "displayName", DISPLAY_NAME);
    if !provider.has("displayName") {
        provider.missing(
            "displayName",
            "write the name people know, e.g. displayName = \"Example Mail\"",
        );
    }
    let display_short_name = named(&provider, "displayShortName", DISPLAY_SHORT_NAME)
        .or_else(|| display_name.as_ref().map(short));
    let default_protocol = provider.value("defaultProtocol", Protocol::parse);
    let web_mail = url(&provider, "webMail");
    let domains = read_domains(&provider, &mut facts.wildcards);
    facts.domains_from = read_domains_from(&provider);
    facts.users_from = UsersFrom::read(&provider);
    facts.public_host = provider.value("publicHost", public_host);
    let mx_domains = provider.list("mxDomains", Hostname::new);
    facts.custom_domains = provider.bool("customDomains").unwrap_or(false);
    Some(ClientConfig {
        id: id?,
        display_name: display_name?,
        display_short_name: display_short_name?,
        domains,
        mx_domains,
        default_protocol,
        incoming,
        outgoing,
        enable,
        documentation,
        web_mail,
        refuses,
        app_password,
        oauth2,
    })
}

/// Names appear in the files of every client, so anything that breaks one client is refused here.
pub(super) fn named(table: &TomlTable<'_>, key: &str, longest: usize) -> Option<Text> {
    let name = table.text(key)?;
    let length = name.as_str().chars().count();
    if name.as_str().trim().is_empty() {
        table.push(table.wrong(key, "empty"));
        return None;
    }
    if name.as_str().trim() != name.as_str() {
        table.push(table.wrong(key, "has spaces around it, which clients keep"));
    }
    if name.as_str().contains("%EMAIL") {
        table.push(table.wrong(key, "has a placeholder in it, which few clients fill in"));
    }
    if reads_as_another(name.as_str()) {
        let why = "looks like a number or a boolean, and Thunderbird 153 shows another (007 as 7)";
        table.push(table.wrong(key, why).help("put a word to it, e.g. \"Mail 007\""));
    }
    if length > longest {
        table.push(
            table
                .wrong(key, format!("{length} characters long; {longest} is the most"))
                .spec(format!("draft-ietf-mailmaint-autoconfig, \"{key}\"")),
        );
    }
    Some(name)
}

fn short(name: &Text) -> Text {
    Text::new(&shortened(name.as_str(), DISPLAY_SHORT_NAME)).unwrap_or_else(|_| name.clone())
}

/// `*.example.com` covers all domains below it; the other entries are the provider's own domains.
fn read_domains(provider: &TomlTable<'_>, wildcards: &mut Vec<Hostname>) -> Vec<Hostname> {
    let spans = provider.item_spans("domains");
    let mut domains: Vec<Hostname> = Vec::new();
    let mut seen = HashSet::new();
    let mut at = 0;
    let read = provider.list("domains", |name| {
        let (bare, is_wildcard) = match name.strip_prefix("*.") {
            Some(parent) => (parent, true),
            None => (name, false),
        };
        let result = mail_domain(bare).map(|domain| (domain, is_wildcard));
        Ok(result.map_err(|why| why.to_string()))
    });
    for result in read {
        let span = spans.get(at).cloned().unwrap_or_else(|| provider.span());
        at += 1;
        match result {
            Ok((domain, is_wildcard)) => {
                let known = if is_wildcard { &mut *wildcards } else { &mut domains };
                if !seen.insert((is_wildcard, domain.clone())) {
                    let name = if is_wildcard { format!("*.{domain}") } else { domain.to_string() };
                    provider.push(
                        Finding::new(codes::DUPLICATE_DOMAIN, format!("{name} is listed twice"))
                            .at(provider.source(), span)
                            .help("leave one of them out"),
                    );
                } else {
                    known.push(domain);
                }
            }
            Err(why) => provider.push(
                Finding::new(codes::INVALID_SETTING, format!("emailProvider.domains: {why}"))
                    .at(provider.source(), span),
            ),
        }
    }
    if at == 0 {
        provider
            .missing("domains", "list what stands behind the @, e.g. domains = [\"example.com\"]");
    } else if domains.is_empty() && !wildcards.is_empty() {
        provider.push(
            provider
                .wrong("domains", "has only names with *")
                .help("list one domain that is the provider's own, too"),
        );
    }
    domains
}

/// The path of a text file with further domains, relative to the provider file.
fn read_domains_from(provider: &TomlTable<'_>) -> Option<String> {
    let name = provider.string("domainsFrom")?;
    if name.trim().is_empty() || std::path::Path::new(&name).is_absolute() {
        let wrong = provider.wrong("domainsFrom", "not the name of a file beside this one");
        provider.push(wrong.help("write it as domainsFrom = \"domains.txt\""));
        return None;
    }
    Some(name)
}

fn read_enable(table: &TomlTable<'_>) -> Option<Enable> {
    table.text("source");
    let types = table.list("types", ServerType::parse);
    let instruction = table.localized_steps("instruction");
    if !table.has("instruction") {
        table.missing(
            "instruction",
            "write the way through the menus: instruction.en = [\"first step\", \"second step\"]",
        );
    }
    Some(Enable { types, visit_url: required_url(table, "visitURL")?, instruction })
}

fn read_refusal(table: &TomlTable<'_>) -> Option<Refusal> {
    let authentication = table.value("authentication", Authentication::parse);
    let source = table.text("source");
    for (key, help) in [
        ("authentication", "write which way to sign in is refused"),
        ("source", "write where this is known from, so that the next reader can check it"),
    ] {
        if !table.has(key) {
            table.missing(key, help);
        }
    }
    let refusal = Refusal {
        types: table.list("types", ServerType::parse),
        since: table.value("since", date),
        instead: table.localized("instead"),
        authentication: authentication?,
        source: source?,
    };
    Some(refusal)
}

/// An ISO 8601 calendar date.
fn date(text: &str) -> Result<Text, Invalid> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if shape != "0000-00-00" {
        return Err(Invalid::new(format!("\"{text}\" is no date; write it as 2024-09-16")));
    }
    Text::new(text)
}

fn read_oauth2(table: &TomlTable<'_>) -> Option<OAuth2> {
    table.text("source");
    let issuer = table.text("issuer");
    if !table.has("issuer") {
        table.missing("issuer", "write the host that issues the tokens");
    }
    let (auth_url, token_url) = (required_url(table, "authURL"), required_url(table, "tokenURL"));
    let device_auth_url = url(table, "deviceAuthURL");
    let mut scope = BTreeMap::new();
    if let Some(scopes) = table.table("scope") {
        for server_type in ServerType::ALL {
            let list = scopes.list(server_type.as_str(), Text::new);
            if !list.is_empty() {
                scope.insert(*server_type, list);
            }
        }
    }
    Some(OAuth2 {
        issuer: issuer?,
        auth_url: auth_url?,
        token_url: token_url?,
        device_auth_url,
        scope,
    })
}

fn required_url(table: &TomlTable<'_>, key: &str) -> Option<Text> {
    if !table.has(key) {
        table.missing(key, "write the address of the page, with https://");
    }
    url(table, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[emailProvider]
id = "example.com"
displayName = "Example"
domains = ["example.com"]
[[incomingServer]]
type = "pop3"
hostname = "pop.example.com"
port = 995
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
[[outgoingServer]]
type = "smtp"
hostname = "smtp.example.com"
port = 465
socketType = "SSL"
authentication = "password-cleartext"
username = "%EMAILADDRESS%"
"#;

    fn findings(text: &str) -> Vec<String> {
        let source = Source::new("p.toml", text.to_owned());
        read_provider("p", &source).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_complete_provider_reads_without_findings() {
        assert_eq!(findings(GOOD), Vec::<String>::new());
    }

    #[test]
    fn the_same_server_twice_is_an_error() {
        let server =
            &GOOD[GOOD.find("[[incomingServer]]").unwrap()..GOOD.find("[[outgoing").unwrap()];
        let found = findings(&format!("{GOOD}{server}"));
        assert!(found[0].contains("error[duplicate-server]"), "{found:?}");
    }

    #[test]
    fn starttls_on_the_tls_port_is_a_warning() {
        let found = findings(&GOOD.replacen("\"SSL\"", "\"STARTTLS\"", 1));
        assert!(found[0].contains("warning[unusual-port]"), "{found:?}");
    }

    #[test]
    fn an_smtp_server_among_the_incoming_ones_is_told_where_it_belongs() {
        let found = findings(&GOOD.replacen("\"pop3\"", "\"smtp\"", 1));
        assert!(found.iter().any(|f| f.contains("[[outgoingServer]]")), "{found:?}");
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let found = findings("[emailProvider]\nid = \"example.com\"\n[[incomingServer]]\n");
        for key in ["displayName", "domains", "outgoingServer", "hostname", "port", "username"] {
            assert!(found.iter().any(|f| f.contains(&format!("has no {key}"))), "{key}: {found:?}");
        }
    }
}
