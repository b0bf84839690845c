//! The answers to the authority's challenges, which prove that a name is ours.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::serve::tls::Certificates;

/// The ALPN protocol of TLS-ALPN-01. RFC 8737 section 6.2
pub const PROTOCOL: &[u8] = b"acme-tls/1";
/// RFC 8555 section 8.3
const PATH: &str = "/.well-known/acme-challenge/";

/// The challenges that are being answered now.
pub struct Challenges {
    shown: Arc<ShownChallenges>,
    config: Arc<ServerConfig>,
}

#[derive(Debug, Default)]
struct ShownChallenges {
    /// By name.
    certificates: RwLock<HashMap<String, Arc<CertifiedKey>>>,
    /// By token.
    words: RwLock<HashMap<String, String>>,
}

/// Removes the answer to a challenge when it is dropped.
pub struct ShownGuard {
    shown: Arc<ShownChallenges>,
    what: ShownChallenge,
}

enum ShownChallenge {
    Certificate(String),
    Words(String),
}

impl Challenges {
    pub fn new() -> Result<Self, rustls::Error> {
        let shown = Arc::new(ShownChallenges::default());
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&shown) as _;
        let config = Certificates::config(resolver, &[PROTOCOL])?;
        Ok(Self { shown, config })
    }

    /// The TLS configuration for validation handshakes.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    pub fn at_path(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(PATH)?;
        let words = self.shown.words.read().unwrap_or_else(PoisonError::into_inner);
        words.get(token).cloned()
    }

    /// TLS-ALPN-01: serves a certificate with the digest of the key authorization.
    pub fn show_certificate(&self, name: &str, digest: &[u8]) -> Result<ShownGuard, String> {
        let certificate = certificate(name, digest)?;
        let mut all = self.shown.certificates.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(name.to_owned(), Arc::new(certificate));
        Ok(self.showing(ShownChallenge::Certificate(name.to_owned())))
    }

    /// HTTP-01: serves the key authorization as text.
    pub fn show_words(&self, token: &str, words: &str) -> ShownGuard {
        let mut all = self.shown.words.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(token.to_owned(), words.to_owned());
        self.showing(ShownChallenge::Words(token.to_owned()))
    }

    fn showing(&self, what: ShownChallenge) -> ShownGuard {
        ShownGuard { shown: Arc::clone(&self.shown), what }
    }
}

impl Drop for ShownGuard {
    fn drop(&mut self) {
        let ShownChallenges { certificates, words } = &*self.shown;
        match &self.what {
            ShownChallenge::Certificate(name) => {
                certificates.write().unwrap_or_else(PoisonError::into_inner).remove(name);
            }
            ShownChallenge::Words(token) => {
                words.write().unwrap_or_else(PoisonError::into_inner).remove(token);
            }
        }
    }
}

impl ResolvesServerCert for ShownChallenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_ascii_lowercase();
        self.certificates.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned()
    }
}

/// RFC 8737 section 3: a self-signed certificate for that one name, with the digest in a critical
/// extension.
fn certificate(name: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
    let mut params =
        CertificateParams::new(vec![name.to_owned()]).map_err(|e| format!("{name}: {e}"))?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(|e| e.to_string())?;
    let made = params.self_signed(&key).map_err(|e| e.to_string())?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = aws_lc_rs::default_provider().key_provider.load_private_key(key);
    // `keys_match` cannot parse the certificate, because it does not know the critical extension.
    Ok(CertifiedKey::new(vec![made.der().clone()], key.map_err(|e| e.to_string())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_shown_until_its_order_is_over() {
        let challenges = Challenges::new().unwrap();
        let path = "/.well-known/acme-challenge/token";
        assert_eq!(challenges.at_path(path), None);
        let showing = challenges.show_words("token", "token.thumb");
        assert_eq!(challenges.at_path(path).as_deref(), Some("token.thumb"));
        assert_eq!(challenges.at_path("/.well-known/acme-challenge/"), None);
        drop(showing);
        assert_eq!(challenges.at_path(path), None);
        let showing = challenges.show_certificate("a.example", &[7; 32]).unwrap();
        assert_eq!(challenges.shown.certificates.read().unwrap().len(), 1);
        drop(showing);
        assert!(challenges.shown.certificates.read().unwrap().is_empty());
    }

    #[test]
    fn the_certificate_of_a_challenge_says_its_digest_in_a_critical_extension() {
        let made = certificate("a.example", &[7; 32]).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(&made.cert[0]).unwrap();
        let own = parsed.extensions().iter().find(|e| e.oid.to_id_string() == "1.3.6.1.5.5.7.1.31");
        let own = own.expect("id-pe-acmeIdentifier");
        assert!(own.critical);
        assert_eq!(own.value, [&[4, 32][..], &[7; 32]].concat(), "an OCTET STRING of 32 bytes");
        let names = parsed.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names.len(), 1);
    }
}
