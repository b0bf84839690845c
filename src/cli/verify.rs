//! `mailwright verify`: connects to the servers in settings or in a finished file.

use std::collections::BTreeSet;

use crate::finding::{Finding, Severity, any_error};
use crate::model::{EmailAddress, OAuth2, ServerType};
use crate::net::Net;
use crate::report::{VerifyReport, human_verified, junit_verified};
use crate::settings::{Catalog, Subject};
use crate::verify::{self, Course, Journey, Options, Probe, ServerReport, Step, StepOutcome};

use super::args::{Global, NetArgs, ReportFormat, SubjectArgs, VerifyArgs};
use super::credentials::Keys;
use super::hosted::Domain;
use super::session::{Session, for_whom};
use super::terminal::Terminal;
use super::{Failure, Outcome, probes};

/// What a run tests.
#[derive(Default)]
pub struct TestPlan {
    pub probes: Vec<Probe>,
    /// The OAuth2 parts of the tested settings, each once.
    oauth2: Vec<OAuth2>,
    hosted: Option<Domain>,
}

impl TestPlan {
    fn types(&self) -> BTreeSet<ServerType> {
        self.probes.iter().map(|probe| probe.server_type).collect()
    }

    fn know(&mut self, subject: &Subject) {
        if let Some(oauth2) = &subject.config.oauth2
            && !self.oauth2.contains(oauth2)
        {
            self.oauth2.push(oauth2.clone());
        }
    }
}

pub fn run(args: &VerifyArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let tested = tested(args, global, &mut findings)?;
    if any_error(&findings) {
        terminal.findings(&findings);
        return Err("what is to be tested cannot be read".into());
    }
    let stops = terminal.stops(&mut findings);
    if tested.probes.is_empty() && tested.hosted.is_none() {
        terminal.findings(&findings);
        return Err("there is no POP3, IMAP or SMTP server to test".into());
    }
    // Published settings are public, so no sign-in is needed.
    let mut keys = match tested.hosted {
        None => Keys::of(args, tested.types(), &tested.oauth2)?,
        Some(_) => None,
    };
    let net = args.net.open()?;
    if let Some(every) = args.watch {
        terminal.findings(&findings);
        if stops {
            return Ok(Outcome::Findings);
        }
        return super::watch::run(args, every, &tested, keys, &net, terminal);
    }
    let result = once(args, &tested, keys.as_mut(), &net, terminal)?;
    let result = VerifyReport { findings, ..result };
    match args.format {
        ReportFormat::Human => {
            terminal.findings(&result.findings);
            terminal.print(&human_verified(&result, args.transcript, terminal.width()))?;
        }
        ReportFormat::Json => {
            let mut text = serde_json::to_string_pretty(&result.json(args.transcript))?;
            text.push('\n');
            terminal.print(&text)?;
        }
        ReportFormat::Junit => terminal.print(&junit_verified(&result))?,
    }
    Ok(if result.works() && !stops { Outcome::Fine } else { Outcome::Findings })
}

/// Runs all tests once.
pub fn once(
    args: &VerifyArgs,
    tested: &TestPlan,
    keys: Option<&mut Keys<'_>>,
    net: &Net,
    terminal: &Terminal,
) -> Result<VerifyReport, Failure> {
    let (credentials, sign_in) = match keys {
        Some(keys) => keys.now(net, terminal)?,
        None => (None, None),
    };
    let options = Options { step: args.net.timeout, server: args.net.timeout * 3, credentials };
    let mut result = VerifyReport { sign_in, ..test(&tested.probes, net, &options, terminal) };
    result.hosted = tested.hosted.as_ref().map(|domain| domain.look(args, net, terminal));
    if args.round_trip {
        result.round_trip = Some(travel(args, &tested.probes, &result.servers, net, &options)?);
    }
    result.set_levels(terminal.levels());
    Ok(result)
}

/// Tests before files are written: a server that does not work is an error among the findings.
pub fn before(
    session: &Session,
    net: &NetArgs,
    terminal: &Terminal,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let mut probes = Vec::new();
    for subject in &session.subjects {
        probes.extend(probes::of_subject(subject, session.protocol, findings));
    }
    let options = Options { step: net.timeout, server: net.timeout * 3, credentials: None };
    let mut result = test(&probes, &net.open()?, &options, terminal);
    result.set_levels(terminal.levels());
    for server in &result.servers {
        for step in server.steps.iter().filter(|s| s.outcome >= StepOutcome::Warning) {
            let Some(code) = step.code else { continue };
            let message = format!("{}: {}", server.name(), step.detail);
            let failed = step.outcome == StepOutcome::Failed && server.counts();
            let severity = if failed { Severity::Error } else { Severity::Warning };
            let mut finding = Finding::new(code, message).severity(severity);
            finding.help = step.help().map(str::to_owned);
            findings.push(finding);
        }
    }
    Ok(())
}

