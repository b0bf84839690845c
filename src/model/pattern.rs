//! Host names and user names with placeholders for the account.

use std::fmt;

use super::{EmailAddress, Hostname, Invalid, Text};

/// A placeholder that is replaced when the account is known.
///
/// draft-ietf-mailmaint-autoconfig, "Placeholders". Format 1.1 also had %REALNAME%, which no user
/// name needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Placeholder {
    /// `%EMAILADDRESS%`
    EmailAddress,
    /// `%EMAILLOCALPART%`
    EmailLocalPart,
    /// `%EMAILDOMAIN%`
    EmailDomain,
}

impl Placeholder {
    /// All placeholders.
    pub const ALL: [Self; 3] = [Self::EmailAddress, Self::EmailLocalPart, Self::EmailDomain];

    /// The placeholder as written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmailAddress => "%EMAILADDRESS%",
            Self::EmailLocalPart => "%EMAILLOCALPART%",
            Self::EmailDomain => "%EMAILDOMAIN%",
        }
    }
}

/// The user name a server expects, e.g. `%EMAILADDRESS%`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsernamePattern(Text);

impl UsernamePattern {
    /// Checks a pattern.
    ///
    /// # Errors
    ///
    /// It is empty, has spaces around it, or a `%` that belongs to no placeholder.
    pub fn new(pattern: &str) -> Result<Self, Invalid> {
        let text = Text::new(pattern)?;
        if text.is_empty() {
            return Err(Invalid::new("empty"));
        }
        if pattern.trim() != pattern {
            // Thunderbird 153 keeps the spaces and sends them in the user name.
            return Err(Invalid::new(format!("\"{pattern}\" has spaces around it")));
        }
        check_placeholders(pattern)?;
        Ok(Self(text))
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The placeholders in it, each once.
    pub fn placeholders(&self) -> Vec<Placeholder> {
        placeholders(self.as_str())
    }

    /// The user name for an address.
    pub fn resolve(&self, address: &EmailAddress) -> String {
        substitute(self.as_str(), address)
    }

    /// Replaces the placeholders when only the domain is known. `None` if the local part is needed.
    pub fn resolve_domain(&self, domain: &Hostname) -> Option<String> {
        resolve_domain(self.as_str(), domain)
    }
}

impl fmt::Display for UsernamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A host name that may hold `%EMAILDOMAIN%` or `%EMAILLOCALPART%`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostnamePattern(String);

impl HostnamePattern {
    /// Checks a pattern.
    ///
    /// # Errors
    ///
    /// It is no host name, or a placeholder is unknown or cannot be in a host name.
    pub fn new(pattern: &str) -> Result<Self, Invalid> {
        if !pattern.contains('%') {
            return Hostname::new(pattern).map(|host| Self(host.as_str().to_owned()));
        }
        check_placeholders(pattern)?;
        if placeholders(pattern).contains(&Placeholder::EmailAddress) {
            return Err(Invalid::new(
                "%EMAILADDRESS% has an @ in it, so it cannot be in a host name",
            ));
        }
        // With any label in the placeholder's place, the rest must be a valid host name.
        Hostname::new(
            &pattern
                .replace(Placeholder::EmailDomain.as_str(), "d.example")
                .replace(Placeholder::EmailLocalPart.as_str(), "l"),
        )?;
        Ok(Self(pattern.to_owned()))
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The placeholders in it, each once.
    pub fn placeholders(&self) -> Vec<Placeholder> {
        placeholders(&self.0)
    }

    /// Whether two users of one domain can have different hosts.
    pub fn depends_on_person(&self) -> bool {
        self.placeholders().contains(&Placeholder::EmailLocalPart)
    }

    /// The host name for an address.
    ///
    /// # Errors
    ///
    /// With this local part it is no host name.
    pub fn resolve(&self, address: &EmailAddress) -> Result<Hostname, Invalid> {
        Hostname::new(&substitute(&self.0, address))
    }

    /// Replaces the placeholders when only the domain is known. `None` if the local part is needed.
    pub fn resolve_domain(&self, domain: &Hostname) -> Option<Hostname> {
        Hostname::new(&resolve_domain(&self.0, domain)?).ok()
    }
}

impl fmt::Display for HostnamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Hostname> for HostnamePattern {
    fn from(host: Hostname) -> Self {
        Self(host.as_str().to_owned())
    }
}

fn placeholders(pattern: &str) -> Vec<Placeholder> {
    Placeholder::ALL.into_iter().filter(|p| pattern.contains(p.as_str())).collect()
}

/// Checks that every `%` belongs to a known placeholder.
fn check_placeholders(pattern: &str) -> Result<(), Invalid> {
    let mut rest = pattern.to_owned();
    for known in Placeholder::ALL {
        rest = rest.replace(known.as_str(), "");
    }
    if rest.contains('%') {
        // The ISPDB's office365.com.xml wrote "%EMAILADDRESS" without the last "%".
        return Err(Invalid::new(format!(
            "\"{pattern}\" has a \"%\" that belongs to no placeholder; known are {}",
            Placeholder::ALL.map(Placeholder::as_str).join(", ")
        )));
    }
    Ok(())
}

/// Replaces all placeholders in one pass, so that a local part that looks like a placeholder is not
/// replaced again.
fn substitute(pattern: &str, address: &EmailAddress) -> String {
    replace(pattern, |placeholder| match placeholder {
        Placeholder::EmailAddress => Some(address.as_str()),
        Placeholder::EmailLocalPart => Some(address.local_part()),
        Placeholder::EmailDomain => Some(address.domain().as_str()),
    })
    .expect("every placeholder has a value when the address is known")
}

fn resolve_domain(pattern: &str, domain: &Hostname) -> Option<String> {
    replace(pattern, |placeholder| {
        (placeholder == Placeholder::EmailDomain).then_some(domain.as_str())
    })
}

fn replace<'a>(pattern: &str, value: impl Fn(Placeholder) -> Option<&'a str>) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    'outer: while !rest.is_empty() {
        for placeholder in Placeholder::ALL {
            if let Some(after) = rest.strip_prefix(placeholder.as_str()) {
                out.push_str(value(placeholder)?);
                rest = after;
                continue 'outer;
            }
        }
        let mut chars = rest.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> EmailAddress {
        EmailAddress::new("ann@example.com").unwrap()
    }

