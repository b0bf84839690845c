//! The results of a test: steps, the servers they belong to, and the problem that ended one.

use serde::Serialize;
use serde::ser::SerializeStruct;
use std::time::{Duration, Instant};

use crate::codes::{Code, Severity};
use crate::finding::Levels;
use crate::model::{Port, ServerType, SocketType};

use super::redact::Redactor;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StepOutcome {
    /// It works.
    Passed,
    /// Worth knowing; nothing is wrong.
    Note,
    /// Works here, but will surprise some client or user.
    Warning,
    /// The server does not work.
    Failed,
}

impl From<Severity> for StepOutcome {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Failed,
        }
    }
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `resolve`, `connect`, …
    pub step: &'static str,
    /// How it ended.
    pub outcome: StepOutcome,
    /// How long it took.
    pub took: Duration,
    /// What was found.
    pub detail: String,
    /// What kind of problem it is, if it is one.
    pub code: Option<Code>,
    /// The server's own words.
    pub seen: Option<String>,
    /// What to do, if there is more to say than the code's own help.
    pub help: Option<String>,
}

impl Serialize for Step {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Step", 7)?;
        map.serialize_field("step", self.step)?;
        map.serialize_field("outcome", &self.outcome)?;
        map.serialize_field("seconds", &seconds(self.took))?;
        map.serialize_field("detail", &self.detail)?;
        if let Some(code) = self.code {
            map.serialize_field("code", &code)?;
        }
        if let Some(seen) = &self.seen {
            map.serialize_field("seen", seen)?;
        }
        if let Some(help) = self.help() {
            map.serialize_field("help", help)?;
        }
        map.end()
    }
}

impl Step {
    /// Replaces secrets in all its texts.
    pub(super) fn redact(&mut self, redactor: &Redactor) {
        redactor.clean(&mut self.detail);
        for text in [&mut self.seen, &mut self.help].into_iter().flatten() {
            redactor.clean(text);
        }
    }

    /// A step without a problem.
    pub fn passed(step: &'static str, took: Duration, detail: String) -> Self {
        Self {
            step,
            outcome: StepOutcome::Passed,
            took,
            detail,
            code: None,
            seen: None,
            help: None,
        }
    }

    /// The code decides how severe the step is.
    pub fn of(step: &'static str, took: Duration, problem: Problem) -> Self {
        let Problem { code, detail, seen, help } = problem;
        Self { step, outcome: code.severity.into(), took, detail, code: Some(code), seen, help }
    }

    /// Gives the step the severity that the user wants for its code. A code that the user switched
    /// off becomes a note: without the step the dialogue would be incomplete.
    pub fn set_level(&mut self, levels: &Levels) {
        if let Some(code) = self.code {
            self.outcome = levels.of(code, code.severity).map_or(StepOutcome::Note, Into::into);
        }
    }

    /// What to do about it: the step's own help, else the code's.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref().or(self.code.map(|code| code.help))
    }
}

/// Seconds, rounded to milliseconds; more digits mean nothing over a network.
pub fn seconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}

/// What is wrong, before it becomes a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub code: Code,
    pub detail: String,
    pub seen: Option<String>,
    pub help: Option<String>,
}

impl Problem {
    /// Takes the code's own title as the detail.
    pub fn new(code: Code) -> Self {
        Self { code, detail: code.title.to_owned(), seen: None, help: None }
    }

    pub fn with(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), seen: None, help: None }
    }

    /// Adds the server's own words.
    pub fn seen(mut self, words: impl Into<String>) -> Self {
        self.seen = Some(words.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Steps that belong to no single server: an OAuth2 sign-in, a round trip, a published place.
#[derive(Debug, Clone, PartialEq)]
pub struct StepSequence {
    /// What was done.
    pub name: String,
    /// In the order in which they were done.
    pub steps: Vec<Step>,
    /// How long all of it took.
    pub took: Duration,
}

impl StepSequence {
    /// Whether no step failed. Warnings do not count.
    pub fn works(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != StepOutcome::Failed)
    }
}

impl Serialize for StepSequence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("StepSequence", 4)?;
        map.serialize_field("name", &self.name)?;
        map.serialize_field("works", &self.works())?;
        map.serialize_field("seconds", &seconds(self.took))?;
        map.serialize_field("steps", &self.steps)?;
        map.end()
    }
}

