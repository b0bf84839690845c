//! Settings as anybody could write them: valid, and read by the real readers.

mod files;
mod strategies;

use std::fmt;
use std::sync::LazyLock;

use mailwright::internals::clients::{Target, Targets};
use mailwright::internals::finding::{Finding, Source, any_error};
use mailwright::internals::model::{EmailAddress, Secret, Text};
use mailwright::internals::plan::Request;
use mailwright::internals::settings::{Catalog, Choice, Mdm, Project, Subject, Who, resolve};
use proptest::prelude::*;

use super::texts::Supply;

pub use strategies::{cases, local_part};

/// Every built-in target, those that are only made by name too.
pub static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| {
    let targets = Targets::new(None).expect("built-in targets need no folder");
    let mut findings = Vec::new();
    let all = targets.names().filter_map(|name| targets.get(name, &mut findings)).collect();
    assert!(findings.is_empty(), "{findings:?}");
    all
});

/// Everything about one run but its texts, and its texts.
#[derive(Clone)]
pub struct Case {
    provider: Provider,
    project: Wishes,
    who: Vec<Whom>,
    targets: Vec<String>,
    texts: Vec<String>,
}

#[derive(Clone, Debug)]
struct Provider {
    domains: Vec<String>,
    mx_domains: Vec<String>,
    short_name: bool,
    default_protocol: Option<&'static str>,
    web_mail: bool,
    incoming: Vec<Server>,
    outgoing: Vec<Server>,
    enable: Vec<(Vec<&'static str>, Vec<&'static str>, usize)>,
    documentation: Vec<Vec<&'static str>>,
    refuses: Vec<(&'static str, Vec<&'static str>, bool, Vec<&'static str>)>,
    app_password: Option<(bool, Vec<&'static str>)>,
    oauth2: Option<(bool, Vec<&'static str>)>,
}

#[derive(Clone, Debug)]
struct Server {
    server_type: &'static str,
    hostname: String,
    alternatives: Vec<String>,
    port: u16,
    socket_type: &'static str,
    authentication: Vec<&'static str>,
    /// `*` is a text.
    username: &'static str,
    url: bool,
    leave: Option<bool>,
    days: Option<u16>,
}

#[derive(Clone, Debug)]
struct Wishes {
    protocol: Option<&'static str>,
    languages: Vec<&'static str>,
    all_domains: bool,
    organization: (bool, Option<&'static str>, Option<String>),
    display_name: bool,
    override_name: bool,
    pop3: Option<(bool, u16)>,
    password: bool,
    /// For each option in turn: its default, nothing, or a text.
    options: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Whom {
    Provider,
    Domain(usize),
    CustomDomain(String),
    Account(String, usize),
    CustomAccount(String, String),
}

/// As the files that would make it happen again.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut supply = Supply::new(&self.texts, false);
        writeln!(f, "--- provider.toml\n{}", self.provider_file(&mut supply))?;
        writeln!(f, "--- mailwright.toml\n{}", self.settings_file(&mut supply))?;
        writeln!(f, "--- who {:?}, targets {:?}", self.who, self.targets)?;
        let Wishes { all_domains, display_name, password, .. } = self.project;
        writeln!(f, "all domains {all_domains}, name {display_name}, password {password}")?;
        write!(f, "texts {:?}", self.texts)
    }
}

/// Settings that have been read, ready to be planned.
pub struct World {
    subjects: Vec<Subject>,
    selected: Vec<String>,
    project: Project,
    all_domains: bool,
    password: Option<Secret>,
    mdm: Mdm,
}

impl World {
    /// What one person gets of every target.
    pub fn of(provider: &str, address: &str) -> Result<Self, TestCaseError> {
        let who = Some(Who::Address(EmailAddress::new(address).expect("a valid address")));
        let (subjects, findings) = subjects(provider, &[who], &Project::default(), None);
        valid(&findings)?;
        Ok(Self {
            subjects,
            selected: TARGETS.iter().map(|t| t.name.clone()).collect(),
            project: Project::default(),
            all_domains: true,
            password: None,
            mdm: mdm("{{mail}}", "{{user}}", "{{name}}"),
        })
    }

    pub fn request(&self) -> Request<'_> {
        Request {
            subjects: &self.subjects,
            targets: &TARGETS,
            selected: &self.selected,
            protocol: self.project.protocol,
            languages: &self.project.languages,
            locale: None,
            all_domains: self.all_domains,
            options: &self.project.options,
            organization: &self.project.organization,
            password: self.password.as_ref(),
            mdm: Some(&self.mdm),
        }
    }
}

impl Case {
    /// Written to a file and read back as the program does it, with other texts if they are to be
    /// plain.
    pub fn world(&self, plain: bool) -> Result<World, TestCaseError> {
        let mut supply = Supply::new(&self.texts, plain);
        let provider = self.provider_file(&mut supply);
        let settings = Source::new("mailwright.toml", self.settings_file(&mut supply));
        let (project, mut findings) = Project::read(&settings);
        let project = project.unwrap_or_default();
        let name = self.project.display_name.then(|| supply.name(80));
        let name = name.map(|name| Text::new(&name).expect("texts are made of what it takes"));
        let password = self.project.password.then(|| Secret::new(supply.text()));
        let mut mdm = mdm(&supply.token(), &supply.token(), &supply.token());
        // No system has a placeholder for the domain alone.
        if provider.contains("%EMAILDOMAIN%") {
            mdm.sign_in = mdm.username.clone();
        }
        let (subjects, mut more) = subjects(&provider, &self.who(), &project, name.as_ref());
        findings.append(&mut more);
        valid(&findings)?;
        Ok(World {
            subjects,
            selected: self.targets.clone(),
            all_domains: self.project.all_domains,
            password: password.filter(|p| !p.expose().is_empty()),
            mdm,
            project,
        })
    }

    /// The same for somebody whose address begins otherwise.
    pub fn with_local_part(&self, local_part: &str) -> Self {
        let mut case = self.clone();
        for who in &mut case.who {
            if let Whom::Account(local, _) | Whom::CustomAccount(local, _) = who {
                local_part.clone_into(local);
            }
        }
        case
    }

    /// Without what an odd address cannot have: a host name with its local part.
    pub fn without_local_part_in_hostnames(&self) -> Self {
        let mut case = self.clone();
        for server in case.provider.incoming.iter_mut().chain(&mut case.provider.outgoing) {
            server.hostname = server.hostname.replace("%EMAILLOCALPART%", "post");
        }
        case
    }

    pub fn local_parts(&self) -> impl Iterator<Item = &str> {
        self.who.iter().filter_map(|who| match who {
            Whom::Account(local, _) | Whom::CustomAccount(local, _) => Some(local.as_str()),
            _ => None,
        })
    }

    fn who(&self) -> Vec<Option<Who>> {
        let domains = &self.provider.domains;
        let address = |local: &str, domain: &str| {
            Who::Address(EmailAddress::new(&format!("{local}@{domain}")).expect("a valid address"))
        };
        let one = |who: &Whom| match who {
            Whom::Provider => None,
            Whom::Domain(at) => Some(Who::Name(domains[at % domains.len()].clone())),
            Whom::CustomDomain(domain) => Some(Who::Name(domain.clone())),
            Whom::Account(local, at) => Some(address(local, &domains[at % domains.len()])),
            Whom::CustomAccount(local, domain) => Some(address(local, domain)),
        };
        self.who.iter().map(one).collect()
    }
}

/// A system with these placeholders.
fn mdm(address: &str, username: &str, name: &str) -> Mdm {
    let text = |text: &str| Text::new(text).expect("texts are made of what it takes");
    Mdm {
        name: "custom".to_owned(),
        title: "a system".to_owned(),
        address: text(address),
        username: Some(text(username)),
        local_part: None,
        display_name: Some(text(name)),
        sign_in: None,
        delivery: None,
    }
}

/// Whom a provider file is for, as the program reads it.
fn subjects(
    provider: &str,
    who: &[Option<Who>],
    project: &Project,
    display_name: Option<&Text>,
) -> (Vec<Subject>, Vec<Finding>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("provider.toml");
    std::fs::write(&file, provider).expect("a file");
    let catalog = Catalog::new(None).expect("built-in providers need no folder");
    let choice = Choice {
        provider: Some(file.to_str().expect("a temporary folder has a plain name")),
        overrides: &project.overrides,
        display_name,
    };
    let mut findings = Vec::new();
    let mut subjects = Vec::new();
    for who in who {
        let subject = resolve(who.as_ref(), &choice, &catalog, &mut findings);
        subjects.extend(subject.expect("the file is there"));
    }
    (subjects, findings)
}

/// Every case has to be valid: it may cause warnings; an error is a bug of this file.
fn valid(findings: &[Finding]) -> Result<(), TestCaseError> {
    let all = || findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    if any_error(findings) { Err(TestCaseError::fail(all())) } else { Ok(()) }
}
