//! All steps of one server's test, in the order in which a client takes them.

mod inside;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::codes;
use crate::model::SocketType;
use crate::net::{self, Handshake, Net, Tcp, TlsStream, Transport};

use super::capabilities::Capabilities;
use super::login::Credentials;
use super::probe::Probe;
use super::reach::{connect, unresolved};
use super::redact::Redactor;
use super::secure;
use super::session::{MailProtocol, MailSession};
use super::step::{Problem, ServerReport, Step, StepOutcome};
use super::wire::{Transcript, shown};

/// Time limits of a test, and the credentials to sign in with.
#[derive(Clone)]
pub struct Options {
    /// Limit for one step.
    pub step_timeout: Duration,
    /// Limit for the whole server.
    pub server_timeout: Duration,
    /// `None`: do not sign in.
    pub credentials: Option<Credentials>,
}

impl Options {
    /// A server has three times the limit of a step.
    pub fn new(step_timeout: Duration, credentials: Option<Credentials>) -> Self {
        Self { step_timeout, server_timeout: 3 * step_timeout, credentials }
    }
}

/// Tests one server. `tell` is called with each step as soon as it is over.
pub fn test(
    probe: &Probe,
    net: &Net,
    options: &Options,
    tell: &(dyn Fn(&Probe, &Step) + Sync),
) -> ServerReport {
    let mut run = ServerRun::new(probe, net, options, tell);
    if let Ok((mut session, _)) = run.whole() {
        session.quit();
        run.transcript = session.wire.into_parts().2;
    }
    if let (Some(other), true) = (&probe.alternative_of, run.has_failed()) {
        let detail = format!("{} fails; clients that use {other} do not notice", probe.hostname);
        run.tell(
            "alternative",
            Duration::ZERO,
            Err(Problem::with(codes::ALTERNATIVE_FAILS, detail)),
        );
    }
    let mut transcript = run.transcript.lines;
    transcript.iter_mut().for_each(|line| run.redactor.clean(line));
    ServerReport {
        subject: probe.subject.clone(),
        server_type: probe.server_type,
        hostname: probe.hostname.clone(),
        port: probe.port,
        socket_type: probe.socket_type,
        alternative_of: probe.alternative_of.clone(),
        took: run.begun.elapsed(),
        steps: run.steps,
        transcript,
        certificate_days: run.certificate_days,
    }
}

/// A session over any kind of connection.
pub type Dialogue = MailSession<Box<dyn Transport>>;
/// A dialogue after all steps, sign-in included, ready for more commands.
pub type OpenDialogue = (Dialogue, Capabilities);

/// Runs the same steps without reporting them. The step that fails is the error.
pub fn open(probe: &Probe, net: &Net, options: &Options) -> Result<OpenDialogue, Problem> {
    let mut run = ServerRun::new(probe, net, options, &|_, _| {});
    run.whole().map_err(|Stop| {
        let failed = run.steps.pop();
        let problem = failed.and_then(|step| {
            let Step { code, detail, seen, help, .. } = step;
            Some(Problem { code: code?, detail, seen, help })
        });
        problem.unwrap_or_else(|| Problem::new(codes::CONNECTION_FAILED))
    })
}

/// A step failed and is in the report; no later step can be tried.
struct Stop;

struct ServerRun<'a> {
    probe: &'a Probe,
    net: &'a Net,
    options: &'a Options,
    tell: &'a (dyn Fn(&Probe, &Step) + Sync),
    redactor: Redactor,
    begun: Instant,
    end: Instant,
    steps: Vec<Step>,
    transcript: Transcript,
    certificate_days: Option<i64>,
}

impl<'a> ServerRun<'a> {
    fn new(
        probe: &'a Probe,
        net: &'a Net,
        options: &'a Options,
        tell: &'a (dyn Fn(&Probe, &Step) + Sync),
    ) -> Self {
        let begun = Instant::now();
        let secrets = options.credentials.iter().flat_map(Credentials::secrets);
        Self {
            probe,
            net,
            options,
            tell,
            redactor: Redactor::new(secrets),
            begun,
            end: begun + options.server_timeout,
            steps: Vec::new(),
            transcript: Transcript::default(),
            certificate_days: None,
        }
    }

