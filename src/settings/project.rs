//! `mailwright.toml`: the user's settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::{self, TomlTable};
use crate::finding::{Finding, Source};
use crate::model::{
    Authentication, EmailAddress, Hostname, HostnamePattern, Invalid, Port, Protocol, ServerType,
    Side, SocketType, Text, UsernamePattern, Word, public_host,
};

use super::provider::{DISPLAY_NAME, DISPLAY_SHORT_NAME, named};

/// The user's settings. Precedence: flags and environment, these settings, the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// A provider's name, or the path of its file.
    pub provider: Option<String>,
    pub protocol: Option<Protocol>,
    pub languages: Vec<String>,
    pub targets: Vec<String>,
    pub organization: Organization,
    pub overrides: Override,
    /// target → option → value
    pub options: BTreeMap<String, BTreeMap<String, OptionValue>>,
}

/// A value of a target's option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    Text(Text),
    Flag(bool),
}

/// The organization that distributes the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    pub name: Option<Text>,
    /// Reverse DNS, e.g. `com.example`.
    pub identifier: Option<Text>,
    pub support_address: Option<EmailAddress>,
}

/// Replacements for a provider's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Override {
    pub display_name: Option<Text>,
    pub display_short_name: Option<Text>,
    /// The host under which people reach the server that publishes the settings.
    pub public_host: Option<Hostname>,
    pub leave_messages_on_server: Option<bool>,
    /// `Some(None)` means forever.
    pub days_to_leave_messages_on_server: Option<Option<u16>>,
    pub servers: Vec<ServerOverride>,
}

/// New values for the servers of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOverride {
    pub side: Side,
    pub server_type: ServerType,
    pub hostname: Option<HostnamePattern>,
    pub port: Option<Port>,
    pub socket_type: Option<SocketType>,
    pub authentication: Vec<Authentication>,
    pub username: Option<UsernamePattern>,
}

impl Project {
    pub fn read(source: &Arc<Source>) -> (Option<Self>, Vec<Finding>) {
        document::read(source, |root| {
            let project = Self {
                provider: root.string("provider"),
                protocol: root.value("protocol", Protocol::parse),
                languages: strings(root, "language"),
                targets: strings(root, "targets"),
                organization: root.table("organization").map(read_organization).unwrap_or_default(),
                overrides: read_override(root),
                options: read_options(root),
            };
            Some(project)
        })
    }
}

fn strings(table: &TomlTable<'_>, key: &str) -> Vec<String> {
    table.list(key, |text| Text::new(text).map(|t| t.as_str().to_owned()))
}

fn read_organization(table: TomlTable<'_>) -> Organization {
    Organization {
        name: table.text("name"),
        identifier: table.value("identifier", identifier),
        support_address: table.value("supportAddress", EmailAddress::new),
    }
}

fn identifier(text: &str) -> Result<Text, Invalid> {
    let host = Hostname::new(text).ok().filter(|h| h.is_qualified() && h.as_str() == text);
    match host {
        Some(_) => Text::new(text),
        None => Err(Invalid(format!(
            "\"{text}\" is no reverse-DNS name; write your domain back to front in lower case, e.g. \"com.example\""
        ))),
    }
}

fn read_override(root: &TomlTable<'_>) -> Override {
    let mut all = Override::default();
    if let Some(pop3) = root.table("pop3") {
        all.leave_messages_on_server = pop3.bool("leaveMessagesOnServer");
        all.days_to_leave_messages_on_server =
            pop3.integer("daysToLeaveMessagesOnServer", |days| match u16::try_from(days) {
                Ok(0) => Ok(None),
                Ok(days) if days <= super::server::LONGEST_STAY => Ok(Some(days)),
                _ => Err(Invalid(format!(
                    "{days} is no number of days; 0 (for ever) to {}",
                    super::server::LONGEST_STAY
                ))),
            });
    }
    let Some(table) = root.table("override") else { return all };
    if let Some(provider) = table.table("emailProvider") {
        all.display_name = named(&provider, "displayName", DISPLAY_NAME);
        all.display_short_name = named(&provider, "displayShortName", DISPLAY_SHORT_NAME);
        all.public_host = provider.value("publicHost", public_host);
    }
    for side in [Side::Incoming, Side::Outgoing] {
        for server in table.tables(side.as_str()) {
            let server_type = server.value("type", ServerType::parse);
            if !server.has("type") {
                server.missing("type", "write which server is meant: imap, pop3 or smtp");
            }
            let values = ServerOverride {
                side,
                server_type: server_type.unwrap_or(ServerType::Imap),
                hostname: server.value("hostname", HostnamePattern::new),
                port: server.integer("port", Port::new),
                socket_type: server.value("socketType", SocketType::parse),
                authentication: server.list("authentication", Authentication::parse),
                username: server.value("username", UsernamePattern::new),
            };
            if server_type.is_some() {
                all.servers.push(values);
            }
        }
    }
    all
}

fn read_options(root: &TomlTable<'_>) -> BTreeMap<String, BTreeMap<String, OptionValue>> {
    let mut all = BTreeMap::new();
    let Some(targets) = root.table("target") else { return all };
    for target in targets.keys() {
        let Some(table) = targets.table(&target) else { continue };
        let mut options = BTreeMap::new();
        for option in table.keys() {
            let value = match table.string_or_bool(&option) {
                Some(Ok(flag)) => OptionValue::Flag(flag),
                Some(Err(text)) => match Text::new(&text) {
                    Ok(text) => OptionValue::Text(text),
                    Err(_) => continue,
                },
                None => continue,
            };
            options.insert(option, value);
        }
        all.insert(target, options);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let source = Source::new(
            "mailwright.toml",
            r#"
provider = "outlook.com"
protocol = "imap"
language = ["en", "de"]
targets = ["thunderbird"]
[organization]
name = "Example"
identifier = "com.example"
supportAddress = "help@example.com"
[pop3]
daysToLeaveMessagesOnServer = 30
[[override.incomingServer]]
type = "pop3"
hostname = "pop.example.com"
[target.outlook-registry]
installDir = 'D:\mail'
steering = true
"#,
        );
        let (project, findings) = Project::read(&source);
        assert_eq!(findings, []);
        let project = project.unwrap();
        assert_eq!(project.overrides.days_to_leave_messages_on_server, Some(Some(30)));
        assert_eq!(project.options["outlook-registry"]["steering"], OptionValue::Flag(true));
    }

    #[test]
    fn a_misspelt_key_has_a_suggestion() {
        let source = Source::new("mailwright.toml", "provder = \"x\"\n");
        let (_, findings) = Project::read(&source);
        assert_eq!(findings[0].help.as_deref(), Some("did you mean \"provider\"?"));
    }
}
