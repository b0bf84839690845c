//! One server, tested as `mailwright verify` does it.

use std::net::SocketAddr;
use std::time::Duration;

use mailwright::internals::model::{Authentication, Port, Secret, ServerType, SocketType};
use mailwright::internals::net::{HostOverride, Net};
use mailwright::internals::verify::{
    self, Credentials, Mechanism, Options, Probe, ServerReport, StepOutcome,
};

use crate::support::ca::{Ca, HOST};

/// The time for each step, unless a test waits for its end.
pub const STEP: Duration = Duration::from_secs(30);

pub struct Test<'a> {
    pub probe: Probe,
    pub ca: Option<&'a Ca>,
    pub address: SocketAddr,
    pub timeout: Duration,
    /// The time for the whole server.
    pub altogether: Duration,
    pub credentials: Option<Credentials>,
}

impl<'a> Test<'a> {
    pub fn new(server_type: ServerType, socket_type: SocketType, address: SocketAddr) -> Self {
        let probe = Probe {
            subject: "test".to_owned(),
            server_type,
            hostname: HOST.to_owned(),
            port: Port::new(4711).unwrap(),
            socket_type,
            authentication: vec![Authentication::PasswordCleartext],
            alternative_of: None,
            refuses_passwords: false,
            advice: None,
        };
        Self { probe, ca: None, address, timeout: STEP, altogether: STEP * 3, credentials: None }
    }

    pub fn pop3(socket_type: SocketType, address: SocketAddr) -> Self {
        Self::new(ServerType::Pop3, socket_type, address)
    }

    pub fn imap(socket_type: SocketType, address: SocketAddr) -> Self {
        Self::new(ServerType::Imap, socket_type, address)
    }

    pub fn smtp(socket_type: SocketType, address: SocketAddr) -> Self {
        Self::new(ServerType::Smtp, socket_type, address)
    }

    pub fn trusting(mut self, ca: &'a Ca) -> Self {
        self.ca = Some(ca);
        self
    }

    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.altogether = timeout * 3;
        self
    }

    pub fn altogether(mut self, timeout: Duration) -> Self {
        self.altogether = timeout;
        self
    }

    pub fn declaring(mut self, authentication: &[Authentication]) -> Self {
        self.probe.authentication = authentication.to_vec();
        self
    }

    pub fn password(mut self, user: &str, password: &str) -> Self {
        let password = Some(Secret::new(password.to_owned()));
        self.credentials =
            Some(Credentials { user: user.to_owned(), password, ..Credentials::default() });
        self
    }

    pub fn token(mut self, user: &str, token: &str) -> Self {
        let all = [ServerType::Pop3, ServerType::Imap, ServerType::Smtp];
        let tokens = all.into_iter().map(|t| (t, Secret::new(token.to_owned()))).collect();
        self.credentials =
            Some(Credentials { user: user.to_owned(), tokens, ..Credentials::default() });
        self.declaring(&[Authentication::OAuth2])
    }

    pub fn by(mut self, mechanism: Mechanism) -> Self {
        self.credentials.as_mut().expect("somebody signs in").mechanism = Some(mechanism);
        self
    }

    pub fn run(&self) -> ServerReport {
        let fixed = HostOverride {
            host: HOST.to_owned(),
            port: self.probe.port.get(),
            addresses: vec![self.address],
        };
        let ca = self.ca.map(Ca::file);
        let net = Net::new(ca.as_deref(), None, vec![fixed]).unwrap();
        self.run_over(&net)
    }

    pub fn run_over(&self, net: &Net) -> ServerReport {
        let options = Options {
            step_timeout: self.timeout,
            server_timeout: self.altogether,
            credentials: self.credentials.clone(),
        };
        verify::test(&self.probe, net, &options, &|_, _| {})
    }

    /// It works, with nothing but notes.
    #[track_caller]
    pub fn works(&self) -> ServerReport {
        let report = self.run();
        assert!(report.steps.iter().all(|s| s.outcome <= StepOutcome::Note), "{report:#?}");
        report
    }

    /// It fails, with exactly these codes in this order.
    #[track_caller]
    pub fn fails(&self, codes: &[&str]) -> ServerReport {
        let report = self.run();
        same_codes(&report, codes);
        report
    }
}

#[track_caller]
pub fn same_codes(report: &ServerReport, codes: &[&str]) {
    let failed: Vec<_> = report
        .steps
        .iter()
        .filter(|step| step.outcome == StepOutcome::Failed)
        .filter_map(|step| step.code.map(|code| code.name))
        .collect();
    assert_eq!(failed, codes, "{report:#?}");
}
