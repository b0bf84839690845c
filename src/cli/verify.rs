//! `mailwright verify`: connects to the servers in settings or in a finished file.

use std::path::Path;

use crate::finding::{Finding, Severity, any_error};
use crate::report::{VerifyReport, human_verified, junit_verified};
use crate::settings::Catalog;
use crate::verify::{Options, StepOutcome, probes_of_file, probes_of_subject};

use super::args::{Global, NetArgs, ReportFormat, SubjectArgs, VerifyArgs};
use super::bytes::read;
use super::credentials::Keys;
use super::hosted::Domain;
use super::session::{Session, for_whom};
use super::terminal::Terminal;
use super::test_plan::{TestPlan, run_tests, test};
use super::{Failure, Outcome};

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
    let result = run_tests(args, &tested, keys.as_mut(), &net, terminal)?;
    let result = VerifyReport { findings, ..result };
    match args.format {
        ReportFormat::Human => {
            terminal.findings(&result.findings);
            terminal.print(&human_verified(&result, args.transcript, terminal.width()))?;
        }
        ReportFormat::Json => {
            let mut text = serde_json::to_string_pretty(&result.json(args.transcript))?;
            text.push('\n');
            terminal.json(&text)?;
        }
        ReportFormat::Junit => terminal.print(&junit_verified(&result))?,
    }
    Ok(if result.works() && !stops { Outcome::Fine } else { Outcome::Findings })
}

/// Tests before files are written: a server that does not work is an error among the findings.
pub fn test_before_writing(
    session: &Session,
    net: &NetArgs,
    terminal: &Terminal,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let mut probes = Vec::new();
    for subject in &session.subjects {
        probes.extend(probes_of_subject(subject, session.protocol, findings));
    }
    let options = Options::new(net.timeout, None);
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
    let (files, who): (Vec<_>, Vec<_>) = args.who.iter().cloned().partition(|w| is_file(w));
    let mut tested = TestPlan::default();
    for file in &files {
        let bytes = read(Path::new(file), file)?;
        tested.probes.extend(probes_of_file(file, &bytes, findings)?);
    }
    let mut add = |who: Vec<String>, provider: Option<String>, with_servers: bool| {
        let subject =
            SubjectArgs { who, provider, protocol: args.protocol, ..SubjectArgs::default() };
        let (project, subjects) = for_whom(&subject, global, findings)?;
        for subject in &subjects {
            tested.add_oauth2_of(subject);
            if with_servers {
                let found = probes_of_subject(subject, project.protocol, findings);
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

/// Whether WHO is a client's file.
fn is_file(who: &str) -> bool {
    let path = Path::new(who);
    path.is_file() && path.extension().is_none_or(|e| e != "toml")
}
