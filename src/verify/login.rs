//! Chooses an authentication method, and interprets a server's refusal.

use std::collections::BTreeMap;

use crate::codes::{self, Code};
use crate::model::{Authentication, Secret, ServerType};

use super::capabilities::Capabilities;
use super::pop3::response_code;
use super::probe::Probe;
use super::sasl::{Mechanism, SignInRefusal};
use super::step::Problem;
use super::wire::shown;

/// What a test signs in with.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The user name, as the server expects it.
    pub user: String,
    /// For all methods but OAuth2.
    pub password: Option<Secret>,
    /// Access tokens, one per server type because scopes differ per protocol.
    pub tokens: BTreeMap<ServerType, Secret>,
    /// The mechanism to use, whatever the settings declare.
    pub mechanism: Option<Mechanism>,
}

impl Credentials {
    /// Every secret, for the redactor.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.password.iter().chain(self.tokens.values())
    }

    fn secret(&self, authentication: Authentication, server: ServerType) -> Option<&Secret> {
        match authentication {
            Authentication::OAuth2 => self.tokens.get(&server),
            _ => self.password.as_ref(),
        }
    }

    /// `self.mechanism`, or else the first one that the settings declare, the server offers, and a
    /// secret was given for.
    ///
    /// # Errors
    ///
    /// The problem says whether the secret is missing or the server does not offer the mechanism.
    pub fn choose(
        &self,
        probe: &Probe,
        capabilities: &Capabilities,
    ) -> Result<(Mechanism, &Secret), Problem> {
        let server = probe.server_type;
        let offered = capabilities.offered();
        let offers = |mechanism: Mechanism| {
            // A POP3 server without CAPA has at least USER and PASS.
            let silent = !capabilities.known && mechanism == Mechanism::User;
            silent || offered.iter().any(|name| name == mechanism.name())
        };
        if let Some(mechanism) = self.mechanism {
            let secret = self
                .secret(mechanism.authentication(), server)
                .ok_or_else(|| missing(&format!("{mechanism} needs another secret")))?;
            if !offers(mechanism) {
                return Err(not_offered(&format!("{mechanism} is not offered"), &offered));
            }
            return Ok((mechanism, secret));
        }
        let mut had_secret = false;
        for declared in &probe.authentication {
            let Some(secret) = self.secret(*declared, server) else { continue };
            let mut means =
                Mechanism::ALL.into_iter().filter(|m| m.authentication() == *declared).peekable();
            had_secret |= means.peek().is_some();
            if let Some(mechanism) = means.find(|m| offers(*m)) {
                return Ok((mechanism, secret));
            }
        }
        let declared: Vec<_> = probe.authentication.iter().map(ToString::to_string).collect();
        let declared = declared.join(", ");
        match had_secret {
            true => Err(not_offered(&format!("nothing of {declared} is offered"), &offered)),
            false => Err(missing(&format!("the settings declare {declared}"))),
        }
    }
}

fn missing(detail: &str) -> Problem {
    Problem::with(codes::CREDENTIALS_MISSING, format!("{detail}, and nothing was given for that"))
}

fn not_offered(detail: &str, offered: &[String]) -> Problem {
    let offered = match offered {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    };
    Problem::with(codes::MECHANISM_NOT_OFFERED, format!("{detail}; the server has {offered}"))
}

/// Interprets a refused sign-in by the server's words.
pub fn explain_refusal(probe: &Probe, mechanism: Mechanism, refusal: &SignInRefusal) -> Problem {
    let line = refusal.line.as_str();
    let seen = match &refusal.challenge {
        Some(challenge) => format!("{line} — {challenge}"),
        None => line.to_owned(),
    };
    let problem = Problem::new(code_of_refusal(probe, mechanism, refusal)).seen(shown(&seen));
    match (problem.code, &probe.advice) {
        (codes::POP_MAY_BE_OFF, Some(advice)) => problem.help(advice.clone()),
        _ => problem,
    }
}

