//! What is one person's own in a file, and how it is made of her address.

use std::borrow::Cow;
use std::cell::OnceCell;

use sha1::{Digest as _, Sha1};
use uuid::Uuid;

use crate::model::{EmailAddress, Hostname, Placeholder, Side, Text, UsernamePattern};
use crate::plan::{Audience, Job};

/// The namespace of every UUID that mailwright derives; made once, never to change: a changed
/// UUID makes Apple Mail drop an account with its mail and set it up anew.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b1d_7c62_9a0e_4f57_8d3b_21c4_6e90_af13);

/// A value of the context that differs from person to person, or from domain to domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serve", derive(serde::Serialize, serde::Deserialize))]
pub enum Field {
    Address,
    LocalPart,
    AddressUnicode,
    DisplayName,
    /// Of the server at this place.
    Username(Side, usize),
    Token,
    Identifier,
    /// In the order of the manifest.
    Uuid(usize),
    Domain,
    DomainUnicode,
    ReversedDomain,
    AutoconfigHost,
    AutodiscoverHost,
    UserAgentHost,
}

impl Field {
    /// Whether a file that is nobody's own has it open, where its domain is.
    pub(super) fn is_of_domain(self) -> bool {
        match self {
            Field::Token
            | Field::Identifier
            | Field::Uuid(_)
            | Field::Domain
            | Field::DomainUnicode
            | Field::ReversedDomain
            | Field::AutoconfigHost
            | Field::AutodiscoverHost
            | Field::UserAgentHost => true,
            Field::Address
            | Field::LocalPart
            | Field::AddressUnicode
            | Field::DisplayName
            | Field::Username(..) => false,
        }
    }
}

/// Whom a file is filled in for.
#[derive(Debug, Clone, Copy)]
pub enum Whom<'a> {
    Account(&'a EmailAddress),
    /// Everybody at a domain.
    Domain(&'a Hostname),
}

impl<'a> Whom<'a> {
    pub fn domain(self) -> &'a Hostname {
        match self {
            Whom::Account(address) => address.domain(),
            Whom::Domain(domain) => domain,
        }
    }
}

/// Whom files are made for anew.
#[derive(Debug, Clone)]
pub struct Person<'a> {
    pub whom: Whom<'a>,
    pub display_name: Option<&'a Text>,
    /// Instead of what the provider's pattern makes of the address.
    pub username: Option<&'a str>,
    // Each of her files asks for these.
    unicode: OnceCell<String>,
    token: OnceCell<String>,
}

impl<'a> Person<'a> {
    pub fn new(
        address: &'a EmailAddress,
        display_name: Option<&'a Text>,
        username: Option<&'a str>,
    ) -> Self {
        let (unicode, token) = (OnceCell::new(), OnceCell::new());
        Self { whom: Whom::Account(address), display_name, username, unicode, token }
    }

    /// Everybody at a domain.
    pub fn at(domain: &'a Hostname) -> Self {
        let (unicode, token) = (OnceCell::new(), OnceCell::new());
        let whom = Whom::Domain(domain);
        Self { whom, display_name: None, username: None, unicode, token }
    }

    fn token(&self) -> &str {
        self.token.get_or_init(|| match self.whom {
            Whom::Account(address) => {
                token(Audience::Account { address, display_name: self.display_name })
            }
            Whom::Domain(domain) => token(Audience::Everybody { domain }),
        })
    }
}

/// What the values of fields are made of, besides the person.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serve", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct FieldContext {
    target: String,
    uuids: Vec<String>,
    protocol: String,
    /// Of whoever hands the file out.
    organization: Option<String>,
    usernames: [Vec<String>; 2],
}

impl FieldContext {
    pub(super) fn of(job: &Job<'_>) -> Self {
        let usernames = [Side::Incoming, Side::Outgoing].map(|side| {
            job.servers(side).iter().map(|planned| planned.server.username.to_string()).collect()
        });
        Self {
            target: job.target.name.clone(),
            uuids: job.target.uuids.clone(),
            protocol: protocol(job),
            organization: job.organization.identifier.as_ref().map(ToString::to_string),
            usernames,
        }
    }

