//! What is one person's own in a file, and how it is made of her address.

use std::borrow::Cow;
use std::cell::OnceCell;

use uuid::Uuid;

use crate::model::{EmailAddress, Side, Text};
use crate::plan::{Audience, Job};

/// The namespace of every UUID that mailwright derives; made once, never to change: a changed
/// UUID makes Apple Mail drop an account with its mail and set it up anew.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b1d_7c62_9a0e_4f57_8d3b_21c4_6e90_af13);

/// A value of the context that differs from person to person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// Whom files are made for anew.
#[derive(Debug, Clone)]
pub struct Person<'a> {
    pub address: &'a EmailAddress,
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
        Self { address, display_name, username, unicode, token }
    }

    pub(super) fn unicode(&self) -> String {
        self.unicode.get_or_init(|| self.address.to_unicode()).clone()
    }

    pub(super) fn token(&self) -> String {
        let (address, display_name) = (self.address, self.display_name);
        self.token.get_or_init(|| token(Audience::Account { address, display_name })).clone()
    }
}

/// `[a-z0-9-]`, different for different subjects: what is lost in spelling is made up for by
/// eight digits of a UUID.
pub(super) fn token(audience: Audience<'_>) -> String {
    let Audience::Account { address, .. } = audience else {
        return audience.domain().as_str().replace('.', "-");
    };
    let spelled: String = address
        .local_part()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(32)
        .collect();
    let token = match spelled.trim_matches('-') {
        "" => "account",
        token => token,
    };
    let uuid = Uuid::new_v5(&NAMESPACE, address.as_str().as_bytes()).simple().to_string();
    format!("{token}-{}", &uuid[..8])
}

pub(super) fn identifier(job: &Job<'_>) -> String {
    let base = base_identifier(job);
    match job.audience {
        Audience::Account { .. } => format!("{base}.{}", token(job.audience)),
        _ => format!("{base}.{}", job.audience.domain().as_str().replace('.', "-")),
    }
}

/// Of whoever hands the file out.
pub(super) fn base_identifier(job: &Job<'_>) -> String {
    match &job.organization.identifier {
        Some(identifier) => identifier.to_string(),
        None => format!("{}.mailwright", job.audience.domain().reversed()),
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
pub(super) fn protocol(job: &Job<'_>) -> String {
    job.incoming.first().map_or_else(String::new, |s| s.server.server_type.to_string())
}

pub(super) fn uuid_of(target: &str, name: &str, subject: &str, protocol: &str) -> String {
    let of = format!("{target}|{name}|{subject}|{protocol}");
    Uuid::new_v5(&NAMESPACE, of.as_bytes()).hyphenated().to_string().to_uppercase()
}
