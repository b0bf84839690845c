//! Gets an access token as a mail client does: with the operator's own client id, by device code
//! (RFC 8628) or in the browser (RFC 8252, with PKCE of RFC 7636).
//!
//! Requests go only over https, and only to a server whose certificate is trusted.

mod browser;
mod device;
mod run;
mod token;

use std::time::Duration;

use crate::codes;
use crate::net::Net;

use super::redact::Redactor;
use super::step::{Problem, Recorder, StepSequence};

use run::SignInRun;
pub use run::{Attendance, Authority, Flow, OAuth2Client, Tokens};

/// Signs the user in. The steps say how it went; there are no tokens if it failed.
pub fn sign_in(
    net: &Net,
    authority: &Authority,
    client: &OAuth2Client,
    flow: Flow,
    attendance: &Attendance<'_>,
) -> (StepSequence, Option<Tokens>) {
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
) -> (StepSequence, Option<Tokens>) {
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