    /// What stands in the field for a person; none where she has nothing for it.
    pub(super) fn value<'p>(&self, field: Field, person: &'p Person<'_>) -> Option<Cow<'p, str>> {
        let domain = person.whom.domain();
        let address = match person.whom {
            Whom::Account(address) => Some(address),
            Whom::Domain(_) => None,
        };
        Some(match field {
            Field::Address => address?.as_str().into(),
            Field::LocalPart => address?.local_part().into(),
            Field::AddressUnicode => {
                let address = address?;
                person.unicode.get_or_init(|| address.to_unicode()).as_str().into()
            }
            Field::DisplayName => person.display_name?.as_str().into(),
            Field::Token => person.token().into(),
            Field::Identifier => {
                let base = base_identifier(self.organization.as_deref(), domain);
                [&base, ".", person.token()].concat().into()
            }
            Field::Uuid(at) => {
                let name = self.uuids.get(at)?;
                let subject = address.map_or(domain.as_str(), EmailAddress::as_str);
                uuid_of(&self.target, name, subject, &self.protocol).into()
            }
            Field::Username(side, at) => {
                let pattern = self.usernames[usize::from(side == Side::Outgoing)].get(at)?;
                match person.username {
                    Some(username) => username.into(),
                    None if pattern == Placeholder::EmailAddress.as_str() => {
                        address?.as_str().into()
                    }
                    None if !pattern.contains('%') => pattern.clone().into(),
                    None => UsernamePattern::new(pattern).ok()?.resolve(address?).into(),
                }
            }
            Field::Domain => domain.as_str().into(),
            Field::DomainUnicode => domain.to_unicode().into(),
            Field::ReversedDomain => domain.reversed().into(),
            Field::AutoconfigHost => format!("autoconfig.{domain}").into(),
            Field::AutodiscoverHost => format!("autodiscover.{domain}").into(),
            Field::UserAgentHost => format!("ua-auto-config.{domain}").into(),
        })
    }
}

/// `[a-z0-9-]`, different for different subjects: what is lost in spelling is made up for by
/// eight digits of a UUID.
pub(super) fn token(audience: Audience<'_>) -> String {
    let Audience::Account { address, .. } = audience else {
        return audience.domain().as_str().replace('.', "-");
    };
    let local_part = address.local_part();
    let mut token = String::with_capacity(LONGEST_SPELLED + 1 + DIGITS);
    let lower = local_part.chars().flat_map(char::to_lowercase).take(LONGEST_SPELLED);
    token.extend(lower.map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }));
    token.truncate(token.trim_end_matches('-').len());
    let dashes = token.len() - token.trim_start_matches('-').len();
    token.drain(..dashes);
    if token.is_empty() {
        token.push_str("account");
    }
    token.push('-');
    let mut digits = [0; uuid::fmt::Simple::LENGTH];
    token.push_str(&derived(&[address.as_str()]).simple().encode_lower(&mut digits)[..DIGITS]);
    token
}

/// Characters of a token that are spelled as in the address, and digits behind them.
const LONGEST_SPELLED: usize = 32;
const DIGITS: usize = 8;

pub(super) fn identifier(job: &Job<'_>) -> String {
    let organization = job.organization.identifier.as_ref().map(Text::as_str);
    let base = base_identifier(organization, job.audience.domain());
    match job.audience {
        Audience::Account { .. } => format!("{base}.{}", token(job.audience)),
        _ => format!("{base}.{}", job.audience.domain().as_str().replace('.', "-")),
    }
}

/// Of whoever hands the file out.
fn base_identifier<'a>(organization: Option<&'a str>, domain: &Hostname) -> Cow<'a, str> {
    match organization {
        Some(identifier) => identifier.into(),
        None => {
            let mut base = domain.reversed();
            base.push_str(".mailwright");
            base.into()
        }
    }
}

/// Over target, name, subject and protocol, never over a host name: a new server must not make a
/// new account.
pub(super) fn uuid(job: &Job<'_>, name: &str) -> String {
    let subject = match job.audience {
        Audience::Account { address, .. } => Cow::Borrowed(address.as_str()),
        // Two organisations may hand out a profile for the same provider, to one device.
        Audience::Managed { .. } => Cow::Owned(identifier(job)),
        _ => Cow::Borrowed(job.audience.domain().as_str()),
    };
    uuid_of(&job.target.name, name, &subject, &protocol(job))
}

/// What decides whether an account is another one.
fn protocol(job: &Job<'_>) -> String {
    job.incoming.first().map_or_else(String::new, |s| s.server.server_type.to_string())
}

fn uuid_of(target: &str, name: &str, subject: &str, protocol: &str) -> String {
    let of = [target, "|", name, "|", subject, "|", protocol];
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    derived(&of).hyphenated().encode_upper(&mut text).to_owned()
}

/// RFC 9562 section 5.5: version 5. The crate's own SHA-1 takes four times as long as one that uses what
/// processors have for it, and a profile has three of them.
fn derived(name: &[&str]) -> Uuid {
    let mut digest = Sha1::new_with_prefix(NAMESPACE.as_bytes());
    // In one piece where there is room: each piece costs as much as the hashing.
    let mut whole = [0; 256];
    let length = name.iter().map(|part| part.len()).sum();
    match whole.get_mut(..length) {
        Some(whole) => {
            let mut rest = &mut *whole;
            for part in name {
                let (this, after) = rest.split_at_mut(part.len());
                this.copy_from_slice(part.as_bytes());
                rest = after;
            }
            digest.update(whole);
        }
        None => name.iter().for_each(|part| digest.update(part)),
    }
    let digest: [u8; 20] = digest.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_sha1_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_uuid_is_version_5_as_others_make_it() {
        let of = ["apple-mail|profile|", "ann@example.com", "|pop3"];
        assert_eq!(derived(&of), Uuid::new_v5(&NAMESPACE, of.concat().as_bytes()));
    }
}
