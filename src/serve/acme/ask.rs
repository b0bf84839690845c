//! Decides whether to order a certificate that a client needs.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::super::client_network::ClientNetwork;
use super::super::state::ServerState;
use super::order_budget::Shortage;
use super::order_limiter::OrderDecision;
use super::state::Acme;
use crate::serve::certificate_names::{NameOwner, whose};

/// The most certificates for customers' domains. Each takes some KiB of memory.
const MOST_CUSTOMERS: usize = 20_000;

impl Acme {
    /// Orders a certificate if the name may have one now. Returns whether an order is in progress.
    /// `client` is who asks, if it is known.
    pub(super) fn ask(
        &self,
        shared: &ServerState,
        name: &str,
        client: Option<ClientNetwork>,
    ) -> bool {
        let Some(owner) = whose(name, &shared.store, self.public_host.as_ref()) else {
            return false;
        };
        let figures = &shared.metrics.shared.acme;
        let is_full = owner == NameOwner::Customer && self.issued.len() >= MOST_CUSTOMERS;
        let answer = match is_full && self.issued.get(name).is_none() {
            true => OrderDecision::LimitReached { of: Shortage::Total, report: false },
            false => self.limiter().ask(name, owner, client, Instant::now()),
        };
        match answer {
            OrderDecision::Start => {
                // It fails while the server stops; then nobody waits for long.
                self.queue.send(name.to_owned()).is_ok()
            }
            OrderDecision::InProgress => true,
            OrderDecision::Backoff => false,
            OrderDecision::LimitReached { of, report } => {
                figures.limited.fetch_add(1, Ordering::Relaxed);
                if report {
                    let orders = self.settings.orders_an_hour;
                    let share = self.limiter().share(owner);
                    let why = match of {
                        Shortage::Total => {
                            format!("there were as many orders as --acme-orders {orders} allows")
                        }
                        Shortage::Client => format!(
                            "its client has asked for {share} names in an hour, its share of \
                             --acme-orders {orders}"
                        ),
                        Shortage::Domain => format!(
                            "there were {share} orders for its registered domain in an hour, the \
                             share of --acme-orders {orders}"
                        ),
                    };
                    shared.tell(&format!("no certificate for {name} now: {why}"));
                }
                false
            }
        }
    }
}
