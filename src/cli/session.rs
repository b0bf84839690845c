//! Combines flags, environment, settings file and provider. Precedence: flags, environment (both
//! handled by clap), settings file, defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::clients::{OptionDefault, Target, Targets};
use crate::codes;
use crate::finding::{Finding, Source};
use crate::model::{EmailAddress, Protocol, Text};
use crate::plan::Request;
use crate::settings::{
    Catalog, Choice, Mdm, OptionValue, Organization, Project, Subject, Who, resolve,
};

use super::Failure;
use super::args::{Global, ProtocolArg, SubjectArgs};
use super::managed;

/// The default settings file.
const SETTINGS: &str = "mailwright.toml";

/// The input of a plan.
pub struct Session {
    pub subjects: Vec<Subject>,
    pub targets: Vec<Target>,
    pub selected: Vec<String>,
    pub protocol: Option<Protocol>,
    pub languages: Vec<String>,
    pub locale: Option<String>,
    pub all_domains: bool,
    pub options: BTreeMap<String, BTreeMap<String, OptionValue>>,
    pub organization: Organization,
    pub mdm: Option<Mdm>,
    pub findings: Vec<Finding>,
}

impl Session {
    /// Reads everything that the arguments name. If one of the findings is an error, do not plan.
    pub fn open(args: &SubjectArgs, global: &Global) -> Result<Self, Failure> {
        Self::with_resolver(args, global).map(|(session, _)| session)
    }

    /// For users from a list.
    pub fn for_users(args: &SubjectArgs, global: &Global) -> Result<(Self, Resolver), Failure> {
        let none = SubjectArgs { who: Vec::new(), ..args.clone() };
        let (mut session, resolver) = Self::with_resolver(&none, global)?;
        session.subjects.clear();
        Ok((session, resolver))
    }

    fn with_resolver(args: &SubjectArgs, global: &Global) -> Result<(Self, Resolver), Failure> {
        let mut findings = Vec::new();
        let (project, subjects, resolver) = read_settings(args, global, &mut findings)?;
        let targets = Targets::new(global.templates.as_deref())?;
        let mdm = managed::mdm(&args.mdm, &mut findings);
        let selected = select(args, &project, &targets, &mut findings);
        let also = args.also.iter().flat_map(|media_type| targets.names_writing(media_type));
        let also: Vec<String> = also.map(str::to_owned).collect();
        let mut wanted: Vec<String> = match &selected {
            Some(selected) => selected.clone(),
            None if mdm.is_some() => targets.names().map(str::to_owned).collect(),
            None => targets.names_unasked().map(str::to_owned).collect(),
        };
        wanted.extend_from_slice(&also);
        let targets = targets.load(wanted, &mut findings);
        let mut selected =
            selected.unwrap_or_else(|| managed::of_themselves(&targets, mdm.as_ref()));
        selected.extend(also);
        selected.sort();
        selected.dedup();
        managed::told(mdm.as_ref(), &selected, &targets, &subjects, &mut findings);
        let mut options = project.options;
        set_options(&args.set, &targets, &mut options, &mut findings);
        unknown_target_options(&options, &targets, &mut findings);
        let session = Self {
            subjects,
            targets,
            selected,
            protocol: project.protocol,
            languages: project.languages,
            locale: sys_locale::get_locale().filter(|l| l != "C" && l != "POSIX"),
            all_domains: args.all_domains,
            options,
            organization: project.organization,
            mdm,
            findings,
        };
        Ok((session, resolver))
    }

    pub fn request<'a>(&'a self, password: Option<&'a crate::model::Secret>) -> Request<'a> {
        Request {
            subjects: &self.subjects,
            targets: &self.targets,
            selected: &self.selected,
            protocol: self.protocol,
            languages: &self.languages,
            locale: self.locale.as_deref(),
            all_domains: self.all_domains,
            options: &self.options,
            organization: &self.organization,
            password,
            mdm: self.mdm.as_ref(),
        }
    }
}

/// The settings with the flags applied, and the subjects.
#[cfg(feature = "verify")]
pub fn for_whom(
    args: &SubjectArgs,
    global: &Global,
    findings: &mut Vec<Finding>,
) -> Result<(Project, Vec<Subject>), Failure> {
    read_settings(args, global, findings).map(|(project, subjects, _)| (project, subjects))
}

