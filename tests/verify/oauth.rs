//! From `--oauth2` to the message that comes back: the program itself, a real OpenID provider, and
//! Dovecot and Postfix, which ask that provider about the token.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::ca::{Ca, HOST};
use crate::support::dovecot::{Dovecot, USER};
use crate::support::oidc::{self, CLIENT, Oidc};
use crate::support::postfix::Postfix;
use crate::support::{self, Ended, PATIENCE, Run, is_root};

struct Chain {
    provider: Oidc,
    dovecot: Dovecot,
    postfix: Postfix,
    run: Run,
    ca: Ca,
}

/// What a test lacks on this machine.
fn missing() -> Option<&'static str> {
    let servers = ["dovecot", "postfix"];
    let server = servers.into_iter().find(|name| support::program(name).is_none());
    server.or_else(oidc::missing).or_else(|| (!is_root()).then_some("root"))
}

impl Chain {
    fn start() -> Self {
        Self::with_tokens_for(600)
    }

    fn with_tokens_for(seconds: u32) -> Self {
        let ca = Ca::new();
        let provider = Oidc::with_tokens_for(&ca, seconds);
        let dovecot = Dovecot::with_oauth2(&ca.good(), &provider);
        let postfix = Postfix::start(&ca.good(), &dovecot);
        let run = Run::new().write("example.test.toml", &file(&provider));
        Self { provider, dovecot, postfix, run, ca }
    }

    /// Runs verify to its end; as soon as it says what a person is to do, the person does it.
    #[track_caller]
    fn verify(&self, flow: &str, more: &[&str], person: impl Fn(&Oidc, &str)) -> Ended {
        self.verify_until(flow, more, person, |_| false)
    }

    /// The same, ended as a service manager does it once its output so far is enough.
    #[track_caller]
    fn verify_until(
        &self,
        flow: &str,
        more: &[&str],
        person: impl Fn(&Oidc, &str),
        enough: impl Fn(&str) -> bool,
    ) -> Ended {
        let ca = self.ca.file().display().to_string();
        let at = [
            self.provider.resolve(),
            format!("{HOST}:995:{}", self.dovecot.pop3s),
            format!("{HOST}:465:{}", self.postfix.submissions),
        ];
        let mut args = vec!["verify", "example.test.toml", "--login", USER, "--ca", &ca];
        args.extend(["--oauth2", flow, "--client-id", CLIENT, "--transcript"]);
        for resolve in &at {
            args.extend(["--resolve", resolve]);
        }
        args.extend(more);
        let mut command = self.run.command(&args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = Program(command.spawn().unwrap());
        let (sender, lines) = mpsc::channel();
        read(program.0.stdout.take().unwrap(), false, sender.clone());
        read(program.0.stderr.take().unwrap(), true, sender);
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let deadline = Instant::now() + PATIENCE;
        let mut going = true;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok((false, line)) => {
                    stdout += &line;
                    // Once only: a second signal ends it in the middle of a run.
                    if going && enough(&stdout) {
                        going = false;
                        let pid = rustix::process::Pid::from_child(&program.0);
                        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
                    }
                }
                Ok((true, line)) => {
                    stderr += &line;
                    if line.contains("to sign in, open ") {
                        person(&self.provider, line.trim_end());
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("no end of it: {stdout}\n{stderr}"),
            }
        }
        Ended { code: program.0.wait().unwrap().code(), stdout, stderr }
    }
}

/// Ends with the test, however that ends.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends every line, and whether it was for people, from a thread of its own.
fn read(from: impl Read + Send + 'static, for_people: bool, to: Sender<(bool, String)>) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|length| length > 0) {
            if to.send((for_people, std::mem::take(&mut line))).is_err() {
                return;
            }
        }
    });
}

/// The provider's file: who gives tokens, and POP3 and SMTP that take nothing else.
fn file(provider: &Oidc) -> String {
    let settings = crate::output::provider("pop3")
        .replace("\"password-cleartext\"", "\"OAuth2\"")
        .replace("alternativeHostnames = [\"pop.example.test\"]\n", "");
    format!(
        "{settings}\n\
         [oAuth2]\n\
         issuer = \"{}\"\n\
         authURL = \"{}\"\n\
         tokenURL = \"{}\"\n\
         deviceAuthURL = \"{}\"\n\
         scope.pop3 = [\"openid\", \"offline_access\", \"pop3\"]\n\
         scope.smtp = [\"openid\", \"offline_access\", \"smtp\"]\n\
         source = \"test\"\n",
        oidc::LOGIN,
        provider.authorization(),
        provider.token_endpoint(),
        provider.device_authorization(),
    )
}

/// The word after these in a line for people.
#[track_caller]
fn after<'a>(line: &'a str, words: &str) -> &'a str {
    let rest = line.split_once(words).unwrap_or_else(|| panic!("no {words:?} in: {line}")).1;
    rest.split([' ', ',']).next().unwrap()
}

fn enter_the_code(provider: &Oidc, line: &str) {
    assert_eq!(after(line, "open "), format!("https://{}/device", oidc::LOGIN), "{line}");
    provider.approve(after(line, "the code "));
}

