//! ACME renewal information: the authority says when to renew, for example at once because it has to
//! revoke many certificates. RFC 9773

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use instant_acme::{Account, Error};
use tokio::sync::Semaphore;

use super::issued::IssuedCertificate;

/// When to ask next, for each name.
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

    /// Whether it is time to ask about a certificate. Then the caller asks.
    pub fn begin(&self, name: &str, now: Instant) -> bool {
        if self.are_unsupported.get() {
            return false;
        }
        let mut all = self.next.borrow_mut();
        let is_due = all.get(name).is_none_or(|next| now >= *next);
        if is_due {
            all.insert(name.to_owned(), now + AFTER_FAILURE);
        }
        is_due
    }

    /// Forgets certificates that there are no longer.
    pub fn retain(&self, exists: impl Fn(&str) -> bool) {
        self.next.borrow_mut().retain(|name, _| exists(name));
    }

    /// Asks about a certificate. Returns whether it is to be renewed at another time than before.
    pub async fn ask(&self, account: &Account, one: &IssuedCertificate, now: i64) -> bool {
        let Some(id) = &one.id else { return false };
        let Ok(_turn) = self.together.acquire().await else { return false };
        if self.are_unsupported.get() {
            return false;
        }
        match tokio::time::timeout(TIMEOUT, account.renewal_info(id)).await {
            Ok(Ok((info, wait))) => {
                self.are_offered.set(true);
                let next = Instant::now() + wait.clamp(MIN_WAIT, MAX_WAIT);
                self.next.borrow_mut().insert(one.name.clone(), next);
                let window = &info.suggested_window;
                let (start, end) = (window.start.unix_timestamp(), window.end.unix_timestamp());
                one.renew_within(start, end, now)
            }
            Ok(Err(Error::Unsupported(_))) => {
                self.are_unsupported.set(true);
                false
            }
            // The usual time of the certificate stays.
            Ok(Err(_)) | Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_asked_about_once_until_the_next_time() {
        let checks = RenewalChecks::default();
        let now = Instant::now();
        assert!(checks.begin("a.example", now));
        assert!(!checks.begin("a.example", now + MIN_WAIT));
        assert!(checks.begin("b.example", now));
        assert!(checks.begin("a.example", now + AFTER_FAILURE));
        checks.retain(|name| name == "b.example");
        assert_eq!(checks.next.borrow().len(), 1);
    }
}
