//! The settings of an address as JSON, with the names of draft-ietf-mailmaint-autoconfig.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{EmailAddress, LocalizedSteps, Protocol, Server, Side, Text};
use crate::settings::Subject;

/// The settings of an address.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountSettings {
    /// The address, with its domain in lower case and in ASCII.
    #[schemars(example = &"ann@example.com")]
    email_address: String,
    email_provider: EmailProvider,
    /// The best server first.
    incoming_server: Vec<AccountServer>,
    outgoing_server: Vec<AccountServer>,
    /// What users must switch on at the provider first.
    enable: Vec<EnableStep>,
    /// Where users create a password for their mail program.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_password: Option<AppPasswordPage>,
    documentation: Vec<DocumentationPage>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EmailProvider {
    id: String,
    display_name: String,
    display_short_name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AccountServer {
    /// The protocol.
    #[serde(rename = "type")]
    #[schemars(example = &"imap")]
    server_type: String,
    hostname: String,
    #[schemars(range(min = 1))]
    port: u16,
    /// `SSL` (TLS from the first byte), `STARTTLS` or `plain`.
    #[schemars(example = &"SSL")]
    socket_type: String,
    /// The best method first.
    #[schemars(example = ["password-cleartext"])]
    authentication: Vec<String>,
    /// The login name of this user.
    username: String,
    /// For protocols over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EnableStep {
    /// For which types of servers; empty means all.
    types: Vec<String>,
    #[serde(rename = "visitURL")]
    visit_url: String,
    /// The steps, by language.
    instruction: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct AppPasswordPage {
    url: String,
    /// Whether the provider refuses the user's own password.
    required: bool,
    /// What users have to know, by language.
    note: BTreeMap<String, String>,
}

#[derive(Serialize, JsonSchema)]
struct DocumentationPage {
    url: String,
    /// What is on the page, by language.
    descr: BTreeMap<String, String>,
}

impl AccountSettings {
    pub fn of(subject: &Subject, address: &EmailAddress, protocol: Protocol) -> Self {
        let config = &subject.config;
        let servers = |side: Side| {
            let servers = config.servers(side).iter();
            servers
                .filter(|server| protocol.wants(server.server_type))
                .filter_map(|server| AccountServer::of(server, address))
                .collect()
        };
        let by_language = |texts: &BTreeMap<String, Text>| {
            texts.iter().map(|(language, text)| (language.clone(), text.to_string())).collect()
        };
        Self {
            email_address: address.to_string(),
            email_provider: EmailProvider {
                id: config.id.to_string(),
                display_name: config.display_name.to_string(),
                display_short_name: config.display_short_name.to_string(),
            },
            incoming_server: servers(Side::Incoming),
            outgoing_server: servers(Side::Outgoing),
            enable: config
                .enable
                .iter()
                .map(|enable| EnableStep {
                    types: enable.types.iter().map(ToString::to_string).collect(),
                    visit_url: enable.visit_url.to_string(),
                    instruction: steps(&enable.instruction),
                })
                .collect(),
            app_password: config.app_password.as_ref().map(|page| AppPasswordPage {
                url: page.url.to_string(),
                required: page.required,
                note: by_language(&page.note),
            }),
            documentation: config
                .documentation
                .iter()
                .map(|page| DocumentationPage {
                    url: page.url.to_string(),
                    descr: by_language(&page.descr),
                })
                .collect(),
        }
    }
}

impl AccountServer {
    /// `None` if the address cannot be a part of the host name.
    fn of(server: &Server, address: &EmailAddress) -> Option<Self> {
        Some(Self {
            server_type: server.server_type.to_string(),
            hostname: server.hostname.resolve(address).ok()?.to_string(),
            port: server.port.get(),
            socket_type: server.socket_type.to_string(),
            authentication: server.authentication.iter().map(ToString::to_string).collect(),
            username: server.username.resolve(address),
            url: server.url.as_ref().map(ToString::to_string),
        })
    }
}

fn steps(instruction: &LocalizedSteps) -> BTreeMap<String, Vec<String>> {
    let steps = |steps: &Vec<Text>| steps.iter().map(ToString::to_string).collect();
    instruction.iter().map(|(language, own)| (language.clone(), steps(own))).collect()
}
