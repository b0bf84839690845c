//! Writes a provider file from the content of a client's file.
//!
//! A provider file is strict, a client is not. Values that do not fit are adapted if their meaning
//! is clear, and otherwise left out. Every such case is reported as a finding.

mod pages;
mod text;

use std::fmt::Write as _;

use super::{ReadConfig, ReadServer};
use crate::codes;
use crate::finding::Finding;
use crate::model::{
    Authentication, Hostname, HostnamePattern, ServerType, SocketType, UsernamePattern,
    reads_as_another, shortened,
};
use text::{fits, is_url, list, quoted};

/// Maximum lengths: draft-ietf-mailmaint-autoconfig, "displayName" and "displayShortName".
const DISPLAY_NAME: usize = 60;
const DISPLAY_SHORT_NAME: usize = 20;
/// Fifty years in days; Thunderbird's files use it for "for ever".
const FOR_EVER: u32 = 18_250;
/// The user name if a file has none: clients ask for the address.
const USERNAME: &str = "%EMAILADDRESS%";

/// Returns the text of the provider file; `from` names the source in it. `None` if the config is
/// incomplete; a finding then explains why.
pub fn provider_file(
    config: &ReadConfig,
    from: &str,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let mut writer = Writer { out: String::new(), person: person(config), findings };
    let servers = writer.servers(config);
    for lost in &config.lost {
        writer.lost(lost.clone());
    }
    let is_outgoing = |server: &&ServerEntry| server.server_type == ServerType::Smtp;
    let domains = writer.domains(config);
    let id = config.id.as_deref().and_then(|id| Hostname::new(id).ok());
    let id = id.or_else(|| Hostname::new(domains.first()?).ok());
    let mut lacking = Vec::new();
    let mut help = Vec::new();
    if !servers.iter().any(|server| !is_outgoing(&server)) {
        lacking.push("a server to read from");
    }
    if !servers.iter().any(|server| is_outgoing(&server)) {
        lacking.push("a server to send through");
    }
    if !lacking.is_empty() {
        help.push("a provider file needs servers for both ways: --with FILE adds another file about the same mailboxes");
    }
    if domains.is_empty() {
        lacking.push("a domain");
        help.push("--domain names the domains of its users");
    }
    let Some(id) = id.filter(|_| lacking.is_empty()) else {
        let message = format!("{from} does not name {}", and(&lacking));
        writer.findings.push(Finding::new(codes::IMPORT_INCOMPLETE, message).help(help.join("; ")));
        return None;
    };
    let _ = writeln!(writer.out, "# Made by `mailwright import` from {}.", from.escape_debug());
    writer.provider(config, &id, &domains);
    for entry in servers.iter().filter(|server| !is_outgoing(server)) {
        writer.server("incomingServer", entry);
    }
    for entry in servers.iter().filter(is_outgoing) {
        writer.server("outgoingServer", entry);
    }
    for page in &config.enable {
        writer.enable(page);
    }
    for page in &config.documentation {
        writer.documentation(page);
    }
    if let Some(oauth2) = &config.oauth2 {
        writer.oauth2(oauth2, &servers);
    }
    Some(writer.out)
}

/// Joins parts as `a, b and c`.
fn and(parts: &[&str]) -> String {
    match parts {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parts.concat(),
    }
}

/// The address of the user, if the file is for one user.
fn person(config: &ReadConfig) -> Option<String> {
    let names = config.servers.iter().filter_map(|server| server.username.as_ref());
    let is_address = |name: &&String| {
        let parts = name.rsplit_once('@');
        !name.contains('%')
            && parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
    };
    config.address.as_ref().filter(is_address).or_else(|| names.clone().find(is_address)).cloned()
}

/// A server whose values fit into a provider file.
struct ServerEntry {
    server_type: ServerType,
    hostname: String,
    port: u16,
    socket_type: SocketType,
    authentication: Vec<Authentication>,
    username: String,
    leave_messages_on_server: Option<bool>,
    days: Option<u32>,
    url: Option<String>,
}