fn tested(
    args: &VerifyArgs,
    global: &Global,
    findings: &mut Vec<Finding>,
) -> Result<TestPlan, Failure> {
    if let Some(domain) = &args.hosted {
        let hosted = Some(Domain::of(args, domain, global, findings)?);
        return Ok(TestPlan { hosted, ..TestPlan::default() });
    }
    let (files, who): (Vec<_>, Vec<_>) = args.who.iter().cloned().partition(|w| probes::is_file(w));
    let mut tested = TestPlan::default();
    for file in &files {
        tested.probes.extend(probes::of_file(file, findings)?);
    }
    let mut add = |who: Vec<String>, provider: Option<String>, with_servers: bool| {
        let subject =
            SubjectArgs { who, provider, protocol: args.protocol, ..SubjectArgs::default() };
        let (project, subjects) = for_whom(&subject, global, findings)?;
        for subject in &subjects {
            tested.know(subject);
            if with_servers {
                let found = probes::of_subject(subject, project.protocol, findings);
                tested.probes.extend(found);
            }
        }
        Ok::<(), Failure>(())
    };
    if args.all {
        let Some(folder) = &global.providers else {
            return Err(
                "--all tests the providers of a folder; name it with --providers DIR".into()
            );
        };
        for path in Catalog::files(folder)? {
            add(Vec::new(), Some(path.display().to_string()), true)?;
        }
    } else if files.is_empty() || !who.is_empty() {
        // A provider's own file is a provider, wherever it is.
        let (tomls, who): (Vec<_>, Vec<_>) = who.into_iter().partition(|w| w.ends_with(".toml"));
        let has_tomls = !tomls.is_empty();
        for toml in tomls {
            add(Vec::new(), Some(toml), true)?;
        }
        if !has_tomls || !who.is_empty() {
            add(who, args.provider.clone(), true)?;
        }
    } else if args.oauth2.is_some() && args.provider.is_some() {
        // A finished file does not contain the OAuth2 endpoints; its provider does.
        add(Vec::new(), args.provider.clone(), false)?;
    }
    Ok(tested)
}

fn test(probes: &[Probe], net: &Net, options: &Options, terminal: &Terminal) -> VerifyReport {
    let progress = terminal.progress(probes.len(), "servers");
    let servers = verify::each(probes, |probe| {
        progress.working_on(&probe.hostname);
        let report = verify::test(probe, net, options, &|probe, step| {
            progress.working_on(&format!("{} {}", probe.hostname, step.step));
        });
        progress.step();
        report
    });
    VerifyReport { servers, ..VerifyReport::default() }
}

/// The round trip, through the first working server of each kind.
fn travel(
    args: &VerifyArgs,
    probes: &[Probe],
    reports: &[ServerReport],
    net: &Net,
    options: &Options,
) -> Result<Course, Failure> {
    let who = args.who.iter().find(|who| who.contains('@'));
    let address = args.address.as_ref().or(who).or(args.login.as_ref());
    let address = address.filter(|address| address.contains('@')).ok_or(
        "--round-trip sends a message to the mailbox itself; say its address with --address",
    )?;
    let address = EmailAddress::new(address).map_err(|why| format!("--address: {why}"))?;
    let working = |outgoing: bool| {
        let mut all = probes.iter().zip(reports);
        all.find(|(p, r)| (p.server_type == ServerType::Smtp) == outgoing && signed_in(r))
    };
    let (Some((outgoing, _)), Some((incoming, _))) = (working(true), working(false)) else {
        return Ok(verify::impossible());
    };
    let journey = Journey { outgoing, incoming, address: address.as_str(), arrival: args.arrival };
    Ok(verify::round_trip(net, options, &journey))
}

fn signed_in(report: &ServerReport) -> bool {
    let passed = |step: &Step| step.step == "login" && step.outcome == StepOutcome::Passed;
    report.works() && report.steps.iter().any(passed)
}
