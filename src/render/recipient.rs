//! The fields of a file that belong to one user, and how they are derived from the address.

use std::borrow::Cow;
use std::cell::OnceCell;

use sha1::{Digest as _, Sha1};
use uuid::Uuid;

use crate::model::{EmailAddress, Hostname, Placeholder, Side, Text, UsernamePattern};
use crate::plan::{Audience, Job};

/// The namespace of every UUID that mailwright derives. It must never change: with a new UUID,
/// Apple Mail removes an account with its mail and sets it up again.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b1d_7c62_9a0e_4f57_8d3b_21c4_6e90_af13);

/// A value of the context that differs from user to user, or from domain to domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serve", derive(serde::Serialize, serde::Deserialize))]
pub enum RecipientField {
    Address,
    LocalPart,
    AddressUnicode,
    DisplayName,
    /// Of the server with this index.
    Username(Side, usize),
    Token,
    Identifier,
    /// By its index in the manifest.
    Uuid(usize),
    Domain,
    DomainUnicode,
    ReversedDomain,
    AutoconfigHost,
    AutodiscoverHost,
    UserAgentHost,
}

impl RecipientField {
    /// Whether the field depends only on the domain, so that it can be open in a shared file.
    pub(super) fn is_of_domain(self) -> bool {
        match self {
            RecipientField::Token
            | RecipientField::Identifier
            | RecipientField::Uuid(_)
            | RecipientField::Domain
            | RecipientField::DomainUnicode
            | RecipientField::ReversedDomain
            | RecipientField::AutoconfigHost
            | RecipientField::AutodiscoverHost
            | RecipientField::UserAgentHost => true,
            RecipientField::Address
            | RecipientField::LocalPart
            | RecipientField::AddressUnicode
            | RecipientField::DisplayName
            | RecipientField::Username(..) => false,
        }
    }
}

/// Who a file is filled in for, with the values that several fields need.
#[derive(Debug, Clone)]
pub struct Recipient<'a> {
    audience: Audience<'a>,
    /// Replaces the user name that the provider's pattern gives.
    username: Option<&'a str>,
    // Cached, because each of the user's files needs these.
    unicode: OnceCell<String>,
    token: OnceCell<String>,
}

impl<'a> Recipient<'a> {
    /// `username` replaces the user name that the provider's pattern gives.
    pub fn new(audience: Audience<'a>, username: Option<&'a str>) -> Self {
        Self { audience, username, unicode: OnceCell::new(), token: OnceCell::new() }
    }

    pub fn audience(&self) -> Audience<'a> {
        self.audience
    }

    pub fn username(&self) -> Option<&'a str> {
        self.username
    }

    fn token(&self) -> &str {
        self.token.get_or_init(|| token(self.audience))
    }
}

/// The inputs of field values, besides the user.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serve", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct FieldContext {
    target: String,
    uuids: Vec<String>,
    protocol: String,
    /// The identifier of the organization that distributes the files.
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

    /// The value of the field for a recipient; `None` if they have none.
    pub(super) fn value<'r>(
        &self,
        field: RecipientField,
        recipient: &'r Recipient<'_>,
    ) -> Option<Cow<'r, str>> {
        let domain = recipient.audience.domain();
        let (address, display_name) = match recipient.audience {
            Audience::Account { address, display_name } => (Some(address), display_name),
            _ => (None, None),
        };
        Some(match field {
            RecipientField::Address => address?.as_str().into(),
            RecipientField::LocalPart => address?.local_part().into(),
            RecipientField::AddressUnicode => {
                let address = address?;
                recipient.unicode.get_or_init(|| address.to_unicode()).as_str().into()
            }
            RecipientField::DisplayName => display_name?.as_str().into(),
            RecipientField::Token => recipient.token().into(),
            RecipientField::Identifier => {
                let base = base_identifier(self.organization.as_deref(), domain);
                [&base, ".", recipient.token()].concat().into()
            }
            RecipientField::Uuid(at) => {
                let name = self.uuids.get(at)?;
                let subject = address.map_or(domain.as_str(), EmailAddress::as_str);
                uuid_of(&self.target, name, subject, &self.protocol).into()
            }
            RecipientField::Username(side, at) => {
                let pattern = self.usernames[usize::from(side == Side::Outgoing)].get(at)?;
                match recipient.username {
                    Some(username) => username.into(),
                    None if pattern == Placeholder::EmailAddress.as_str() => {
                        address?.as_str().into()
                    }
                    None if !pattern.contains('%') => pattern.clone().into(),
                    None => UsernamePattern::new(pattern).ok()?.resolve(address?).into(),
                }
            }
            RecipientField::Domain => domain.as_str().into(),
            RecipientField::DomainUnicode => domain.to_unicode().into(),
            RecipientField::ReversedDomain => domain.reversed().into(),
            RecipientField::AutoconfigHost => format!("autoconfig.{domain}").into(),
            RecipientField::AutodiscoverHost => format!("autodiscover.{domain}").into(),
            RecipientField::UserAgentHost => format!("ua-auto-config.{domain}").into(),
        })
    }
}

/// A short name of `[a-z0-9-]`, unique per subject: eight digits of a UUID make up for characters
/// that are lost.
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

/// How many characters of the address a token keeps, and how many digits follow.
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

/// The identifier of the organization that distributes the files, or one made from the domain.
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

/// Derived from target, name, subject and protocol, never from a host name: a new server must not
/// create a new account.
pub(super) fn uuid(job: &Job<'_>, name: &str) -> String {
    let subject = match job.audience {
        Audience::Account { address, .. } => Cow::Borrowed(address.as_str()),
        // Two organisations may distribute a profile for the same provider to one device.
        Audience::Managed { .. } => Cow::Owned(identifier(job)),
        _ => Cow::Borrowed(job.audience.domain().as_str()),
    };
    uuid_of(&job.target.name, name, &subject, &protocol(job))
}

/// The property that makes an account a different one.
fn protocol(job: &Job<'_>) -> String {
    job.incoming.first().map_or_else(String::new, |s| s.server.server_type.to_string())
}

fn uuid_of(target: &str, name: &str, subject: &str, protocol: &str) -> String {
    let of = [target, "|", name, "|", subject, "|", protocol];
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    derived(&of).hyphenated().encode_upper(&mut text).to_owned()
}

/// RFC 9562 section 5.5: version 5. The crate's own SHA-1 takes four times as long as one that uses
/// the processor's instructions, and a profile contains three UUIDs.
fn derived(name: &[&str]) -> Uuid {
    let mut digest = Sha1::new_with_prefix(NAMESPACE.as_bytes());
    // Hash in one piece if it fits, because each piece costs as much as the hashing.
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
