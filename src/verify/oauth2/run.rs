//! What a sign-in needs, and what it gives.

use std::time::{Duration, Instant};

use url::Url;

use crate::model::{OAuth2, Secret, ServerType};
use crate::net::Net;

/// The provider's OAuth2 endpoints, and the scope to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub(super) auth_url: Url,
    pub(super) token_url: Url,
    pub(super) device_auth_url: Option<Url>,
    pub(super) scope: String,
}

/// The operator's registration at the provider.
#[derive(Clone)]
pub struct OAuth2Client {
    /// The `client_id` (RFC 6749 section 2.2).
    pub id: String,
    /// Some providers give desktop clients a secret; their users can read it.
    pub secret: Option<Secret>,
}

/// How the user signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// A code to enter on any machine.
    Device,
    /// The browser on this machine.
    Browser,
}

/// The tokens that a sign-in gives.
#[derive(Clone)]
pub struct Tokens {
    /// The access token.
    pub access: Secret,
    /// The refresh token, if the provider gave one.
    pub refresh: Option<Secret>,
    /// None if the provider does not say.
    pub expires: Option<Instant>,
}

/// The time limits of a sign-in, and how to show the user what to do.
pub struct Attendance<'a> {
    /// Limit for one request.
    pub step: Duration,
    /// Limit for the person in the browser.
    pub person: Duration,
    /// The user name, which the sign-in page can fill in.
    pub user: &'a str,
    /// Shows a text to the user.
    pub tell: &'a dyn Fn(&str),
}

impl Authority {
    /// `types` are the servers that the token is for. Their scopes go into one request, which
    /// providers grant if all belong to one service.
    ///
    /// # Errors
    ///
    /// Fails if an endpoint's URL is not https.
    pub fn new(settings: &OAuth2, types: &[ServerType]) -> Result<Self, String> {
        let url = |key: &str, text: &str| match Url::parse(text) {
            Ok(url) if url.scheme() == "https" && url.host().is_some() => Ok(url),
            _ => Err(format!("{key} of the provider's file is no https address: {text}")),
        };
        let mut scope: Vec<&str> = Vec::new();
        for server_type in types {
            for word in settings.scope.get(server_type).into_iter().flatten() {
                if !scope.contains(&word.as_str()) {
                    scope.push(word.as_str());
                }
            }
        }
        let device = settings.device_auth_url.as_ref();
        Ok(Self {
            auth_url: url("authURL", settings.auth_url.as_str())?,
            token_url: url("tokenURL", settings.token_url.as_str())?,
            device_auth_url: device.map(|text| url("deviceAuthURL", text.as_str())).transpose()?,
            scope: scope.join(" "),
        })
    }

    /// Whether the provider supports this flow; the device flow needs a URL of its own.
    pub fn knows(&self, flow: Flow) -> bool {
        flow == Flow::Browser || self.device_auth_url.is_some()
    }
}

/// What all parts of a flow need.
pub(super) struct SignInRun<'a> {
    pub(super) net: &'a Net,
    pub(super) authority: &'a Authority,
    pub(super) client: &'a OAuth2Client,
    pub(super) attendance: &'a Attendance<'a>,
}
