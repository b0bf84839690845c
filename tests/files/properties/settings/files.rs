//! The files that a case stands for: `provider.toml` and `mailwright.toml`.

use std::collections::BTreeSet;

use mailwright::internals::clients::OptionDefault;
use toml::{Table, Value};

use super::{Case, Server, TARGETS};
use crate::properties::texts::{Supply, visible};

impl Case {
    pub(super) fn provider_file(&self, supply: &mut Supply<'_>) -> String {
        let p = &self.provider;
        let mut root = Table::new();
        let mut provider = Table::new();
        put(&mut provider, "id", Some(p.domains[0].clone()));
        put(&mut provider, "displayName", Some(supply.name(60)));
        put(&mut provider, "displayShortName", p.short_name.then(|| supply.name(20)));
        put(&mut provider, "domains", Some(p.domains.clone()));
        put(&mut provider, "mxDomains", Some(p.mx_domains.clone()));
        put(&mut provider, "defaultProtocol", p.default_protocol);
        put(&mut provider, "webMail", p.web_mail.then(|| supply.url()));
        put(&mut root, "emailProvider", Some(provider));
        put(&mut root, "incomingServer", Some(servers(&p.incoming, supply)));
        put(&mut root, "outgoingServer", Some(servers(&p.outgoing, supply)));
        let enable = p.enable.iter().map(|(types, languages, steps)| {
            let mut table = Table::new();
            put(&mut table, "types", Some(types.clone()));
            put(&mut table, "visitURL", Some(supply.url()));
            let instruction = languages.iter().map(|language| {
                let steps: Vec<String> = (0..*steps).map(|_| visible(supply.text())).collect();
                ((*language).to_owned(), Value::from(steps))
            });
            put(&mut table, "instruction", Some(instruction.collect::<Table>()));
            table
        });
        put(&mut root, "enable", Some(enable.collect::<Vec<_>>()));
        let documentation = p.documentation.iter().map(|languages| {
            let mut table = Table::new();
            put(&mut table, "url", Some(supply.url()));
            put(&mut table, "descr", Some(localized(languages, supply)));
            table
        });
        put(&mut root, "documentation", Some(documentation.collect::<Vec<_>>()));
        let refuses = p.refuses.iter().map(|(way, types, since, languages)| {
            let mut table = Table::new();
            put(&mut table, "authentication", Some(*way));
            put(&mut table, "types", Some(types.clone()));
            put(&mut table, "since", since.then_some("2024-09-16"));
            put(&mut table, "source", Some(supply.text()));
            put(&mut table, "instead", Some(localized(languages, supply)));
            table
        });
        put(&mut root, "refuses", Some(refuses.collect::<Vec<_>>()));
        if let Some((required, languages)) = &p.app_password {
            let mut table = Table::new();
            put(&mut table, "url", Some(supply.url()));
            put(&mut table, "required", Some(*required));
            put(&mut table, "note", Some(localized(languages, supply)));
            put(&mut root, "appPassword", Some(table));
        }
        if let Some((device, types)) = &p.oauth2 {
            let mut table = Table::new();
            put(&mut table, "issuer", Some(supply.text()));
            put(&mut table, "authURL", Some(supply.url()));
            put(&mut table, "tokenURL", Some(supply.url()));
            put(&mut table, "deviceAuthURL", device.then(|| supply.url()));
            let scope = types.iter().map(|t| ((*t).to_owned(), Value::from(vec![supply.text()])));
            put(&mut table, "scope", Some(scope.collect::<Table>()));
            put(&mut root, "oAuth2", Some(table));
        }
        toml::to_string(&root).expect("tables of texts are TOML")
    }

