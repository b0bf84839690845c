//! Selects the files of a subject: files shared by all users, files of a domain, and files of one
//! user.

use std::sync::Arc;

use crate::clients::{FileSpec, Include, OptionDefault, Scope, Target};
use crate::codes::{self, Code};
use crate::finding::Finding;
use crate::settings::{Subject, SubjectKind};

use super::audience::Audience;
use super::choose::{ChosenServers, choose};
use super::job::{IncludedFile, Job, is_useless};
use super::managed;
use super::options::ResolvedOptions;
use super::request::Request;

/// The files that are the same for all users, and those of the domain.
pub(super) fn shared_jobs<'a>(
    request: &'a Request<'a>,
    subject: &'a Subject,
    options: &ResolvedOptions,
    findings: &mut Vec<Finding>,
) -> Vec<Job<'a>> {
    let mut audiences = vec![
        Audience::Everybody { domain: &subject.domain },
        Audience::Domain { domain: &subject.domain },
    ];
    if request.all_domains {
        let others = subject.config.domains.iter().filter(|d| **d != subject.domain);
        audiences.extend(others.map(|domain| Audience::Domain { domain }));
    }
    if let Some(mdm) = request.mdm {
        let all_domains = subject.kind == SubjectKind::Provider && subject.config.domains.len() > 1;
        audiences.push(Audience::Managed { domain: &subject.domain, mdm, all_domains });
    }
    jobs(request, subject, &audiences, options, findings)
}

/// The files of one user.
pub(super) fn account_jobs<'a>(
    request: &'a Request<'a>,
    subject: &'a Subject,
    options: &ResolvedOptions,
    findings: &mut Vec<Finding>,
) -> Vec<Job<'a>> {
    let SubjectKind::Account { address, display_name } = &subject.kind else { return Vec::new() };
    let audience = Audience::Account { address, display_name: display_name.as_ref() };
    jobs(request, subject, &[audience], options, findings)
}

fn jobs<'a>(
    request: &'a Request<'a>,
    subject: &'a Subject,
    audiences: &[Audience<'a>],
    options: &ResolvedOptions,
    findings: &mut Vec<Finding>,
) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for target in request.targets.iter().filter(|t| request.selected.contains(&t.name)) {
        let digested = match audiences {
            [Audience::Account { .. }] => Arc::default(),
            _ => digested(request, subject, target, options),
        };
        for &audience in audiences {
            if let Audience::Account { address, .. } = audience
                && !takes_address(target, audience)
            {
                let message =
                    format!("{} is left out: it takes no address outside ASCII", target.name);
                findings.push(
                    Finding::new(codes::ADDRESS_NOT_ASCII, message)
                        .target(&target.name)
                        .subject(address.as_str())
                        .spec("RFC 6531"),
                );
                continue;
            }
            let before = jobs.len();
            let mut own =
                JobBuilder { folder_target: target, digested: digested.clone(), jobs: &mut jobs };
            for file in &target.files {
                if file.scope == audience.scope() {
                    own.file(
                        request, subject, audience, target, file, &file.path, options, findings,
                    );
                }
            }
            for include in &target.includes {
                if include.scope != audience.scope() {
                    continue;
                }
                let file = included(request, include);
                if file.is_some_and(|(other, _)| !takes_address(other, audience)) {
                    continue;
                }
                match file {
                    Some((other, file)) => own.file(
                        request,
                        subject,
                        audience,
                        other,
                        file,
                        &include.path,
                        options,
                        findings,
                    ),
                    None => findings.push(
                        Finding::new(
                            codes::NO_SUCH_INCLUDE,
                            format!(
                                "{} includes {} of {}, which makes no such file for that scope",
                                target.name, include.template, include.target
                            ),
                        )
                        .at(&target.source, include.span.clone()),
                    ),
                }
            }
            if !target.includes.is_empty() {
                name_included(&mut jobs[before..]);
            }
        }
    }
    jobs
}

