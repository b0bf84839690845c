//! What a `target.toml` says.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::finding::Source;
use crate::format::Kind;
use crate::import::Reader;
use crate::model::{Hostname, ServerType, Side};

use super::words::Words;

/// One kind of file for one kind of mail client.
#[derive(Debug)]
pub struct Target {
    /// The folder's name.
    pub name: String,
    pub title: String,
    /// How the files get to the client, as a short clause.
    pub delivery: String,
    /// Where the format is described.
    pub spec: String,
    /// Made only when it is named.
    pub opt_in: bool,
    /// The client takes no address outside ASCII (no SMTPUTF8, RFC 6531).
    pub ascii_addresses: bool,
    /// What the client's user does when the account in this file cannot sign in.
    pub instead: Option<String>,
    pub clients: Vec<Client>,
    pub incoming: Option<SideSpec>,
    pub outgoing: Option<SideSpec>,
    pub options: BTreeMap<String, OptionSpec>,
    /// Names of UUIDs that templates may use.
    pub uuids: Vec<String>,
    /// language → key → text; with those of the targets that `textsOf` names, where there is no own one.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
    pub files: Vec<FileSpec>,
    pub includes: Vec<Include>,
    pub source: Arc<Source>,
    /// template name → its text, for every template that a file names
    pub templates: BTreeMap<String, Arc<Source>>,
    /// schema name → its text
    pub schemas: BTreeMap<String, Arc<Source>>,
}

impl Target {
    /// Whether it makes files for device management systems.
    pub fn is_managed(&self) -> bool {
        let mut scopes =
            self.files.iter().map(|f| f.scope).chain(self.includes.iter().map(|i| i.scope));
        scopes.any(|scope| scope == Scope::Managed)
    }

    pub fn side(&self, side: Side) -> Option<&SideSpec> {
        match side {
            Side::Incoming => self.incoming.as_ref(),
            Side::Outgoing => self.outgoing.as_ref(),
        }
    }
}

/// A program that reads the files.
#[derive(Debug, Clone)]
pub struct Client {
    pub name: String,
    /// What rules call it, where they speak of a wider family.
    pub also_called: Vec<String>,
    /// Which server types it takes from them.
    pub reads: Vec<ServerType>,
    /// Formats that it reads beside the files of this target.
    pub also_reads: Vec<Reader>,
    pub status: Status,
    /// Which run or source says so.
    pub evidence: String,
    pub last_seen: Option<LastSeen>,
    /// OAuth2 works only for these hosts; none: for any.
    pub oauth2_hosts: Option<Vec<HostRule>>,
}

impl Client {
    /// Whether a rule that names a client means this one.
    pub fn is_called(&self, name: &str) -> bool {
        name == "every client" || self.name == name || self.also_called.iter().any(|n| n == name)
    }
}

/// When a test last saw the program take the files.
#[derive(Debug, Clone)]
pub struct LastSeen {
    pub version: String,
    pub date: String,
    pub test: String,
}

/// How sure it is that a client takes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A test of ours runs the program.
    Proven,
    /// Somebody says so.
    Reported,
    /// It may harm.
    Unsafe,
}

impl Status {
    pub const ALL: [(&'static str, Status); 3] =
        [("proven", Status::Proven), ("reported", Status::Reported), ("unsafe", Status::Unsafe)];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, s)| *s == self).map_or("", |(word, _)| word)
    }
}

/// `example.com`: it and every name below; `=host.example.com`: exactly that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    pub host: Hostname,
    pub exact: bool,
}

impl HostRule {
    pub fn matches(&self, host: &Hostname) -> bool {
        if self.exact { *host == self.host } else { host.is_within(self.host.as_str()) }
    }
}

/// What a client can say about the servers of one side.
#[derive(Debug)]
pub struct SideSpec {
    pub take: Take,
    /// One for each kind of server that the client treats differently; a server belongs to the
    /// first that has a word for its type.
    pub words: Vec<Words>,
}

/// How many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    One,
    /// The first that fits of each type.
    Each,
    All,
}

/// A choice of the admin about a target's files.
#[derive(Debug, Clone)]
pub struct OptionSpec {
    pub default: OptionDefault,
    pub help: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionDefault {
    Text(String),
    Flag(bool),
}

/// One file that a target makes.
#[derive(Debug)]
pub struct FileSpec {
    /// Its place among the files of its target, from 0.
    pub number: usize,
    pub template: String,
    /// A template for its path below the target's folder.
    pub path: String,
    pub format: Kind,
    pub scope: Scope,
    pub schema: Option<String>,
    pub reader: Option<Reader>,
    pub media_type: String,
    /// Where a host serves it.
    pub routes: Vec<String>,
    /// The name below a domain of the TXT record with its SHA-256, where clients check it.
    pub digest: Option<String>,
    pub delivery: Option<String>,
    pub per_language: bool,
    /// Which of several files of one template it is.
    pub variant: Option<String>,
    /// Written only when this option is on.
    pub only_with: Option<String>,
    /// Said whenever it is written.
    pub warning: Option<String>,
    /// What happens when it cannot say the user name.
    pub without_username: Option<String>,
    pub holds_password: bool,
    /// Which values of its servers stand in the text; empty: it is not about servers.
    pub shows: Vec<Shown>,
    pub span: Range<usize>,
}

impl FileSpec {
    /// Whether it describes servers at all.
    pub fn names_servers(&self) -> bool {
        !self.shows.is_empty()
    }
}

/// A value of a server that a file's text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Hostname,
    Port,
    Username,
}

impl Shown {
    pub const ALL: [(&'static str, Shown); 3] =
        [("hostname", Shown::Hostname), ("port", Shown::Port), ("username", Shown::Username)];
}

/// Another target's file, handed out under a path of this one. For everybody, a file of which there
/// is one a domain is that of the subject's own domain.
#[derive(Debug)]
pub struct Include {
    pub target: String,
    pub template: String,
    pub scope: Scope,
    pub path: String,
    pub span: Range<usize>,
}

/// Whom a file is the same for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One for everybody.
    Provider,
    /// One a domain.
    Domain,
    /// One a person.
    Account,
    /// One for everybody, for a device management system to fill in; only where one is named.
    Managed,
}

impl Scope {
    pub const ALL: [(&'static str, Scope); 4] = [
        ("provider", Scope::Provider),
        ("domain", Scope::Domain),
        ("account", Scope::Account),
        ("managed", Scope::Managed),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, s)| *s == self).map_or("", |(word, _)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_rule_covers_names_below_it_unless_it_is_exact() {
        let host = Hostname::new("smtp-mail.outlook.com").unwrap();
        let outlook = Hostname::new("outlook.com").unwrap();
        assert!(HostRule { host: outlook.clone(), exact: false }.matches(&host));
        assert!(!HostRule { host: outlook, exact: true }.matches(&host));
    }
}
