//! The files of each user of a list: built in full for the first of a group, filled in for the
//! others.

use std::collections::BTreeMap;

use crate::bundle::{Builder, FilePattern, Patterns, out_file};
use crate::codes;
use crate::finding::{Finding, Levels, any_error};
use crate::output::{Bundle, OutFile};
use crate::plan::{Audience, Job, Request};
use crate::render::Recipient;
use crate::settings::{Subject, SubjectKind};
use crate::users::User;

use super::super::session::{Resolver, Session};
use super::super::signing::Signing;

/// The state of a worker: templates, judges, and the groups so far.
pub struct UserFileBuilder<'s> {
    session: &'s Session,
    resolver: &'s Resolver,
    signing: &'s Signing,
    levels: &'s Levels,
    builder: Builder,
    patterns: Patterns<UserGroup>,
    /// The findings about the files, each once.
    pub findings: Vec<Finding>,
}

/// Properties that users share if their files differ only in their own values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct UserGroup {
    domain: String,
    language: Option<String>,
    has_name: bool,
    has_username: bool,
    needs_smtputf8: bool,
}

impl UserGroup {
    /// `None` for a user with their own servers, whose files cannot be shared.
    fn of(user: &User) -> Option<Self> {
        if user.incoming.is_some() || user.outgoing.is_some() {
            return None;
        }
        Some(Self {
            domain: user.address.domain().to_string(),
            language: user.language.clone(),
            has_name: user.display_name.is_some(),
            has_username: user.username.is_some(),
            needs_smtputf8: user.address.needs_smtputf8(),
        })
    }
}

impl<'s> UserFileBuilder<'s> {
    pub fn new(
        session: &'s Session,
        resolver: &'s Resolver,
        signing: &'s Signing,
        levels: &'s Levels,
    ) -> Self {
        Self {
            session,
            resolver,
            signing,
            levels,
            builder: Builder::for_patterns(),
            patterns: Patterns::new(),
            findings: Vec::new(),
        }
    }

    /// All files of one user.
    ///
    /// # Errors
    /// The settings are wrong.
    pub fn files(&mut self, user: &User) -> Result<Vec<OutFile>, Vec<Finding>> {
        let group = UserGroup::of(user);
        if let Some(group) = &group {
            let username = user.username.as_ref().map(|pattern| pattern.resolve(&user.address));
            let audience = Audience::Account {
                address: &user.address,
                display_name: user.display_name.as_ref(),
            };
            let recipient = Recipient::new(audience, username.as_deref());
            if let Some(files) = self.patterns.fill(group, &recipient) {
                return files.into_iter().map(|file| self.signing.sign_personal(file)).collect();
            }
        }
        self.in_full(user, group)
    }

    /// Stores findings, unless the user made one of them an error.
    fn note(&mut self, mut own: Vec<Finding>) -> Result<(), Vec<Finding>> {
        self.levels.apply_except_errors(&mut own);
        if any_error(&own) {
            return Err(own);
        }
        self.findings.extend(own);
        Ok(())
    }

    /// Builds the files as for a single user, and keeps patterns for the group.
    fn in_full(
        &mut self,
        user: &User,
        group: Option<UserGroup>,
    ) -> Result<Vec<OutFile>, Vec<Finding>> {
        let mut found = Vec::new();
        let subject = self.resolver.subject(user, &mut found);
        let subject =
            subject.map_err(|e| vec![Finding::new(codes::UNREADABLE_PROVIDER, e.to_string())])?;
        let Some(subject) = subject else { return Err(found) };
        let subjects = [subject];
        let languages = user.language.clone().map(|language| vec![language]);
        let request = Request {
            subjects: &subjects,
            languages: languages.as_deref().unwrap_or(&self.session.languages),
            all_domains: false,
            ..self.session.request(None)
        };
        let is_person = |job: &Job<'_>| matches!(job.audience, Audience::Account { .. });
        let wants_pattern = group.is_some();
        let built = self.builder.files(&request, &is_person, &mut |artifact| {
            let pattern = wants_pattern.then(|| FilePattern::of(&artifact)).flatten();
            let (job, file) = (artifact.job, out_file(artifact));
            (self.signing.sign_if_profile(job, file), pattern)
        })?;
        self.note(built.findings)?;
        let mut files: BTreeMap<String, OutFile> = BTreeMap::new();
        let mut patterns = Some(Vec::new()).filter(|_| !built.left_out);
        for (file, pattern) in built.files {
            let file = file?;
            files.insert(file.path.clone(), file);
            match (&mut patterns, pattern) {
                (Some(patterns), Some(pattern)) => patterns.push(pattern),
                _ => patterns = None,
            }
        }
        if let Some((group, patterns)) = group.zip(patterns) {
            self.patterns.keep(group, patterns);
        }
        Ok(files.into_values().collect())
    }
}

/// A user's files with their folder.
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
    /// The subject of a user, with all values of their row.
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
