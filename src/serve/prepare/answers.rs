//! Renders, judges and takes apart the answers of one provider.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::bundle::{Builder, BuiltFiles};
use crate::clients::Scope;
use crate::codes;
use crate::finding::{Finding, any_error};
use crate::model::{EmailAddress, Hostname, UsernamePattern};
use crate::plan::{Audience, Job, Request};
use crate::render::pattern::Pattern;
use crate::render::{Artifact, Recipient, Segments};
use crate::settings::{Provider, Subject};

use super::{AnswerBuilder, Answers, DomainOwner, Prepared, place};

/// The language that every target has.
const FALLBACK: &str = "en";
/// Two of everything that an answer leaves open: one to make it with, one to try it with. Nobody can
/// have them (RFC 2606 section 2).
const FIRST: (&str, &str) = ("first.person", "customer.invalid");
const SECOND: (&str, &str) = ("o'second+x&y", "another.customer-of.invalid");

impl AnswerBuilder {
    /// Everything that is answered for a provider. A finding at error level is a file that is not what
    /// it should be; then there are no answers.
    pub fn answers(
        &self,
        builder: &mut Builder,
        provider: &Arc<Provider>,
        customers: bool,
    ) -> Result<(Answers, Vec<Finding>), Vec<Finding>> {
        let mut answers: Answers = Vec::new();
        answers.resize_with(self.routes.resources.len() * 4, || Prepared::Nothing);
        let mut found = Vec::new();
        let hosts_differ = has_placeholders(provider);
        let domains = &provider.config.domains;
        if !hosts_differ {
            let owner = DomainOwner::Provider;
            let domain = &domains[0];
            let everybody = Audience::Everybody { domain };
            let samples = [everybody, everybody];
            self.prepare(builder, provider, owner, samples, &mut answers, &mut found)?;
            let second = domains.get(1).unwrap_or(domain);
            let addresses = [address(FIRST.0, domain), address(SECOND.0, second)];
            let samples = addresses.each_ref().map(account);
            self.prepare(builder, provider, owner, samples, &mut answers, &mut found)?;
        }
        if customers || hosts_differ {
            let owner = DomainOwner::Customer;
            let domains = [FIRST.1, SECOND.1].map(hostname);
            let samples = domains.each_ref().map(|domain| Audience::Everybody { domain });
            self.prepare(builder, provider, owner, samples, &mut answers, &mut found)?;
            let addresses = [address(FIRST.0, &domains[0]), address(SECOND.0, &domains[1])];
            let samples = addresses.each_ref().map(account);
            self.prepare(builder, provider, owner, samples, &mut answers, &mut found)?;
        }
        // Last, since another thread may find out meanwhile that a resource is one of these.
        let resources = 0..self.routes.resources.len();
        for resource in resources.filter(|resource| self.is_in_full(*resource)) {
            for owner in [DomainOwner::Provider, DomainOwner::Customer] {
                let answer = &mut answers[place(resource, owner, true)];
                if matches!(answer, Prepared::Nothing) {
                    *answer = Prepared::InFull;
                }
            }
        }
        found.dedup();
        Ok((answers, found))
    }

