//! Reads one provider file: parses, renders, checks and packs it.

use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::super::sources::{SourceOrigin, Sources, Stamp};
use super::super::store::{ProviderPacker, dictionary};
use super::super::user_list_source::UserListSource;
use super::AnswerBuilder;
use super::listing::stamp_of;
use crate::bundle::Builder;
use crate::codes;
use crate::finding::{Finding, Severity, Source, any_error};
use crate::regular_file::{self, Links, Refused};
use crate::settings::{ListFolder, MOST_LISTED, Provider, UsersFrom};

/// How large provider files may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderLimits {
    /// Bytes of a provider file.
    pub size: u64,
    /// Domains and MX host domains in a provider file.
    pub domains: usize,
    /// Domains in the list that a provider file names.
    pub listed_domains: usize,
    /// Whether a provider file may name a directory or a command.
    pub trusts_files: bool,
}

impl Default for ProviderLimits {
    fn default() -> Self {
        Self { size: 256 * 1024, domains: 1000, listed_domains: MOST_LISTED, trusts_files: false }
    }
}

/// Findings about one file that are reported.
const MOST_FINDINGS: usize = 20;
/// Servers of one file.
const MOST_SERVERS: usize = 50;

/// A file that was read.
pub struct ReadOutcome {
    /// The packed provider; `None` if the file is invalid.
    pub packed: Option<Vec<u8>>,
    pub findings: Vec<Finding>,
    /// The list of domains that the file names, and its stamp before it was read.
    pub list: Option<(PathBuf, Option<Stamp>)>,
    /// The list of users that it names.
    pub users: Option<UserListSource>,
}

/// A provider file that is ready to be served.
struct ReadyProvider {
    packed: Vec<u8>,
    notes: Vec<Finding>,
    users: Option<UserListSource>,
}

/// What one thread reads files with. Its compiled templates and schemas are freed with it.
pub struct FileReader {
    pub builder: Arc<AnswerBuilder>,
    pub sources: Sources,
    pub limits: ProviderLimits,
    /// Set by the first valid file.
    pub dictionary: Arc<OnceLock<Vec<u8>>>,
    pub bundle_builder: Builder,
    pub packer: Option<ProviderPacker>,
    pub with_notes: bool,
}

impl FileReader {
    pub fn read(&mut self, name: &str) -> ReadOutcome {
        let mut list = None;
        let read = catch_unwind(AssertUnwindSafe(|| self.pack(name, &mut list)));
        let read = read.unwrap_or_else(|_| {
            // What was in use when it panicked may be in disorder.
            self.bundle_builder = Builder::for_patterns();
            self.packer = None;
            let message = format!("{name} cannot be rendered: a thread has panicked");
            Err(vec![Finding::new(codes::UNSERVABLE_PROVIDER, message)])
        });
        match read {
            Ok(ReadyProvider { packed, notes, users }) => {
                let findings = if self.with_notes { notes } else { Vec::new() };
                let findings = a_few(name, findings);
                ReadOutcome { packed: Some(packed), findings, list, users }
            }
            Err(findings) => {
                let findings = a_few(name, findings);
                ReadOutcome { packed: None, findings, list, users: None }
            }
        }
    }

    /// Reads a provider file and packs its answers.
    fn pack(
        &mut self,
        name: &str,
        list: &mut Option<(PathBuf, Option<Stamp>)>,
    ) -> Result<ReadyProvider, Vec<Finding>> {
        let (source, path) = self.source(name)?;
        let builder = Arc::clone(&self.builder);
        let within = self.sources.watched();
        let lists = path.as_deref().zip(within.as_deref()).map(|(path, within)| {
            let ListFolder { beside, .. } = ListFolder::of_file(path);
            // Other subfolders can belong to other people.
            let within = if path.starts_with(within) { beside } else { within };
            ListFolder { beside, within, most: self.limits.listed_domains }
        });
        // Take the stamp first, so that a change while reading is noticed the next time.
        let named = lists.as_ref().and_then(|lists| Some(lists.path(&domains_from(&source)?)));
        *list = named.map(|path| {
            let stamp = stamp_of(&path);
            (path, stamp)
        });
        let (provider, mut notes) = builder.read_with(name, &source, lists.as_ref());
        let Some(provider) = provider else { return Err(notes) };
        self.few_enough_domains(name, &provider)?;
        few_enough_servers(name, &provider)?;
        let users = self.users(name, &provider, lists.as_ref())?;
        let is_default = self.sources.default_name() == Some(name);
        let customers = is_default || !provider.wildcards.is_empty() || !provider.listed.is_empty();
        let built = builder.answers(&mut self.bundle_builder, &provider, customers);
        self.bundle_builder.forget();
        let (answers, own) = built?;
        notes.extend(own);
        let notes = worth_saying(&builder, notes)?;
        let unpackable = |why: io::Error| {
            let message = format!("{name} cannot be packed: {why}");
            vec![Finding::new(codes::UNSERVABLE_PROVIDER, message)]
        };
        let packer = match &mut self.packer {
            Some(packer) => packer,
            none => {
                let dictionary = self.dictionary.get_or_init(|| dictionary(&answers, &source.text));
                none.insert(ProviderPacker::new(dictionary).map_err(unpackable)?)
            }
        };
        let packed = packer.pack(name, &provider, &answers, &source.text).map_err(unpackable)?;
        Ok(ReadyProvider { packed, notes, users })
    }

