//! A message out through one server and back through another.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use serde::ser::SerializeStruct;

use crate::net::Net;

use super::codes::message::{MESSAGE_CHANGED, MESSAGE_NOT_ARRIVED, ROUND_TRIP_IMPOSSIBLE};
use super::mailbox::{self, Before, Found};
use super::message::{Message, date};
use super::probe::Probe;
use super::redact::Redactor;
use super::server::{Dialogue, Options, open};
use super::step::{Outcome, Problem, Step, seconds};
use super::{Credentials, smtp};

/// Which way the message takes.
pub struct Journey<'a> {
    pub outgoing: &'a Probe,
    pub incoming: &'a Probe,
    /// Sender and recipient.
    pub address: &'a str,
    /// How long the message may take.
    pub arrival: Duration,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundTrip {
    pub steps: Vec<Step>,
    pub took: Duration,
}

impl RoundTrip {
    /// There is no working server for one of the two ways.
    pub fn impossible() -> Self {
        let problem = Problem::new(&ROUND_TRIP_IMPOSSIBLE);
        Self { steps: vec![Step::of("send", Duration::ZERO, problem)], took: Duration::ZERO }
    }

    pub fn works(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != Outcome::Failed)
    }
}

impl Serialize for RoundTrip {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("RoundTrip", 3)?;
        map.serialize_field("works", &self.works())?;
        map.serialize_field("seconds", &seconds(self.took))?;
        map.serialize_field("steps", &self.steps)?;
        map.end()
    }
}

/// The mailbox is asked again after this time, and then after twice that, up to the longest: a
/// POP3 server may want time between sign-ins.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sends a marked message, waits for it, compares it, and deletes it alone.
pub fn round_trip(net: &Net, options: &Options, journey: &Journey<'_>) -> RoundTrip {
    let begun = Instant::now();
    let secrets = options.credentials.iter().flat_map(Credentials::secrets);
    let mut run =
        Run { net, options, journey, redactor: Redactor::new(secrets), steps: Vec::new() };
    let message = Message::new();
    let _ = run.whole(&message);
    RoundTrip { steps: run.steps, took: begun.elapsed() }
}

struct Run<'a> {
    net: &'a Net,
    options: &'a Options,
    journey: &'a Journey<'a>,
    redactor: Redactor,
    steps: Vec<Step>,
}

impl Run<'_> {
    fn whole(&mut self, message: &Message) -> Option<()> {
        let before = self.step("send", |run| {
            let before = run.before()?;
            run.send(message)?;
            Ok((before, format!("\"{}\" is on its way", message.subject())))
        })?;
        let (mut session, found) = self.step("arrive", |run| {
            let begun = Instant::now();
            let found = run.wait(message, &before)?;
            Ok((found, format!("after {:.1} s", begun.elapsed().as_secs_f64())))
        })?;
        let deadline = self.options.step;
        self.step("unharmed", |_| {
            session.set_deadline(Instant::now() + deadline);
            let lines = mailbox::fetch(&mut session, found)?;
            let differences = message.differences(&lines);
            match differences.is_empty() {
                true => Ok(((), "subject, dots and long lines are as they were sent".to_owned())),
                false => Err(Problem::with(&MESSAGE_CHANGED, differences.join("; "))),
            }
        });
        // A changed message is ours too.
        self.step("delete", |_| {
            session.set_deadline(Instant::now() + deadline);
            let detail = mailbox::delete(&mut session, found, message.subject())?;
            Ok(((), detail))
        });
        session.quit();
        Some(())
    }

    fn before(&self) -> Result<Before, Problem> {
        let (mut session, _) = open(self.journey.incoming, self.net, self.options)?;
        session.set_deadline(Instant::now() + self.options.step);
        let before = mailbox::before(&mut session)?;
        session.quit();
        Ok(before)
    }

    fn send(&self, message: &Message) -> Result<(), Problem> {
        let (mut session, capabilities) = open(self.journey.outgoing, self.net, self.options)?;
        session.set_deadline(Instant::now() + self.options.step);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let address = self.journey.address;
        let text = message.wire(address, address, &date(now.as_secs()));
        smtp::send(&mut session.wire, &capabilities, address, address, &text)?;
        session.quit();
        Ok(())
    }

    /// Asks until it is there; the session in which it was found stays open.
    fn wait(&self, message: &Message, before: &Before) -> Result<(Dialogue, Found), Problem> {
        let end = Instant::now() + self.journey.arrival;
        let mut pause = FIRST_PAUSE;
        loop {
            let (mut session, _) = open(self.journey.incoming, self.net, self.options)?;
            session.set_deadline(Instant::now() + self.options.step);
            if let Some(found) = mailbox::find(&mut session, message, before)? {
                return Ok((session, found));
            }
            session.quit();
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let detail = format!(
                    "\"{}\" was taken and is not there after {} s",
                    message.subject(),
                    self.journey.arrival.as_secs()
                );
                return Err(Problem::with(&MESSAGE_NOT_ARRIVED, detail));
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn step<R>(
        &mut self,
        name: &'static str,
        job: impl FnOnce(&Self) -> Result<(R, String), Problem>,
    ) -> Option<R> {
        let begun = Instant::now();
        let result = job(self);
        let took = begun.elapsed();
        let (result, mut step) = match result {
            Ok((result, detail)) => (Some(result), Step::passed(name, took, detail)),
            Err(problem) => (None, Step::of(name, took, problem)),
        };
        self.redactor.clean_step(&mut step);
        self.steps.push(step);
        result
    }
}