    /// Prepares the answers for an audience. The first of the `samples` is the one that they are
    /// made for, and with the second one they are tried.
    fn prepare(
        &self,
        builder: &mut Builder,
        provider: &Arc<Provider>,
        owner: DomainOwner,
        samples: [Audience<'_>; 2],
        answers: &mut Answers,
        found: &mut Vec<Finding>,
    ) -> Result<(), Vec<Finding>> {
        let [audience, other] = samples;
        let personal = is_personal(audience);
        let selected = self.to_prepare();
        let (subject, notes) = self.subject(provider, owner, &Recipient::new(audience, None))?;
        let built = self.build(builder, subject, &selected, &|_| true, &mut |artifact| {
            let job = artifact.job;
            let hosts_differ = has_placeholders(provider);
            let ready = match owner {
                DomainOwner::Provider if !personal => {
                    let bytes = artifact.bytes;
                    Prepared::Fixed { tag: tag(&bytes), bytes }
                }
                _ if hosts_differ => Prepared::InFull,
                _ => match Pattern::new(&artifact).as_ref().and_then(Segments::of) {
                    Some(segments) => Prepared::Segments(Box::new(segments)),
                    None => {
                        self.note_in_full(job);
                        Prepared::InFull
                    }
                },
            };
            (job.target.name.clone(), job.file.number, ready)
        })?;
        found.extend(notes);
        found.extend(built.findings);
        for (target, file, mut ready) in built.files {
            if let Prepared::Segments(segments) = &ready
                && !self.is_right(builder, provider, owner, other, (&target, file), segments)
            {
                ready = Prepared::InFull;
            }
            for (number, resource) in self.routes.resources.iter().enumerate() {
                if self.targets[resource.target].name == target
                    && resource.file(personal) == Some(file)
                {
                    answers[place(number, owner, personal)] = ready.clone();
                }
            }
        }
        Ok(())
    }

    /// Whether what is filled in is what would be rendered for another audience.
    fn is_right(
        &self,
        builder: &mut Builder,
        provider: &Arc<Provider>,
        owner: DomainOwner,
        audience: Audience<'_>,
        (target, file): (&str, usize),
        segments: &Segments,
    ) -> bool {
        let recipient = Recipient::new(audience, None);
        let Ok(filled) = segments.fill(&recipient) else { return false };
        let Ok((subject, _)) = self.subject(provider, owner, &recipient) else { return false };
        let wanted = |job: &Job<'_>| job.target.name == target && job.file.number == file;
        let selected = [target.to_owned()];
        let bytes = &mut |artifact: Artifact<'_>| artifact.bytes;
        let built = self.build(builder, subject, &selected, &wanted, bytes);
        built.is_ok_and(|built| built.files.first() == Some(&filled))
    }

    /// One answer in full, for a recipient that has no prepared one. `None` if the file cannot be
    /// made for them.
    pub fn in_full(
        &self,
        builder: &mut Builder,
        provider: &Arc<Provider>,
        number: usize,
        owner: DomainOwner,
        recipient: &Recipient<'_>,
    ) -> Result<Option<Vec<u8>>, Vec<Finding>> {
        self.artifact(builder, provider, number, owner, recipient, &mut |artifact| artifact.bytes)
    }

    /// What `take` returns for the artifact of an answer in full.
    pub fn artifact<T>(
        &self,
        builder: &mut Builder,
        provider: &Arc<Provider>,
        number: usize,
        owner: DomainOwner,
        recipient: &Recipient<'_>,
        take: &mut dyn FnMut(Artifact<'_>) -> T,
    ) -> Result<Option<T>, Vec<Finding>> {
        let resource = &self.routes.resources[number];
        let target = &self.targets[resource.target];
        let Some(file) = resource.file(is_personal(recipient.audience())) else {
            return Ok(None);
        };
        let (subject, _) = self.subject(provider, owner, recipient)?;
        let wanted = |job: &Job<'_>| job.target.name == target.name && job.file.number == file;
        let selected = [target.name.clone()];
        let built = self.build(builder, subject, &selected, &wanted, take)?;
        Ok(built.files.into_iter().next())
    }

    /// Builds the files that are wanted of those that a host serves.
    fn build<T>(
        &self,
        builder: &mut Builder,
        subject: Subject,
        selected: &[String],
        wanted: &dyn Fn(&Job<'_>) -> bool,
        take: &mut dyn FnMut(Artifact<'_>) -> T,
    ) -> Result<BuiltFiles<T>, Vec<Finding>> {
        let subjects = [subject];
        // One language is enough where there are no pages.
        let languages = [FALLBACK.to_owned()];
        let request = Request { languages: &languages, selected, ..self.request(&subjects) };
        let is_served = |job: &Job<'_>| {
            !job.file.routes.is_empty()
                && !job.is_included()
                && job.file.scope != Scope::Domain
                && !job.file.per_language
                && is_personal(job.audience) == subjects[0].address().is_some()
                && wanted(job)
                // Nobody asked to have it published, so it has to be of use.
                && !job.is_useless()
        };
        builder.files(&request, &is_served, take)
    }

    /// A template treats the values of an account in the same way for every provider.
    fn note_in_full(&self, job: &Job<'_>) {
        for (number, resource) in self.routes.resources.iter().enumerate() {
            let is_this = self.targets[resource.target].name == job.target.name
                && resource.personal == Some(job.file.number)
                && resource.shared.is_none();
            if is_this {
                self.always_in_full[number].store(true, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn request<'a>(&'a self, subjects: &'a [Subject]) -> Request<'a> {
        Request {
            subjects,
            targets: &self.targets,
            selected: &self.selected,
            protocol: Some(self.protocol),
            languages: &[],
            locale: None,
            all_domains: false,
            options: &self.options,
            organization: &self.organization,
            password: None,
            mdm: None,
        }
    }

    /// The subject whose files a recipient gets, with the warnings and notes about it. The shared
    /// files of the provider's own domains are those of its first domain.
    ///
    /// # Errors
    /// The administrator's settings do not fit the provider.
    pub fn subject(
        &self,
        provider: &Arc<Provider>,
        owner: DomainOwner,
        recipient: &Recipient<'_>,
    ) -> Result<(Subject, Vec<Finding>), Vec<Finding>> {
        let mut findings = Vec::new();
        let is_customer = owner == DomainOwner::Customer;
        let (provider, overrides) = (Arc::clone(provider), &self.overrides);
        let audience = recipient.audience();
        let mut subject = match audience {
            Audience::Account { address, display_name } => {
                Subject::account(provider, address, is_customer, overrides, &mut findings)
                    .with_display_name(display_name)
            }
            _ if is_customer => {
                Subject::customer(provider, audience.domain(), overrides, &mut findings)
            }
            _ => Subject::provider(provider, overrides, &mut findings),
        };
        if let Some(username) = recipient.username() {
            let username = UsernamePattern::new(username).map_err(|why| {
                let message = format!("the login name of a person is not usable: {why}");
                vec![Finding::new(codes::INVALID_SETTING, message)]
            })?;
            let servers = subject.config.incoming.iter_mut().chain(&mut subject.config.outgoing);
            servers.for_each(|server| server.username = username.clone());
        }
        let subject = subject.published_by(&self.server);
        if any_error(&findings) { Err(findings) } else { Ok((subject, findings)) }
    }
}

/// Whether the file is that of one address.
pub(super) fn is_personal(audience: Audience<'_>) -> bool {
    matches!(audience, Audience::Account { .. })
}

/// The audience of an address, whose display name is not known.
pub fn account(address: &EmailAddress) -> Audience<'_> {
    Audience::Account { address, display_name: None }
}

/// Whether the names of the provider's servers are others for each domain or person.
pub fn has_placeholders(provider: &Provider) -> bool {
    let config = &provider.config;
    let mut servers = config.incoming.iter().chain(&config.outgoing);
    servers.any(|server| !server.hostname.placeholders().is_empty())
}

/// What tells an answer from others, the same for every replica of the same version, as caches want it.
pub fn tag(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

fn address(local_part: &str, domain: &Hostname) -> EmailAddress {
    EmailAddress::new(&format!("{local_part}@{domain}"))
        .expect("an address at a domain of the model")
}

fn hostname(name: &str) -> Hostname {
    Hostname::new(name).expect("a host name, in this file")
}