/// The file that an include names, with its target.
fn included<'a>(request: &'a Request<'a>, include: &Include) -> Option<(&'a Target, &'a FileSpec)> {
    let other = request.targets.iter().find(|t| t.name == include.target)?;
    let of = |scope: Scope| {
        other.files.iter().find(|f| f.template == include.template && f.scope == scope)
    };
    let file = of(include.scope)
        .or_else(|| of(Scope::Domain).filter(|_| include.scope == Scope::Provider));
    Some((other, file?))
}

/// The included files that clients verify with a digest in DNS, in their version for all users.
fn digested<'a>(
    request: &'a Request<'a>,
    subject: &'a Subject,
    target: &'a Target,
    options: &ResolvedOptions,
) -> Arc<Vec<Job<'a>>> {
    let mut jobs = Vec::new();
    let mut own = JobBuilder { folder_target: target, digested: Arc::default(), jobs: &mut jobs };
    for include in target.includes.iter().filter(|i| i.scope == Scope::Provider) {
        if let Some((other, file)) = included(request, include)
            && file.digest.is_some()
        {
            let audience = Audience::Everybody { domain: &subject.domain };
            // Findings are reported where the file itself is planned.
            let said = &mut Vec::new();
            own.file(request, subject, audience, other, file, &include.path, options, said);
        }
    }
    Arc::new(jobs)
}

/// Whether the target's client accepts the user's address.
fn takes_address(target: &Target, audience: Audience<'_>) -> bool {
    match audience {
        Audience::Account { address, .. } => !target.ascii_addresses || !address.needs_smtputf8(),
        _ => true,
    }
}

/// Sets the list of included files in the target's own files.
fn name_included(jobs: &mut [Job<'_>]) {
    let (own, others): (Vec<_>, Vec<_>) = jobs.iter_mut().partition(|job| !job.is_included());
    let usable = others.iter().filter(|job| job.can_sign_in()).map(|job| IncludedFile {
        target: job.target,
        types: job.incoming.iter().map(|p| p.server.server_type).collect(),
    });
    let included = Arc::new(usable.collect::<Vec<_>>());
    for job in own {
        job.included = Arc::clone(&included);
    }
}

struct JobBuilder<'a, 'j> {
    folder_target: &'a Target,
    digested: Arc<Vec<Job<'a>>>,
    jobs: &'j mut Vec<Job<'a>>,
}

impl<'a> JobBuilder<'a, '_> {
    #[expect(
        clippy::too_many_arguments,
        reason = "each is used once, for a file and for an include"
    )]
    fn file(
        &mut self,
        request: &'a Request<'a>,
        subject: &'a Subject,
        audience: Audience<'a>,
        target: &'a Target,
        file: &'a FileSpec,
        path: &'a str,
        options: &ResolvedOptions,
        findings: &mut Vec<Finding>,
    ) {
        let options = options.get(&target.name).cloned().unwrap_or_default();
        if let Some(option) = &file.only_with
            && options.get(option) != Some(&OptionDefault::Flag(true))
        {
            return;
        }
        let protocol = subject.config.protocol(request.protocol);
        let mut notes = Vec::new();
        // If the included target is also generated, it has already reported these findings.
        let included = self.folder_target.name != target.name;
        let said_there = request.selected.contains(&target.name);
        let ChosenServers { incoming, outgoing, findings: said } =
            choose(subject, audience, target, file, protocol);
        let on_its_own = included && !said_there;
        // A file that was not requested must be usable.
        let useless = on_its_own && is_useless(target, said.iter().map(|finding| finding.code));
        let left_out = useless || incoming.is_none() || outgoing.is_none();
        for finding in said {
            notes.push((finding.code, finding.message.clone()));
            let finding = match included {
                false => finding,
                true if on_its_own && left_out && LEAVES_OUT.contains(&finding.code) => {
                    self.goes_without(path, &finding)
                }
                true => continue,
            };
            findings.push(finding.target(&self.folder_target.name).subject(subject.name()));
        }
        let Some((incoming, outgoing)) = incoming.zip(outgoing).filter(|_| !left_out) else {
            return;
        };
        if let Audience::Managed { mdm, .. } = audience {
            let servers: Vec<_> = incoming.iter().chain(&outgoing).collect();
            match managed::notes(target, mdm, audience, &servers) {
                Ok(said) => {
                    for finding in said {
                        notes.push((finding.code, finding.message.clone()));
                        findings.push(finding.subject(subject.name()));
                    }
                }
                Err(finding) => return findings.push(finding.subject(subject.name())),
            }
        }
        if let Some(warning) = &file.warning {
            notes.push((codes::FILE_WARNING, warning.clone()));
            if !included {
                findings.push(
                    Finding::new(codes::FILE_WARNING, warning)
                        .target(&target.name)
                        .subject(subject.name()),
                );
            }
        }
        let password = request
            .password
            // Included files are meant to be published, so they never contain a password.
            .filter(|_| {
                file.holds_password && !included && matches!(audience, Audience::Account { .. })
            });
        for language in languages(request, subject, audience, target, file, findings) {
            self.jobs.push(Job {
                folder_target: self.folder_target,
                target,
                file,
                path,
                subject,
                audience,
                language,
                protocol,
                incoming: incoming.clone(),
                outgoing: outgoing.clone(),
                options: Arc::clone(&options),
                organization: request.organization,
                password,
                included: Arc::default(),
                notes: notes.clone(),
                digested: Arc::clone(&self.digested),
            });
        }
    }

    /// The user did not request the included target, so its absence is only a note.
    fn goes_without(&self, path: &str, why: &Finding) -> Finding {
        let folder = &self.folder_target.name;
        Finding::new(
            codes::INCLUDE_LEFT_OUT,
            format!("{folder} goes without {path}: {}", why.message),
        )
    }
}

