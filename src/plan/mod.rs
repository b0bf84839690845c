//! Plans who gets which file, with which servers and authentication methods, or reports why not.
//!
//! Settings × targets × subjects → jobs. This module is pure: all input has been read before.

mod choose;
mod managed;
mod scope;
mod servers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clients::{FileSpec, OptionDefault, Target};
use crate::codes::{self, Code};
use crate::finding::Finding;
use crate::model::{Authentication, Protocol, Secret, Server, ServerType, Side};
use crate::settings::{Mdm, OptionValue, Organization, Subject};

pub use scope::Audience;
pub use servers::ServiceRecord;
pub use servers::services;

/// The input of [`plan`].
pub struct Request<'a> {
    pub subjects: &'a [Subject],
    /// Every target that is generated, or included by one that is.
    pub targets: &'a [Target],
    /// The names of the targets that are generated.
    pub selected: &'a [String],
    /// The user's choice; `None` uses the provider's default.
    pub protocol: Option<Protocol>,
    /// The user's choice; if empty, all languages for a provider and the locale's for an account.
    pub languages: &'a [String],
    pub locale: Option<&'a str>,
    /// Whether to plan also for the provider's domains that were not requested.
    pub all_domains: bool,
    pub options: &'a BTreeMap<String, BTreeMap<String, OptionValue>>,
    pub organization: &'a Organization,
    pub password: Option<&'a Secret>,
    /// The device management system that will fill in the files.
    pub mdm: Option<&'a Mdm>,
}

/// All planned files, with the findings about them.
pub struct Plan<'a> {
    pub bundles: Vec<BundlePlan<'a>>,
    pub findings: Vec<Finding>,
}

/// One folder: the shared files of a domain, or the files of one user.
pub struct BundlePlan<'a> {
    /// Relative to the output folder.
    pub folder: PathBuf,
    pub subject: String,
    pub jobs: Vec<Job<'a>>,
}

/// One file for one subject.
#[derive(Clone)]
pub struct Job<'a> {
    /// The target into whose folder it is written.
    pub folder_target: &'a Target,
    /// The target that describes it. This differs from `folder_target` for an included file.
    pub target: &'a Target,
    pub file: &'a FileSpec,
    /// A template for its path relative to the target's folder.
    pub path: &'a str,
    pub subject: &'a Subject,
    pub audience: Audience<'a>,
    pub language: String,
    pub protocol: Protocol,
    pub incoming: Vec<PlannedServer<'a>>,
    pub outgoing: Vec<PlannedServer<'a>>,
    pub options: Arc<BTreeMap<String, OptionDefault>>,
    pub organization: &'a Organization,
    pub password: Option<&'a Secret>,
    /// Files of other targets that are delivered with it, if their account can sign in.
    pub included: Arc<Vec<IncludedFile<'a>>>,
    /// What the admin has to know when delivering the file: a finding's code and its message.
    pub notes: Vec<(Code, String)>,
    /// The files included in the same folder whose digests belong in DNS. These jobs have no such
    /// files themselves.
    pub digested: Arc<Vec<Job<'a>>>,
}

/// What a file can say about another target's file that is delivered with it.
#[derive(Debug, Clone)]
pub struct IncludedFile<'a> {
    pub target: &'a Target,
    /// The types of its incoming servers.
    pub types: Vec<ServerType>,
}

impl Job<'_> {
    /// Whether a device management system will change the file. That would break a signature, so
    /// such a file is never signed. `import::has_variable` recognises one by its text.
    pub fn is_managed(&self) -> bool {
        matches!(self.audience, Audience::Managed { .. })
    }

    /// Whether the file is included in another target's folder.
    pub fn is_included(&self) -> bool {
        self.folder_target.name != self.target.name
    }

    /// Whether each side that it describes has a server that accepts one of the planned
    /// authentication methods.
    pub fn can_sign_in(&self) -> bool {
        [Side::Incoming, Side::Outgoing].into_iter().all(|side| {
            let servers = self.servers(side);
            servers.is_empty() || servers.iter().any(|planned| !planned.refused)
        })
    }

    /// Whether it is useless if nobody requested it.
    pub fn is_useless(&self) -> bool {
        scope::is_useless(self.target, self.notes.iter().map(|(code, _)| *code))
    }

    pub fn servers(&self, side: Side) -> &[PlannedServer<'_>] {
        match side {
            Side::Incoming => &self.incoming,
            Side::Outgoing => &self.outgoing,
        }
    }
}