    pub(super) fn settings_file(&self, supply: &mut Supply<'_>) -> String {
        let w = &self.project;
        let mut root = Table::new();
        put(&mut root, "protocol", w.protocol);
        put(&mut root, "language", Some(w.languages.clone()));
        let (name, identifier, support) = &w.organization;
        let mut organization = Table::new();
        put(&mut organization, "name", name.then(|| supply.text()));
        put(&mut organization, "identifier", *identifier);
        put(&mut organization, "supportAddress", support.clone());
        put(&mut root, "organization", Some(organization));
        if w.override_name {
            let mut provider = Table::new();
            put(&mut provider, "displayName", Some(supply.name(60)));
            let over = Table::from_iter([("emailProvider".to_owned(), Value::from(provider))]);
            put(&mut root, "override", Some(over));
        }
        if let Some((leave, days)) = w.pop3 {
            let mut pop3 = Table::new();
            put(&mut pop3, "leaveMessagesOnServer", Some(leave));
            put(&mut pop3, "daysToLeaveMessagesOnServer", Some(i64::from(days)));
            put(&mut root, "pop3", Some(pop3));
        }
        let mut targets = Table::new();
        let mut modes = w.options.iter().cycle();
        for target in TARGETS.iter() {
            let mut options = Table::new();
            for (name, option) in &target.options {
                let mode = *modes.next().expect("a cycle does not end");
                let value = match &option.default {
                    OptionDefault::Flag(_) => Value::from(mode > 1),
                    OptionDefault::Text(_) => option_text(name, &option.help, mode, supply).into(),
                };
                put(&mut options, name, (mode > 0).then_some(value));
            }
            put(&mut targets, &target.name, Some(options));
        }
        put(&mut root, "target", Some(targets));
        toml::to_string(&root).expect("tables of texts are TOML")
    }
}

/// What the option's help asks for: empty where that means something, else a text.
fn option_text(name: &str, help: &str, mode: u8, supply: &mut Supply<'_>) -> String {
    match name {
        // Numbers that a manifest cannot say are numbers.
        "officeVersion" => format!("1{}.0", 4 + mode),
        "oAuthIssuer" => supply.url(),
        "appendVersion" => mode.to_string(),
        // A folder on Windows.
        "installDir" => {
            format!("C:\\{}x", supply.text().replace(['/', '"', '<', '>', '|', '?', '*'], ""))
        }
        _ if mode == 1 && help.contains("(empty:") => String::new(),
        _ => visible(supply.text()),
    }
}

fn put(table: &mut Table, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        table.insert(key.to_owned(), value.into());
    }
}

fn localized(languages: &[&str], supply: &mut Supply<'_>) -> Table {
    languages.iter().map(|l| ((*l).to_owned(), Value::from(visible(supply.text())))).collect()
}

fn servers(servers: &[Server], supply: &mut Supply<'_>) -> Vec<Table> {
    let mut taken = BTreeSet::new();
    let one = |server: &Server| {
        let (port, socket_type) = sayable(server);
        if !taken.insert((server.server_type, port, socket_type)) {
            return None; // the same server twice is refused
        }
        let pop3 = server.server_type == "pop3";
        let mut table = Table::new();
        put(&mut table, "type", Some(server.server_type));
        put(&mut table, "hostname", Some(server.hostname.clone()));
        put(&mut table, "alternativeHostnames", Some(server.alternatives.clone()));
        put(&mut table, "port", Some(i64::from(port)));
        put(&mut table, "socketType", Some(socket_type));
        put(&mut table, "authentication", Some(server.authentication.clone()));
        let username = match server.username.contains('*') {
            true => server.username.replace('*', &supply.login()),
            false => server.username.to_owned(),
        };
        put(&mut table, "username", Some(username));
        put(&mut table, "url", server.url.then(|| supply.url()));
        put(&mut table, "leaveMessagesOnServer", server.leave.filter(|_| pop3));
        let days = server.days.filter(|_| pop3).map(i64::from);
        put(&mut table, "daysToLeaveMessagesOnServer", days);
        Some(table)
    };
    servers.iter().filter_map(one).collect()
}

/// Apple's profiles have one flag for SSL and STARTTLS, where the port decides, and none for the
/// port of Exchange. What is the other way round there is not what is asked here.
fn sayable(server: &Server) -> (u16, &'static str) {
    let (implicit, upgraded) = match server.server_type {
        "imap" => (993, 143),
        "pop3" => (995, 110),
        "smtp" => (465, 587),
        _ => return (443, "SSL"),
    };
    let odd = if server.socket_type == "SSL" { upgraded } else { implicit };
    (if server.port == odd { 10_000 + odd } else { server.port }, server.socket_type)
}
