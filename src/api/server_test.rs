//! Tests the servers of settings.

use std::time::Duration;

use super::{Error, Settings};
use crate::finding::{Finding, any_error};
use crate::model::Secret;
use crate::net::Net;
use crate::verify::{Credentials, Options, ServerReport, each, probes_of_subject, test};

/// Connects to the servers in settings, as the users' clients do, and signs in if it has a password.
///
/// ```
/// use std::time::Duration;
/// use mailwright::{HostOverride, Net, Providers, ServerTest};
///
/// let settings = Providers::built_in()?.find("ann@outlook.com")?;
/// // For this example nobody listens, and nothing leaves the machine.
/// let nowhere = ["pop-mail.outlook.com:995:127.0.0.1:9", "smtp-mail.outlook.com:587:127.0.0.1:9"];
/// let overrides = nowhere.iter().map(|text| HostOverride::parse(text)).collect::<Result<_, _>>()?;
/// let net = Net::new(None, None, overrides)?;
/// let (reports, _) = ServerTest::new(&settings).timeout(Duration::from_secs(5)).run(&net)?;
/// for report in &reports {
///     let failed = report.steps.iter().find(|step| step.code.is_some()).unwrap();
///     println!("{}: {}", report.name(), failed.detail);
/// }
/// assert!(reports.iter().all(|report| !report.works()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ServerTest<'a> {
    settings: &'a Settings,
    timeout: Duration,
    password: Option<Secret>,
}

impl<'a> ServerTest<'a> {
    /// A test without sign-in, with ten seconds for each step.
    pub fn new(settings: &'a Settings) -> Self {
        Self { settings, timeout: Duration::from_secs(10), password: None }
    }

    /// The limit for one step; a server has three times that.
    pub fn timeout(mut self, step: Duration) -> Self {
        self.timeout = step;
        self
    }

    /// Signs in with this password. It is sent only over TLS with a trusted certificate.
    pub fn password(mut self, password: Secret) -> Self {
        self.password = Some(password);
        self
    }

    /// Tests all servers at the same time, and blocks until the last one is done. The findings name
    /// what was not tested, such as an Exchange server.
    ///
    /// # Errors
    ///
    /// There is nothing to test: no POP3, IMAP or SMTP server, a host name that depends on an
    /// address that is not known, or a password without an address. A server that does not work is
    /// no error; its report has a step that failed.
    pub fn run(&self, net: &Net) -> Result<(Vec<ServerReport>, Vec<Finding>), Error> {
        let subject = &self.settings.subject;
        let mut findings = Vec::new();
        let probes = probes_of_subject(subject, None, &mut findings);
        if probes.is_empty() || any_error(&findings) {
            let name = subject.name();
            return Err(Error::of(&format!("no server of {name} can be tested"), findings));
        }
        let users = match (&self.password, subject.address()) {
            (None, _) => None,
            (Some(_), None) => return Err(Error::new("a password is for one address")),
            (Some(password), Some(address)) => Some((password, address)),
        };
        let reports = each(&probes, |probe| {
            let credentials = users.map(|(password, address)| {
                let servers = [&subject.config.incoming, &subject.config.outgoing];
                let server = servers.into_iter().flatten().find(|server| {
                    server.server_type == probe.server_type && server.port == probe.port
                });
                let user = server.map(|server| server.username.resolve(address));
                Credentials {
                    user: user.unwrap_or_else(|| address.to_string()),
                    password: Some(password.clone()),
                    ..Credentials::default()
                }
            });
            test(probe, net, &Options::new(self.timeout, credentials), &|_, _| {})
        });
        Ok((reports, findings))
    }
}