struct Writer<'a> {
    out: String,
    /// The address of the user, if the source is for one user.
    person: Option<String>,
    findings: &'a mut Vec<Finding>,
}

impl Writer<'_> {
    /// Reports a value that differs from the source.
    fn adapted(&mut self, message: String) {
        self.findings.push(Finding::new(codes::IMPORT_ADAPTED, message));
    }

    /// Reports content of the source that is left out.
    fn lost(&mut self, message: String) {
        self.findings.push(Finding::new(codes::IMPORT_LOST, message));
    }

    fn domains(&mut self, config: &ReadConfig) -> Vec<String> {
        let mut domains: Vec<String> = Vec::new();
        let of_person = self.person.as_deref().and_then(|address| address.rsplit_once('@'));
        let of_person = of_person.map(|(_, domain)| domain.to_owned());
        let named: Vec<String> = match config.domains.as_slice() {
            [] => of_person.or(config.id.clone()).into_iter().collect(),
            named => named.to_vec(),
        };
        for name in &named {
            match Hostname::new(name) {
                Ok(domain) if domain.is_qualified() => {
                    let domain = domain.to_string();
                    if !domains.contains(&domain) {
                        domains.push(domain);
                    }
                }
                _ => self.lost(format!("\"{}\" is no mail domain", name.escape_debug())),
            }
        }
        domains
    }

    fn servers(&mut self, config: &ReadConfig) -> Vec<ServerEntry> {
        let mut servers: Vec<ServerEntry> = Vec::new();
        for read in &config.servers {
            let Some(entry) = self.entry(read) else { continue };
            let same = |other: &&mut ServerEntry| {
                (other.server_type, &other.hostname, other.port, other.socket_type)
                    == (entry.server_type, &entry.hostname, entry.port, entry.socket_type)
            };
            match servers.iter_mut().find(same) {
                Some(other) => {
                    for way in entry.authentication {
                        if !other.authentication.contains(&way) {
                            other.authentication.push(way);
                        }
                    }
                    let name = format!("{} {}:{}", read.server_type, read.hostname, read.port);
                    self.adapted(format!(
                        "{name} is there twice; the ways to sign in are one list"
                    ));
                }
                None => servers.push(entry),
            }
        }
        servers
    }

    fn entry(&mut self, read: &ReadServer) -> Option<ServerEntry> {
        let name = format!("{} {}:{}", read.server_type, read.hostname, read.port);
        let known = HostnamePattern::new(&read.hostname).ok();
        let hostname = known.filter(|host| host.as_str().contains(['.', '%']));
        let Some(hostname) = hostname else {
            self.lost(format!("{name}: a server file needs a whole host name"));
            return None;
        };
        let Some(socket_type) = read.socket_type.first().copied() else {
            self.lost(format!("{name}: it does not say how the connection is secured"));
            return None;
        };
        if read.port == 0 {
            self.lost(format!("{name}: it has no port"));
            return None;
        }
        if read.socket_type.len() > 1 {
            self.adapted(format!("{name} can mean more than {socket_type}; it is taken as that"));
        }
        let mut authentication: Vec<Authentication> = Vec::new();
        for way in &read.authentication {
            if !authentication.contains(way) {
                authentication.push(*way);
            }
        }
        if authentication.is_empty() {
            self.adapted(format!(
                "{name} says nothing of how to sign in: password-cleartext is taken"
            ));
            authentication.push(Authentication::PasswordCleartext);
        }
        let url = read.url.clone().filter(|url| is_url(url));
        Some(ServerEntry {
            server_type: read.server_type,
            hostname: hostname.as_str().to_owned(),
            port: read.port,
            socket_type,
            authentication,
            username: self.username(&name, read.username.as_deref()),
            leave_messages_on_server: read.leave_messages_on_server,
            days: read.days_to_leave_messages_on_server.filter(|days| (1..FOR_EVER).contains(days)),
            url,
        })
    }

    fn username(&mut self, server: &str, read: Option<&str>) -> String {
        let Some(read) = read else {
            self.adapted(format!("{server} has no user name; {USERNAME} is taken"));
            return USERNAME.to_owned();
        };
        // The file of one user: generalise the name for all users.
        if let Some(person) = &self.person {
            let local_part = person.rsplit_once('@').map(|(local, _)| local);
            if read.eq_ignore_ascii_case(person) {
                return USERNAME.to_owned();
            }
            if Some(read) == local_part {
                return "%EMAILLOCALPART%".to_owned();
            }
        }
        if !reads_as_another(read) && UsernamePattern::new(read).is_ok() {
            if !read.contains('%') {
                self.adapted(format!(
                    "{server}: the user name {} is the same for all",
                    quoted(read)
                ));
            }
            return read.to_owned();
        }
        // The most common mistake: the closing percent sign is missing.
        let closed = format!("{read}%");
        let name = match UsernamePattern::new(&closed) {
            Ok(_) if read.starts_with('%') => closed,
            _ => USERNAME.to_owned(),
        };
        self.adapted(format!("{server}: {name} is taken for the user name {}", quoted(read)));
        name
    }

    /// A provider's name without the user's address in it.
    fn impersonal(&self, name: &str) -> String {
        match &self.person {
            Some(person) => name.replace(&format!("({person})"), "").replace(person.as_str(), ""),
            None => name.to_owned(),
        }
    }

    fn provider(&mut self, config: &ReadConfig, id: &Hostname, domains: &[String]) {
        let read = config.display_name.as_deref().unwrap_or(id.as_str());
        let name = fits(&self.impersonal(read), id.as_str(), DISPLAY_NAME);
        if config.display_name.is_some() && name != read {
            self.adapted(format!("displayName {} becomes {}", quoted(read), quoted(&name)));
        }
        let _ = write!(
            self.out,
            "\n[emailProvider]\nid = {}\ndisplayName = {}\n",
            quoted(id.as_str()),
            quoted(&name)
        );
        if let Some(read) = &config.display_short_name {
            let short = fits(read, &shortened(&name, DISPLAY_SHORT_NAME), DISPLAY_SHORT_NAME);
            if short != *read {
                self.adapted(format!(
                    "displayShortName {} becomes {}",
                    quoted(read),
                    quoted(&short)
                ));
            }
            let _ = writeln!(self.out, "displayShortName = {}", quoted(&short));
        }
        let _ = writeln!(self.out, "domains = {}", list(domains));
        if config.custom_domains {
            self.out.push_str("customDomains = true\n");
        }
        if !config.mx_domains.is_empty() {
            let _ = writeln!(self.out, "mxDomains = {}", list(&config.mx_domains));
        }
        match &config.web_mail {
            Some(url) if is_url(url) => {
                let _ = writeln!(self.out, "webMail = {}", quoted(url));
            }
            Some(other) => self.lost(format!("the web mail's address {} is none", quoted(other))),
            None => {}
        }
    }

    fn server(&mut self, side: &str, entry: &ServerEntry) {
        let ways: Vec<String> = entry.authentication.iter().map(ToString::to_string).collect();
        let _ = write!(
            self.out,
            "\n[[{side}]]\ntype = {}\nhostname = {}\nport = {}\nsocketType = {}\n\
             authentication = {}\nusername = {}\n",
            quoted(&entry.server_type.to_string()),
            quoted(&entry.hostname),
            entry.port,
            quoted(&entry.socket_type.to_string()),
            list(&ways),
            quoted(&entry.username)
        );
        if let Some(url) = &entry.url {
            let _ = writeln!(self.out, "url = {}", quoted(url));
        }
        if entry.server_type == ServerType::Pop3 {
            if let Some(leave) = entry.leave_messages_on_server {
                let _ = writeln!(self.out, "leaveMessagesOnServer = {leave}");
            }
            // Days have no meaning if messages do not stay.
            if let Some(days) = entry.days.filter(|_| entry.leave_messages_on_server != Some(false))
            {
                let _ = writeln!(self.out, "daysToLeaveMessagesOnServer = {days}");
            }
        }
    }
}