/// A server as one client gets it.
#[derive(Debug, Clone)]
pub struct PlannedServer<'a> {
    pub server: &'a Server,
    /// Resolved, or with the placeholders that the client replaces itself.
    pub hostname: String,
    /// `None` if it is not known yet and the client does not replace placeholders.
    pub username: Option<String>,
    /// For type and socketType: the client's field → its keyword.
    pub words: BTreeMap<String, String>,
    /// The authentication methods for the client in order of preference, each with its keywords.
    pub authentication: Vec<(Authentication, BTreeMap<String, String>)>,
    /// Whether the provider refuses all of them.
    pub refused: bool,
}

impl PlannedServer<'_> {
    /// Whether the client authenticates at this server.
    pub fn signs_in(&self) -> bool {
        self.authentication.iter().any(|(way, _)| *way != Authentication::None)
    }
}

/// Plans everything that was requested.
pub fn plan<'a>(request: &'a Request<'a>) -> Plan<'a> {
    let mut findings = Vec::new();
    let mut bundles: Vec<BundlePlan<'a>> = Vec::new();
    let options = resolve_options(request, &mut findings);
    for subject in request.subjects {
        let shared = subject.shared_folder();
        let at = match bundles.iter().position(|b| b.folder == shared) {
            Some(at) => at,
            None => {
                let name = shared.to_string_lossy().into_owned();
                bundles.push(BundlePlan {
                    folder: shared.clone(),
                    subject: name,
                    jobs: Vec::new(),
                });
                let jobs = scope::shared_jobs(request, subject, &options, &mut findings);
                let last = bundles.len() - 1;
                bundles[last].jobs = jobs;
                last
            }
        };
        if let Some(address) = subject.address() {
            let folder = bundles[at].folder.join(crate::format::file_name(address.as_str()));
            if bundles.iter().any(|b| b.folder == folder) {
                findings.push(
                    Finding::new(
                        codes::SAME_SUBJECT_TWICE,
                        format!("{address} was asked for twice"),
                    )
                    .subject(address.as_str()),
                );
                continue;
            }
            let jobs = scope::account_jobs(request, subject, &options, &mut findings);
            let subject = address.to_string();
            bundles.push(BundlePlan { folder, subject, jobs });
        }
    }
    for bundle in &mut bundles {
        bundle.jobs.sort_by(|a, b| a.folder_target.name.cmp(&b.folder_target.name));
    }
    // An empty bundle would replace an existing one that has files.
    bundles.retain(|bundle| !bundle.jobs.is_empty());
    findings.dedup();
    Plan { bundles, findings }
}

type ResolvedOptions = BTreeMap<String, Arc<BTreeMap<String, OptionDefault>>>;

/// The options of every target: the user's values, else the defaults.
fn resolve_options(request: &Request<'_>, findings: &mut Vec<Finding>) -> ResolvedOptions {
    let mut all = BTreeMap::new();
    for target in request.targets {
        let mut values: BTreeMap<String, OptionDefault> =
            target.options.iter().map(|(name, o)| (name.clone(), o.default.clone())).collect();
        for (name, value) in request.options.get(&target.name).into_iter().flatten() {
            match (values.get(name), value) {
                (Some(OptionDefault::Flag(_)), OptionValue::Flag(flag)) => {
                    values.insert(name.clone(), OptionDefault::Flag(*flag));
                }
                (Some(OptionDefault::Text(_)), OptionValue::Text(text)) => {
                    values.insert(name.clone(), OptionDefault::Text(text.as_str().to_owned()));
                }
                (Some(default), _) => findings.push(
                    Finding::new(
                        codes::INVALID_OPTION,
                        format!(
                            "option {name} of {} is {}",
                            target.name,
                            match default {
                                OptionDefault::Flag(_) => "true or false",
                                OptionDefault::Text(_) => "a text",
                            }
                        ),
                    )
                    .target(&target.name),
                ),
                (None, _) => {
                    let known = target.options.keys().map(String::as_str);
                    let help = match crate::document::closest(name, known.clone()) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None if target.options.is_empty() => "it has none".to_owned(),
                        None => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
                    };
                    findings.push(
                        Finding::new(
                            codes::UNKNOWN_OPTION,
                            format!("{} has no option {name}", target.name),
                        )
                        .target(&target.name)
                        .help(help),
                    );
                }
            }
        }
        all.insert(target.name.clone(), Arc::new(values));
    }
    all
}
