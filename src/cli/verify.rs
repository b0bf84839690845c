//! `mailwright verify`: talks to the servers that settings or a finished file name.

use std::collections::BTreeMap;
use std::process::Command;

use crate::finding::{Finding, any_error};
use crate::model::{EmailAddress, Secret, ServerType, Text};
use crate::net::Net;
use crate::report::{Verified, human_verified, junit_verified};
use crate::settings::Catalog;
use crate::verify::{
    self, Credentials, Journey, Mechanism, Options, Outcome as StepOutcome, Probe,
};
use crate::verify::{RoundTrip, ServerReport, Step};

use super::args::{Global, NetArgs, ReportFormat, SubjectArgs, VerifyArgs};
use super::secret::read_password;
use super::session::{Session, for_whom};
use super::terminal::Terminal;
use super::{Failure, Outcome, probes};

pub fn run(args: &VerifyArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let probes = probes_of(args, global, &mut findings)?;
    if any_error(&findings) {
        terminal.findings(&findings);
        return Err("what is to be tested cannot be read".into());
    }
    let credentials = credentials(args, &probes)?;
    let net = net_of(&args.net)?;
    let options = Options { step: args.net.timeout, server: args.net.timeout * 3, credentials };
    let mut result = Verified { findings, ..test(&probes, &net, &options, terminal) };
    if args.round_trip {
        result.round_trip = Some(travel(args, &probes, &result.servers, &net, &options)?);
    }
    match args.format {
        ReportFormat::Human => {
            terminal.findings(&result.findings);
            terminal.print(&human_verified(&result, args.transcript))?;
        }
        ReportFormat::Json => {
            let mut text = serde_json::to_string_pretty(&result.json(args.transcript))?;
            text.push('\n');
            terminal.print(&text)?;
        }
        ReportFormat::Junit => terminal.print(&junit_verified(&result))?,
    }
    Ok(if result.works() { Outcome::Fine } else { Outcome::Findings })
}

/// The same before something is written: what does not work is an error among the findings.
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
    let result = test(&probes, &net_of(net)?, &options, terminal);
    for server in &result.servers {
        for step in server.steps.iter().filter(|s| s.outcome >= StepOutcome::Warning) {
            let Some(code) = step.code else { continue };
            let message = format!("{}: {}", server.name(), step.detail);
            let failed = step.outcome == StepOutcome::Failed && server.counts();
            let mut finding = match failed {
                true => Finding::error(code.name, message),
                false => Finding::warning(code.name, message),
            };
            finding.help = step.help().map(str::to_owned);
            findings.push(finding);
        }
    }
    Ok(())
}