/// Words in a refusal, in lower case, and their meaning. The first match counts.
///
/// facts: Microsoft's 5.7.139 and aka.ms/smtp_auth_disabled; Google's 5.7.8, 5.7.9 and "ALERT";
/// RFC 5530 (IMAP), RFC 3463 and RFC 4954 §6 (SMTP); Dovecot's own texts.
const WORDS: [(&str, Code); 19] = [
    ("smtpclientauthentication is disabled", codes::SMTP_LOGIN_DISABLED),
    ("smtp_auth_disabled", codes::SMTP_LOGIN_DISABLED),
    ("basic authentication is disabled", codes::ACCOUNT_NEEDS_OAUTH2),
    ("5.7.139", codes::ACCOUNT_NEEDS_OAUTH2),
    ("application-specific password", codes::ACCOUNT_NEEDS_OAUTH2),
    ("web login required", codes::ACCOUNT_NEEDS_OAUTH2),
    ("log in via your web browser", codes::ACCOUNT_NEEDS_OAUTH2),
    ("[expired]", codes::PASSWORD_EXPIRED),
    ("password expired", codes::PASSWORD_EXPIRED),
    ("password has expired", codes::PASSWORD_EXPIRED),
    ("[inuse]", codes::MAILBOX_LOCKED),
    ("mailbox is locked", codes::MAILBOX_LOCKED),
    ("[unavailable]", codes::TEMPORARY_FAILURE),
    ("[privacyrequired]", codes::SECRET_NEEDS_ENCRYPTION),
    ("[limit]", codes::TOO_MANY_CONNECTIONS),
    ("too many", codes::TOO_MANY_CONNECTIONS),
    ("maximum number of connections", codes::TOO_MANY_CONNECTIONS),
    ("[contactadmin]", codes::LOGIN_REFUSED),
    ("[authorizationfailed]", codes::LOGIN_REFUSED),
];

fn code_of_refusal(probe: &Probe, mechanism: Mechanism, refusal: &SignInRefusal) -> Code {
    let words = refusal.line.to_lowercase();
    if let Some((_, code)) = WORDS.iter().find(|(word, _)| words.contains(word)) {
        return *code;
    }
    if let Some(code) = response_code(&refusal.line) {
        return code;
    }
    let status: Option<u16> = refusal.line.get(..3).and_then(|digits| digits.parse().ok());
    match (probe.server_type, status) {
        (ServerType::Smtp, Some(421)) => return codes::TOO_MANY_CONNECTIONS,
        (ServerType::Smtp, Some(432)) => return codes::PASSWORD_EXPIRED,
        (ServerType::Smtp, Some(504 | 500..=502)) => return codes::MECHANISM_NOT_OFFERED,
        (ServerType::Smtp, Some(534)) => return codes::ACCOUNT_NEEDS_OAUTH2,
        (ServerType::Smtp, Some(538)) => return codes::SECRET_NEEDS_ENCRYPTION,
        (ServerType::Smtp, Some(400..=499)) => return codes::TEMPORARY_FAILURE,
        _ => {}
    }
    let unknown_user = words.contains("unknown user name or bad password");
    if mechanism.authentication() == Authentication::OAuth2 {
        return match &refusal.challenge {
            Some(challenge) => token_code(challenge),
            // Outlook.com over POP3 answers with the same words, whatever is wrong.
            None if probe.server_type == ServerType::Pop3 && unknown_user => codes::POP_MAY_BE_OFF,
            None => codes::TOKEN_REFUSED,
        };
    }
    if probe.refuses_passwords {
        return codes::ACCOUNT_NEEDS_OAUTH2;
    }
    let password = ["password", "credentials", "authenticat", "login", "logon", "invalid", "user"];
    match status {
        Some(535) => codes::WRONG_PASSWORD,
        _ if password.iter().any(|word| words.contains(word)) || words.contains("[auth]") => {
            codes::WRONG_PASSWORD
        }
        _ => codes::LOGIN_REFUSED,
    }
}

/// RFC 7628 §3.2.2: `invalid_token` means expired, revoked or malformed. Google and Microsoft send
/// HTTP status codes instead, 400 and 401 for the same.
fn token_code(challenge: &str) -> Code {
    let json: serde_json::Value = serde_json::from_str(challenge).unwrap_or_default();
    match json.get("status").and_then(|status| status.as_str()) {
        Some("invalid_token" | "400" | "401") => codes::TOKEN_EXPIRED,
        _ => codes::TOKEN_REFUSED,
    }
}
