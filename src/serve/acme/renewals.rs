//! ACME renewal information: the authority says when to renew, for example at once because it has to
//! revoke many certificates. RFC 9773

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use instant_acme::{Account, Error};
use tokio::sync::Semaphore;

use super::issued::IssuedCertificate;
use super::order::chain;

/// When to ask next, for each certificate.
pub struct RenewalChecks {
    next: RefCell<HashMap<String, Instant>>,
    /// The authority has answered such a question.
    are_offered: Cell<bool>,
    /// It has none of this.
    are_unsupported: Cell<bool>,
    together: Semaphore,
}

/// Questions at a time.
const TOGETHER: usize = 4;
/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// When to ask again after a failure; and the shortest and longest wait that the authority can ask
/// for. RFC 9773 section 4.3.2
const AFTER_FAILURE: Duration = Duration::from_secs(6 * 3600);
const MIN_WAIT: Duration = Duration::from_secs(60);
const MAX_WAIT: Duration = Duration::from_secs(86_400);

impl Default for RenewalChecks {
    fn default() -> Self {
        Self {
            next: RefCell::default(),
            are_offered: Cell::new(false),
            are_unsupported: Cell::new(false),
            together: Semaphore::new(TOGETHER),
        }
    }
}

impl RenewalChecks {
    pub fn are_offered(&self) -> bool {
        self.are_offered.get()
    }

    /// The certificates that it is time to ask about. The caller asks.
    pub fn begin(
        &self,
        all: Vec<Arc<IssuedCertificate>>,
        now: Instant,
    ) -> Vec<Arc<IssuedCertificate>> {
        if self.are_unsupported.get() {
            return Vec::new();
        }
        // Certificates that there are no longer are forgotten.
        let before = self.next.take();
        let mut next = HashMap::new();
        let mut due = Vec::new();
        for one in all {
            let Some(key) = key(&one) else { continue };
            let at = before.get(&key).copied().filter(|at| now < *at);
            next.insert(key, at.unwrap_or(now + AFTER_FAILURE));
            if at.is_none() {
                due.push(one);
            }
        }
        self.next.replace(next);
        due
    }

    /// Asks about a certificate. Returns whether it is to be renewed at another time than before.
    ///
    /// # Errors
    ///
    /// The authority gives no answer. The usual time of the certificate stays.
    pub async fn ask(
        &self,
        account: &Account,
        one: &IssuedCertificate,
        now: i64,
    ) -> Result<bool, String> {
        let Some(id) = &one.id else { return Ok(false) };
        let Ok(_turn) = self.together.acquire().await else { return Ok(false) };
        if self.are_unsupported.get() {
            return Ok(false);
        }
        match tokio::time::timeout(TIMEOUT, account.renewal_info(id)).await {
            Ok(Ok((info, wait))) => {
                self.are_offered.set(true);
                let next = Instant::now() + wait.clamp(MIN_WAIT, MAX_WAIT);
                self.next.borrow_mut().extend(key(one).map(|key| (key, next)));
                let window = &info.suggested_window;
                let (start, end) = (window.start.unix_timestamp(), window.end.unix_timestamp());
                Ok(one.renew_within(start, end, now))
            }
            Ok(Err(Error::Unsupported(_))) => {
                self.are_unsupported.set(true);
                Ok(false)
            }
            Ok(Err(why)) => Err(chain(&why)),
            Err(_) => Err(format!("it takes longer than {} s", TIMEOUT.as_secs())),
        }
    }
}

/// What the authority calls a certificate.
fn key(one: &IssuedCertificate) -> Option<String> {
    one.id.as_ref().map(ToString::to_string)
}