/// The settings with the flags applied, the subjects, and the resolver for further addresses.
fn read_settings(
    args: &SubjectArgs,
    global: &Global,
    findings: &mut Vec<Finding>,
) -> Result<(Project, Vec<Subject>, Resolver), Failure> {
    let (mut project, beside) = project(global, findings)?;
    apply_flags(args, &mut project, findings);
    let name = display_name(args, findings);
    let catalog = catalog(args, global)?;
    let provider = chosen_provider(args, &project, &beside);
    let resolver = Resolver { catalog, provider, overrides: project.overrides.clone() };
    let choice = resolver.choice(name.as_ref());
    let subjects = subjects(&args.who, &choice, &resolver.catalog, findings)?;
    Ok((project, subjects, resolver))
}

/// The name of `convert`'s provider file, which does not exist on disk.
pub(super) const IMPORTED: &str = "imported";

fn catalog(args: &SubjectArgs, global: &Global) -> Result<Catalog, crate::settings::Error> {
    let mut catalog = Catalog::new(global.providers.as_deref())?;
    if let Some(source) = &args.imported {
        catalog.add(IMPORTED, source.clone());
    }
    Ok(catalog)
}

fn chosen_provider(args: &SubjectArgs, project: &Project, beside: &Path) -> Option<String> {
    args.provider.clone().or_else(|| {
        // A file named in the settings is relative to them.
        project.provider.as_ref().map(|p| match p.ends_with(".toml") {
            true => beside.join(p).display().to_string(),
            false => p.clone(),
        })
    })
}

/// Finds the provider for one address after another.
pub struct Resolver {
    catalog: Catalog,
    provider: Option<String>,
    overrides: crate::settings::Override,
}

