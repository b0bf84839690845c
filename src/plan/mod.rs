//! Who gets which file, with which server and which way to sign in, or a finding why not.
//!
//! Settings × targets × subjects → jobs. Pure: whatever was read is read by now.

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
pub use servers::Service;
pub use servers::services;

/// What is to be planned.
pub struct Request<'a> {
    pub subjects: &'a [Subject],
    /// Every target that is made or included by one that is.
    pub targets: &'a [Target],
    /// Which of them are made.
    pub selected: &'a [String],
    /// What the user chose; none leaves it to the provider.
    pub protocol: Option<Protocol>,
    /// What the user chose; empty: all for a provider, the locale for a person.
    pub languages: &'a [String],
    pub locale: Option<&'a str>,
    /// Also the domains of the provider that nobody asked for.
    pub all_domains: bool,
    pub options: &'a BTreeMap<String, BTreeMap<String, OptionValue>>,
    pub organization: &'a Organization,
    pub password: Option<&'a Secret>,
    /// The device management system that files are to be filled in by.
    pub mdm: Option<&'a Mdm>,
}

/// Everything that will be written, and what there is to say about it.
pub struct Plan<'a> {
    pub bundles: Vec<BundlePlan<'a>>,
    pub findings: Vec<Finding>,
}

/// One folder: what is the same for everybody at a domain, or one person's files.
pub struct BundlePlan<'a> {
    /// Below the output folder.
    pub folder: PathBuf,
    pub subject: String,
    pub jobs: Vec<Job<'a>>,
}

/// One file for one subject.
#[derive(Clone)]
pub struct Job<'a> {
    /// The target whose folder it goes to.
    pub folder_target: &'a Target,
    /// The target that describes it; another one where a file is included.
    pub target: &'a Target,
    pub file: &'a FileSpec,
    /// A template for its path below the target's folder.
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
    /// Files of other targets that are handed out with it and whose account can sign in.
    pub included: Arc<Vec<Included<'a>>>,
    /// What whoever hands the file out has to know: a finding's code and its message.
    pub notes: Vec<(Code, String)>,
    /// Files that the same folder includes whose digests belong in DNS; they have none of these.
    pub digested: Arc<Vec<Job<'a>>>,
}

/// What a file can say of another target's that is handed out with it.
#[derive(Debug, Clone)]
pub struct Included<'a> {
    pub target: &'a Target,
    /// Of the servers that mail comes in by.
    pub types: Vec<ServerType>,
}

impl Job<'_> {
    /// Whether a device management system changes it. A signature would be of another text then: such a
    /// file is never signed; `import::has_variable` knows one by its text.
    pub fn is_managed(&self) -> bool {
        matches!(self.audience, Audience::Managed { .. })
    }

    /// Whether another target's folder includes it.
    pub fn is_included(&self) -> bool {
        self.folder_target.name != self.target.name
    }

    /// Whether each side that it describes has a server that takes one of its ways to sign in.
    pub fn can_sign_in(&self) -> bool {
        [Side::Incoming, Side::Outgoing].into_iter().all(|side| {
            let servers = self.servers(side);
            servers.is_empty() || servers.iter().any(|planned| !planned.refused)
        })
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
    /// Resolved, or with the placeholders that the client fills in itself.
    pub hostname: String,
    /// None where nobody knows it yet and the client does not fill in placeholders.
    pub username: Option<String>,
    /// Of type and socketType: the client's field → its word.
    pub words: BTreeMap<String, String>,
    /// What the client is told, in order of preference, each with its words.
    pub authentication: Vec<(Authentication, BTreeMap<String, String>)>,
    /// Whether the provider refuses every one of them.
    pub refused: bool,
}

impl PlannedServer<'_> {
    /// Whether the client tells the server who the user is at all.
    pub fn signs_in(&self) -> bool {
        self.authentication.iter().any(|(way, _)| *way != Authentication::None)
    }
}

/// Plans everything that was asked for.
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
    // A bundle without files would replace one that has some.
    bundles.retain(|bundle| !bundle.jobs.is_empty());
    findings.dedup();
    Plan { bundles, findings }
}

type ResolvedOptions = BTreeMap<String, Arc<BTreeMap<String, OptionDefault>>>;

/// Every target's options with the user's values over the defaults.
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
