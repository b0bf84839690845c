//! The steps over an open connection: capabilities, what they mean, and the sign-in.

use std::time::Duration;

use crate::codes;
use crate::model::ServerType;
use crate::net::{Handshake, Transport};

use super::super::capabilities::{Capabilities, means};
use super::super::login::{Credentials, explain_refusal};
use super::super::session::MailSession;
use super::super::step::{Problem, Step, StepOutcome};
use super::{ServerRun, Stop};

impl ServerRun<'_> {
    pub(super) fn dialogue<T: Transport>(
        &mut self,
        session: &mut MailSession<T>,
        handshake: Option<&Handshake>,
    ) -> Result<Capabilities, Stop> {
        let capabilities = self.step("capabilities", |_, deadline| {
            session.set_deadline(deadline);
            let found = session.capabilities()?;
            let detail = describe(&found);
            Ok((found, detail))
        })?;
        self.judge(&capabilities)?;
        if let Some(credentials) = &self.options.credentials {
            self.login(session, credentials, &capabilities, handshake)?;
        }
        Ok(capabilities)
    }

    /// What the capabilities mean for a client that follows the settings.
    fn judge(&mut self, capabilities: &Capabilities) -> Result<(), Stop> {
        let server = self.probe.server_type;
        if server == ServerType::Pop3 && capabilities.known && !capabilities.has("UIDL") {
            self.tell("capabilities", Duration::ZERO, Err(Problem::new(codes::UIDL_MISSING)));
        }
        let offered = capabilities.offered();
        let list = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
        let declared = &self.probe.authentication;
        let missing: Vec<_> =
            declared.iter().filter(|a| capabilities.offers(**a) == Some(false)).collect();
        if !declared.is_empty() && missing.len() == declared.len() {
            let names: Vec<_> = declared.iter().map(ToString::to_string).collect();
            let detail = format!("declared is {}; offered is {list}", names.join(", "));
            let problem = Problem::with(codes::AUTHENTICATION_NOT_OFFERED, detail);
            self.tell("authentication", Duration::ZERO, Err(problem));
            return Err(Stop);
        }
        self.tell("authentication", Duration::ZERO, Ok(format!("offered is {list}")));
        for authentication in missing {
            let detail = format!("{authentication} is declared and not offered");
            let problem = Problem::with(codes::AUTHENTICATION_MISSING, detail);
            self.tell("authentication", Duration::ZERO, Err(problem));
        }
        let undeclared: Vec<&str> = offered
            .iter()
            .filter(|mechanism| means(mechanism).is_some_and(|word| !declared.contains(&word)))
            .map(String::as_str)
            .collect();
        if !declared.is_empty() && !undeclared.is_empty() {
            let detail = format!("offered and not declared: {}", undeclared.join(", "));
            let problem = Problem::with(codes::AUTHENTICATION_UNDECLARED, detail);
            self.tell("authentication", Duration::ZERO, Err(problem));
        }
        Ok(())
    }

    fn login<T: Transport>(
        &mut self,
        session: &mut MailSession<T>,
        credentials: &Credentials,
        capabilities: &Capabilities,
        handshake: Option<&Handshake>,
    ) -> Result<(), Stop> {
        let probe = self.probe;
        self.step("login", |_, deadline| {
            match handshake {
                None => return Err(Problem::new(codes::SECRET_NEEDS_ENCRYPTION)),
                Some(seen) if !seen.trusted() => {
                    return Err(Problem::new(codes::SECRET_NEEDS_TRUST));
                }
                Some(_) => {}
            }
            let (mechanism, secret) = credentials.choose(probe, capabilities)?;
            session.set_deadline(deadline);
            let at = (probe.hostname.as_str(), probe.port.get());
            match session.login(mechanism, &credentials.user, secret, at)? {
                Ok(()) => Ok(((), format!("signed in with {mechanism}"))),
                Err(refusal) => Err(explain_refusal(probe, mechanism, &refusal)),
            }
        })?;
        let failed = |step: &Step| step.step == "login" && step.outcome != StepOutcome::Passed;
        if !self.steps.iter().any(failed) && probe.server_type == ServerType::Pop3 {
            self.step("mailbox", |_, deadline| {
                session.set_deadline(deadline);
                let found = session.mailbox()?;
                Ok(((), found.unwrap_or_default()))
            })?;
        }
        Ok(())
    }
}

/// The capabilities that are worth reporting.
fn describe(found: &Capabilities) -> String {
    if !found.known {
        return "the server does not tell them".to_owned();
    }
    let mut parts: Vec<String> =
        ["UIDL", "TOP", "PIPELINING", "UIDPLUS", "IDLE", "8BITMIME", "SMTPUTF8"]
            .iter()
            .filter(|word| found.has(word))
            .map(|word| (*word).to_owned())
            .collect();
    if let Some(size) = found.size {
        parts.push(format!("messages up to {} MB", size / 1_000_000));
    }
    match parts.is_empty() {
        true => "nothing worth telling".to_owned(),
        false => parts.join(", "),
    }
}