    fn whole(&mut self) -> Result<OpenDialogue, Stop> {
        let Some(protocol) = MailProtocol::of(self.probe.server_type) else { return Err(Stop) };
        let (host, port) = (self.probe.hostname.clone(), self.probe.port.get());
        let addresses = self.step("resolve", |run, deadline| {
            let found = run.net.resolve(&host, port, deadline).map_err(|e| unresolved(&e))?;
            let list: Vec<_> = found.iter().map(|a| a.ip().to_string()).collect();
            Ok((found, list.join(", ")))
        })?;
        let (tcp, failures) = self.step("connect", |_, deadline| connect(&addresses, deadline))?;
        for (address, error) in failures {
            let detail = format!("{} cannot be reached: {error}", address.ip());
            self.tell(
                "connect",
                Duration::ZERO,
                Err(Problem::with(codes::ADDRESS_UNREACHABLE, detail)),
            );
        }
        let at = tcp.peer();
        match self.probe.socket_type {
            SocketType::Ssl => {
                let (secured, handshake) = self.secure(tcp, false)?;
                let session =
                    MailSession::new(protocol, Box::new(secured) as _, Transcript::default());
                self.with_session(session, |run, session| {
                    run.greeting(session, None)?;
                    run.dialogue(session, Some(&handshake))
                })
            }
            SocketType::Plain => {
                let session = MailSession::new(protocol, Box::new(tcp) as _, Transcript::default());
                self.with_session(session, |run, session| {
                    run.greeting(session, at)?;
                    run.dialogue(session, None)
                })
            }
            SocketType::Starttls => self.starttls(protocol, tcp, at),
        }
    }

    fn starttls(
        &mut self,
        protocol: MailProtocol,
        tcp: Tcp,
        at: Option<SocketAddr>,
    ) -> Result<OpenDialogue, Stop> {
        let mut session = MailSession::new(protocol, tcp, Transcript::default());
        let result = self.upgrade(&mut session, at);
        let stamp = session.stamp().take();
        let (tcp, left, transcript) = session.wire.into_parts();
        self.transcript = transcript;
        result?;
        if !left.is_empty() {
            let words = shown(&String::from_utf8_lossy(&left));
            self.tell(
                "starttls",
                Duration::ZERO,
                Err(Problem::new(codes::STARTTLS_INJECTION).seen(words)),
            );
            return Err(Stop);
        }
        let (secured, handshake) = self.secure(tcp, true)?;
        let transcript = std::mem::take(&mut self.transcript);
        let mut session =
            MailSession::new(protocol, Box::new(secured) as Box<dyn Transport>, transcript);
        *session.stamp() = stamp;
        self.with_session(session, |run, session| run.dialogue(session, Some(&handshake)))
    }

    /// Runs `job` with the session, and keeps the transcript if it fails.
    fn with_session(
        &mut self,
        mut session: Dialogue,
        job: impl FnOnce(&mut Self, &mut Dialogue) -> Result<Capabilities, Stop>,
    ) -> Result<OpenDialogue, Stop> {
        match job(self, &mut session) {
            Ok(capabilities) => Ok((session, capabilities)),
            Err(stop) => {
                self.transcript = session.wire.into_parts().2;
                Err(stop)
            }
        }
    }

    /// Greeting, capabilities and STARTTLS, all in plain text.
    fn upgrade(
        &mut self,
        session: &mut MailSession<Tcp>,
        at: Option<SocketAddr>,
    ) -> Result<(), Stop> {
        self.greeting(session, at)?;
        let server = self.probe.server_type;
        self.step("starttls", |_, deadline| {
            session.set_deadline(deadline);
            let before = session.capabilities()?;
            if before.known && !before.offers_starttls(server) {
                return Err(Problem::new(codes::STARTTLS_NOT_OFFERED));
            }
            session.starttls()?;
            Ok(((), "the server goes ahead".to_owned()))
        })
    }

