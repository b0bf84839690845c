//! Signs Apple's profiles, so that a device shows them as verified and not as unsigned.
//!
//! A [`Signer`] is made once of a chain of certificates and a key, and refuses what would make a bad
//! signature; each finished profile then goes through [`Signer::sign`]. `cms` is the form, `chain` and
//! `key` what a signature is made with, `pem` how both come in. No files, no clock: `cli` has them.

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
use key::Key;

/// The text of a PEM file and what it is called.
#[derive(Clone, Copy)]
pub struct Pem<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// A chain and its key, ready for any number of files.
pub struct Signer {
    key: Key,
    chain: Chain,
    frame: Frame,
}

impl Signer {
    /// Refuses a key that is not the leaf's, a chain out of order, and certificates that are not good
    /// at `now`, counted from 1970.
    pub fn new(
        chain: Pem<'_>,
        key: Pem<'_>,
        password: Option<&Secret>,
        now: Duration,
    ) -> Result<Self, Box<Finding>> {
        let (chain_file, key_file) = (chain, key);
        let chain = Chain::read(chain_file.name, chain_file.text)?;
        let key = Key::read(key_file.name, key_file.text, password)?;
        chain.accept(&key, key_file.name, now)?;
        let frame = Frame::new(&chain, &key).map_err(|why| cannot_sign(&why))?;
        Ok(Self { key, chain, frame })
    }

    /// What people should know of the certificates although they sign, on a day since 1970.
    pub fn warnings(&self, today: i64) -> Vec<Finding> {
        self.chain.warnings(today)
    }

    /// The profile in its signature; read back, it is the same bytes.
    ///
    /// One with a management system's variable is refused: filled in, its signature is of another text.
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
