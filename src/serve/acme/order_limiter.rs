//! Limits orders: one at a time for each name, growing pauses after failures, and a budget for each
//! hour.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::serve::client_network::ClientNetwork;

use super::order_budget::{OrderBudget, Shortage, TakenOrder};
use crate::serve::certificate_names::NameOwner;

/// What is in progress, and what has failed.
pub struct OrderLimiter {
    /// By name: what the order has taken from the budget.
    in_progress: HashMap<String, TakenOrder>,
    /// By name: failures in a row, and the end of the pause.
    failures: HashMap<String, Failures>,
    /// By name: the end of the pause after a refusal.
    refused: HashMap<String, Instant>,
    authority: Failures,
    budget: OrderBudget,
    /// How many kinds of challenge can be used.
    challenges: u32,
    said: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    until: Option<Instant>,
}

/// Whether to place an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderDecision {
    Start,
    /// There is an order for this name already.
    InProgress,
    /// The pause after a failure is not over.
    Backoff,
    /// The budget or a share of it is used up. `report` is true at most once a minute.
    LimitReached {
        of: Shortage,
        report: bool,
    },
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderOutcome {
    Issued,
    /// It failed for this name.
    Failed,
    /// The authority cannot be reached, for any name. Nothing was ordered.
    Unreachable,
    /// The authority's own rate limit.
    RateLimited,
    /// The name leads elsewhere, or the operator's program refuses it. Nothing was ordered.
    Refused,
}

const MINUTE: Duration = Duration::from_secs(60);
/// The pause before another kind of challenge is tried.
const OTHER_CHALLENGE: Duration = Duration::from_secs(5);
/// The pauses after every kind of challenge has failed: 1, 4, 16, 64, 256 minutes. Let's Encrypt
/// allows five failures of a name in an hour; with two kinds of challenge, the first hour has five.
const FIRST: Duration = MINUTE;
const LONGEST: Duration = Duration::from_secs(6 * 3600);
/// The first pause when the authority cannot be reached.
const FIRST_UNREACHABLE: Duration = Duration::from_secs(5);
const LONGEST_UNREACHABLE: Duration = Duration::from_secs(30 * 60);
/// The authority's limits last hours or days.
const RATE_LIMITED: Duration = Duration::from_secs(3600);
/// Names that were refused in the last minute; others may be asked again at once.
const MOST_REFUSED: usize = 4096;
/// The failures of a name are forgotten this long after its pause.
const FORGET: Duration = Duration::from_secs(24 * 3600);

impl OrderLimiter {
    pub fn new(orders_an_hour: u32, challenges: u32, now: Instant) -> Self {
        Self {
            in_progress: HashMap::new(),
            failures: HashMap::new(),
            refused: HashMap::new(),
            authority: Failures::default(),
            budget: OrderBudget::new(orders_an_hour, now),
            challenges,
            said: None,
        }
    }

    /// Decides about an order. `client` is who asks, if it is known.
    pub fn ask(
        &mut self,
        name: &str,
        whose: NameOwner,
        client: Option<ClientNetwork>,
        now: Instant,
    ) -> OrderDecision {
        if self.in_progress.contains_key(name) {
            return OrderDecision::InProgress;
        }
        let pauses = |failures: &Failures| failures.until.is_some_and(|until| now < until);
        let is_refused = self.refused.get(name).is_some_and(|until| now < *until);
        if is_refused || pauses(&self.authority) || self.failures.get(name).is_some_and(pauses) {
            return OrderDecision::Backoff;
        }
        match self.budget.take(name, whose, client, now) {
            Ok(taken) => {
                self.in_progress.insert(name.to_owned(), taken);
                OrderDecision::Start
            }
            Err(of) => {
                let is_new = self.said.is_none_or(|said| now.duration_since(said) >= MINUTE);
                if is_new {
                    self.said = Some(now);
                }
                OrderDecision::LimitReached { of, report: is_new }
            }
        }
    }

