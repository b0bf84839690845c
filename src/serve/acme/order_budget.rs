//! The budget of orders, and the share of it that one client or one registered domain may have.
//!
//! Anybody can point names at this server and ask by them. Without shares, one of them could use up
//! the orders of all others.

use std::collections::HashMap;
use std::time::Instant;

use crate::serve::client_network::ClientNetwork;

use crate::serve::certificate_names::NameOwner;

/// Whose share of the budget an order counts against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum ShareHolder {
    Client(ClientNetwork),
    /// A registered domain, such as `example.co.uk`.
    Domain(String),
}

/// Which limit an order would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Of all orders together.
    Total,
    Client,
    Domain,
}

/// What an order has taken from the budget.
#[derive(Debug)]
pub struct TakenOrder {
    shares: Vec<(ShareHolder, NameOwner)>,
}

/// Token buckets, refilled by the hour: one for all orders, one for each share.
pub struct OrderBudget {
    holds: f64,
    total: OrderTokens,
    /// Only those that are not full. An order takes from two at most and each is full again after an
    /// hour, so there are no more than four times the orders of an hour.
    shares: HashMap<(ShareHolder, NameOwner), OrderTokens>,
}

struct OrderTokens {
    left: f64,
    since: Instant,
}

/// A domain has three hosts that clients ask.
const SMALLEST_SHARE: f64 = 3.0;

impl OrderBudget {
    pub fn new(an_hour: u32, now: Instant) -> Self {
        let holds = f64::from(an_hour);
        Self { holds, total: OrderTokens { left: holds, since: now }, shares: HashMap::new() }
    }

    /// The orders in an hour of one client or one registered domain: a quarter of the budget for
    /// customers' names, half of it for own names, which nobody can invent.
    pub fn share(&self, whose: NameOwner) -> f64 {
        let part = match whose {
            NameOwner::Own => self.holds / 2.0,
            NameOwner::Customer => self.holds / 4.0,
        };
        part.floor().max(SMALLEST_SHARE)
    }

    /// Takes an order. Customers' names leave a fifth of the budget to own names. Own names that
    /// nobody asks for, such as those to renew, have no client.
    pub fn take(
        &mut self,
        name: &str,
        whose: NameOwner,
        client: Option<ClientNetwork>,
        now: Instant,
    ) -> Result<TakenOrder, Shortage> {
        self.total.refill(self.holds, now);
        let kept = match whose {
            NameOwner::Own => 0.0,
            NameOwner::Customer => (self.holds / 5.0).floor(),
        };
        if self.total.left - kept < 1.0 {
            return Err(Shortage::Total);
        }
        let domain = psl::domain_str(name).unwrap_or(name).to_owned();
        let holders = [client.map(ShareHolder::Client), Some(ShareHolder::Domain(domain))];
        let shares: Vec<_> = holders.into_iter().flatten().map(|holder| (holder, whose)).collect();
        self.refill_shares(now);
        let is_used_up = |share| self.shares.get(share).is_some_and(|own| own.left < 1.0);
        if let Some((holder, _)) = shares.iter().find(|share| is_used_up(share)) {
            return Err(match holder {
                ShareHolder::Client(_) => Shortage::Client,
                ShareHolder::Domain(_) => Shortage::Domain,
            });
        }
        let share = self.share(whose);
        self.total.left -= 1.0;
        for holder in &shares {
            let own = self.shares.entry(holder.clone());
            own.or_insert(OrderTokens { left: share, since: now }).left -= 1.0;
        }
        Ok(TakenOrder { shares })
    }

    /// Gives an order back that was never placed.
    pub fn give_back(&mut self, taken: TakenOrder) {
        self.total.left = (self.total.left + 1.0).min(self.holds);
        for share in taken.shares {
            if let Some(own) = self.shares.get_mut(&share) {
                own.left += 1.0;
            }
        }
    }

    /// Gives back an order that was refused. A customer's name stays counted against its client and
    /// its domain, since anybody can invent such names.
    pub fn give_back_refused(&mut self, mut taken: TakenOrder) {
        taken.shares.retain(|(_, whose)| *whose == NameOwner::Own);
        self.give_back(taken);
    }

    fn refill_shares(&mut self, now: Instant) {
        let (own, customer) = (self.share(NameOwner::Own), self.share(NameOwner::Customer));
        self.shares.retain(|(_, whose), tokens| {
            let holds = if *whose == NameOwner::Own { own } else { customer };
            tokens.refill(holds, now);
            tokens.left < holds
        });
    }
}

impl OrderTokens {
    fn refill(&mut self, holds: f64, now: Instant) {
        let hours = now.saturating_duration_since(self.since).as_secs_f64() / 3600.0;
        self.left = (self.left + hours * holds).min(holds);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use super::*;

    fn client(last: u8) -> Option<ClientNetwork> {
        Some(ClientNetwork::subscriber(IpAddr::from([192, 0, 2, last])))
    }

    /// How many of a hundred names with this pattern are ordered for a client.
    fn ordered(budget: &mut OrderBudget, last: u8, name: &dyn Fn(u8) -> String) -> usize {
        let now = budget.total.since;
        let ask = |n| budget.take(&name(n), NameOwner::Customer, client(last), now).is_ok();
        (0..100).map(ask).filter(|is_ordered| *is_ordered).count()
    }

    #[test]
    fn one_client_cannot_use_up_the_orders_of_the_others() {
        let mut budget = OrderBudget::new(40, Instant::now());
        assert_eq!(ordered(&mut budget, 1, &|n| format!("autoconfig.a{n}.example")), 10);
        assert_eq!(ordered(&mut budget, 2, &|n| format!("autoconfig.b{n}.example")), 10);
        let now = budget.total.since;
        let taken = budget.take("autoconfig.c.example", NameOwner::Customer, client(1), now);
        assert_eq!(taken.unwrap_err(), Shortage::Client);
        // Own names have a share of their own.
        budget.take("autoconfig.own.example", NameOwner::Own, client(1), now).unwrap();
        let later = now + Duration::from_secs(360);
        budget.take("autoconfig.c.example", NameOwner::Customer, client(1), later).unwrap();
    }

    #[test]
    fn one_registered_domain_cannot_use_up_the_orders_of_the_others() {
        let mut budget = OrderBudget::new(40, Instant::now());
        let now = budget.total.since;
        let mut ask = |name: String, last: u8| {
            budget.take(&name, NameOwner::Customer, client(last), now).map(drop)
        };
        for n in 0..10 {
            ask(format!("autoconfig.x{n}.evil.co.uk"), n).unwrap();
        }
        assert_eq!(ask("autoconfig.y.evil.co.uk".to_owned(), 20), Err(Shortage::Domain));
        assert_eq!(ask("autoconfig.good.co.uk".to_owned(), 21), Ok(()));
    }

    #[test]
    fn an_order_that_was_not_placed_is_given_back_to_all_shares() {
        let mut budget = OrderBudget::new(4, Instant::now());
        let now = budget.total.since;
        for _ in 0..20 {
            let taken = budget.take("autoconfig.a.example", NameOwner::Customer, client(1), now);
            budget.give_back(taken.unwrap());
        }
        // Full shares are not kept.
        budget.refill_shares(now);
        assert!(budget.shares.is_empty());
    }
}
