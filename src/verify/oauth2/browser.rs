//! The authorization code flow in this machine's browser, with PKCE (RFC 7636) and a redirect to a
//! loopback address (RFC 8252 §7.3).

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

use crate::codes;
use crate::model::Secret;
use crate::net::{Listener, PendingRequest};

use super::super::step::{Problem, Recorder};
use super::super::wire::shown;
use super::run::{SignInRun, Tokens};
use super::token;

/// The page that the browser shows at the end.
const DONE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Signed in</title>\
    <p>You can close this window and go back to the terminal.</p></html>";
const REFUSED: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Not signed in</title><p>That did not work; the terminal says why.</p></html>";

/// Signs in with the browser, then exchanges the code for tokens.
pub fn run(run: &SignInRun<'_>, recorder: &mut Recorder) -> Option<Tokens> {
    let verifier = Secret::new(random());
    let state = random();
    let (code, redirect) = recorder.step("browser", |redactor| {
        redactor.add(&verifier);
        let failed = |e: std::io::Error| {
            Problem::with(
                codes::OAUTH2_FAILED,
                format!("no port on this machine to come back to: {e}"),
            )
        };
        let listener =
            Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(failed)?;
        // Without a path but with the slash: providers register "http://127.0.0.1/".
        let redirect = format!("http://{}/", listener.address().map_err(failed)?);
        let url = address(run, &redirect, &state, &verifier);
        (run.attendance.tell)(&format!("to sign in, open {url}"));
        let code = wait(run, &listener, &state)?;
        redactor.add(&code);
        Ok(((code, redirect), "the browser came back with a code".to_owned()))
    })?;
    recorder.step("token", |redactor| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", &redirect),
            ("code_verifier", verifier.expose()),
        ];
        let tokens = token::ask(run, &form, redactor)?;
        let detail = token::lifetime(&tokens);
        Ok((tokens, detail))
    })
}

fn address(run: &SignInRun<'_>, redirect: &str, state: &str, verifier: &Secret) -> Url {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
    let mut url = run.authority.auth_url.clone();
    let mut pairs = url.query_pairs_mut();
    pairs
        .append_pair("response_type", "code")
        .append_pair("client_id", &run.client.id)
        .append_pair("redirect_uri", redirect)
        .append_pair("scope", &run.authority.scope)
        .append_pair("state", state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .append_pair("login_hint", run.attendance.user);
    // OpenID providers issue a refresh token only after explicit consent (OpenID Connect Core §11);
    // Google has a parameter of its own for that.
    if run.authority.scope.split(' ').any(|word| word == "offline_access") {
        pairs.append_pair("prompt", "consent");
    }
    drop(pairs);
    url
}

/// Waits for the browser. Other requests (its favicon, a port scan) get a 404.
fn wait(run: &SignInRun<'_>, listener: &Listener, state: &str) -> Result<Secret, Problem> {
    let end = Instant::now() + run.attendance.person;
    loop {
        let Some(stream) = listener.accept(|| Instant::now() > end) else {
            return Err(Problem::new(codes::OAUTH2_NOT_FINISHED));
        };
        let Some(asked) = PendingRequest::read(stream) else { continue };
        match returned(&asked.target, state) {
            None => asked.answer("404 Not Found", "text/plain", "nothing here"),
            Some(Ok(code)) => {
                asked.answer("200 OK", "text/html; charset=utf-8", DONE);
                return Ok(code);
            }
            Some(Err(problem)) => {
                asked.answer("400 Bad Request", "text/html; charset=utf-8", REFUSED);
                return Err(problem);
            }
        }
    }
}

/// The code of RFC 6749 §4.1.2, or the error of §4.1.2.1; None for any other request.
fn returned(target: &str, state: &str) -> Option<Result<Secret, Problem>> {
    let query = target.strip_prefix("/?")?;
    let field = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let (code, error) = (field("code"), field("error"));
    if code.is_none() && error.is_none() {
        return None;
    }
    if field("state").as_deref() != Some(state) {
        return Some(Err(Problem::new(codes::OAUTH2_STATE_WRONG)));
    }
    if let Some(error) = error {
        let words = match field("error_description") {
            Some(description) => format!("{error}: {description}"),
            None => error.clone(),
        };
        return Some(Err(Problem::new(token::meaning(&error)).seen(shown(&words))));
    }
    code.map(|code| Ok(Secret::new(code)))
}

/// 256 random bits, in characters that a URL may contain.
fn random() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_our_own_question_counts() {
        let code = |target: &str| {
            returned(target, "s1").map(|result| match result {
                Ok(code) => code.expose().to_owned(),
                Err(problem) => problem.code.name.to_owned(),
            })
        };
        assert_eq!(code("/?code=a%2Bb&state=s1").as_deref(), Some("a+b"));
        assert_eq!(code("/?code=a&state=s2").as_deref(), Some("oauth2-state-wrong"));
        assert_eq!(code("/?error=access_denied&state=s1").as_deref(), Some("oauth2-denied"));
        assert_eq!(code("/favicon.ico"), None);
        assert_eq!(code("/?x=y"), None);
    }
}