    /// The list of users that a provider file names.
    fn users(
        &self,
        name: &str,
        provider: &Provider,
        lists: Option<&ListFolder<'_>>,
    ) -> Result<Option<UserListSource>, Vec<Finding>> {
        let Some((from, lists)) = provider.users_from.clone().zip(lists) else { return Ok(None) };
        let what = match &from {
            UsersFrom::File(_) => None,
            UsersFrom::Directory(_) => Some("a directory"),
            UsersFrom::Command(_) => Some("a command"),
        };
        if let (Some(what), false) = (what, self.limits.trusts_files) {
            let message = format!("usersFrom of {name} names {what}, which is not allowed");
            let help = "name a file, or allow it with --trust-provider-files if nobody but you \
                        writes provider files";
            return Err(vec![Finding::new(codes::LOOKUP_NOT_ALLOWED, message).help(help)]);
        }
        let (beside, within) = (lists.beside.to_owned(), Some(lists.within.to_owned()));
        Ok(Some(UserListSource { from, beside, within }))
    }

    fn few_enough_domains(&self, name: &str, provider: &Provider) -> Result<(), Vec<Finding>> {
        let config = &provider.config;
        let own = match provider.domains_from {
            // Wildcards of the list are counted there.
            Some(_) => config.domains.len() + config.mx_domains.len(),
            None => config.domains.len() + config.mx_domains.len() + provider.wildcards.len(),
        };
        if own <= self.limits.domains {
            return Ok(());
        }
        let message = format!("{name} names {own} domains; {} is the most", self.limits.domains);
        let help = "put them into a text file that domainsFrom names, or raise the limit with \
                    --max-domains";
        Err(vec![Finding::new(codes::TOO_MANY_DOMAINS, message).help(help)])
    }

    /// Reads the text of a provider's file.
    fn source(&self, name: &str) -> Result<(Arc<Source>, Option<PathBuf>), Vec<Finding>> {
        let (path, links) = match &self.sources.origin {
            SourceOrigin::BuiltIn { text, .. } => {
                return Ok((Source::new(format!("providers/{name}.toml"), *text), None));
            }
            // The operator named it.
            SourceOrigin::File(path) => (path.clone(), Links::Anywhere),
            SourceOrigin::Folder(folder) => {
                (folder.join(format!("{name}.toml")), Links::Within(folder))
            }
        };
        let shown = path.display().to_string();
        let unreadable = |why: &dyn std::fmt::Display, help: Option<&str>| {
            let message = format!("cannot read {shown}: {why}");
            let finding = Finding::new(codes::UNREADABLE_PROVIDER, message);
            vec![match help {
                Some(help) => finding.help(help),
                None => finding,
            }]
        };
        let bytes = regular_file::read(&path, self.limits.size, links).map_err(|why| {
            let help = match why {
                Refused::TooLarge(_) => {
                    Some("make the file smaller, or raise the limit with --max-provider-size")
                }
                Refused::Outside(_) => Some("put the file itself into the folder"),
                Refused::Kind(_) => Some("put a regular file there, or give it another ending"),
                Refused::Io(_) => None,
            };
            unreadable(&why, help)
        })?;
        // The content of a file that is no text is not shown.
        let text =
            String::from_utf8(bytes).map_err(|_| unreadable(&"it is not UTF-8 text", None))?;
        Ok((Source::new(shown, text), Some(path)))
    }
}

/// The first findings about a file. A file of a customer can have thousands of mistakes, and each is
/// printed with its line.
fn a_few(name: &str, mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.len() > MOST_FINDINGS {
        let more = findings.len() - MOST_FINDINGS;
        // Errors come first, so that none is hidden behind warnings.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings.truncate(MOST_FINDINGS);
        let message = format!("{name} has {more} more mistakes");
        findings.push(
            Finding::new(codes::INVALID_SETTING, message)
                .severity(findings[0].severity)
                .help("`mailwright check FILE` shows all of them"),
        );
    }
    findings
}

/// Each server is rendered into every answer.
fn few_enough_servers(name: &str, provider: &Provider) -> Result<(), Vec<Finding>> {
    let servers = provider.config.incoming.len() + provider.config.outgoing.len();
    if servers <= MOST_SERVERS {
        return Ok(());
    }
    let message = format!("{name} has {servers} servers; {MOST_SERVERS} is the most");
    Err(vec![Finding::new(codes::TOO_MANY_SERVERS, message)])
}

/// The list that a provider file names, also if the file has mistakes.
fn domains_from(source: &Arc<Source>) -> Option<String> {
    let (name, _) = crate::document::read(source, |root| {
        root.table("emailProvider").and_then(|table| table.string("domainsFrom"))
    });
    name.filter(|name| !Path::new(name).is_absolute())
}

/// Drops notes, duplicates and findings about opt-in targets that do not fit the provider, at the
/// severities that the operator wants.
///
/// # Errors
/// Something is an error by `-D`.
fn worth_saying(
    builder: &AnswerBuilder,
    mut notes: Vec<Finding>,
) -> Result<Vec<Finding>, Vec<Finding>> {
    // A target that is not for every provider may be missing.
    let of_use =
        |name: &str| !builder.targets.iter().any(|target| target.opt_in && target.name == name);
    // The same is found for each kind of domain and person.
    let mut seen = BTreeSet::new();
    notes.retain(|note| {
        note.target.as_deref().is_none_or(of_use) && seen.insert((note.code, note.message.clone()))
    });
    builder.levels.apply_except_errors(&mut notes);
    if any_error(&notes) {
        return Err(notes);
    }
    notes.retain(|note| note.severity > Severity::Note);
    Ok(notes)
}