fn refuse_the_code(provider: &Oidc, line: &str) {
    provider.deny(after(line, "the code "));
}

fn open_the_page(provider: &Oidc, line: &str) {
    let url = after(line, "open ");
    assert!(url.starts_with(&provider.authorization()), "{line}");
    let page = provider.browse(url);
    assert!(page.contains("close this window"), "{page}");
}

/// Signed in with a token at both servers, the message came back, and no secret was told.
#[track_caller]
fn came_back(chain: &Chain, ended: &Ended) {
    let Ended { code, stdout, stderr } = ended;
    assert_eq!(*code, Some(0), "{stdout}\n{stderr}");
    let json: Value = serde_json::from_str(stdout).unwrap_or_else(|e| panic!("{e}: {stdout}"));
    let servers = json["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 2, "{json:#}");
    for server in servers {
        let mut steps = server["steps"].as_array().unwrap().iter();
        let login = steps.find(|step| step["step"] == "login").unwrap();
        let mechanism = after(login["detail"].as_str().unwrap(), "signed in with ");
        assert!(["XOAUTH2", "OAUTHBEARER"].contains(&mechanism), "{login}");
    }
    let steps = json["roundTrip"]["steps"].as_array().unwrap();
    let outcomes: Vec<_> = steps.iter().map(|step| step["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["passed"; 4], "{json:#}");
    no_secret(chain, &format!("{stdout}{stderr}"));
}

const ROUND_TRIP: [&str; 5] = ["--round-trip", "--arrival", "30s", "--format", "json"];

#[test]
fn a_code_that_a_person_enters_leads_to_a_message_that_comes_back() {
    if let Some(program) = missing() {
        return support::skip(program);
    }
    let chain = Chain::start();
    came_back(&chain, &chain.verify("device", &ROUND_TRIP, enter_the_code));
}

#[test]
fn a_browser_on_this_machine_leads_to_a_message_that_comes_back() {
    if let Some(program) = missing() {
        return support::skip(program);
    }
    let chain = Chain::start();
    came_back(&chain, &chain.verify("browser", &ROUND_TRIP, open_the_page));
}

/// The provider takes each refresh token once only and gives another with every access token.
#[test]
fn a_watch_renews_its_token_and_asks_nobody_a_second_time() {
    if let Some(program) = missing() {
        return support::skip(program);
    }
    let chain = Chain::with_tokens_for(10);
    let renewed = |stdout: &str| stdout.matches("the token is renewed").count() >= 3;
    let args = ["--watch", "1s", "--format", "json"];
    let ended = chain.verify_until("device", &args, enter_the_code, renewed);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stderr.matches("to sign in").count(), 1, "{}", ended.stderr);
    for line in ended.stdout.lines() {
        let json: Value = serde_json::from_str(line).unwrap();
        assert_eq!(json["works"], true, "{json:#}");
        assert_eq!(line.matches("signed in with").count(), 2, "{json:#}");
    }
    no_secret(&chain, &format!("{}{}", ended.stdout, ended.stderr));
}

#[test]
fn a_person_who_says_no_is_named_and_nobody_is_signed_in() {
    if let Some(program) = missing() {
        return support::skip(program);
    }
    let chain = Chain::start();
    let ended = chain.verify("device", &["--format", "json"], refuse_the_code);
    assert_eq!(ended.code, Some(1), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("oauth2-denied"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("signed in with"), "{}", ended.stdout);
    no_secret(&chain, &format!("{}{}", ended.stdout, ended.stderr));
}

#[test]
fn no_output_of_a_sign_in_has_a_token_or_a_code_of_it() {
    if let Some(program) = missing() {
        return support::skip(program);
    }
    let chain = Chain::start();
    let mut all = String::new();
    for format in ["human", "json", "junit"] {
        for (flow, person) in
            [("device", enter_the_code as fn(&Oidc, &str)), ("browser", open_the_page)]
        {
            let ended = chain.verify(flow, &["--round-trip", "--format", format], person);
            assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
            all += &format!("{}\n{}\n", ended.stdout, ended.stderr);
        }
    }
    assert!(all.contains("AUTHENTICATE") || all.contains("AUTH "), "no transcript in: {all}");
    // By code: device code, access, refresh and ID token; by browser: code and verifier for the first.
    assert_eq!(no_secret(&chain, &all), 3 * (4 + 5));
}

/// Nothing that the provider gave out or was shown, plain or encoded; how much that is.
#[track_caller]
fn no_secret(chain: &Chain, all: &str) -> usize {
    let secrets = chain.provider.secrets();
    assert!(!secrets.is_empty(), "the provider wrote nothing down");
    for secret in &secrets {
        assert!(secret.len() >= 32, "{secret} is none");
        assert!(!all.contains(secret.as_str()), "{secret} in {all}");
        // At any place within what is encoded, so less its ragged ends.
        for before in ["", "a", "ab"] {
            let coded = STANDARD.encode(format!("{before}{secret}"));
            let inner = &coded[before.len().div_ceil(3) * 4..coded.len() - 4];
            assert!(!all.contains(inner), "{secret} as {inner} in {all}");
        }
    }
    secrets.len()
}
