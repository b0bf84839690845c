//! The certificates that go into a signature: the leaf and its intermediates.

use std::time::Duration;

use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::name::Name;

use super::key::PrivateKey;
use super::pem;
use crate::codes;
use crate::finding::Finding;
use crate::import::envelope::Life;
use crate::model::printable;

/// A certificate chain, leaf first and never empty. [`Self::accept`] checks the order.
pub struct Chain {
    /// The file's name, for messages.
    name: String,
    certificates: Vec<Certificate>,
    /// Whether the file ended with a root certificate.
    has_root: bool,
}

impl Chain {
    /// Reads every certificate of a PEM file. A root at the end is left out: a device trusts its
    /// own copy, never one that it is sent.
    ///
    /// # Errors
    ///
    /// Fails if there is no certificate, or if one is not strict DER.
    pub fn read(name: &str, text: &str) -> Result<Self, Box<Finding>> {
        let unreadable = |why: String| {
            Finding::new(codes::SIGNING_CERTIFICATE_UNREADABLE, format!("{name}: {why}")).help(
                "give the PEM file with the leaf certificate and its intermediates with --sign-cert",
            )
        };
        let sections = pem::sections(text).map_err(unreadable)?;
        let mut certificates = Vec::new();
        for section in sections.iter().filter(|section| section.label == "CERTIFICATE") {
            let number = certificates.len() + 1;
            let broken = |why: String| unreadable(format!("certificate {number} is broken: {why}"));
            let read =
                Certificate::from_der(&section.der).map_err(|why| broken(why.to_string()))?;
            // The certificate is written again from its parsed form, and its own signature covers
            // every byte.
            if read.to_der().ok().as_deref() != Some(section.der.as_slice()) {
                return Err(Box::new(broken(
                    "it is not in the one form that DER allows".to_owned(),
                )));
            }
            certificates.push(read);
        }
        if certificates.is_empty() {
            let why = match sections.first() {
                None => "it is no PEM file, or an empty one".to_owned(),
                Some(section) => format!("there is no certificate in it, only {}", section.label),
            };
            return Err(Box::new(unreadable(why)));
        }
        let has_root = certificates.len() > 1 && certificates.last().is_some_and(is_self_signed);
        if has_root {
            certificates.pop();
        }
        Ok(Self { name: name.to_owned(), certificates, has_root })
    }

    /// Checks that the chain fits the key, is in order, and is valid at `now` (time since 1970).
    ///
    /// # Errors
    ///
    /// Returns the first check that failed.
    pub fn accept(
        &self,
        key: &PrivateKey,
        key_name: &str,
        now: Duration,
    ) -> Result<(), Box<Finding>> {
        self.fits(key, key_name)?;
        self.is_in_order()?;
        self.is_good_at(now)
    }

    fn fits(&self, key: &PrivateKey, key_name: &str) -> Result<(), Box<Finding>> {
        let fits = |certificate: &Certificate| {
            let public = certificate.tbs_certificate.subject_public_key_info.to_der();
            public.is_ok_and(|public| key.fits(&public))
        };
        match self.certificates.iter().position(fits) {
            Some(0) => Ok(()),
            Some(at) => Err(Box::new(self.out_of_order(format!(
                "{key_name} is the key of {}, which does not stand first",
                self.called(at)
            )))),
            None => Err(Box::new(Finding::new(
                codes::SIGNING_KEY_MISMATCH,
                format!("{key_name} is not the key of {}", self.called(0)),
            )
            .help(format!(
                "give the key that this certificate was made for; openssl x509 -noout -pubkey -in {} \
                 and openssl pkey -pubout -in {key_name} print the same for the two that belong \
                 together",
                self.name
            )))),
        }
    }

    fn is_in_order(&self) -> Result<(), Box<Finding>> {
        for (at, pair) in self.certificates.windows(2).enumerate() {
            let (one, next) = (&pair[0].tbs_certificate, &pair[1].tbs_certificate);
            if one.issuer != next.subject {
                return Err(Box::new(self.out_of_order(format!(
                    "{} is not the issuer of {}, which {} is",
                    self.called(at + 1),
                    self.called(at),
                    label(&one.issuer)
                ))));
            }
        }
        Ok(())
    }