    /// The orders in an hour of one client or one registered domain.
    pub fn share(&self, whose: NameOwner) -> f64 {
        self.budget.share(whose)
    }

    pub fn is_in_progress(&self, name: &str) -> bool {
        self.in_progress.contains_key(name)
    }

    /// Failures of a name in a row.
    pub fn failed(&self, name: &str) -> u32 {
        self.failures.get(name).map_or(0, |failures| failures.count)
    }

    /// Records how an order ended. Returns how long to pause.
    pub fn over(&mut self, name: &str, end: OrderOutcome, now: Instant) -> Duration {
        let taken = self.in_progress.remove(name);
        self.failures.retain(|_, failures| failures.until.is_some_and(|u| u + FORGET > now));
        if !matches!(end, OrderOutcome::Unreachable | OrderOutcome::Refused) {
            self.authority = Failures::default();
        }
        match end {
            OrderOutcome::Issued => {
                self.failures.remove(name);
                Duration::ZERO
            }
            OrderOutcome::Failed => {
                let failures = self.failures.entry(name.to_owned()).or_default();
                failures.add_failed(self.challenges, now)
            }
            OrderOutcome::Unreachable => {
                if let Some(taken) = taken {
                    self.budget.give_back(taken);
                }
                // Other orders at the same time met the same failure; they do not make the pause
                // longer.
                match self.authority.until {
                    Some(until) if now < until => until - now,
                    _ => self.authority.add(now, FIRST_UNREACHABLE, 2, LONGEST_UNREACHABLE),
                }
            }
            OrderOutcome::Refused => {
                if let Some(taken) = taken {
                    self.budget.give_back_refused(taken);
                }
                self.refused.retain(|_, until| *until > now);
                if self.refused.len() < MOST_REFUSED {
                    self.refused.insert(name.to_owned(), now + MINUTE);
                }
                MINUTE
            }
            OrderOutcome::RateLimited => {
                let failures = self.failures.entry(name.to_owned()).or_default();
                failures.add(now, RATE_LIMITED, 4, LONGEST)
            }
        }
    }
}

impl Failures {
    fn add_failed(&mut self, challenges: u32, now: Instant) -> Duration {
        if self.count + 1 < challenges {
            return self.add(now, OTHER_CHALLENGE, 1, OTHER_CHALLENGE);
        }
        let mut since = Self { count: self.count + 1 - challenges.max(1), until: None };
        let pause = since.add(now, FIRST, 4, LONGEST);
        self.count += 1;
        self.until = since.until;
        pause
    }

