//! `mailwright healthcheck`: whether the server in this container is ready.

use std::time::Duration;

use crate::serve::healthcheck;

use super::args::HealthcheckArgs;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &HealthcheckArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let plain = args.metrics.iter().chain(&args.listen_http).chain(&args.listen).next();
    let default = || super::serve::LISTEN.parse().expect("an address and a port");
    let address = args.address.clone().or_else(|| plain.cloned()).unwrap_or_else(default);
    match healthcheck(&address, Duration::from_secs(args.timeout.into())) {
        Ok(()) => Ok(Outcome::Fine),
        Err(words) => {
            terminal.say(&words);
            Ok(Outcome::Findings)
        }
    }
}
