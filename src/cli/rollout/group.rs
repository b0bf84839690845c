//! Users who get the same files but for what is their own: rendered and judged once, then filled in.

use std::collections::BTreeMap;

use crate::check::{Judges, Refilled, check};
use crate::finding::Finding;
use crate::output::{Bundle, OutFile};
use crate::plan::{self, Job, Request};
use crate::render::pattern::Pattern;
use crate::render::{Person, Renderer};
use crate::settings::{Subject, SubjectKind};
use crate::users::User;

use super::super::session::{Resolver, Session};
use super::super::signing::Signing;

/// What makes a worker: templates, judges, and the groups it has met.
pub struct Maker<'s> {
    session: &'s Session,
    resolver: &'s Resolver,
    signing: &'s Signing,
    renderer: Renderer,
    judges: Judges,
    groups: BTreeMap<Key, Group>,
    /// What there is to say about the files, each thing once.
    pub findings: Vec<Finding>,
}

/// More than these are made anew: each keeps all texts of its files.
const MOST_GROUPS: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    domain: String,
    language: Option<String>,
    has_name: bool,
    has_username: bool,
    needs_smtputf8: bool,
}

struct Group {
    files: Vec<Made>,
}

/// A file of the group's first user, and how the others get theirs.
struct Made {
    pattern: Pattern,
    judge: Refilled,
    media_type: String,
    target: String,
    notes: Vec<String>,
}

impl<'s> Maker<'s> {
    pub fn new(session: &'s Session, resolver: &'s Resolver, signing: &'s Signing) -> Self {
        Self {
            session,
            resolver,
            signing,
            renderer: Renderer::new().for_patterns(),
            judges: Judges::default(),
            groups: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// All files of one user; an error is one of the settings.
    pub fn files(&mut self, user: &User) -> Result<Vec<OutFile>, Vec<Finding>> {
        // With servers of her own nobody shares her files.
        if user.incoming.is_some() || user.outgoing.is_some() {
            return self.in_full(user, None);
        }
        let key = Key {
            domain: user.address.domain().to_string(),
            language: user.language.clone(),
            has_name: user.display_name.is_some(),
            has_username: user.username.is_some(),
            needs_smtputf8: user.address.needs_smtputf8(),
        };
        if let Some(group) = self.groups.get(&key)
            && let Some(files) = group.fill(user)
        {
            return files.into_iter().map(|file| self.signing.own(file)).collect();
        }
        self.in_full(user, Some(key))
    }

    /// Planned, rendered and judged like a single person's; what can be shared is kept.
    fn in_full(&mut self, user: &User, key: Option<Key>) -> Result<Vec<OutFile>, Vec<Finding>> {
        let mut found = Vec::new();
        let subject = self.resolver.subject(user, &mut found);
        let subject =
            subject.map_err(|e| vec![Finding::error("unreadable-provider", e.to_string())])?;
        let Some(subject) = subject else { return Err(found) };
        let subjects = [subject];
        let languages = user.language.clone().map(|language| vec![language]);
        let request = Request {
            subjects: &subjects,
            languages: languages.as_deref().unwrap_or(&self.session.languages),
            all_domains: false,
            ..self.session.request(None)
        };
        let plan = plan::plan(&request);
        self.findings.extend(plan.findings);
        let is_person = |job: &&Job<'_>| matches!(job.audience, plan::Audience::Account { .. });
        let jobs: Vec<&Job<'_>> =
            plan.bundles.iter().flat_map(|b| &b.jobs).filter(is_person).collect();
        let mut files: BTreeMap<String, OutFile> = BTreeMap::new();
        let mut group = key.as_ref().map(|_| Group { files: Vec::new() });
        for job in jobs {
            let artifact = match self.renderer.render(job) {
                Ok(artifact) => artifact,
                Err(own) if crate::finding::any_error(&own) => return Err(own),
                // This one file cannot hold her values; another user's may fit.
                Err(own) => {
                    self.findings.extend(own);
                    group = None;
                    continue;
                }
            };
            let own = check(&mut self.judges, &artifact);
            if !own.is_empty() {
                return Err(own);
            }
            let notes: Vec<String> = job.notes.iter().map(|(_, text)| text.clone()).collect();
            let file = OutFile {
                path: artifact.path.clone(),
                bytes: artifact.bytes.clone(),
                media_type: job.file.media_type.clone(),
                target: job.folder_target.name.clone(),
                notes: notes.clone(),
                secret: false,
            };
            if let Some(made) = &mut group {
                let pattern = Pattern::new(&artifact);
                match pattern.map(|pattern| (Refilled::of(&pattern), pattern)) {
                    Some((Ok(judge), pattern)) => made.files.push(Made {
                        pattern,
                        judge,
                        media_type: file.media_type.clone(),
                        target: file.target.clone(),
                        notes,
                    }),
                    _ => group = None,
                }
            }
            files.insert(file.path.clone(), self.signing.finish(job, file)?);
        }
        if let Some((key, group)) = key.zip(group) {
            if self.groups.len() >= MOST_GROUPS {
                self.groups.pop_first();
            }
            self.groups.insert(key, group);
        }
        Ok(files.into_values().collect())
    }
}

impl Group {
    /// None where a file has to be made in full, or is not what it should be.
    fn fill(&self, user: &User) -> Option<Vec<OutFile>> {
        let username = user.username.as_ref().map(|pattern| pattern.resolve(&user.address));
        let name = user.display_name.as_ref();
        let person = Person::new(&user.address, name, username.as_deref());
        let mut files = Vec::with_capacity(self.files.len());
        for made in &self.files {
            let filled = made.pattern.fill(&person).ok()?;
            // A file that is judged wrong is made in full, and then told why.
            made.judge.judge(&made.pattern, &filled).ok()?;
            files.push(OutFile {
                path: filled.path,
                bytes: filled.bytes,
                media_type: made.media_type.clone(),
                target: made.target.clone(),
                notes: made.notes.clone(),
                secret: false,
            });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Some(files)
    }
}

/// A user's files, where they go.
pub fn bundle(user: &User, files: Vec<OutFile>, sharded: bool) -> Bundle {
    let name = crate::format::file_name(user.address.as_str());
    let mut folder = std::path::PathBuf::from(user.address.domain().as_str());
    if sharded {
        use sha2::Digest as _;
        let digits = crate::format::hex(&sha2::Sha256::digest(user.address.as_str()));
        folder.push(&digits[..2]);
        folder.push(&digits[2..4]);
    }
    folder.push(name);
    Bundle { folder, subject: user.address.to_string(), files }
}

impl Resolver {
    /// Whom a user's files are for, with everything of her own.
    fn subject(
        &self,
        user: &User,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Subject>, crate::settings::Error> {
        let Some(mut subject) = self.resolve(&user.address, findings)? else { return Ok(None) };
        if let SubjectKind::Account { display_name, .. } = &mut subject.kind {
            display_name.clone_from(&user.display_name);
        }
        let config = &mut subject.config;
        let sides =
            [(&mut config.incoming, &user.incoming), (&mut config.outgoing, &user.outgoing)];
        for (servers, hostname) in sides {
            for server in servers {
                if let Some(hostname) = hostname {
                    server.hostname = hostname.clone();
                    server.alternative_hostnames.clear();
                }
                if let Some(username) = &user.username {
                    server.username = username.clone();
                }
            }
        }
        Ok(Some(subject))
    }
}
