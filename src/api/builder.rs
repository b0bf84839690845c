//! Makes the files for someone.

use std::collections::BTreeMap;

use super::{Error, Settings};
use crate::bundle::build_all;
use crate::clients::Targets;
use crate::finding::{Finding, any_error};
use crate::model::{Protocol, Secret};
use crate::output::Bundle;
use crate::plan::{Job, Request, plan};
use crate::settings::Organization;

/// Makes the files that set up mail clients with these settings.
///
/// ```
/// use mailwright::{BundleBuilder, Providers};
///
/// let settings = Providers::built_in()?.find("ann@outlook.com")?;
/// let (bundles, findings) = BundleBuilder::new(&settings).target("apple-mail").build()?;
/// let files = bundles.iter().flat_map(|bundle| &bundle.files);
/// let profile = files.clone().find(|file| file.path.ends_with(".mobileconfig")).unwrap();
/// assert_eq!(profile.media_type, "application/x-apple-aspen-config");
/// // The findings include what was decided for Ann, for example a file that was left out.
/// assert!(!findings.is_empty());
/// # Ok::<(), mailwright::Error>(())
/// ```
pub struct BundleBuilder<'a> {
    settings: &'a Settings,
    targets: Vec<String>,
    protocol: Option<Protocol>,
    languages: Vec<String>,
    password: Option<Secret>,
}

impl<'a> BundleBuilder<'a> {
    /// All targets that are not opt-in, the provider's default protocol, and English.
    pub fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            targets: Vec::new(),
            protocol: None,
            languages: Vec::new(),
            password: None,
        }
    }

    /// Makes only the files of this target; called several times, of all these targets. A name such
    /// as `unix-mail` means all targets that begin with it. `mailwright targets` lists the names.
    ///
    /// ```
    /// let settings = mailwright::Providers::built_in()?.find("ann@outlook.com")?;
    /// let (bundles, _) = mailwright::BundleBuilder::new(&settings).target("unix-mail").build()?;
    /// let mut files = bundles.iter().flat_map(|bundle| &bundle.files);
    /// assert!(files.any(|file| file.target == "unix-mail-msmtp"));
    /// # Ok::<(), mailwright::Error>(())
    /// ```
    pub fn target(mut self, name: &str) -> Self {
        self.targets.push(name.to_owned());
        self
    }

    /// POP3, IMAP or both.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// The language of the guides, as a tag such as `de` (BCP 47).
    pub fn language(mut self, tag: &str) -> Self {
        self.languages.push(tag.to_owned());
        self
    }

    /// Writes the password into the files that can hold one. Such files have `secret` set.
    pub fn password(mut self, password: Secret) -> Self {
        self.password = Some(password);
        self
    }

    /// Plans, renders and checks all files. Every file is as its client reads it. The findings are
    /// warnings and notes, for example a file that was left out because its client lacks the
    /// protocol.
    ///
    /// # Errors
    ///
    /// There is no such target, or no target can express the settings.
    pub fn build(&self) -> Result<(Vec<Bundle>, Vec<Finding>), Error> {
        let mut findings = self.settings.findings().to_vec();
        let all = Targets::new(None).map_err(Error::new)?;
        let selected: Vec<String> = match self.targets.is_empty() {
            true => all.names_unasked().map(str::to_owned).collect(),
            false => all.select(&self.targets, &mut findings),
        };
        let targets = all.load(selected.clone(), &mut findings);
        let request = Request {
            subjects: std::slice::from_ref(&self.settings.subject),
            targets: &targets,
            selected: &selected,
            protocol: self.protocol,
            languages: &self.languages,
            locale: None,
            all_domains: false,
            options: &BTreeMap::new(),
            organization: &Organization::default(),
            password: self.password.as_ref(),
            mdm: None,
        };
        let plan = plan(&request);
        findings.extend(plan.findings);
        if !any_error(&findings) {
            let keep = |_: &Job<'_>, file| Ok(file);
            let bundles = build_all(&plan.bundles, &keep, &|| {}, &mut findings, &mut |_, _, _| {});
            if !any_error(&findings) {
                return Ok((bundles, findings));
            }
        }
        let name = self.settings.subject.name();
        Err(Error::of(&format!("no files can be made for {name}"), findings))
    }
}
