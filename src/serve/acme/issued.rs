//! The certificates that were issued, by name, and when each is renewed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use instant_acme::CertificateIdentifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use crate::serve::tls::certified;

/// All issued certificates.
#[derive(Default)]
pub struct IssuedCertificates {
    names: RwLock<HashMap<String, Arc<IssuedCertificate>>>,
}

/// One certificate. Times are in seconds since 1970.
pub struct IssuedCertificate {
    pub name: String,
    pub key: Arc<CertifiedKey>,
    pub ends: i64,
    /// What the authority calls it. `None` if it does not name its authority's key.
    pub id: Option<CertificateIdentifier<'static>>,
    /// A number of the certificate's own, so that those that were ordered together are not renewed
    /// together.
    mark: u8,
    /// When to order the next one.
    due: AtomicI64,
}

impl IssuedCertificate {
    /// Parses a chain and its key, both in PEM.
    ///
    /// # Errors
    ///
    /// They are not valid, do not belong together, or are for another name.
    pub fn new(name: &str, key: &str, chain: &str) -> Result<Self, String> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|e| format!("its chain: {e}"))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|e| format!("its private key: {e}"))?;
        let leaf = chain.first().ok_or("there is no certificate in it")?;
        let (_, parsed) = x509_parser::parse_x509_certificate(leaf).map_err(|e| e.to_string())?;
        let begins = parsed.validity().not_before.timestamp();
        let mark = Sha256::digest(leaf)[0];
        let id = CertificateIdentifier::try_from(leaf).ok().map(CertificateIdentifier::into_owned);
        let (key, names, ends) = certified(chain, key)?;
        if !names.iter().any(|own| own == name) {
            return Err(format!("the certificate is not for {name}, but for {}", names.join(", ")));
        }
        let due = AtomicI64::new(due(begins, ends, mark));
        Ok(Self { name: name.to_owned(), key: Arc::new(key), ends, id, mark, due })
    }

    /// When to order the next one.
    pub fn due(&self) -> i64 {
        self.due.load(Ordering::Relaxed)
    }

    /// Chooses a time in the window that the authority suggests (RFC 9773 section 4.2), but not in
    /// the last tenth of the certificate's remaining life. Returns whether that changes anything.
    pub fn renew_within(&self, start: i64, end: i64, now: i64) -> bool {
        let wanted = start.saturating_add(
            end.saturating_sub(start).max(0).saturating_mul(i64::from(self.mark)) / 255,
        );
        let last = self.ends.saturating_sub(self.ends.saturating_sub(now).max(0) / 10);
        let due = wanted.min(last);
        self.due.swap(due, Ordering::Relaxed) != due
    }
}

/// At two thirds of the lifetime, minus up to a thirtieth of it, so that certificates that were
/// ordered together are not renewed together.
fn due(begins: i64, ends: i64, mark: u8) -> i64 {
    let life = ends.saturating_sub(begins).max(0);
    begins + life / 3 * 2 - life / 30 * i64::from(mark) / 255
}

impl IssuedCertificates {
    pub fn get(&self, name: &str) -> Option<Arc<IssuedCertificate>> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub fn put(&self, one: IssuedCertificate) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.insert(one.name.clone(), Arc::new(one));
    }

    pub fn remove(&self, name: &str) {
        self.names.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    pub fn len(&self) -> usize {
        self.names.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub fn all(&self) -> Vec<Arc<IssuedCertificate>> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life_or_a_little_before() {
        let day = 86_400;
        assert_eq!(due(0, 90 * day, 0), 60 * day);
        assert_eq!(due(0, 90 * day, 255), 57 * day);
        assert_eq!(due(1000, 1030, 0), 1020);
        assert_eq!(due(1000, 900, 7), 1000);
    }

    #[test]
    fn the_authority_can_suggest_an_earlier_or_later_renewal_but_not_one_that_is_too_late() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let chain = params.self_signed(&key).unwrap().pem();
        let one = IssuedCertificate::new("a.example", &key.serialize_pem(), &chain).unwrap();
        let now = one.ends - 1000;
        assert!(one.renew_within(now + 100, now + 100, now));
        assert_eq!(one.due(), now + 100);
        assert!(!one.renew_within(now + 100, now + 100, now));
        one.renew_within(now - 5000, now - 4000, now);
        assert!((now - 5000..=now - 4000).contains(&one.due()));
        one.renew_within(one.ends + 1000, one.ends + 2000, now);
        assert_eq!(one.due(), one.ends - 100);
        one.renew_within(i64::MIN, i64::MAX, now);
    }

    #[test]
    fn what_is_for_another_name_or_has_another_key_is_not_taken() {
        let made = |name: &str| {
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
            (key.serialize_pem(), params.self_signed(&key).unwrap().pem())
        };
        let (key, chain) = made("a.example");
        assert!(IssuedCertificate::new("a.example", &key, &chain).is_ok());
        let why = IssuedCertificate::new("b.example", &key, &chain).err().unwrap();
        assert_eq!(why, "the certificate is not for b.example, but for a.example");
        let (other, _) = made("a.example");
        let why = IssuedCertificate::new("a.example", &other, &chain).err().unwrap();
        assert_eq!(why, "it is not the key of the certificate");
        assert!(
            IssuedCertificate::new("a.example", "", &chain)
                .err()
                .unwrap()
                .contains("its private key")
        );
        assert!(
            IssuedCertificate::new("a.example", &key, "").err().unwrap().contains("no certificate")
        );
    }
}
