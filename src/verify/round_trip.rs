//! Sends a message through one server and fetches it from another.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::codes;
use crate::net::Net;

use super::mailbox::{self, MailboxSnapshot, MessageLocation};
use super::message::{TestMessage, date};
use super::probe::Probe;
use super::redact::Redactor;
use super::server::{Dialogue, Options, open};
use super::step::{Problem, Recorder, StepSequence};
use super::{Credentials, smtp};

/// The name in the report.
const NAME: &str = "round trip";

/// The servers and the address of a round trip.
pub struct RoundTripSetup<'a> {
    /// The server that the message is sent through.
    pub outgoing: &'a Probe,
    /// The server that it is read from.
    pub incoming: &'a Probe,
    /// Both sender and recipient.
    pub address: &'a str,
    /// How long the message may take to arrive.
    pub arrival: Duration,
}

/// The report if no working server can send, or none can receive.
pub fn impossible() -> StepSequence {
    let mut recorder = Recorder::new(NAME, Redactor::default());
    recorder.tell("send", Err(Problem::new(codes::ROUND_TRIP_IMPOSSIBLE)));
    recorder.finish()
}

/// How long to wait before the mailbox is checked again. The pause doubles each time, up to the
/// longest: a POP3 server may require time between sign-ins.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sends a marked message, waits for it, compares it, and deletes only that message.
pub fn round_trip(net: &Net, options: &Options, journey: &RoundTripSetup<'_>) -> StepSequence {
    let secrets = options.credentials.iter().flat_map(Credentials::secrets);
    let mut recorder = Recorder::new(NAME, Redactor::new(secrets));
    let run = RoundTrip { net, options, journey };
    let _ = run.whole(&TestMessage::new(), &mut recorder);
    recorder.finish()
}

struct RoundTrip<'a> {
    net: &'a Net,
    options: &'a Options,
    journey: &'a RoundTripSetup<'a>,
}

impl RoundTrip<'_> {
    fn whole(&self, message: &TestMessage, recorder: &mut Recorder) -> Option<()> {
        let before = recorder.step("send", |_| {
            let before = self.before()?;
            self.send(message)?;
            Ok((before, format!("\"{}\" is on its way", message.subject())))
        })?;
        let (mut session, found) = recorder.step("arrive", |_| {
            let begun = Instant::now();
            let found = self.wait(message, &before)?;
            Ok((found, format!("after {:.1} s", begun.elapsed().as_secs_f64())))
        })?;
        let deadline = self.options.step_timeout;
        recorder.step("unharmed", |_| {
            session.set_deadline(Instant::now() + deadline);
            let lines = mailbox::fetch(&mut session, found)?;
            let differences = message.differences(&lines);
            match differences.is_empty() {
                true => Ok(((), "subject, dots and long lines are as they were sent".to_owned())),
                false => Err(Problem::with(codes::MESSAGE_CHANGED, differences.join("; "))),
            }
        });
        // A changed message is ours too, so it is deleted.
        recorder.step("delete", |_| {
            session.set_deadline(Instant::now() + deadline);
            let detail = mailbox::delete(&mut session, found, message.subject())?;
            Ok(((), detail))
        });
        session.quit();
        Some(())
    }

    fn before(&self) -> Result<MailboxSnapshot, Problem> {
        let (mut session, _) = open(self.journey.incoming, self.net, self.options)?;
        session.set_deadline(Instant::now() + self.options.step_timeout);
        let before = mailbox::before(&mut session)?;
        session.quit();
        Ok(before)
    }

    fn send(&self, message: &TestMessage) -> Result<(), Problem> {
        let (mut session, capabilities) = open(self.journey.outgoing, self.net, self.options)?;
        session.set_deadline(Instant::now() + self.options.step_timeout);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let address = self.journey.address;
        let text = message.wire(address, address, &date(now.as_secs()));
        smtp::send(&mut session.wire, &capabilities, address, address, &text)?;
        session.quit();
        Ok(())
    }

    /// Checks the mailbox until the message is there. The session in which it was found stays open.
    fn wait(
        &self,
        message: &TestMessage,
        before: &MailboxSnapshot,
    ) -> Result<(Dialogue, MessageLocation), Problem> {
        let end = Instant::now() + self.journey.arrival;
        let mut pause = FIRST_PAUSE;
        loop {
            let (mut session, _) = open(self.journey.incoming, self.net, self.options)?;
            session.set_deadline(Instant::now() + self.options.step_timeout);
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
                return Err(Problem::with(codes::MESSAGE_NOT_ARRIVED, detail));
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
