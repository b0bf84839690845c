//! The result of a connection test, for people, programs and build servers.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::finding::Finding;
use crate::verify::{Outcome, RoundTrip, ServerReport, Step, seconds};

/// Everything that a run of `verify` found.
#[derive(Debug, Default)]
pub struct Verified {
    pub servers: Vec<ServerReport>,
    pub round_trip: Option<RoundTrip>,
    pub findings: Vec<Finding>,
}

/// Which of a server's names is to be used.
struct Use<'a> {
    server: &'a ServerReport,
    /// None: not one of them works.
    hostname: Option<&'a str>,
}

impl Verified {
    pub fn works(&self) -> bool {
        self.servers.iter().all(|server| server.works() || !server.counts())
            && self.round_trip.as_ref().is_none_or(RoundTrip::works)
    }

    pub fn json(&self, transcript: bool) -> Value {
        let mut servers = json!(self.servers);
        if !transcript {
            for server in servers.as_array_mut().into_iter().flatten() {
                server.as_object_mut().map(|map| map.remove("transcript"));
            }
        }
        let names: Vec<Value> = self
            .names()
            .map(|name| json!({ "server": name.server.name(), "hostname": name.hostname }))
            .collect();
        let mut all = json!({ "works": self.works(), "servers": servers, "use": names });
        if let Some(round_trip) = &self.round_trip {
            all["roundTrip"] = json!(round_trip);
        }
        all["findings"] = json!(self.findings);
        all
    }

    /// For each server that has several names: the settings' own if it works, else the first that
    /// does.
    fn names(&self) -> impl Iterator<Item = Use<'_>> {
        let same = |a: &ServerReport, b: &ServerReport| {
            b.alternative_of.as_deref() == Some(a.hostname.as_str())
                && (&a.subject, a.server_type, a.port) == (&b.subject, b.server_type, b.port)
        };
        self.servers.iter().filter(|server| server.counts()).filter_map(move |server| {
            let mut others = self.servers.iter().filter(|other| same(server, other)).peekable();
            others.peek()?;
            let working = std::iter::once(server).chain(others).find(|s| s.works());
            Some(Use { server, hostname: working.map(|s| s.hostname.as_str()) })
        })
    }
}

/// Per server a line a step, then a summary.
pub fn human_verified(result: &Verified, transcript: bool) -> String {
    let mut out = String::new();
    let mut subject = None;
    let several = result.servers.iter().any(|s| s.subject != result.servers[0].subject);
    for server in &result.servers {
        if several && subject != Some(&server.subject) {
            let _ = writeln!(out, "{}\n", server.subject);
            subject = Some(&server.subject);
        }
        one(&mut out, server, transcript);
    }
    if let Some(round_trip) = &result.round_trip {
        let verdict = if round_trip.works() { "works" } else { "does not work" };
        let _ = writeln!(out, "round trip {verdict} ({:.3} s)", seconds(round_trip.took));
        steps(&mut out, &round_trip.steps);
        out.push('\n');
    }
    for name in result.names() {
        let server = name.server;
        let _ = match name.hostname {
            Some(host) if host == server.hostname => {
                writeln!(out, "{}: use {host}; it works", server.server_type)
            }
            Some(host) => {
                writeln!(out, "{}: use {host}; {} fails", server.server_type, server.hostname)
            }
            None => writeln!(out, "{}: none of its names works", server.server_type),
        };
    }
    let counted: Vec<_> = result.servers.iter().filter(|s| s.counts()).collect();
    let working = counted.iter().filter(|s| s.works()).count();
    let _ = writeln!(out, "{working} of {} servers work", counted.len());
    out
}

fn one(out: &mut String, server: &ServerReport, transcript: bool) {
    let verdict = if server.works() { "works" } else { "does not work" };
    let _ = write!(out, "{} {verdict} ({:.3} s)", server.name(), seconds(server.took));
    if let Some(name) = &server.alternative_of {
        let _ = write!(out, ", another name for {name}");
    }
    out.push('\n');
    steps(out, &server.steps);
    if transcript {
        for line in &server.transcript {
            let _ = writeln!(out, "    {line}");
        }
    }
    out.push('\n');
}

fn steps(out: &mut String, steps: &[Step]) {
    for step in steps {
        let mark = match step.outcome {
            Outcome::Passed => "ok",
            Outcome::Note => "note",
            Outcome::Warning => "warn",
            Outcome::Failed => "FAIL",
        };
        let _ = write!(
            out,
            "  {mark:<4}  {:<14}  {:>7.3} s  {}",
            step.step,
            seconds(step.took),
            step.detail
        );
        out.push('\n');
        if let Some(code) = step.code {
            tell(out, step, code.name);
        }
    }
}

fn tell(out: &mut String, step: &Step, code: &str) {
    if let Some(seen) = &step.seen {
        let _ = writeln!(out, "        seen: {seen}");
    }
    if step.outcome >= Outcome::Warning
        && let Some(help) = step.help()
    {
        let _ = writeln!(out, "        help: {help}");
    }
    let _ = writeln!(out, "        code: {code}");
}

/// A suite per server, a case per step (the JUnit XML that build servers read).
pub fn junit_verified(result: &Verified) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for server in &result.servers {
        let (name, subject) = (server.name(), server.subject.as_str());
        suite(&mut out, &name, subject, &server.steps, seconds(server.took), server.counts());
    }
    if let Some(round_trip) = &result.round_trip {
        let took = seconds(round_trip.took);
        suite(&mut out, "round trip", "round trip", &round_trip.steps, took, true);
    }
    out.push_str("</testsuites>\n");
    out
}

/// `counts`: whether a failed step is a failure of the whole.
fn suite(out: &mut String, name: &str, subject: &str, steps: &[Step], took: f64, counts: bool) {
    let failures = steps.iter().filter(|s| counts && s.outcome == Outcome::Failed).count();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" time=\"{took}\">",
        escape(name),
        steps.len(),
    );
    for step in steps {
        let _ = write!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
            escape(subject),
            step.step,
            seconds(step.took)
        );
        let code = step.code.map_or("", |code| code.name);
        let text = [Some(step.detail.as_str()), step.seen.as_deref(), step.help()];
        let text: Vec<_> = text.into_iter().flatten().map(escape).collect();
        let text = text.join("\n");
        let _ = match step.outcome {
            Outcome::Failed if counts => writeln!(
                out,
                ">\n      <failure type=\"{code}\" message=\"{}\">{text}</failure>\n    </testcase>",
                escape(&step.detail),
            ),
            Outcome::Passed => writeln!(out, "/>"),
            _ => writeln!(out, ">\n      <system-out>{code}: {text}</system-out>\n    </testcase>"),
        };
    }
    out.push_str("  </testsuite>\n");
}

fn escape(text: &str) -> String {
    let safe: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    quick_xml::escape::escape(safe.as_str()).into_owned()
}
