//! Getting an access token as a mail client gets it: with the operator's own client id, by device
//! code (RFC 8628) or in the browser (RFC 8252, PKCE of RFC 7636).
//!
//! Only https is spoken, and only with a server whose certificate is to be trusted.

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

/// Where tokens come from, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    auth_url: Url,
    token_url: Url,
    device_auth_url: Option<Url>,
    scope: String,
}

/// The registration that the operator has at the provider.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    /// Some providers give desktop clients one; it is none that is kept from their users.
    pub secret: Option<Secret>,
}

/// Which way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// A code to enter on whichever machine.
    Device,
    /// The browser on this machine.
    Browser,
}

/// What a sign-in gives.
#[derive(Clone)]
pub struct Tokens {
    pub access: Secret,
    pub refresh: Option<Secret>,
    /// None where the provider does not say.
    pub expires: Option<Instant>,
}

/// How long things may take, and how people are told what to do.
pub struct Attendance<'a> {
    /// One request.
    pub step: Duration,
    /// The person in the browser.
    pub person: Duration,
    /// The user name, which the page can fill in.
    pub user: &'a str,
    /// Shows a text to whoever looks on.
    pub tell: &'a dyn Fn(&str),
}

impl Authority {
    /// `types`: what the token is for; their scopes go into one request, which providers grant as
    /// long as all are of one service.
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

    pub fn knows(&self, flow: Flow) -> bool {
        flow == Flow::Browser || self.device_auth_url.is_some()
    }
}

/// Signs somebody in; the steps say how it went.
pub fn sign_in(
    net: &Net,
    authority: &Authority,
    client: &Client,
    flow: Flow,
    attendance: &Attendance<'_>,
) -> (Course, Option<Tokens>) {
    let mut recorder = Recorder::new("sign-in", Redactor::new(client.secret.iter()));
    let run = Run { net, authority, client, attendance };
    let tokens = match flow {
        Flow::Device => device::run(&run, &mut recorder),
        Flow::Browser => browser::run(&run, &mut recorder),
    };
    (recorder.finish(), tokens)
}

/// A new access token for an old sign-in (RFC 6749 §6).
pub fn refresh(
    net: &Net,
    authority: &Authority,
    client: &Client,
    tokens: &Tokens,
    step: Duration,
) -> (Course, Option<Tokens>) {
    let secrets = client.secret.iter().chain(&tokens.refresh);
    let mut recorder = Recorder::new("sign-in", Redactor::new(secrets));
    let attendance = Attendance { step, person: step, user: "", tell: &|_| {} };
    let run = Run { net, authority, client, attendance: &attendance };
    let renewed = recorder.step("refresh", |redactor| {
        let Some(refresh) = &tokens.refresh else {
            let detail = "the token has expired, and there is none to renew it with";
            return Err(Problem::with(codes::TOKEN_EXPIRED, detail));
        };
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        let mut renewed = token::ask(&run, &form, redactor)?;
        // RFC 6749 §6: where none comes the old one goes on.
        renewed.refresh = renewed.refresh.or_else(|| tokens.refresh.clone());
        Ok((renewed, "the token is renewed".to_owned()))
    });
    (recorder.finish(), renewed)
}

/// What every part of a flow needs.
struct Run<'a> {
    net: &'a Net,
    authority: &'a Authority,
    client: &'a Client,
    attendance: &'a Attendance<'a>,
}
