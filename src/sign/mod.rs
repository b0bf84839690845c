//! Signs Apple's profiles, so that devices show them as verified.
//!
//! A [`Signer`] is made once from a certificate chain and a key, and refuses inputs that would make
//! a bad signature. Each finished profile then goes through [`Signer::sign`]. `cms` builds the
//! signature, `chain` and `key` hold its inputs, `pem` reads both. `cli` has the files and the
//! clock.

mod chain;
mod cms;
mod key;
mod pem;

use std::time::Duration;

use crate::codes;
use crate::finding::Finding;
use crate::import::{envelope, has_variable};
use crate::model::Secret;

use chain::Chain;
use cms::Frame;
use key::PrivateKey;

/// A PEM file's text, and the file's name for messages.
#[derive(Clone, Copy)]
pub struct Pem<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// A chain and its key, ready to sign any number of files.
pub struct Signer {
    key: PrivateKey,
    chain: Chain,
    frame: Frame,
}

impl Signer {
    /// Reads chain and key; `password` decrypts the key.
    ///
    /// # Errors
    ///
    /// Fails if the key is not the leaf's, the chain is out of order, or a certificate is not valid
    /// at `now` (time since 1970).
    pub fn new(
        chain: Pem<'_>,
        key: Pem<'_>,
        password: Option<&Secret>,
        now: Duration,
    ) -> Result<Self, Box<Finding>> {
        let (chain_file, key_file) = (chain, key);
        let chain = Chain::read(chain_file.name, chain_file.text)?;
        let key = PrivateKey::read(key_file.name, key_file.text, password)?;
        chain.accept(&key, key_file.name, now)?;
        let frame = Frame::new(&chain, &key).map_err(|why| cannot_sign(&why))?;
        Ok(Self { key, chain, frame })
    }

    /// Warnings about certificates that can still sign. `today` counts days since 1970.
    pub fn warnings(&self, today: i64) -> Vec<Finding> {
        self.chain.warnings(today)
    }

    /// Signs the profile. The result is read back and must contain the same bytes.
    ///
    /// # Errors
    ///
    /// Refuses a profile with a management system's variable: once that is filled in, the signature
    /// no longer matches the text.
    pub fn sign(&self, profile: &[u8]) -> Result<Vec<u8>, Box<Finding>> {
        if has_variable(&String::from_utf8_lossy(profile)) {
            return Err(Box::new(Finding::new(
                codes::PROFILE_SIGNED_VARIABLE,
                "a variable of a management system is in it, and a signed profile cannot be filled in",
            )
            .help("leave --sign-cert out for this one; the management system signs it itself")));
        }
        let signed = self.frame.around(profile, &self.key).map_err(|why| cannot_sign(&why))?;
        match envelope::open(&signed) {
            Some((inside, envelope::Wrapping::Signed)) if inside == profile => Ok(signed),
            _ => Err(Box::new(cannot_sign(&"what is inside reads otherwise than what was put in"))),
        }
    }
}

fn cannot_sign(why: &dyn std::fmt::Display) -> Finding {
    Finding::new(codes::SIGNING_FAILED, format!("there is no signature: {why}"))
        .help("this is a fault of mailwright; please report it with the kind of key and chain")
}
