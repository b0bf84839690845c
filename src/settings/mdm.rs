//! Device management systems, and the placeholders for a user in their files.
//!
//! A preset is a file in `mdm/`. The admin's own placeholders override it; the system `custom` has
//! only those.

use crate::codes;
use crate::document;
use crate::embedded;
use crate::finding::{Finding, Source};
use crate::model::{Hostname, Placeholder, Text, UsernamePattern};

/// A device management system with the placeholders that it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mdm {
    /// Its name on the command line.
    pub name: String,
    pub title: String,
    pub address: Text,
    /// The placeholder for the system's user name.
    pub username: Option<Text>,
    /// The placeholder for the address's local part, if the system has one.
    pub local_part: Option<Text>,
    pub display_name: Option<Text>,
    /// The user name for every server, instead of the provider's pattern, if the admin sets it.
    pub sign_in: Option<Text>,
    /// What the admin has to know about delivery.
    pub delivery: Option<String>,
}

/// The name of the system without its own placeholders.
pub const CUSTOM: &str = "custom";

/// A user name made of placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MdmUsername {
    Known(String),
    /// The system has no placeholder for the local part, so its user name is used instead.
    Guessed(String),
}

impl Mdm {
    /// The preset names that users can type, without [`CUSTOM`].
    pub fn names() -> impl Iterator<Item = &'static str> {
        embedded::files_below("mdm").filter_map(|(file, _)| file.strip_suffix(".toml"))
    }

    pub fn preset(name: &str) -> Result<Self, Vec<Finding>> {
        let path = format!("mdm/{name}.toml");
        let Some(text) = embedded::file(&path) else { return Err(vec![no_such(name)]) };
        let source = Source::new(path, text);
        let (read, findings) = document::read(&source, |root| {
            for key in ["title", "address", "source"] {
                if !root.has(key) {
                    root.missing(key, "every preset has one");
                }
            }
            root.string("source");
            Some(Self {
                name: name.to_owned(),
                title: root.string("title")?,
                address: root.text("address")?,
                username: root.text("username"),
                local_part: root.text("localPart"),
                display_name: root.text("displayName"),
                sign_in: None,
                delivery: root.string("delivery"),
            })
        });
        read.filter(|_| findings.is_empty()).ok_or(findings)
    }

    /// All its placeholders, for code that has to recognise them.
    pub fn placeholders(&self) -> impl Iterator<Item = &Text> {
        let others = [&self.username, &self.local_part, &self.display_name, &self.sign_in];
        std::iter::once(&self.address).chain(others.into_iter().flatten())
    }

    /// The user name that a server expects; `None` if the system has no placeholder for it.
    /// `domain` is `None` if the profile is for users of several domains.
    pub fn sign_in(
        &self,
        pattern: &UsernamePattern,
        domain: Option<&Hostname>,
    ) -> Option<MdmUsername> {
        if pattern.placeholders().is_empty() {
            return Some(MdmUsername::Known(pattern.to_string()));
        }
        if let Some(sign_in) = &self.sign_in {
            return Some(MdmUsername::Known(sign_in.to_string()));
        }
        // Scan from left to right, because a placeholder of the system may look like one of the
        // provider's.
        let (mut name, mut guessed) = (String::new(), false);
        let mut rest = pattern.as_str();
        while let Some((at, open)) = first(rest) {
            name.push_str(&rest[..at]);
            rest = &rest[at + open.as_str().len()..];
            name.push_str(match open {
                Placeholder::EmailAddress => self.address.as_str(),
                Placeholder::EmailDomain => domain?.as_str(),
                Placeholder::EmailLocalPart => match &self.local_part {
                    Some(local_part) => local_part.as_str(),
                    None => {
                        guessed = true;
                        self.username.as_ref()?.as_str()
                    }
                },
            });
        }
        name.push_str(rest);
        Some(if guessed { MdmUsername::Guessed(name) } else { MdmUsername::Known(name) })
    }
}

/// The next placeholder of a pattern, with its position.
fn first(pattern: &str) -> Option<(usize, Placeholder)> {
    Placeholder::ALL.into_iter().filter_map(|p| Some((pattern.find(p.as_str())?, p))).min()
}

fn no_such(name: &str) -> Finding {
    let known = || Mdm::names().chain([CUSTOM]);
    let help = match document::closest(name, known()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!(
            "there are {}; {CUSTOM} takes the placeholders of any other",
            known().collect::<Vec<_>>().join(", ")
        ),
    };
    let message = format!("no device management system \"{}\" is known", name.escape_debug());
    Finding::new(codes::NO_SUCH_MDM, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_in(name: &str, pattern: &str, domain: Option<&str>) -> Option<MdmUsername> {
        let domain = domain.map(|domain| Hostname::new(domain).unwrap());
        let pattern = UsernamePattern::new(pattern).unwrap();
        Mdm::preset(name).unwrap().sign_in(&pattern, domain.as_ref())
    }

    fn known(name: &str) -> Option<MdmUsername> {
        Some(MdmUsername::Known(name.to_owned()))
    }

    #[test]
    fn a_user_name_is_made_of_the_systems_own_placeholders() {
        assert_eq!(sign_in("jamf", "%EMAILADDRESS%", None), known("$EMAIL"));
        assert_eq!(sign_in("jamf", "fixed", None), known("fixed"));
        assert_eq!(
            sign_in("kandji", "%EMAILLOCALPART%.%EMAILDOMAIN%", Some("a.example")),
            known("$EMAIL_PREFIX.a.example")
        );
    }

    #[test]
    fn a_name_in_the_system_is_only_perhaps_the_part_before_the_at() {
        let guessed = Some(MdmUsername::Guessed("$USERNAME".to_owned()));
        assert_eq!(sign_in("jamf", "%EMAILLOCALPART%", None), guessed);
    }

    #[test]
    fn a_domain_that_depends_on_the_person_has_no_placeholder() {
        assert_eq!(sign_in("kandji", "%EMAILLOCALPART%.%EMAILDOMAIN%", None), None);
    }

    #[test]
    fn a_placeholder_of_the_admin_stands_above_the_providers_pattern() {
        let mut mdm = Mdm::preset("jamf").unwrap();
        mdm.sign_in = Some(Text::new("$EXTENSIONATTRIBUTE_3").unwrap());
        let pattern = UsernamePattern::new("%EMAILADDRESS%").unwrap();
        assert_eq!(mdm.sign_in(&pattern, None), known("$EXTENSIONATTRIBUTE_3"));
    }
}
