//! Requests to the provider's OAuth2 server, and what its errors mean (RFC 6749 §5, RFC 8628 §3.5).

use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use crate::codes::{self, Code};
use crate::model::Secret;
use crate::net::HttpRequest;

use super::super::redact::Redactor;
use super::super::step::Problem;
use super::super::web;
use super::super::wire::shown;
use super::run::{SignInRun, Tokens};

/// The server's answer to a form: a JSON object, or a refusal.
pub enum TokenAnswer {
    Yes(Value),
    /// The value of `error`, and the whole as a problem.
    No(String, Problem),
}

/// Asks the token endpoint. Any answer but a token is the problem.
pub fn ask(
    run: &SignInRun<'_>,
    form: &[(&str, &str)],
    redactor: &mut Redactor,
) -> Result<Tokens, Problem> {
    match post(run, &run.authority.token_url, form)? {
        TokenAnswer::Yes(json) => tokens(&json, redactor),
        TokenAnswer::No(_, problem) => Err(problem),
    }
}

/// Posts a form, with the client's id and secret added.
pub fn post(run: &SignInRun<'_>, url: &Url, form: &[(&str, &str)]) -> Result<TokenAnswer, Problem> {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(form).append_pair("client_id", &run.client.id);
    if let Some(secret) = &run.client.secret {
        body.append_pair("client_secret", secret.expose());
    }
    let body = Zeroizing::new(body.finish());
    let request = HttpRequest {
        method: "POST",
        url,
        headers: &[
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
        ],
        body: body.as_bytes(),
        trusted_only: true,
        // The user's own provider file names the endpoint.
        public_only: false,
    };
    let deadline = Instant::now() + run.attendance.step;
    let answer = run.net.http(&request, deadline).map_err(|error| web::problem(&error))?;
    let text = String::from_utf8_lossy(&answer.body);
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    if answer.status == 200 && json.is_object() {
        return Ok(TokenAnswer::Yes(json));
    }
    let word = json.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
    // The description is for people; the whole body may be an HTML page.
    let said = match json.get("error_description").and_then(Value::as_str) {
        Some(description) => format!("{} {word}: {description}", answer.status),
        None if !word.is_empty() => format!("{} {word}", answer.status),
        None => format!("{} {text}", answer.status),
    };
    let problem = Problem::new(meaning(&word)).seen(shown(&said));
    Ok(TokenAnswer::No(word, problem))
}

/// The meaning of an `error` value; Microsoft has values of its own for the device flow.
pub fn meaning(word: &str) -> Code {
    match word {
        "invalid_client" | "unauthorized_client" => codes::OAUTH2_CLIENT_REFUSED,
        "invalid_scope" => codes::OAUTH2_SCOPE_REFUSED,
        "access_denied" | "authorization_declined" | "consent_required" => codes::OAUTH2_DENIED,
        "expired_token" | "code_expired" => codes::OAUTH2_CODE_EXPIRED,
        "invalid_grant" | "bad_verification_code" => codes::OAUTH2_GRANT_REFUSED,
        _ => codes::OAUTH2_FAILED,
    }
}

/// Reads the tokens of an answer, and adds them to the redactor.
pub fn tokens(json: &Value, redactor: &mut Redactor) -> Result<Tokens, Problem> {
    let secret = |key: &str| {
        let text = json.get(key)?.as_str()?;
        // The token becomes part of a SASL line, so it must be printable ASCII without spaces.
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        plain.then(|| Secret::new(text.to_owned()))
    };
    let Some(access) = secret("access_token") else {
        return Err(Problem::with(codes::OAUTH2_FAILED, "the answer has no access token in it"));
    };
    let refresh = secret("refresh_token");
    redactor.add(&access);
    refresh.iter().for_each(|secret| redactor.add(secret));
    let seconds = json.get("expires_in").and_then(Value::as_u64);
    let expires = seconds.and_then(|s| Instant::now().checked_add(Duration::from_secs(s)));
    Ok(Tokens { access, refresh, expires })
}

/// The token's lifetime, in words.
pub fn lifetime(tokens: &Tokens) -> String {
    match tokens.expires {
        Some(at) => {
            let left = at.saturating_duration_since(Instant::now()).as_secs().saturating_add(1);
            format!("a token for {left} s")
        }
        None => "a token".to_owned(),
    }
}