    #[test]
    fn placeholders_are_filled_in_one_pass() {
        let odd = EmailAddress::new("%EMAILDOMAIN%@example.com").unwrap();
        let user = UsernamePattern::new("%EMAILLOCALPART%.%EMAILDOMAIN%").unwrap();
        assert_eq!(user.resolve(&odd), "%EMAILDOMAIN%.example.com");
    }

    #[test]
    fn a_misspelt_placeholder_is_refused() {
        assert!(UsernamePattern::new("%EMAILADDRESS").is_err());
        assert!(UsernamePattern::new("%EMAIL%").is_err());
    }

    #[test]
    fn a_host_name_may_hold_the_domain_but_not_the_address() {
        let host = HostnamePattern::new("mail.%EMAILDOMAIN%").unwrap();
        assert_eq!(host.resolve(&ann()).unwrap().as_str(), "mail.example.com");
        assert!(HostnamePattern::new("%EMAILADDRESS%.example").is_err());
        assert!(HostnamePattern::new("a b.%EMAILDOMAIN%").is_err());
    }

    #[test]
    fn with_only_the_domain_known_a_local_part_stays_open() {
        let example = Hostname::new("example.com").unwrap();
        let user = UsernamePattern::new("%EMAILLOCALPART%").unwrap();
        assert_eq!(user.resolve_domain(&example), None);
        let user = UsernamePattern::new("post@%EMAILDOMAIN%").unwrap();
        assert_eq!(user.resolve_domain(&example).as_deref(), Some("post@example.com"));
    }
}
