//! Providers, and their settings for someone.

use std::path::Path;

use super::Error;
use crate::codes;
use crate::finding::{Finding, Source, any_error};
use crate::model::{ClientConfig, EmailAddress, Hostname};
use crate::settings::{Catalog, Choice, Override, Subject, Who, read_provider, resolve};

/// The mail providers that can be looked up: the built-in ones and your own.
///
/// ```
/// use mailwright::Providers;
///
/// let providers = Providers::built_in()?;
/// assert!(providers.names().any(|name| name == "outlook.com"));
/// # Ok::<(), mailwright::Error>(())
/// ```
pub struct Providers(Catalog);

impl Providers {
    /// The built-in providers.
    ///
    /// # Errors
    ///
    /// None today.
    pub fn built_in() -> Result<Self, Error> {
        Catalog::new(None).map(Self).map_err(Error::new)
    }

    /// The built-in providers, and the `.toml` files of a folder, which replace built-in ones of the
    /// same name.
    ///
    /// # Errors
    ///
    /// The folder cannot be read. A provider file is read when it is needed.
    pub fn with_folder(folder: &Path) -> Result<Self, Error> {
        Catalog::new(Some(folder)).map(Self).map_err(Error::new)
    }

    /// Adds a provider from the text of a provider file, or replaces the one of this name.
    ///
    /// ```
    /// use mailwright::{Authentication, Providers};
    ///
    /// let mut providers = Providers::built_in()?;
    /// providers.add("example.org", r#"
    ///     [emailProvider]
    ///     id = "example.org"
    ///     displayName = "Example"
    ///     displayShortName = "Example"
    ///     domains = ["example.org"]
    ///
    ///     [[incomingServer]]
    ///     type = "imap"
    ///     hostname = "mail.example.org"
    ///     port = 993
    ///     socketType = "SSL"
    ///     authentication = ["password-cleartext"]
    ///     username = "%EMAILADDRESS%"
    ///
    ///     [[outgoingServer]]
    ///     type = "smtp"
    ///     hostname = "mail.example.org"
    ///     port = 465
    ///     socketType = "SSL"
    ///     authentication = ["password-cleartext"]
    ///     username = "%EMAILADDRESS%"
    /// "#)?;
    /// let settings = providers.find("ann@example.org")?;
    /// assert_eq!(settings.config().incoming[0].authentication, [Authentication::PasswordCleartext]);
    /// # Ok::<(), mailwright::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The text is not a valid provider file; the findings say where.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let source = Source::new(format!("{name}.toml"), text.to_owned());
        let (provider, mut findings) = read_provider(name, &source);
        // There is no folder where the list could lie.
        if provider.as_ref().is_some_and(|provider| provider.domains_from.is_some()) {
            let message = "emailProvider.domainsFrom: a text in memory has no file beside it";
            findings.push(
                Finding::new(codes::INVALID_SETTING, message)
                    .help("put the domains into domains, or read the file with with_folder"),
            );
        }
        if provider.is_none() || any_error(&findings) {
            return Err(Error::of(&format!("{name}.toml is not a provider file"), findings));
        }
        self.0.add(name, source);
        Ok(())
    }

    /// The names of all providers, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The settings for an address, a domain or the name of a provider.
    ///
    /// ```
    /// let providers = mailwright::Providers::built_in()?;
    /// let settings = providers.find("ann@outlook.com")?;
    /// assert_eq!(settings.provider(), "outlook.com");
    /// assert_eq!(settings.config().outgoing[0].port.get(), 587);
    /// assert!(providers.find("ann@unknown.example").is_err());
    /// # Ok::<(), mailwright::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// It is none of these, no provider is known for it, or the provider's file is wrong.
    pub fn find(&self, who: &str) -> Result<Settings, Error> {
        self.resolve(who, None)
    }

    /// Like [`find`](Self::find), but at this provider: for a customer's own domain.
    ///
    /// ```
    /// let providers = mailwright::Providers::built_in()?;
    /// let settings = providers.find_at("ann@example.com", "microsoft365")?;
    /// assert_eq!(settings.domain().as_str(), "example.com");
    /// # Ok::<(), mailwright::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`find`](Self::find).
    pub fn find_at(&self, who: &str, provider: &str) -> Result<Settings, Error> {
        self.resolve(who, Some(provider))
    }

    fn resolve(&self, who: &str, provider: Option<&str>) -> Result<Settings, Error> {
        let failed = |findings| Error::of(&format!("there are no settings for {who}"), findings);
        let mut findings = Vec::new();
        let overrides = Override::default();
        let choice = Choice { provider, overrides: &overrides, display_name: None };
        let name = Who::parse(who).map_err(|finding| failed(vec![*finding]))?;
        let subject = resolve(Some(&name), &choice, &self.0, &mut findings).map_err(Error::new)?;
        match subject {
            Some(subject) if !any_error(&findings) => Ok(Settings { subject, findings }),
            _ => Err(failed(findings)),
        }
    }
}

/// A provider's settings for an address, a domain, or all its users.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) subject: Subject,
    findings: Vec<Finding>,
}

impl Settings {
    /// The provider's name: the name of its file without `.toml`.
    pub fn provider(&self) -> &str {
        &self.subject.provider.name
    }

    /// The domain that the settings are for.
    pub fn domain(&self) -> &Hostname {
        &self.subject.domain
    }

    /// The address, if the settings are for one.
    pub fn address(&self) -> Option<&EmailAddress> {
        self.subject.address()
    }

    /// The servers, in the terms of the autoconfig draft.
    pub fn config(&self) -> &ClientConfig {
        &self.subject.config
    }

    /// Warnings and notes about the provider's file.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
