//! The device flow (RFC 8628): the user enters a code in a browser on any machine.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::codes;
use crate::model::Secret;

use super::super::redact::Redactor;
use super::super::step::{Problem, Recorder};
use super::super::wire::shown;
use super::run::{SignInRun, Tokens};
use super::token::{self, TokenAnswer};

/// Seconds between two requests if the server names no interval (RFC 8628 §3.2).
const INTERVAL: u64 = 5;
/// Limit for the interval that a server names, in seconds.
const LONGEST_INTERVAL: u64 = 60;
/// RFC 8628 §3.5: `slow_down` means five seconds more, from then on.
const SLOWER: Duration = Duration::from_secs(5);
/// Limit for a code's lifetime, in seconds, even if the server grants more.
const LONGEST_LIFE: u64 = 30 * 60;

struct DeviceCode {
    device: Secret,
    interval: Duration,
    end: Instant,
}

/// Shows the user a code and a page, then waits for the tokens.
pub fn run(run: &SignInRun<'_>, recorder: &mut Recorder) -> Option<Tokens> {
    let code = recorder.step("device code", |redactor| {
        let code = begin(run, redactor)?;
        let left = code.end.saturating_duration_since(Instant::now()).as_secs() + 1;
        Ok((code, format!("a code to enter within {left} s")))
    })?;
    recorder.step("token", |redactor| {
        let tokens = poll(run, code, redactor)?;
        let detail = token::lifetime(&tokens);
        Ok((tokens, detail))
    })
}

fn begin(run: &SignInRun<'_>, redactor: &mut Redactor) -> Result<DeviceCode, Problem> {
    let Some(url) = &run.authority.device_auth_url else {
        return Err(Problem::with(
            codes::OAUTH2_FAILED,
            "the provider's file has no deviceAuthURL",
        ));
    };
    let json = match token::post(run, url, &[("scope", &run.authority.scope)])? {
        TokenAnswer::Yes(json) => json,
        TokenAnswer::No(_, problem) => return Err(problem),
    };
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    // Google calls this verification_url, as an early draft did.
    let page = text("verification_uri").or_else(|| text("verification_url"));
    let (Some(device), Some(user), Some(page)) = (text("device_code"), text("user_code"), page)
    else {
        return Err(Problem::with(codes::OAUTH2_FAILED, "the answer has no code in it"));
    };
    let device = Secret::new(device.to_owned());
    redactor.add(&device);
    let whole = text("verification_uri_complete");
    let direct = whole.map(|url| format!(", or {} at once", shown(url))).unwrap_or_default();
    (run.attendance.tell)(&format!(
        "to sign in, open {} and enter the code {}{direct}",
        shown(page),
        shown(user)
    ));
    let number =
        |key: &str, otherwise: u64| json.get(key).and_then(Value::as_u64).unwrap_or(otherwise);
    let life = number("expires_in", LONGEST_LIFE).min(LONGEST_LIFE);
    Ok(DeviceCode {
        device,
        interval: Duration::from_secs(number("interval", INTERVAL).min(LONGEST_INTERVAL)),
        end: Instant::now() + Duration::from_secs(life),
    })
}

/// Asks until the user agrees or refuses, or until the code expires.
fn poll(run: &SignInRun<'_>, code: DeviceCode, redactor: &mut Redactor) -> Result<Tokens, Problem> {
    let DeviceCode { device, mut interval, end } = code;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device.expose()),
    ];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Problem::new(codes::OAUTH2_CODE_EXPIRED));
        }
        thread::sleep(interval.min(left));
        match token::post(run, &run.authority.token_url, &form) {
            Ok(TokenAnswer::Yes(json)) => return token::tokens(&json, redactor),
            Ok(TokenAnswer::No(word, problem)) => match word.as_str() {
                "authorization_pending" => {}
                "slow_down" => interval += SLOWER,
                _ => return Err(problem),
            },
            // RFC 8628 §3.5: after a timeout, ask less often.
            Err(problem)
                if [codes::REPLY_TIMEOUT, codes::CONNECT_TIMEOUT, codes::DNS_TIMEOUT]
                    .contains(&problem.code) =>
            {
                interval *= 2;
            }
            Err(problem) => return Err(problem),
        }
    }
}
