//! The thread that fetches certificates: some orders at a time, and what is to be renewed in time.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use instant_acme::Account;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::{LocalSet, spawn_local};

use crate::serve::ServerState;

use super::issued::IssuedCertificate;
use super::names::{NameOwner, whose};
use super::order::OrderError;
use super::order_limiter::OrderOutcome;
use super::{Acme, now};

/// So many orders at a time.
const TOGETHER: usize = 8;
/// IssuedCertificate order, with everything that the authority may take its time for.
const LONGEST: Duration = Duration::from_secs(180);
/// An authority that says nothing for so long is not there.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// ShownChallenge is to be renewed is looked for so often at least, and at most.
const MAX_WAIT: Duration = Duration::from_secs(60);
const MIN_WAIT: Duration = Duration::from_secs(1);
/// ShownChallenge nobody has renewed is kept so long after its end.
const KEEP_ENDED: i64 = 7 * 86_400;

struct Fetcher {
    acme: Arc<Acme>,
    shared: Arc<ServerState>,
    account: Mutex<Option<Account>>,
    together: Semaphore,
    /// Which of the kinds of challenge has worked last.
    kind: AtomicUsize,
}

impl Acme {
    /// Fetches until the server ends.
    pub fn run(self: &Arc<Self>, shared: &Arc<ServerState>, mut stopped: watch::Receiver<bool>) {
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
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut asked = asked.expect("there is one such thread");
        let fetcher = Rc::new(Fetcher {
            acme: Arc::clone(self),
            shared: Arc::clone(shared),
            account: Mutex::new(None),
            together: Semaphore::new(TOGETHER),
            kind: AtomicUsize::new(0),
        });
        LocalSet::new().block_on(&runtime, async {
            if let Some(own) = &self.canonical {
                fetcher.ask_for_own(own.as_str());
            }
            fetcher.note();
            let mut over = self.over.subscribe();
            loop {
                let pause = fetcher.renew();
                tokio::select! {
                    name = asked.recv() => match name {
                        Some(name) => drop(spawn_local(Rc::clone(&fetcher).fetch(name))),
                        None => break,
                    },
                    // IssuedCertificate that is new may be the next one to be renewed.
                    _ = over.changed() => {}
                    () = tokio::time::sleep(pause) => {}
                    _ = stopped.changed() => break,
                }
            }
        });
        // Names that are being asked the system for are not waited for.
        runtime.shutdown_background();
    }
}

impl Fetcher {
    /// This server's own name wants a certificate before anybody asks.
    fn ask_for_own(&self, name: &str) {
        let is_there = self.acme.issued.get(name).is_some_and(|one| now() < one.due);
        let is_in_file = self.acme.files.as_ref().is_some_and(|files| files.of(name).is_some());
        if !is_there && !is_in_file {
            self.acme.ask(&self.shared, name);
        }
    }

    /// Asks for what is due of our own names; others are renewed when somebody asks for them. Gives when
    /// to look again.
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
            if whose(&one.name, &self.shared.store, acme.canonical.as_ref()) != Some(NameOwner::Own)
            {
                continue;
            }
            match now < one.due {
                true => next = next.min(one.due - now),
                false => drop(acme.ask(&self.shared, &one.name)),
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

    async fn fetch(self: Rc<Self>, name: String) {
        let Ok(_place) = self.together.acquire().await else { return };
        let (acme, shared) = (&self.acme, &self.shared);
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
            // Not kept it is as good, until the server ends.
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

    async fn fetch_with(
        &self,
        name: &str,
        number: usize,
    ) -> Result<super::order::FetchedChain, OrderError> {
        let kind = self.acme.settings.kinds[number];
        let account = self.account().await?;
        match self.acme.fetch(&account, name, kind).await {
            // The authority has forgotten us, as one for tests does when it is started anew.
            Err(OrderError::UnknownAccount(_)) => {
                *self.account.lock().await = None;
                self.acme.cache.forget_account();
                let account = self.account().await?;
                self.acme.fetch(&account, name, kind).await
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