    fn add(&mut self, now: Instant, first: Duration, factor: u32, longest: Duration) -> Duration {
        let times = factor.saturating_pow(self.count.min(16));
        let pause = first.saturating_mul(times).min(longest);
        self.count += 1;
        self.until = Some(now + pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_in_hand_once_and_pauses_longer_after_each_failure() {
        let mut now = Instant::now();
        let mut limiter = OrderLimiter::new(50, 1, now);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            assert_eq!(limiter.ask("a", NameOwner::Own, None, now), OrderDecision::Start);
            assert_eq!(limiter.ask("a", NameOwner::Own, None, now), OrderDecision::InProgress);
            let pause = limiter.over("a", OrderOutcome::Failed, now);
            assert_eq!(
                limiter.ask("a", NameOwner::Own, None, now + pause - MINUTE / 2),
                OrderDecision::Backoff
            );
            assert_eq!(
                limiter.ask("b", NameOwner::Own, None, now),
                OrderDecision::Start,
                "others go on"
            );
            limiter.over("b", OrderOutcome::Issued, now);
            pauses.push(pause.as_secs() / 60);
            now += pause;
        }
        assert_eq!(pauses, [1, 4, 16, 64, 256, 360, 360]);
        assert_eq!(limiter.failed("a"), 7);
        assert_eq!(limiter.ask("a", NameOwner::Own, None, now), OrderDecision::Start);
        limiter.over("a", OrderOutcome::Issued, now);
        assert_eq!(limiter.failed("a"), 0);
    }

    #[test]
    fn another_way_is_tried_soon() {
        let mut now = Instant::now();
        let mut limiter = OrderLimiter::new(50, 2, now);
        let pauses = [(); 4].map(|()| {
            assert_eq!(limiter.ask("a", NameOwner::Own, None, now), OrderDecision::Start);
            let pause = limiter.over("a", OrderOutcome::Failed, now);
            now += pause;
            pause.as_secs()
        });
        assert_eq!(pauses, [5, 60, 240, 960]);
    }

    #[test]
    fn an_authority_that_is_away_is_left_alone_by_every_name_and_costs_nothing() {
        let now = Instant::now();
        let mut limiter = OrderLimiter::new(2, 1, now);
        assert_eq!(limiter.ask("a", NameOwner::Own, None, now), OrderDecision::Start);
        assert_eq!(limiter.ask("b", NameOwner::Own, None, now), OrderDecision::Start);
        assert_eq!(limiter.over("a", OrderOutcome::Unreachable, now), Duration::from_secs(5));
        assert_eq!(limiter.over("b", OrderOutcome::Unreachable, now), Duration::from_secs(5));
        assert_eq!(limiter.ask("c", NameOwner::Own, None, now), OrderDecision::Backoff);
        let later = now + Duration::from_secs(5);
        assert_eq!(limiter.ask("a", NameOwner::Own, None, later), OrderDecision::Start);
        assert_eq!(limiter.over("a", OrderOutcome::Unreachable, later), Duration::from_secs(10));
        let later = later + Duration::from_secs(10);
        assert_eq!(limiter.ask("a", NameOwner::Own, None, later), OrderDecision::Start);
        assert_eq!(limiter.over("a", OrderOutcome::RateLimited, later), RATE_LIMITED);
        assert_eq!(
            limiter.ask("a", NameOwner::Own, None, later + 59 * MINUTE),
            OrderDecision::Backoff
        );
        assert_eq!(
            limiter.ask("b", NameOwner::Own, None, later),
            OrderDecision::Start,
            "its limit is not b's"
        );
        assert_eq!(
            limiter.over("b", OrderOutcome::Unreachable, later),
            Duration::from_secs(5),
            "anew"
        );
    }

    #[test]
    fn strangers_leave_some_orders_to_those_who_are_known() {
        let now = Instant::now();
        let mut limiter = OrderLimiter::new(10, 1, now);
        let mut taken = 0;
        for number in 0..100 {
            let answer = limiter.ask(&format!("{number}"), NameOwner::Customer, None, now);
            taken += usize::from(answer == OrderDecision::Start);
            assert_eq!(
                answer == OrderDecision::LimitReached { of: Shortage::Total, report: true },
                number == 8,
                "it is said once"
            );
        }
        assert_eq!(taken, 8);
        assert_eq!(limiter.ask("own 1", NameOwner::Own, None, now), OrderDecision::Start);
        assert_eq!(limiter.ask("own 2", NameOwner::Own, None, now), OrderDecision::Start);
        assert!(matches!(
            limiter.ask("own 3", NameOwner::Own, None, now),
            OrderDecision::LimitReached { .. }
        ));
        // Six minutes are a tenth of an hour.
        let later = now + 6 * MINUTE;
        assert!(matches!(
            limiter.ask("x", NameOwner::Customer, None, later),
            OrderDecision::LimitReached { .. }
        ));
        assert_eq!(limiter.ask("own 3", NameOwner::Own, None, later), OrderDecision::Start);
        assert!(matches!(
            limiter.ask("own 4", NameOwner::Own, None, later),
            OrderDecision::LimitReached { .. }
        ));
    }
}
