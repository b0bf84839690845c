//! What `verify` tests, and one run of the tests.

use std::collections::BTreeSet;

use crate::model::{EmailAddress, OAuth2, ServerType};
use crate::net::Net;
use crate::report::VerifyReport;
use crate::settings::Subject;
use crate::verify::{
    self, Options, Probe, RoundTripSetup, ServerReport, Step, StepOutcome, StepSequence,
};

use super::Failure;
use super::args::VerifyArgs;
use super::credentials::Keys;
use super::hosted::Domain;
use super::terminal::Terminal;

/// What a run tests.
#[derive(Default)]
pub struct TestPlan {
    pub probes: Vec<Probe>,
    /// The OAuth2 parts of the tested settings, each once.
    pub(super) oauth2: Vec<OAuth2>,
    pub(super) hosted: Option<Domain>,
}

impl TestPlan {
    pub(super) fn types(&self) -> BTreeSet<ServerType> {
        self.probes.iter().map(|probe| probe.server_type).collect()
    }

    pub(super) fn add_oauth2_of(&mut self, subject: &Subject) {
        if let Some(oauth2) = &subject.config.oauth2
            && !self.oauth2.contains(oauth2)
        {
            self.oauth2.push(oauth2.clone());
        }
    }
}

/// Runs all tests once.
pub fn run_tests(
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
    let options = Options::new(args.net.timeout, credentials);
    let mut result = VerifyReport { sign_in, ..test(&tested.probes, net, &options, terminal) };
    result.hosted = tested.hosted.as_ref().map(|domain| domain.look(args, net, terminal));
    if args.round_trip {
        result.round_trip =
            Some(run_round_trip(args, &tested.probes, &result.servers, net, &options)?);
    }
    result.set_levels(terminal.levels());
    Ok(result)
}

pub(super) fn test(
    probes: &[Probe],
    net: &Net,
    options: &Options,
    terminal: &Terminal,
) -> VerifyReport {
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
fn run_round_trip(
    args: &VerifyArgs,
    probes: &[Probe],
    reports: &[ServerReport],
    net: &Net,
    options: &Options,
) -> Result<StepSequence, Failure> {
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
    let journey =
        RoundTripSetup { outgoing, incoming, address: address.as_str(), arrival: args.arrival };
    Ok(verify::round_trip(net, options, &journey))
}

fn signed_in(report: &ServerReport) -> bool {
    let passed = |step: &Step| step.step == "login" && step.outcome == StepOutcome::Passed;
    report.works() && report.steps.iter().any(passed)
}
