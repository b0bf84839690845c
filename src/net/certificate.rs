//! Reads the parts of a server's certificate that a report shows.

use std::net::IpAddr;

use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_SHA1_WITH_RSA};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// The parts of a certificate that a report shows or judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    /// DNS names and IP addresses of the subjectAltName. The common name is ignored (RFC 9525 §2).
    pub names: Vec<String>,
    /// Seconds since 1970, like `not_after`.
    pub not_before: i64,
    pub not_after: i64,
    /// First day of validity, as `2026-11-24`; `last_day` has the same form.
    pub first_day: String,
    pub last_day: String,
    /// Whether issuer and subject have the same name. The signature is not checked.
    pub self_signed: bool,
    /// URL of the issuer's certificate (Authority Information Access, RFC 5280 §4.2.2.1).
    pub ca_issuers: Option<String>,
    /// Why key or signature is too weak, if it is: `an RSA key of 1024 bits`.
    pub weak: Option<String>,
}

/// Smallest secure key sizes: NIST SP 800-131A, CA/Browser Forum Baseline Requirements §6.1.5.
const LEAST_RSA_BITS: usize = 2048;
const LEAST_EC_BITS: usize = 256;

impl Certificate {
    /// Reads a DER certificate.
    ///
    /// # Errors
    ///
    /// Returns the parser's message if `der` is not an X.509 certificate.
    pub fn read(der: &[u8]) -> Result<Self, String> {
        let (_, x509) = X509Certificate::from_der(der).map_err(|e| e.to_string())?;
        let validity = x509.validity();
        let names = match x509.subject_alternative_name() {
            Ok(Some(extension)) => {
                extension.value.general_names.iter().filter_map(name_of).collect()
            }
            _ => Vec::new(),
        };
        let ca_issuers = x509.extensions().iter().find_map(|extension| {
            let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else {
                return None;
            };
            access.accessdescs.iter().find_map(|entry| match &entry.access_location {
                GeneralName::URI(uri)
                    if entry.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS =>
                {
                    Some((*uri).to_owned())
                }
                _ => None,
            })
        });
        Ok(Self {
            subject: x509.subject().to_string(),
            issuer: x509.issuer().to_string(),
            names,
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
            first_day: validity.not_before.to_datetime().date().to_string(),
            last_day: validity.not_after.to_datetime().date().to_string(),
            self_signed: x509.subject() == x509.issuer(),
            ca_issuers,
            weak: weakness(&x509),
        })
    }

    /// Whole days from `now` (seconds since 1970) until the certificate expires; negative after
    /// that.
    pub fn days_left(&self, now: i64) -> i64 {
        (self.not_after - now).div_euclid(86_400)
    }
}

fn name_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let ip = match bytes.len() {
                4 => IpAddr::from(<[u8; 4]>::try_from(*bytes).ok()?),
                16 => IpAddr::from(<[u8; 16]>::try_from(*bytes).ok()?),
                _ => return None,
            };
            Some(ip.to_string())
        }
        _ => None,
    }
}

fn weakness(x509: &X509Certificate<'_>) -> Option<String> {
    match x509.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < LEAST_RSA_BITS => {
            return Some(format!("an RSA key of {} bits", key.key_size()));
        }
        Ok(PublicKey::EC(point)) if point.key_size() < LEAST_EC_BITS => {
            return Some(format!("an elliptic-curve key of {} bits", point.key_size()));
        }
        _ => {}
    }
    let sha1 = x509.signature_algorithm.algorithm == OID_SHA1_WITH_RSA;
    (sha1 && x509.subject() != x509.issuer()).then(|| "a signature over SHA-1".to_owned())
}
