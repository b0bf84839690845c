//! Gets an access token as a mail client does: with the operator's own client id, by device code
//! (RFC 8628) or in the browser (RFC 8252, with PKCE of RFC 7636).
//!
//! Requests go only over https, and only to a server whose certificate is trusted.

mod browser;
mod device;
mod token;

use std::time::{Duration, Instant};

use url::Url;

use crate::codes;
use crate::model::{OAuth2, Secret, ServerType};
use crate::net::Net;

use super::redact::Redactor;
use super::step::{Course, Problem, Recorder};

/// The provider's OAuth2 endpoints, and the scope to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    auth_url: Url,
    token_url: Url,
    device_auth_url: Option<Url>,
    scope: String,
}

/// The operator's registration at the provider.
#[derive(Clone)]
pub struct OAuth2Client {
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
    pub access: Secret,
    pub refresh: Option<Secret>,
    /// None if the provider does not say.
    pub expires: Option<Instant>,
}

/// Time limits, and how the user is told what to do.
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

/// Signs the user in. The steps say how it went; there are no tokens if it failed.
pub fn sign_in(
    net: &Net,
    authority: &Authority,
    client: &OAuth2Client,
    flow: Flow,
    attendance: &Attendance<'_>,
) -> (Course, Option<Tokens>) {
    let mut recorder = Recorder::new("sign-in", Redactor::new(client.secret.iter()));
    let run = SignInRun { net, authority, client, attendance };
    let tokens = match flow {
        Flow::Device => device::run(&run, &mut recorder),
        Flow::Browser => browser::run(&run, &mut recorder),
    };
    (recorder.finish(), tokens)
}

/// Gets a new access token with the refresh token (RFC 6749 §6).
pub fn refresh(
    net: &Net,
    authority: &Authority,
    client: &OAuth2Client,
    tokens: &Tokens,
    step: Duration,
) -> (Course, Option<Tokens>) {
    let secrets = client.secret.iter().chain(&tokens.refresh);
    let mut recorder = Recorder::new("sign-in", Redactor::new(secrets));
    let attendance = Attendance { step, person: step, user: "", tell: &|_| {} };
    let run = SignInRun { net, authority, client, attendance: &attendance };
    let renewed = recorder.step("refresh", |redactor| {
        let Some(refresh) = &tokens.refresh else {
            let detail = "the token has expired, and there is none to renew it with";
            return Err(Problem::with(codes::TOKEN_EXPIRED, detail));
        };
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        let mut renewed = token::ask(&run, &form, redactor)?;
        // RFC 6749 §6: if no new refresh token comes, the old one stays valid.
        renewed.refresh = renewed.refresh.or_else(|| tokens.refresh.clone());
        Ok((renewed, "the token is renewed".to_owned()))
    });
    (recorder.finish(), renewed)
}

/// What all parts of a flow need.
struct SignInRun<'a> {
    net: &'a Net,
    authority: &'a Authority,
    client: &'a OAuth2Client,
    attendance: &'a Attendance<'a>,
}
