//! `mailwright verify --hosted`: chooses the domain and the settings to compare with.

use crate::codes;
use crate::finding::{Finding, Severity};
use crate::model::{EmailAddress, Hostname, Protocol};
use crate::net::Net;
use crate::settings::Subject;
use crate::verify::hosted::{ExpectedSettings, HostedReport, hosted};

use super::Failure;
use super::args::{Global, SubjectArgs, VerifyArgs};
use super::session::for_whom;
use super::terminal::Terminal;

/// A domain to check.
pub struct Domain {
    name: Hostname,
    /// `None` if there are no settings for it.
    subject: Option<Subject>,
    protocol: Protocol,
    known: Option<EmailAddress>,
}

impl Domain {
    pub fn of(
        args: &VerifyArgs,
        domain: &str,
        global: &Global,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, Failure> {
        let name = Hostname::new(domain).map_err(|why| format!("--hosted {domain}: {why}"))?;
        let known = args.address.as_ref().or(args.login.as_ref()).filter(|a| a.contains('@'));
        let known = known.map(|address| EmailAddress::new(address)).transpose();
        let known = known.map_err(|why| format!("--address: {why}"))?;
        if let Some(other) = known.as_ref().filter(|address| *address.domain() != name) {
            return Err(format!("--address {other} is not at {name}").into());
        }
        let subject = SubjectArgs {
            who: vec![name.to_string()],
            provider: args.provider.clone(),
            protocol: args.protocol,
            ..SubjectArgs::default()
        };
        let mut own = Vec::new();
        let (project, mut subjects) = for_whom(&subject, global, &mut own)?;
        // Without settings, everything except the comparison is still useful.
        own.retain(|f| f.code != codes::UNKNOWN_DOMAIN || f.severity != Severity::Error);
        findings.append(&mut own);
        let subject = subjects.pop();
        let default = subject.as_ref().and_then(|subject| subject.config.default_protocol);
        let protocol = project.protocol.or(default).unwrap_or(Protocol::Both);
        Ok(Self { name, subject, protocol, known })
    }

    pub fn look(&self, args: &VerifyArgs, net: &Net, terminal: &Terminal) -> HostedReport {
        let subject = self.subject.as_ref();
        let settings =
            subject.map(|s| ExpectedSettings { config: &s.config, protocol: self.protocol });
        let progress = terminal.progress(0, "answers");
        let tell = |url: &str| {
            progress.working_on(url);
            progress.step();
        };
        let patience = args.net.timeout;
        hosted(net, &self.name, settings.as_ref(), self.known.clone(), patience, &tell)
    }
}
