//! Formats the result of a connection test for people, programs and build servers.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::codes::Code;
use crate::finding::{Finding, Levels};
use crate::verify::hosted::HostedReport;
use crate::verify::{ServerReport, Step, StepOutcome, StepSequence, seconds};

use super::TextTable;
use super::checked::escape;
use super::overview::fix_first;

/// The complete result of a run of `verify`.
#[derive(Debug, Default)]
pub struct VerifyReport {
    pub servers: Vec<ServerReport>,
    /// The sign-in at the OAuth2 provider, if there was one.
    pub sign_in: Option<StepSequence>,
    pub round_trip: Option<StepSequence>,
    /// The settings that a domain publishes.
    pub hosted: Option<HostedReport>,
    pub findings: Vec<Finding>,
}

/// Which of a server's names clients should use.
struct PreferredName<'a> {
    server: &'a ServerReport,
    /// `None` if none of the names works.
    hostname: Option<&'a str>,
}

impl VerifyReport {
    pub fn works(&self) -> bool {
        self.servers.iter().all(|server| server.works() || !server.counts())
            && self.courses().all(StepSequence::works)
    }

    /// Applies the user's severities to every step.
    pub fn set_levels(&mut self, levels: &Levels) {
        let servers = self.servers.iter_mut().map(|server| &mut server.steps);
        let published = self.hosted.iter_mut().flat_map(|hosted| &mut hosted.courses);
        let courses = self.sign_in.iter_mut().chain(&mut self.round_trip).chain(published);
        let steps = servers.chain(courses.map(|course| &mut course.steps)).flatten();
        steps.for_each(|step| step.set_level(levels));
    }

    /// Everything that was tested besides servers, in the order of the run.
    pub fn courses(&self) -> impl Iterator<Item = &StepSequence> {
        let published = self.hosted.iter().flat_map(|hosted| &hosted.courses);
        self.sign_in.iter().chain(&self.round_trip).chain(published)
    }

    /// `2 of 3 servers work`
    pub fn summary(&self) -> String {
        if let Some(hosted) = &self.hosted {
            let found = hosted.clients.iter().filter(|view| view.place.is_some()).count();
            let verdict = if hosted.works() { "nothing is wrong" } else { "something is wrong" };
            let all = hosted.clients.len();
            return format!(
                "{}: {found} of {all} clients find their settings; {verdict}",
                hosted.domain
            );
        }
        let counted = self.servers.iter().filter(|server| server.counts());
        let working = counted.clone().filter(|server| server.works()).count();
        format!("{working} of {} servers work", counted.count())
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
        for (key, course) in [("signIn", &self.sign_in), ("roundTrip", &self.round_trip)] {
            if let Some(course) = course {
                all[key] = json!(course);
            }
        }
        if let Some(hosted) = &self.hosted {
            all["hosted"] = json!(hosted);
        }
        all["findings"] = json!(self.findings);
        all
    }

    /// One recommendation per server with several names: the name in the settings if it works, else
    /// the first that does.
    fn names(&self) -> impl Iterator<Item = PreferredName<'_>> {
        let same = |a: &ServerReport, b: &ServerReport| {
            b.alternative_of.as_deref() == Some(a.hostname.as_str())
                && (&a.subject, a.server_type, a.port) == (&b.subject, b.server_type, b.port)
        };
        self.servers.iter().filter(|server| server.counts()).filter_map(move |server| {
            let mut others = self.servers.iter().filter(|other| same(server, other)).peekable();
            others.peek()?;
            let working = std::iter::once(server).chain(others).find(|s| s.works());
            Some(PreferredName { server, hostname: working.map(|s| s.hostname.as_str()) })
        })
    }
}

/// One line per step for each server, then a summary.
pub fn human_verified(result: &VerifyReport, transcript: bool, width: usize) -> String {
    let mut out = String::new();
    if let Some(sign_in) = &result.sign_in {
        course(&mut out, sign_in);
    }
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
        course(&mut out, round_trip);
    }
    if let Some(hosted) = &result.hosted {
        published(&mut out, hosted, width);
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
    let _ = writeln!(out, "{}", result.summary());
    out
}

/// Each place with a result, then each client.
fn published(out: &mut String, hosted: &HostedReport, width: usize) {
    for place in hosted.courses.iter().filter(|place| !place.steps.is_empty()) {
        let verdict = match (place.works(), place.steps.as_slice()) {
            (false, _) => "is wrong",
            // If there is nothing at the place, one line is enough.
            (true, [only]) if only.outcome == StepOutcome::Note => {
                let _ = writeln!(out, "{}: {}\n", place.name, only.detail);
                continue;
            }
            (true, _) => "is right",
        };
        let _ = writeln!(out, "{} {verdict}", place.name);
        steps(out, &place.steps);
        out.push('\n');
    }
    let mut table = TextTable::new(&["client", "finds", "at"]);
    for view in &hosted.clients {
        let client = view.client.to_owned();
        let mut why: Vec<&str> = Vec::new();
        for (_, reason) in &view.passed_over {
            if !why.contains(&reason.as_str()) {
                why.push(reason);
            }
        }
        table.row(match &view.place {
            Some(place) => vec![client, view.servers.join(", "), place.clone()],
            None => vec![client, "nothing".to_owned(), why.join("; ")],
        });
    }
    out.push_str(&table.render(width));
    out.push('\n');
    out.push_str(&fix_first(hosted));
}

fn course(out: &mut String, course: &StepSequence) {
    let verdict = if course.works() { "works" } else { "does not work" };
    let _ = writeln!(out, "{} {verdict} ({:.3} s)", course.name, seconds(course.took));
    steps(out, &course.steps);
    out.push('\n');
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
            StepOutcome::Passed => "ok",
            StepOutcome::Note => "note",
            StepOutcome::Warning => "warn",
            StepOutcome::Failed => "FAIL",
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
            tell(out, step, code);
        }
    }
}

fn tell(out: &mut String, step: &Step, code: Code) {
    if let Some(seen) = &step.seen {
        let _ = writeln!(out, "        seen: {seen}");
    }
    if step.outcome >= StepOutcome::Warning
        && let Some(help) = step.help()
    {
        let _ = writeln!(out, "        help: {help}");
    }
    let _ = writeln!(out, "        code: {code}");
}

/// JUnit XML for build servers: one suite per server, one test case per step.
pub fn junit_verified(result: &VerifyReport) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for server in &result.servers {
        let (name, subject) = (server.name(), server.subject.as_str());
        suite(&mut out, &name, subject, &server.steps, seconds(server.took), server.counts());
    }
    for course in result.courses() {
        suite(&mut out, &course.name, &course.name, &course.steps, seconds(course.took), true);
    }
    out.push_str("</testsuites>\n");
    out
}

/// Writes one suite. If `counts` is false, failed steps are not counted as failures.
fn suite(out: &mut String, name: &str, subject: &str, steps: &[Step], took: f64, counts: bool) {
    let failures = steps.iter().filter(|s| counts && s.outcome == StepOutcome::Failed).count();
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
            StepOutcome::Failed if counts => writeln!(
                out,
                ">\n      <failure type=\"{code}\" message=\"{}\">{text}</failure>\n    </testcase>",
                escape(&step.detail),
            ),
            StepOutcome::Passed => writeln!(out, "/>"),
            _ => writeln!(out, ">\n      <system-out>{code}: {text}</system-out>\n    </testcase>"),
        };
    }
    out.push_str("  </testsuite>\n");
}