    fn out_of_order(&self, why: String) -> Finding {
        Finding::new(codes::SIGNING_CHAIN_ORDER, why).help(format!(
            "order {} so that the leaf stands first and each certificate's issuer behind it",
            self.name
        ))
    }

    fn is_good_at(&self, now: Duration) -> Result<(), Box<Finding>> {
        for (at, certificate) in self.certificates.iter().enumerate() {
            let validity = &certificate.tbs_certificate.validity;
            if now > validity.not_after.to_unix_duration() {
                return Err(Box::new(
                    Finding::new(
                        codes::SIGNING_CERTIFICATE_EXPIRED,
                        format!("{} expired on {}", self.called(at), validity.not_after),
                    )
                    .help("renew it; a profile that it signs is shown as not signed"),
                ));
            }
            if now < validity.not_before.to_unix_duration() {
                return Err(Box::new(
                    Finding::new(
                        codes::SIGNING_CERTIFICATE_NOT_YET_VALID,
                        format!("{} is good only from {}", self.called(at), validity.not_before),
                    )
                    .help("look at this machine's clock, or wait until then"),
                ));
            }
        }
        Ok(())
    }

    /// Findings that do not prevent signing: a certificate that expires soon, or a chain that
    /// devices may not be able to verify. `today` counts days since 1970.
    pub fn warnings(&self, today: i64) -> Vec<Finding> {
        let mut findings = Vec::new();
        let ending = (0..self.certificates.len()).filter_map(|at| {
            let life = life(&self.certificates[at])?;
            let left = life.ends_soon(today).then(|| life.days_left(today))?;
            Some((
                left,
                format!("{} has {left} days left, until {}", self.called(at), life.last_day),
            ))
        });
        if let Some((_, message)) = ending.min() {
            findings.push(
                Finding::new(codes::PROFILE_SIGNATURE_ENDS, message)
                    .help("renew it, and write the profiles anew before that day"),
            );
        }
        let leaf = &self.certificates[0];
        if self.certificates.len() == 1 && !self.has_root {
            let message = match is_self_signed(leaf) {
                true => format!("{} is signed by itself", self.called(0)),
                false => format!(
                    "{} has no intermediate certificate, so devices have to know {} themselves",
                    self.called(0),
                    label(&leaf.tbs_certificate.issuer)
                ),
            };
            findings.push(Finding::new(codes::SIGNATURE_MAY_NOT_VERIFY, message).help(
                "a device that does not trust the issuer shows the profile as not verified; give the \
                 full chain (fullchain.pem instead of cert.pem) of an issuer that devices know",
            ));
        }
        findings
    }

    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub fn leaf(&self) -> &Certificate {
        &self.certificates[0]
    }

    /// `certificate 2 (CN=Example CA) of chain.pem`.
    fn called(&self, at: usize) -> String {
        let subject = label(&self.certificates[at].tbs_certificate.subject);
        format!("certificate {} ({subject}) of {}", at + 1, self.name)
    }
}

fn is_self_signed(certificate: &Certificate) -> bool {
    certificate.tbs_certificate.issuer == certificate.tbs_certificate.subject
}

fn life(certificate: &Certificate) -> Option<Life> {
    let validity = &certificate.tbs_certificate.validity;
    let day = |time: &x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs() / 86_400).ok()
    };
    let last_day = validity.not_after.to_string();
    Some(Life {
        first: day(&validity.not_before)?,
        last: day(&validity.not_after)?,
        last_day: last_day.split('T').next().unwrap_or_default().to_owned(),
    })
}

/// A name in the form of RFC 4514, without control characters that would steer a terminal.
fn label(name: &Name) -> String {
    let whole = name.to_string();
    let text = if whole.is_empty() { "no name".to_owned() } else { whole };
    printable(&text).into_owned()
}
