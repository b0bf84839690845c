//! The thread that orders certificates and renews them in time.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use instant_acme::Account;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::{LocalSet, spawn_local};

use crate::serve::ServerState;

use super::issued::IssuedCertificate;
use super::order::OrderError;
use super::order_limiter::OrderOutcome;
use super::permission::OrderPermission;
use super::renewals::RenewalChecks;
use super::state::{Acme, now};
use crate::serve::certificate_names::{NameOwner, whose};

/// Orders at a time.
const TOGETHER: usize = 8;
/// The time limit of one order.
const LONGEST: Duration = Duration::from_secs(180);
/// The time limit for reaching the account.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// The longest and the shortest wait between two looks at what has to be renewed.
const MAX_WAIT: Duration = Duration::from_secs(60);
const MIN_WAIT: Duration = Duration::from_secs(1);
/// Seconds. An expired certificate that nobody renews is deleted after this time.
const KEEP_ENDED: i64 = 7 * 86_400;

struct Fetcher {
    acme: Arc<Acme>,
    shared: Arc<ServerState>,
    account: Mutex<Option<Account>>,
    permission: OrderPermission,
    together: Semaphore,
    /// The kind of challenge that worked last.
    kind: AtomicUsize,
    renewals: RenewalChecks,
}

impl Acme {
    /// Orders certificates until the server stops. `listening` are the addresses of its listeners.
    pub fn run(
        self: &Arc<Self>,
        shared: &Arc<ServerState>,
        listening: &[SocketAddr],
        mut stopped: watch::Receiver<bool>,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(2)
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(why) => {
                return shared.tell(&format!("cannot start to fetch certificates: {why}"));
            }
        };
        let permission = {
            let _inside = runtime.enter();
            OrderPermission::new(&self.settings, listening)
        };
        let permission = match permission {
            Ok(permission) => permission,
            Err(why) => {
                return shared.tell(&format!("cannot start to fetch certificates: {why}"));
            }
        };
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut asked = asked.expect("there is one such thread");
        let fetcher = Rc::new(Fetcher {
            acme: Arc::clone(self),
            shared: Arc::clone(shared),
            account: Mutex::new(None),
            permission,
            together: Semaphore::new(TOGETHER),
            kind: AtomicUsize::new(0),
            renewals: RenewalChecks::default(),
        });
        LocalSet::new().block_on(&runtime, async {
            if let Some(own) = &self.public_host {
                fetcher.ask_for_own(own.as_str());
            }
            fetcher.note();
            let mut over = self.over.subscribe();
            loop {
                let pause = fetcher.renew();
                Fetcher::check_renewals(&fetcher);
                tokio::select! {
                    name = asked.recv() => match name {
                        Some(name) => drop(spawn_local(Rc::clone(&fetcher).fetch(name))),
                        None => break,
                    },
                    // A new certificate may be the next one to renew.
                    _ = over.changed() => {}
                    () = tokio::time::sleep(pause) => {}
                    _ = stopped.changed() => break,
                }
            }
        });
        // Do not wait for DNS lookups that are still running.
        runtime.shutdown_background();
    }
}

impl Fetcher {
    /// Orders the certificate of the server's own host before anybody asks.
    fn ask_for_own(&self, name: &str) {
        let is_there = self.acme.issued.get(name).is_some_and(|one| now() < one.due());
        let is_in_file = self.acme.files.as_ref().is_some_and(|files| files.of(name).is_some());
        if !is_there && !is_in_file {
            self.acme.ask(&self.shared, name, None);
        }
    }

    /// Renews certificates of own names; those of customers are renewed when somebody asks. Returns
    /// how long to wait until the next look.
    fn renew(&self) -> Duration {
        let acme = &self.acme;
        let now = now();
        let mut next = i64::MAX;
        let mut ended = false;
        for one in acme.issued.all() {
            if now >= one.ends.saturating_add(KEEP_ENDED) {
                acme.issued.remove(&one.name);
                acme.cache.forget(&one.name);
                ended = true;
                continue;
            }
            if whose(&one.name, &self.shared.store, acme.public_host.as_ref())
                != Some(NameOwner::Own)
            {
                continue;
            }
            match now < one.due() {
                true => next = next.min(one.due() - now),
                false => drop(acme.ask(&self.shared, &one.name, None)),
            }
        }
        if ended {
            self.note();
        }
        Duration::from_secs(u64::try_from(next).unwrap_or(0)).clamp(MIN_WAIT, MAX_WAIT)
    }

    fn note(&self) {
        let all = self.acme.issued.all();
        let ends = all.iter().map(|one| (one.name.clone(), one.ends));
        self.shared.metrics.shared.acme.note(ends.collect());
    }

    /// Whether to order. Reports what is in the way, once a minute.
    async fn may_order(&self, name: &str) -> bool {
        let Err((obstacle, why)) = self.permission.check(name).await else { return true };
        self.shared.metrics.shared.acme.refused.fetch_add(1, Ordering::Relaxed);
        self.acme.limiter().over(name, OrderOutcome::Refused, Instant::now());
        if self.permission.is_due(obstacle) {
            self.shared.tell(&format!("no certificate is ordered for {name}: {why}"));
        }
        self.acme.over.send_modify(|number| *number += 1);
        false
    }

