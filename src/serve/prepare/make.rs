//! Renders, judges and takes apart the answers of one provider.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::bundle::{Builder, Built};
use crate::clients::Scope;
use crate::codes;
use crate::finding::{Finding, any_error};
use crate::model::{EmailAddress, Hostname};
use crate::plan::{Audience, Job, Request};
use crate::render::pattern::Pattern;
use crate::render::{Artifact, Person, Segments};
use crate::settings::{Provider, Subject};

use super::{AnswerBuilder, Answers, Class, Prepared, place};

/// Compiled templates and schemas, for one thread at a time.
pub struct Maker {
    pub(super) builder: Builder,
}

impl Default for Maker {
    fn default() -> Self {
        Self { builder: Builder::for_patterns() }
    }
}

/// Whom a file is made for.
#[derive(Debug, Clone, Copy)]
pub enum For<'a> {
    Provider,
    Customer(&'a Hostname),
    Account(&'a EmailAddress, Class),
}

/// The language that every target has.
const FALLBACK: &str = "en";
/// Two of everything that an answer leaves open: one to make it with, one to try it with. Nobody can
/// have them (RFC 2606 section 2).
const FIRST: (&str, &str) = ("first.person", "customer.invalid");
const SECOND: (&str, &str) = ("o'second+x&y", "another.customer-of.invalid");

impl Maker {
    /// Everything that is answered for a provider. A finding at error level is a file that is not what
    /// it should be; then there are no answers.
    pub fn answers(
        &mut self,
        kitchen: &AnswerBuilder,
        provider: &Arc<Provider>,
        customers: bool,
    ) -> Result<(Answers, Vec<Finding>), Vec<Finding>> {
        let mut answers: Answers = Vec::new();
        answers.resize_with(kitchen.routes.resources.len() * 4, || Prepared::Nothing);
        let mut found = Vec::new();
        let hosts_differ = has_placeholders(provider);
        let domains = &provider.config.domains;
        if !hosts_differ {
            self.prepare(kitchen, provider, For::Provider, None, &mut answers, &mut found)?;
            let address = person(FIRST.0, &domains[0]);
            let other = person(SECOND.0, domains.get(1).unwrap_or(&domains[0]));
            let of = For::Account(&address, Class::Own);
            let other = Some(For::Account(&other, Class::Own));
            self.prepare(kitchen, provider, of, other, &mut answers, &mut found)?;
        }
        if customers || hosts_differ {
            let [first, second] = [FIRST.1, SECOND.1].map(domain);
            let (of, other) = (For::Customer(&first), For::Customer(&second));
            self.prepare(kitchen, provider, of, Some(other), &mut answers, &mut found)?;
            let (address, other) = (person(FIRST.0, &first), person(SECOND.0, &second));
            let of = For::Account(&address, Class::Customer);
            let other = Some(For::Account(&other, Class::Customer));
            self.prepare(kitchen, provider, of, other, &mut answers, &mut found)?;
        }
        // Last, since another thread may find out meanwhile that a slot is one of these.
        for slot in (0..kitchen.routes.resources.len()).filter(|slot| kitchen.is_in_full(*slot)) {
            for class in [Class::Own, Class::Customer] {
                let answer = &mut answers[place(slot, class, true)];
                if matches!(answer, Prepared::Nothing) {
                    *answer = Prepared::InFull;
                }
            }
        }
        found.dedup();
        Ok((answers, found))
    }

    fn prepare(
        &mut self,
        kitchen: &AnswerBuilder,
        provider: &Arc<Provider>,
        of: For<'_>,
        other: Option<For<'_>>,
        answers: &mut Answers,
        found: &mut Vec<Finding>,
    ) -> Result<(), Vec<Finding>> {
        let selected = kitchen.to_prepare();
        let made = self.build(kitchen, provider, of, &selected, &|_| true, &mut |artifact| {
            let job = artifact.job;
            let hosts_differ = has_placeholders(provider);
            let ready = match (of, other) {
                (For::Provider, _) => {
                    let bytes = artifact.bytes;
                    Prepared::Fixed { tag: tag(&bytes), bytes }
                }
                _ if hosts_differ => Prepared::InFull,
                _ => match Pattern::new(&artifact).as_ref().and_then(Segments::of) {
                    Some(segments) => Prepared::Segments(Box::new(segments)),
                    None => {
                        kitchen.note_in_full(job);
                        Prepared::InFull
                    }
                },
            };
            (job.target.name.clone(), job.file.number, ready)
        })?;
        found.extend(made.findings);
        for (target, number, mut ready) in made.files {
            let resources = kitchen.routes.resources.iter().enumerate();
            let personal = matches!(of, For::Account(..));
            let own = resources.filter(|(_, slot)| {
                let file = if personal { slot.personal } else { slot.shared };
                kitchen.targets[slot.target].name == target && file == Some(number)
            });
            if let (Prepared::Segments(segments), Some(other)) = (&ready, other)
                && !self.is_right(kitchen, provider, other, &target, number, segments)
            {
                ready = Prepared::InFull;
            }
            for (slot, _) in own {
                answers[place(slot, class(of), personal)] = ready.clone();
            }
        }
        Ok(())
    }

    /// Whether what is filled in is what would be rendered for somebody else.
    fn is_right(
        &mut self,
        kitchen: &AnswerBuilder,
        provider: &Arc<Provider>,
        other: For<'_>,
        target: &str,
        number: usize,
        segments: &Segments,
    ) -> bool {
        let person = match other {
            For::Provider => return false,
            For::Customer(domain) => Person::at(domain),
            For::Account(address, _) => Person::new(address, None, None),
        };
        let Ok(filled) = segments.fill(&person) else { return false };
        let wanted = |job: &Job<'_>| job.target.name == target && job.file.number == number;
        let selected = [target.to_owned()];
        let bytes = &mut |artifact: Artifact<'_>| artifact.bytes;
        let bytes = self.build(kitchen, provider, other, &selected, &wanted, bytes);
        bytes.is_ok_and(|made| made.files.first() == Some(&filled))
    }

    /// One answer in full, for whom there is no other way. None where it cannot be made for them.
    pub fn in_full(
        &mut self,
        kitchen: &AnswerBuilder,
        provider: &Arc<Provider>,
        slot: usize,
        of: For<'_>,
    ) -> Result<Option<Vec<u8>>, Vec<Finding>> {
        let slot = &kitchen.routes.resources[slot];
        let target = &kitchen.targets[slot.target];
        let file = match of {
            For::Account(..) => slot.personal,
            _ => slot.shared,
        };
        let Some(file) = file else { return Ok(None) };
        let wanted = |job: &Job<'_>| job.target.name == target.name && job.file.number == file;
        let bytes = &mut |artifact: Artifact<'_>| artifact.bytes;
        let selected = [target.name.clone()];
        let made = self.build(kitchen, provider, of, &selected, &wanted, bytes)?;
        Ok(made.files.into_iter().next())
    }

    /// Builds the files that are wanted of those that a host serves.
    fn build<T>(
        &mut self,
        kitchen: &AnswerBuilder,
        provider: &Arc<Provider>,
        of: For<'_>,
        selected: &[String],
        wanted: &dyn Fn(&Job<'_>) -> bool,
        take: &mut dyn FnMut(Artifact<'_>) -> T,
    ) -> Result<Built<T>, Vec<Finding>> {
        let mut findings = Vec::new();
        let subjects = [subject(kitchen, provider, of, &mut findings)];
        if any_error(&findings) {
            return Err(findings);
        }
        // One language is enough where there are no pages.
        let languages = [FALLBACK.to_owned()];
        let request = Request { languages: &languages, selected, ..kitchen.request(&subjects) };
        let is_served = |job: &Job<'_>| {
            let personal = matches!(job.audience, Audience::Account { .. });
            !job.file.routes.is_empty()
                && !job.is_included()
                && job.file.scope != Scope::Domain
                && !job.file.per_language
                && personal == matches!(of, For::Account(..))
                && wanted(job)
                && !is_useless(job)
        };
        let mut built = self.builder.files(&request, &is_served, take)?;
        built.findings.splice(0..0, findings);
        Ok(built)
    }

    /// Judges remember what they found right, which a server that runs for months must not.
    pub fn forget(&mut self) {
        self.builder.forget();
    }
}

impl AnswerBuilder {
    /// What a template makes of a person's values is the same question for every provider.
    fn note_in_full(&self, job: &Job<'_>) {
        for (at, slot) in self.routes.resources.iter().enumerate() {
            let is_this = self.targets[slot.target].name == job.target.name
                && slot.personal == Some(job.file.number)
                && slot.shared.is_none();
            if is_this {
                self.always_in_full[at].store(true, Ordering::Relaxed);
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
}

pub(super) fn subject(
    kitchen: &AnswerBuilder,
    provider: &Arc<Provider>,
    of: For<'_>,
    findings: &mut Vec<Finding>,
) -> Subject {
    let provider = Arc::clone(provider);
    let over = &kitchen.overrides;
    match of {
        For::Provider => Subject::provider(provider, over, findings),
        For::Customer(domain) => Subject::customer(provider, domain, over, findings),
        For::Account(address, class) => {
            let is_customer = class == Class::Customer;
            Subject::account(provider, address, is_customer, over, findings)
        }
    }
}

/// What nobody asks to have published has to be of use: not a file with which nobody can sign in.
fn is_useless(job: &Job<'_>) -> bool {
    job.target.opt_in && job.notes.iter().any(|(code, _)| *code == codes::CANNOT_SIGN_IN)
}

fn class(of: For<'_>) -> Class {
    match of {
        For::Provider | For::Account(_, Class::Own) => Class::Own,
        For::Customer(_) | For::Account(_, Class::Customer) => Class::Customer,
    }
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

fn person(local_part: &str, domain: &Hostname) -> EmailAddress {
    EmailAddress::new(&format!("{local_part}@{domain}"))
        .expect("an address at a domain of the model")
}

fn domain(name: &str) -> Hostname {
    Hostname::new(name).expect("a host name, in this file")
}