    /// Reads the greeting. If the server stays silent or hangs up, a second connection to `at`
    /// finds out whether the port expects TLS at once.
    fn greeting<T: Transport>(
        &mut self,
        session: &mut MailSession<T>,
        at: Option<SocketAddr>,
    ) -> Result<(), Stop> {
        self.step("greeting", |run, deadline| {
            let half = run.options.step_timeout / 2;
            session.set_deadline(if at.is_some() {
                deadline.min(Instant::now() + half)
            } else {
                deadline
            });
            let mut said = session.greeting();
            if let (Err(problem), Some(at)) = (&said, at)
                && [codes::REPLY_TIMEOUT, codes::HUNG_UP].contains(&problem.code)
            {
                if run.speaks_tls(at, deadline.min(Instant::now() + half / 2)) {
                    return Err(Problem::new(codes::PLAIN_PORT_SPEAKS_TLS));
                }
                if problem.code == codes::REPLY_TIMEOUT {
                    session.set_deadline(deadline);
                    said = session.greeting();
                }
            }
            match said {
                Ok(line) => Ok(((), shown(&line))),
                Err(problem) if problem.code == codes::REPLY_TIMEOUT => {
                    Err(Problem::new(codes::GREETING_TIMEOUT))
                }
                Err(problem) => Err(problem),
            }
        })
    }

    fn speaks_tls(&self, at: SocketAddr, deadline: Instant) -> bool {
        let Ok(tcp) = net::connect(at, deadline) else { return false };
        self.net.tls.handshake(tcp, &self.probe.hostname, deadline).is_ok()
    }

    fn secure(&mut self, tcp: Tcp, after_starttls: bool) -> Result<(TlsStream, Handshake), Stop> {
        let host = self.probe.hostname.clone();
        let (secured, seen) = self.step("tls", |run, deadline| {
            let (secured, seen) = run
                .net
                .tls
                .handshake(tcp, &host, deadline)
                .map_err(|e| secure::failure(&e, after_starttls))?;
            let detail = format!("{}, {}", seen.version, seen.cipher);
            Ok(((secured, seen), detail))
        })?;
        self.certificate_days = Some(seen.leaf().days_left(seen.now));
        // Each is judged separately: a certificate can be wrong in several ways.
        self.tell("certificate", Duration::ZERO, secure::chain(&seen));
        self.tell("host name", Duration::ZERO, secure::host_name(&seen, &host));
        self.tell("validity", Duration::ZERO, secure::validity(&seen));
        Ok((secured, seen))
    }

    /// Runs a step, measures its time and reports it.
    fn step<R>(
        &mut self,
        name: &'static str,
        job: impl FnOnce(&mut Self, Instant) -> Result<(R, String), Problem>,
    ) -> Result<R, Stop> {
        let begun = Instant::now();
        let deadline = (begun + self.options.step_timeout).min(self.end);
        match job(self, deadline) {
            Ok((result, detail)) => {
                self.tell(name, begun.elapsed(), Ok(detail));
                Ok(result)
            }
            Err(mut problem) => {
                let waited = [
                    codes::REPLY_TIMEOUT,
                    codes::REPLY_TOO_SLOW,
                    codes::GREETING_TIMEOUT,
                    codes::CONNECT_TIMEOUT,
                    codes::TLS_TIMEOUT,
                    codes::DNS_TIMEOUT,
                ];
                if deadline == self.end && waited.contains(&problem.code) && !self.steps.is_empty()
                {
                    problem.code = codes::SERVER_DEADLINE;
                }
                self.tell(name, begun.elapsed(), Err(problem));
                Err(Stop)
            }
        }
    }

    fn has_failed(&self) -> bool {
        self.steps.iter().any(|step| step.outcome == StepOutcome::Failed)
    }

    fn tell(&mut self, name: &'static str, took: Duration, result: Result<String, Problem>) {
        let mut step = match result {
            Ok(detail) => Step::passed(name, took, detail),
            Err(problem) => Step::of(name, took, problem),
        };
        step.redact(&self.redactor);
        (self.tell)(self.probe, &step);
        self.steps.push(step);
    }
}