impl Resolver {
    /// The subject of an address.
    pub fn resolve(
        &self,
        address: &EmailAddress,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Subject>, crate::settings::Error> {
        let who = Who::Address(address.clone());
        resolve(Some(&who), &self.choice(None), &self.catalog, findings)
    }

    fn choice<'a>(&'a self, display_name: Option<&'a Text>) -> Choice<'a> {
        let (provider, overrides) = (self.provider.as_deref(), &self.overrides);
        Choice { provider, overrides, display_name }
    }
}

/// The settings file, and the folder that contains it.
pub(super) fn project(
    global: &Global,
    findings: &mut Vec<Finding>,
) -> Result<(Project, PathBuf), Failure> {
    let path = match &global.config {
        Some(path) => path.clone(),
        None if Path::new(SETTINGS).is_file() => PathBuf::from(SETTINGS),
        None => return Ok((Project::default(), PathBuf::new())),
    };
    let text = crate::settings::read_text(&path, "the settings file")?;
    let source = Source::new(path.display().to_string(), text);
    let (project, mut own) = Project::read(&source);
    findings.append(&mut own);
    let beside = path.parent().map(Path::to_owned).unwrap_or_default();
    Ok((project.unwrap_or_default(), beside))
}

fn apply_flags(args: &SubjectArgs, project: &mut Project, findings: &mut Vec<Finding>) {
    if let Some(protocol) = args.protocol {
        project.protocol = Some(match protocol {
            ProtocolArg::Pop3 => Protocol::Pop3,
            ProtocolArg::Imap => Protocol::Imap,
            ProtocolArg::Both => Protocol::Both,
        });
    }
    if !args.language.is_empty() {
        project.languages.clone_from(&args.language);
    }
    for language in &project.languages {
        let fine = !language.is_empty()
            && language.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && language.len() <= 35;
        if !fine {
            findings.push(
                Finding::new(
                    codes::INVALID_LANGUAGE,
                    format!("\"{}\" is no language tag", language.escape_debug()),
                )
                .help("write it as en, de or pt-BR"),
            );
        }
    }
    if let Some(host) = &args.public_host {
        project.overrides.public_host = Some(host.clone());
    }
    if let Some(leave) = args.leave_messages_on_server {
        project.overrides.leave_messages_on_server = Some(leave);
    }
    if let Some(days) = args.days_to_leave_messages_on_server {
        project.overrides.days_to_leave_messages_on_server = Some((days > 0).then_some(days));
    }
}

fn display_name(args: &SubjectArgs, findings: &mut Vec<Finding>) -> Option<Text> {
    let name = args.name.as_ref()?;
    match Text::new(name) {
        Ok(name) if !name.as_str().trim().is_empty() => Some(name),
        Ok(_) => None,
        Err(why) => {
            findings.push(
                Finding::new(codes::INVALID_NAME, format!("the name has a {why}"))
                    .help("a name is one line of text"),
            );
            None
        }
    }
}

fn subjects(
    who: &[String],
    choice: &Choice<'_>,
    catalog: &Catalog,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Subject>, Failure> {
    let mut subjects = Vec::new();
    if who.is_empty() {
        subjects.extend(resolve(None, choice, catalog, findings)?);
    }
    for who in who {
        match Who::parse(who) {
            Ok(who) => subjects.extend(resolve(Some(&who), choice, catalog, findings)?),
            Err(finding) => findings.push(*finding),
        }
    }
    let accounts = subjects.iter().filter(|s| s.address().is_some()).count();
    if choice.display_name.is_some() && accounts != 1 {
        findings.push(
            Finding::new(
                codes::NAME_FOR_NOBODY,
                format!("--name is one person's, and {accounts} addresses were given"),
            )
            .help("give exactly one address with --name"),
        );
    }
    // The same provider file is read for each address of a list; report its findings once.
    findings.dedup();
    Ok(subjects)
}

/// The named targets; `None` means all that are not opt-in.
fn select(
    args: &SubjectArgs,
    project: &Project,
    targets: &Targets,
    findings: &mut Vec<Finding>,
) -> Option<Vec<String>> {
    // The targets in the settings are for users' own files, not for a managed profile.
    let by_settings: &[String] = if args.mdm.mdm.is_some() { &[] } else { &project.targets };
    let named = if args.targets.is_empty() { by_settings } else { &args.targets };
    if named.is_empty() {
        return None;
    }
    Some(targets.select(named, findings))
}

/// `--set TARGET.OPTION=VALUE`
pub(super) fn set_options(
    set: &[String],
    targets: &[Target],
    options: &mut BTreeMap<String, BTreeMap<String, OptionValue>>,
    findings: &mut Vec<Finding>,
) {
    for setting in set {
        let parts = setting.split_once('=').and_then(|(name, value)| {
            let (target, option) = name.rsplit_once('.')?;
            Some((target, option, value))
        });
        let Some((target, option, value)) = parts else {
            findings.push(
                Finding::new(codes::INVALID_OPTION, format!("\"{}\" is no setting", setting.escape_debug()))
                    .help("write it as --set TARGET.OPTION=VALUE; `mailwright targets show TARGET` lists the options"),
            );
            continue;
        };
        let is_flag = targets
            .iter()
            .find(|t| t.name == target)
            .and_then(|t| t.options.get(option))
            .is_some_and(|o| matches!(o.default, OptionDefault::Flag(_)));
        let value = match (is_flag, value) {
            (true, "true") => OptionValue::Flag(true),
            (true, "false") => OptionValue::Flag(false),
            _ => match Text::new(value) {
                Ok(text) => OptionValue::Text(text),
                Err(why) => {
                    findings.push(Finding::new(
                        codes::INVALID_OPTION,
                        format!("{target}.{option}: {why}"),
                    ));
                    continue;
                }
            },
        };
        options.entry(target.to_owned()).or_default().insert(option.to_owned(), value);
    }
}

/// Options of targets that are not generated are fine; options of targets that do not exist are
/// reported.
pub(super) fn unknown_target_options(
    options: &BTreeMap<String, BTreeMap<String, OptionValue>>,
    targets: &[Target],
    findings: &mut Vec<Finding>,
) {
    let built_in = Targets::new(None);
    for name in options.keys().filter(|name| !targets.iter().any(|t| t.name == **name)) {
        if let Ok(all) = &built_in
            && !all.contains(name)
        {
            findings.push(all.no_such_target(name));
        }
    }
}