/// Reasons why an included file is not generated.
const LEAVES_OUT: [Code; 3] =
    [codes::CANNOT_SIGN_IN, codes::NOT_FOR_THIS_PROVIDER, codes::TARGET_CANNOT_EXPRESS];

/// The languages of a file; exactly one for files that are not per language.
fn languages(
    request: &Request<'_>,
    subject: &Subject,
    audience: Audience<'_>,
    target: &Target,
    file: &FileSpec,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    const FALLBACK: &str = "en";
    let has = |language: &str| target.texts.is_empty() || target.texts.contains_key(language);
    let wanted: Vec<String> = if !request.languages.is_empty() {
        request.languages.to_vec()
    } else if matches!(audience, Audience::Account { .. }) || !file.per_language {
        vec![request.locale.unwrap_or(FALLBACK).to_owned()]
    } else {
        subject.config.languages().into_iter().filter(|l| has(l)).collect()
    };
    if !file.per_language {
        // There is one file, and the language only affects texts in it. Shared files must not
        // depend on the machine that generates them.
        let fixed = request.languages.first().map_or(FALLBACK, String::as_str);
        return vec![fixed.to_owned()];
    }
    let mut languages = Vec::new();
    for language in wanted {
        let base = language.split(['-', '_']).next().unwrap_or(FALLBACK);
        let known = if has(&language) {
            language.clone()
        } else if has(base) {
            base.to_owned()
        } else {
            if request.languages.contains(&language) {
                findings.push(
                    Finding::new(
                        codes::NO_SUCH_LANGUAGE,
                        format!("{} has no texts in \"{language}\"; English is taken", target.name),
                    )
                    .target(&target.name)
                    .help(format!(
                        "there are {}; a file {language}.toml beside them adds one",
                        target.texts.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
                    )),
                );
            }
            FALLBACK.to_owned()
        };
        if !languages.contains(&known) {
            languages.push(known);
        }
    }
    languages
}
