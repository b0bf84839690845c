//! Reloads certificates and the signing key when their files change, on a thread of its own.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError, RwLock};

use super::metrics::Metrics;
use super::options::Tell;
use super::state::{ProfileSignerLoader, ReloadedSigner};
use super::tls::Certificates;
use super::watch::settled;

/// Reloads what the server proves itself with.
pub struct CredentialReloader {
    pub certificates: Option<Arc<Certificates>>,
    pub sign: Option<Box<ProfileSignerLoader>>,
    pub signer: Arc<RwLock<Option<ReloadedSigner>>>,
    pub metrics: Arc<Metrics>,
    pub tell: Arc<Tell>,
}

impl CredentialReloader {
    /// Reloads for each request.
    pub fn run(self, requests: &Receiver<()>) {
        while settled(requests).is_some() {
            self.reload();
        }
    }

    fn reload(&self) {
        let figures = &self.metrics.shared;
        let failed = |words: String| {
            figures.reloads_failed.fetch_add(1, Ordering::Relaxed);
            (self.tell)(&words);
        };
        if let Some(certificates) = &self.certificates {
            match certificates.reload() {
                Ok(false) => {}
                Ok(true) => {
                    figures.reloads.fetch_add(1, Ordering::Relaxed);
                    self.note_certificates();
                    (self.tell)("took the new certificates");
                }
                Err(why) => failed(format!("{why}; the old certificate is used on")),
            }
        }
        if let Some(open) = &self.sign {
            match open() {
                Ok(sign) => {
                    let mut signer = self.signer.write().unwrap_or_else(PoisonError::into_inner);
                    *signer = signer.as_ref().map(|known| known.next(sign));
                }
                Err(why) => failed(format!("cannot sign profiles anew: {why}; the old ones go on")),
            }
        }
    }

    /// Puts the expiry of each certificate into the figures.
    pub fn note_certificates(&self) {
        if let Some(certificates) = &self.certificates {
            let ends = &self.metrics.shared.certificates;
            *ends.lock().unwrap_or_else(PoisonError::into_inner) = certificates.ends();
        }
    }
}