    async fn fetch(self: Rc<Self>, name: String) {
        if !self.may_order(&name).await {
            return;
        }
        let Ok(_place) = self.together.acquire().await else { return };
        let (acme, shared) = (&self.acme, &self.shared);
        shared.metrics.shared.acme.orders.fetch_add(1, Ordering::Relaxed);
        let kinds = &acme.settings.kinds;
        let failed = usize::try_from(acme.limiter().failed(&name)).unwrap_or(0);
        let number = (self.kind.load(Ordering::Relaxed) + failed) % kinds.len();
        let kind = kinds[number];
        shared.tell(&format!(
            "ordering a certificate for {name} ({}) from {}",
            kind.name(),
            acme.settings.directory
        ));
        let begun = Instant::now();
        let fetched = tokio::time::timeout(LONGEST, self.fetch_with(&name, number)).await;
        let fetched = fetched.unwrap_or_else(|_| {
            Err(OrderError::Failed(format!("it takes longer than {} s", LONGEST.as_secs())))
        });
        let result = fetched.and_then(|fetched| {
            let one = IssuedCertificate::new(&name, &fetched.key, &fetched.chain)
                .map_err(OrderError::Failed)?;
            // Without the file the certificate works until the server stops.
            if let Err(why) = acme.cache.keep(&name, &fetched.key, &fetched.chain) {
                shared.tell(&format!("cannot keep the certificate of {name}: {why}"));
            }
            Ok(one)
        });
        let (end, words) = match result {
            Ok(one) => {
                self.kind.store(number, Ordering::Relaxed);
                let days = (one.ends - now()).div_euclid(86_400);
                acme.issued.put(one);
                self.note();
                let took = begun.elapsed().as_secs_f64();
                (
                    OrderOutcome::Issued,
                    format!("has a certificate for {days} days, after {took:.1} s"),
                )
            }
            Err(OrderError::Unreachable(words)) => (OrderOutcome::Unreachable, words),
            Err(OrderError::RateLimited(words)) => (OrderOutcome::RateLimited, words),
            Err(OrderError::UnknownAccount(words) | OrderError::Failed(words)) => {
                (OrderOutcome::Failed, words)
            }
        };
        if end == OrderOutcome::Issued {
            shared.tell(&format!("{name} {words}"));
            acme.limiter().over(&name, end, Instant::now());
        } else {
            shared.metrics.shared.acme.failures.fetch_add(1, Ordering::Relaxed);
            let pause = acme.limiter().over(&name, end, Instant::now());
            let what = match end {
                OrderOutcome::Unreachable => "nothing is ordered",
                _ => "it is not ordered again",
            };
            shared.tell(&format!(
                "no certificate for {name} ({}): {words}; {what} for {}",
                kind.name(),
                duration(pause)
            ));
        }
        acme.over.send_modify(|number| *number += 1);
    }

    /// Asks the authority when to renew certificates, where that is due.
    fn check_renewals(self: &Rc<Self>) {
        for one in self.renewals.begin(self.acme.issued.all(), Instant::now()) {
            let fetcher = Rc::clone(self);
            spawn_local(async move {
                let Ok(account) = fetcher.account().await else { return };
                match fetcher.renewals.ask(&account, &one, now()).await {
                    // The thread looks again at what is due.
                    Ok(true) => fetcher.acme.over.send_modify(|number| *number += 1),
                    Ok(false) => {}
                    Err(why) => fetcher.shared.tell(&format!(
                        "the authority does not say when to renew the certificate of {}: {why}",
                        one.name
                    )),
                }
            });
        }
    }

    async fn fetch_with(
        &self,
        name: &str,
        number: usize,
    ) -> Result<super::order::FetchedChain, OrderError> {
        let kind = self.acme.settings.kinds[number];
        let account = self.account().await?;
        let earlier = self.acme.issued.get(name).and_then(|one| one.id.clone());
        let replaces = earlier.filter(|_| self.renewals.are_offered());
        match self.acme.fetch(&account, name, kind, replaces).await {
            // The authority lost the account, as a test authority does when it restarts.
            Err(OrderError::UnknownAccount(_)) => {
                *self.account.lock().await = None;
                self.acme.cache.forget_account();
                let account = self.account().await?;
                self.acme.fetch(&account, name, kind, None).await
            }
            other => other,
        }
    }

    async fn account(&self) -> Result<Account, OrderError> {
        let mut known = self.account.lock().await;
        if let Some(account) = &*known {
            return Ok(account.clone());
        }
        let account = tokio::time::timeout(LONGEST_SILENCE, self.acme.account()).await;
        let account = account.unwrap_or_else(|_| {
            let seconds = LONGEST_SILENCE.as_secs();
            Err(OrderError::Unreachable(format!("it does not answer within {seconds} s")))
        });
        Ok(known.insert(account?).clone())
    }
}

fn duration(pause: Duration) -> String {
    match pause.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds => format!("{} minutes", seconds / 60),
    }
}