fn probes_of(
    args: &VerifyArgs,
    global: &Global,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Probe>, Failure> {
    let (files, who): (Vec<_>, Vec<_>) = args.who.iter().cloned().partition(|w| probes::is_file(w));
    let mut found = Vec::new();
    for file in &files {
        found.extend(probes::of_file(file, findings)?);
    }
    let subjects = |who: Vec<String>, provider: Option<String>, findings: &mut Vec<Finding>| {
        let subject =
            SubjectArgs { who, provider, protocol: args.protocol, ..SubjectArgs::default() };
        for_whom(&subject, global, findings)
    };
    if args.all {
        let Some(folder) = &global.providers else {
            return Err(
                "--all tests the providers of a folder; name it with --providers DIR".into()
            );
        };
        for path in Catalog::files(folder)? {
            let name = path.display().to_string();
            let (project, subjects) = subjects(Vec::new(), Some(name), findings)?;
            for subject in &subjects {
                found.extend(probes::of_subject(subject, project.protocol, findings));
            }
        }
    } else if files.is_empty() || !who.is_empty() {
        // A provider's own file is a provider, wherever it stands.
        let (tomls, who): (Vec<_>, Vec<_>) = who.into_iter().partition(|w| w.ends_with(".toml"));
        let mut groups: Vec<(Vec<String>, Option<String>)> =
            tomls.into_iter().map(|toml| (Vec::new(), Some(toml))).collect();
        if groups.is_empty() || !who.is_empty() {
            groups.push((who, args.provider.clone()));
        }
        for (who, provider) in groups {
            let (project, subjects) = subjects(who, provider, findings)?;
            for subject in &subjects {
                found.extend(probes::of_subject(subject, project.protocol, findings));
            }
        }
    }
    if found.is_empty() && !any_error(findings) {
        return Err("there is no POP3, IMAP or SMTP server to test".into());
    }
    Ok(found)
}

fn net_of(args: &NetArgs) -> Result<Net, Failure> {
    Ok(Net::new(args.ca.as_deref(), args.dns, args.resolve.clone())?)
}

fn test(probes: &[Probe], net: &Net, options: &Options, terminal: &Terminal) -> Verified {
    let progress = terminal.progress(probes.len(), "servers");
    let servers = verify::each(probes, |probe| {
        progress.working_on(&probe.hostname);
        let report = verify::test(probe, net, options, &|probe, step| {
            progress.working_on(&format!("{} {}", probe.hostname, step.step));
        });
        progress.step();
        report
    });
    Verified { servers, ..Verified::default() }
}

/// The round trip, through the first server of each kind that works.
fn travel(
    args: &VerifyArgs,
    probes: &[Probe],
    reports: &[ServerReport],
    net: &Net,
    options: &Options,
) -> Result<RoundTrip, Failure> {
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
        return Ok(RoundTrip::impossible());
    };
    let journey = Journey { outgoing, incoming, address: address.as_str(), arrival: args.arrival };
    Ok(verify::round_trip(net, options, &journey))
}

fn signed_in(report: &ServerReport) -> bool {
    let passed = |step: &Step| step.step == "login" && step.outcome == StepOutcome::Passed;
    report.works() && report.steps.iter().any(passed)
}

fn credentials(args: &VerifyArgs, probes: &[Probe]) -> Result<Option<Credentials>, Failure> {
    let Some(user) = &args.login else { return Ok(None) };
    Text::new(user).map_err(|why| format!("the user name of --login has a {why}"))?;
    if user.is_empty() {
        return Err("--login needs a user name, mostly the whole address".into());
    }
    let mechanism = args.mechanism.as_deref().map(mechanism).transpose()?;
    let password = args.password_from.as_deref().map(read_password).transpose()?;
    let mut tokens = BTreeMap::new();
    if let Some(command) = &args.token_command {
        for server in [ServerType::Pop3, ServerType::Imap, ServerType::Smtp] {
            if probes.iter().any(|probe| probe.server_type == server) {
                tokens.insert(server, token(command, server)?);
            }
        }
    }
    if password.is_none() && tokens.is_empty() {
        return Err("--login needs something to sign in with: --password-from prompt, or \
                    --token-command COMMAND for OAuth2"
            .into());
    }
    Ok(Some(Credentials { user: user.clone(), password, tokens, mechanism }))
}

fn mechanism(name: &str) -> Result<Mechanism, Failure> {
    let upper = name.to_ascii_uppercase();
    Mechanism::ALL.into_iter().find(|m| m.name() == upper).ok_or_else(|| {
        let all: Vec<_> = Mechanism::ALL.iter().map(|m| m.name()).collect();
        format!("--mechanism {name} is none of {}", all.join(", ")).into()
    })
}

/// Runs the user's command in the shell; the first line of what it prints is the token.
fn token(command: &str, server: ServerType) -> Result<Secret, Failure> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell)
        .args([flag, command])
        .env("MAILWRIGHT_PROTOCOL", server.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|e| format!("--token-command: cannot start {shell}: {e}"))?;
    if !output.status.success() {
        return Err(format!("--token-command ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| "--token-command printed something that is not UTF-8")?;
    let token = text.lines().next().unwrap_or_default().trim().to_owned();
    if token.is_empty() || token.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("--token-command printed no token in its first line".into());
    }
    Ok(Secret::new(token))
}
