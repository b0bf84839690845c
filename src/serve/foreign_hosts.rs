//! Tells the administrator once when addresses of one provider are asked for at a host of another.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::options::Tell;

/// The pairs of providers that were reported.
#[derive(Debug, Default)]
pub struct ForeignHosts(Mutex<HashSet<(String, String)>>);

/// Pairs. Further ones are not reported, because visitors choose both.
const MOST: usize = 100;

impl ForeignHosts {
    /// Notes a request at a host of `host` for an address of `asked`, two names of providers.
    pub fn note(&self, host: &str, asked: &str, tell: &Tell) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST || !known.insert((host.to_owned(), asked.to_owned())) {
            return;
        }
        drop(known);
        tell(&format!(
            "at a host of {host}, settings of {asked} were asked for and not given; if users of \
             {asked} are led there by SRV or CNAME, name that host with --public-host"
        ));
    }
}
