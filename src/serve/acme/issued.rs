//! The certificates that were issued, by name, and when each is renewed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

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
    /// When to order the next one.
    pub due: i64,
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
        let (key, names, ends) = certified(chain, key)?;
        if !names.iter().any(|own| own == name) {
            return Err(format!("the certificate is not for {name}, but for {}", names.join(", ")));
        }
        Ok(Self { name: name.to_owned(), key: Arc::new(key), ends, due: due(begins, ends, mark) })
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
