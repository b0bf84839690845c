//! The credentials of `verify`: a password, tokens from a command, or a sign-in at the provider.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::model::{OAuth2, Secret, ServerType, Text};
use crate::net::Net;
use crate::verify::oauth2::{self, Attendance, Authority, Flow, OAuth2Client, Tokens};
use crate::verify::{Credentials, Mechanism, StepSequence};

use super::Failure;
use super::args::{FlowArg, VerifyArgs};
use super::secret::{read_password, read_secret};
use super::terminal::Terminal;

/// How long the user may take in the browser.
const PERSON: Duration = Duration::from_secs(10 * 60);
/// How long before its expiry a token is renewed, so that a run can finish with it.
const MARGIN: Duration = Duration::from_secs(60);

/// Everything that stays the same between runs.
pub struct Keys<'a> {
    user: String,
    mechanism: Option<Mechanism>,
    password: Option<Secret>,
    /// The server types for which tokens are needed.
    types: BTreeSet<ServerType>,
    command: Option<&'a str>,
    sign_in: Option<OAuth2SignIn>,
    step: Duration,
}

struct OAuth2SignIn {
    authority: Authority,
    client: OAuth2Client,
    flow: Flow,
    tokens: Option<Tokens>,
}

impl<'a> Keys<'a> {
    /// `None` if there is no sign-in. `known` is the OAuth2 part of the tested settings.
    pub fn of(
        args: &'a VerifyArgs,
        types: BTreeSet<ServerType>,
        known: &[OAuth2],
    ) -> Result<Option<Self>, Failure> {
        let Some(user) = &args.login else { return Ok(None) };
        Text::new(user).map_err(|why| format!("the user name of --login has a {why}"))?;
        if user.is_empty() {
            return Err("--login needs a user name, mostly the whole address".into());
        }
        let mechanism = args.mechanism.as_deref().map(mechanism).transpose()?;
        let password = args.password_from.as_deref().map(read_password).transpose()?;
        let command = args.token_command.as_deref();
        let sign_in =
            args.oauth2.map(|flow| OAuth2SignIn::new(args, flow, &types, known)).transpose()?;
        if password.is_none() && command.is_none() && sign_in.is_none() {
            return Err("--login needs something to sign in with: --password-from prompt, or for \
                        OAuth2 --oauth2 with --client-id, or --token-command COMMAND"
                .into());
        }
        let step = args.net.timeout;
        Ok(Some(Self { user: user.clone(), mechanism, password, types, command, sign_in, step }))
    }

    /// The current credentials, and the course of the sign-in at the provider, if there was one.
    ///
    /// If the sign-in failed, there are no credentials.
    pub fn now(
        &mut self,
        net: &Net,
        terminal: &Terminal,
    ) -> Result<(Option<Credentials>, Option<StepSequence>), Failure> {
        let mut tokens = BTreeMap::new();
        if let Some(command) = self.command {
            for server in &self.types {
                tokens.insert(*server, token(command, *server)?);
            }
        }
        let mut course = None;
        if let Some(sign_in) = &mut self.sign_in {
            course = sign_in.renew(net, &self.user, self.step, terminal);
            let Some(found) = &sign_in.tokens else { return Ok((None, course)) };
            tokens.extend(self.types.iter().map(|server| (*server, found.access.clone())));
        }
        let credentials = Credentials {
            user: self.user.clone(),
            password: self.password.clone(),
            tokens,
            mechanism: self.mechanism,
        };
        Ok((Some(credentials), course))
    }
}

impl OAuth2SignIn {
    fn new(
        args: &VerifyArgs,
        flow: FlowArg,
        types: &BTreeSet<ServerType>,
        known: &[OAuth2],
    ) -> Result<Self, Failure> {
        let id = args.client_id.clone().filter(|id| !id.is_empty()).ok_or(
            "--oauth2 needs --client-id: the id under which you have registered this client at the \
             provider; that of another program is not ours to use",
        )?;
        let settings = match known {
            [one] => one,
            [] => {
                return Err(
                    "what is tested has no [oAuth2] in its settings; name the provider with \
                            --provider, or add it to the provider's file"
                        .into(),
                );
            }
            _ => {
                return Err("--oauth2 signs in at one provider; test one provider at a time".into());
            }
        };
        let types: Vec<_> = types.iter().copied().collect();
        let authority = Authority::new(settings, &types)?;
        let flow = match flow {
            FlowArg::Device => Flow::Device,
            FlowArg::Browser => Flow::Browser,
        };
        if !authority.knows(flow) {
            return Err("the provider's file has no deviceAuthURL; take --oauth2 browser".into());
        }
        let secret = args.client_secret_from.as_deref();
        let secret = secret.map(|from| read_secret("--client-secret-from", "client secret", from));
        let client = OAuth2Client { id, secret: secret.transpose()? };
        Ok(Self { authority, client, flow, tokens: None })
    }

    /// Signs in the first time, and renews the token before it expires.
    fn renew(
        &mut self,
        net: &Net,
        user: &str,
        step: Duration,
        terminal: &Terminal,
    ) -> Option<StepSequence> {
        let (course, tokens) = match &self.tokens {
            Some(tokens) if tokens.expires.is_none_or(|at| at > Instant::now() + MARGIN) => {
                return None;
            }
            Some(tokens) if tokens.refresh.is_some() => {
                oauth2::refresh(net, &self.authority, &self.client, tokens, step)
            }
            // The token's lifetime is shorter than the margin; use it until it expires.
            Some(tokens) if tokens.expires.is_some_and(|at| at > Instant::now()) => return None,
            _ => {
                let tell = |text: &str| terminal.ask(text);
                let attendance = Attendance { step, person: PERSON, user, tell: &tell };
                oauth2::sign_in(net, &self.authority, &self.client, self.flow, &attendance)
            }
        };
        self.tokens = tokens;
        Some(course)
    }
}

fn mechanism(name: &str) -> Result<Mechanism, Failure> {
    let upper = name.to_ascii_uppercase();
    Mechanism::ALL.into_iter().find(|m| m.name() == upper).ok_or_else(|| {
        let all: Vec<_> = Mechanism::ALL.iter().map(|m| m.name()).collect();
        format!("--mechanism {name} is none of {}", all.join(", ")).into()
    })
}

/// Runs the user's command in the shell. The first line of its output is the token.
fn token(command: &str, server: ServerType) -> Result<Secret, Failure> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell)
        .args([flag, command])
        .env("MAILWRIGHT_PROTOCOL", server.to_string())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("--token-command: cannot start {shell}: {e}"))?;
    if !output.status.success() {
        return Err(format!("--token-command ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| "--token-command printed something that is not UTF-8")?;
    let token = text.lines().next().unwrap_or_default().trim().to_owned();
    if token.is_empty() || token.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("--token-command printed no token in its first line".into());
    }
    Ok(Secret::new(token))
}
