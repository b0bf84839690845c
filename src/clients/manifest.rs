//! The contents of a `target.toml`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::finding::Source;
use crate::format::FileFormat;
use crate::import::Reader;
use crate::model::{ServerType, Side};

use super::host_rule::HostRule;
use super::words::Words;

/// One kind of file for one kind of mail client.
#[derive(Debug)]
pub struct Target {
    /// The folder's name.
    pub name: String,
    pub title: String,
    /// How the files reach the client, as a short clause.
    pub delivery: String,
    /// Where the format is documented.
    pub spec: String,
    /// Generated only if it is named.
    pub opt_in: bool,
    /// The client accepts only ASCII addresses (no SMTPUTF8, RFC 6531).
    pub ascii_addresses: bool,
    /// What the user can do if the account in this file cannot sign in.
    pub instead: Option<String>,
    pub clients: Vec<Client>,
    pub incoming: Option<SideSpec>,
    pub outgoing: Option<SideSpec>,
    pub options: BTreeMap<String, OptionSpec>,
    /// Options that are gone, and what to use in place of each.
    pub replaced_options: BTreeMap<String, String>,
    /// Names of UUIDs that templates may use.
    pub uuids: Vec<String>,
    /// language → key → text. Missing texts are taken from the targets that `textsOf` names.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
    pub files: Vec<FileSpec>,
    pub includes: Vec<Include>,
    pub source: Arc<Source>,
    /// template name → text, for every template that a file names
    pub templates: BTreeMap<String, Arc<Source>>,
    /// schema name → text
    pub schemas: BTreeMap<String, Arc<Source>>,
}

impl Target {
    /// Whether it generates files for device management systems.
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
    /// Further names that rules use for it, such as the name of a wider family.
    pub also_called: Vec<String>,
    /// The server types that it reads from the files.
    pub reads: Vec<ServerType>,
    /// Formats that it reads in addition to this target's files.
    pub also_reads: Vec<Reader>,
    pub status: Status,
    /// The test run or source that proves the status.
    pub evidence: String,
    pub last_seen: Option<LastSeen>,
    /// The hosts for which OAuth2 works; `None` means all.
    pub oauth2_hosts: Option<Vec<HostRule>>,
}

impl Client {
    /// Whether a rule that names a client applies to this one.
    pub fn is_called(&self, name: &str) -> bool {
        name == "every client" || self.name == name || self.also_called.iter().any(|n| n == name)
    }
}

/// When a test last saw the program accept the files.
#[derive(Debug, Clone)]
pub struct LastSeen {
    pub version: String,
    pub date: String,
    pub test: String,
}

/// How certain it is that a client accepts a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// One of our tests runs the program.
    Proven,
    /// A source reports it.
    Reported,
    /// The file may do harm.
    Unsafe,
}

impl Status {
    pub const ALL: [(&'static str, Status); 3] =
        [("proven", Status::Proven), ("reported", Status::Reported), ("unsafe", Status::Unsafe)];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, s)| *s == self).map_or("", |(word, _)| word)
    }
}

/// Which servers of one side a client can express.
#[derive(Debug)]
pub struct SideSpec {
    pub take: Take,
    /// One for each kind of server that the client treats differently. A server uses the first one
    /// with a keyword for its type.
    pub words: Vec<Words>,
}

/// How many servers the file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    One,
    /// The first suitable server of each type.
    Each,
    All,
}

/// A setting of the admin for a target's files.
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

/// One file that a target generates.
#[derive(Debug)]
pub struct FileSpec {
    /// Its index among the files of its target.
    pub number: usize,
    pub template: String,
    /// A template for its path relative to the target's folder.
    pub path: String,
    pub format: FileFormat,
    pub scope: Scope,
    pub schema: Option<String>,
    pub reader: Option<Reader>,
    pub media_type: String,
    /// The URL paths at which a web server serves it.
    pub routes: Vec<String>,
    /// Further paths, at which other systems serve such a file.
    pub also_routes: Vec<String>,
    /// The name, below a domain, of the TXT record with its SHA-256, if clients check it.
    pub digest: Option<String>,
    pub delivery: Option<String>,
    pub per_language: bool,
    /// Distinguishes several files that share a template.
    pub variant: Option<String>,
    /// Generated only if this option is on.
    pub only_with: Option<String>,
    /// Reported whenever the file is generated.
    pub warning: Option<String>,
    /// What happens if the file cannot contain the user name.
    pub without_username: Option<String>,
    pub holds_password: bool,
    /// Which values of its servers the text contains; empty if it does not describe servers.
    pub shows: Vec<ShownValue>,
    pub span: Range<usize>,
}

impl FileSpec {
    /// Whether it describes servers.
    pub fn names_servers(&self) -> bool {
        !self.shows.is_empty()
    }
}

/// A server value that the file's text contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownValue {
    Hostname,
    Port,
    Username,
}

impl ShownValue {
    pub const ALL: [(&'static str, ShownValue); 3] = [
        ("hostname", ShownValue::Hostname),
        ("port", ShownValue::Port),
        ("username", ShownValue::Username),
    ];
}

/// Another target's file, included under a path of this target. In the scope `provider`, a file
/// that exists per domain is the one of the subject's own domain.
#[derive(Debug)]
pub struct Include {
    pub target: String,
    pub template: String,
    pub scope: Scope,
    pub path: String,
    pub span: Range<usize>,
}

/// Who shares a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One file for all users.
    Provider,
    /// One file per domain.
    Domain,
    /// One file per user.
    Account,
    /// One file for all users, which a device management system fills in. Generated only if a
    /// system is named.
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