/// Records steps as they are done, with their times and without secrets.
pub struct Recorder {
    name: String,
    begun: Instant,
    redactor: Redactor,
    steps: Vec<Step>,
}

impl Recorder {
    pub fn new(name: impl Into<String>, redactor: Redactor) -> Self {
        Self { name: name.into(), begun: Instant::now(), redactor, steps: Vec::new() }
    }

    /// Runs a step and records it. Returns None if it failed.
    pub fn step<R>(
        &mut self,
        name: &'static str,
        job: impl FnOnce(&mut Redactor) -> Result<(R, String), Problem>,
    ) -> Option<R> {
        let begun = Instant::now();
        let result = job(&mut self.redactor);
        let (result, told) = match result {
            Ok((result, detail)) => (Some(result), Ok(detail)),
            Err(problem) => (None, Err(problem)),
        };
        self.took(name, begun.elapsed(), told);
        result
    }

    /// Records a step that took no time of its own.
    pub fn tell(&mut self, name: &'static str, result: Result<String, Problem>) {
        self.took(name, Duration::ZERO, result);
    }

    /// Records a step that was done before, with its time.
    pub fn took(&mut self, name: &'static str, took: Duration, result: Result<String, Problem>) {
        let mut step = match result {
            Ok(detail) => Step::passed(name, took, detail),
            Err(problem) => Step::of(name, took, problem),
        };
        step.redact(&self.redactor);
        self.steps.push(step);
    }

    pub fn finish(self) -> StepSequence {
        StepSequence { name: self.name, steps: self.steps, took: self.begun.elapsed() }
    }
}

/// Everything that a test found out about one server.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerReport {
    /// For whom the test was: an address, a provider or a file.
    pub subject: String,
    /// The protocol.
    pub server_type: ServerType,
    /// The host name that was tested.
    pub hostname: String,
    /// The port that was tested.
    pub port: Port,
    /// How the connection was to be secured.
    pub socket_type: SocketType,
    /// The host name in the settings to which this one is an alternative.
    pub alternative_of: Option<String>,
    /// How long the test took.
    pub took: Duration,
    /// In the order in which they were done.
    pub steps: Vec<Step>,
    /// `S: …` and `C: …`, with secrets blanked.
    pub transcript: Vec<String>,
    /// Whole days until the certificate expires; negative if it has.
    pub certificate_days: Option<i64>,
}

impl ServerReport {
    /// Whether no step failed. Warnings do not count.
    pub fn works(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != StepOutcome::Failed)
    }

    /// `pop3 mail.example.com:995 SSL`
    pub fn name(&self) -> String {
        format!("{} {}:{} {}", self.server_type, self.hostname, self.port, self.socket_type)
    }

    /// False for an alternative name: its failure affects no user of the main name.
    pub fn counts(&self) -> bool {
        self.alternative_of.is_none()
    }
}

impl Serialize for ServerReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("ServerReport", 12)?;
        map.serialize_field("server", &self.name())?;
        map.serialize_field("subject", &self.subject)?;
        map.serialize_field("type", &self.server_type.to_string())?;
        map.serialize_field("hostname", &self.hostname)?;
        map.serialize_field("port", &self.port.get())?;
        map.serialize_field("socketType", &self.socket_type.to_string())?;
        if let Some(name) = &self.alternative_of {
            map.serialize_field("alternativeOf", name)?;
        }
        map.serialize_field("works", &self.works())?;
        map.serialize_field("seconds", &seconds(self.took))?;
        if let Some(days) = self.certificate_days {
            map.serialize_field("certificateDaysLeft", &days)?;
        }
        map.serialize_field("steps", &self.steps)?;
        if !self.transcript.is_empty() {
            map.serialize_field("transcript", &self.transcript)?;
        }
        map.end()
    }
}
