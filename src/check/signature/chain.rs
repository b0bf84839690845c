//! Judges whether a signer's certificate leads to an authority that is trusted (RFC 5280 §6).
//!
//! Dates are compared with now and not with the time of signing, as devices do it: once the
//! certificate has expired, a new profile counts as unsigned, and an installed one changes from
//! "Verified" to "Unverified" (dns.notjakob.com; fyr77/dns-mobileconfig, issue 23). The extended
//! key usage is not judged: devices accept certificates of web servers, and Macs also those of
//! developers (andris9/mobileconfig, README; micromdm, issue 806).

use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter,
    anchor_from_trusted_cert,
};
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

use super::verdict::SignerChain;
use crate::authorities::Authorities;
use crate::import::envelope::certificate_name;

/// Issuers that are tried. The time to try all orders of them grows with their factorial.
const MOST_ISSUERS: usize = 8;

/// The verdict on a certificate. `others` come with it and may be its issuers.
pub fn chain(
    signer: &X509Certificate<'_>,
    others: &[X509Certificate<'_>],
    authorities: &Authorities,
    now: SystemTime,
) -> SignerChain {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let is_valid = |certificate: &X509Certificate<'_>| {
        let now = i64::try_from(now.as_secs()).ok();
        let now = now.and_then(|now| ASN1Time::from_timestamp(now).ok());
        now.is_some_and(|now| certificate.validity().is_valid_at(now))
    };
    let roots: Vec<&CertificateDer<'_>> = authorities.all().collect();
    if roots.is_empty() {
        let why = "this machine has no certificate authorities (package ca-certificates)";
        return SignerChain::Untrusted(why.to_owned());
    }
    if roots.iter().any(|root| root.as_ref() == signer.as_raw()) && is_valid(signer) {
        return SignerChain::Trusted { root: None };
    }
    let (roots, anchors): (Vec<_>, Vec<TrustAnchor<'_>>) = roots
        .into_iter()
        .filter_map(|root| Some((root, anchor_from_trusted_cert(root).ok()?)))
        .unzip();
    let issuers = issuers(signer, others);
    let der =
        |certificate: &X509Certificate<'_>| CertificateDer::from(certificate.as_raw().to_vec());
    let intermediates: Vec<CertificateDer<'_>> =
        issuers.iter().map(|certificate| der(certificate)).collect();
    let leaf = der(signer);
    let verified = EndEntityCert::try_from(&leaf).and_then(|leaf| {
        let time = UnixTime::since_unix_epoch(now);
        let path = leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            time,
            AnyUsage,
            None,
            None,
        )?;
        Ok(anchors.iter().position(|anchor| anchor == path.anchor()))
    });
    let root = match verified {
        Ok(at) => at.and_then(|at| X509Certificate::from_der(roots.get(at)?).ok()),
        Err(why) => return SignerChain::Untrusted(reason(&why, signer, &issuers)),
    };
    match root {
        Some((_, root)) if !is_valid(&root) => {
            let name = certificate_name(root.subject());
            SignerChain::Untrusted(format!("it leads to {name}, which is not valid today"))
        }
        root => {
            let root = root.map(|(_, root)| certificate_name(root.subject()));
            SignerChain::Trusted { root }
        }
    }
}

/// Accepts certificates for any purpose.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, iter: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        for usage in iter {
            usage?;
        }
        Ok(())
    }
}

fn is_issued_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == issuer.subject().as_raw()
}

/// Those that a certificate can lead to, the nearest first.
fn issuers<'a, 'b>(
    signer: &X509Certificate<'_>,
    others: &'a [X509Certificate<'b>],
) -> Vec<&'a X509Certificate<'b>> {
    let mut found: Vec<&X509Certificate<'_>> = Vec::new();
    let mut at = 0;
    loop {
        let child = match at {
            0 => signer,
            _ => match found.get(at - 1) {
                Some(child) => child,
                None => return found,
            },
        };
        for other in others {
            let is_new = found.iter().all(|known| known.as_raw() != other.as_raw());
            if found.len() < MOST_ISSUERS && is_new && is_issued_by(child, other) {
                found.push(other);
            }
        }
        at += 1;
    }
}

fn reason(why: &Error, signer: &X509Certificate<'_>, issuers: &[&X509Certificate<'_>]) -> String {
    match why {
        Error::UnknownIssuer => {
            let last = issuers.last().copied().unwrap_or(signer);
            let name = certificate_name(last.issuer());
            match (is_issued_by(last, last), issuers.is_empty()) {
                (true, true) => "it is signed by itself".to_owned(),
                (true, false) => format!("it leads to {name}, which is not trusted here"),
                (false, _) => {
                    format!("its issuer {name} is neither in the profile nor trusted here")
                }
            }
        }
        Error::CertExpired { .. } => "it or one of its issuers has expired".to_owned(),
        Error::CertNotValidYet { .. } => "it or one of its issuers is not valid yet".to_owned(),
        Error::CaUsedAsEndEntity => {
            "it is the certificate of an authority, which signs other certificates".to_owned()
        }
        Error::InvalidSignatureForPublicKey => {
            "the authority that it names has another key".to_owned()
        }
        other => format!("its chain cannot be verified: {other}"),
    }
}
