//! The private key that signs: RSA, or ECDSA on P-256 or P-384, from a PEM file as OpenSSL writes
//! it: PKCS#8, encrypted PKCS#8 (PBES2), PKCS#1 or RFC 5915.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use der::asn1::ObjectIdentifier;
use pkcs8::{EncryptedPrivateKeyInfo, PrivateKeyInfo};

use super::pem::{self, PemSection};
use crate::codes;
use crate::finding::Finding;
use crate::model::Secret;

/// A private key. Its kind decides the digest.
pub enum PrivateKey {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
}

/// The algorithms that a signature names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithms {
    pub digest: ObjectIdentifier,
    pub signature: ObjectIdentifier,
    /// Whether the parameters are NULL, as for RSA (RFC 3370 §3.2). ECDSA has none (RFC 5754 §3.3).
    pub has_null: bool,
}

impl PrivateKey {
    /// Reads the first private key of a PEM file; `name` is the file's name, for messages.
    ///
    /// # Errors
    ///
    /// Fails if kind or encryption of the key are not supported, or if the password is wrong or
    /// missing.
    pub fn read(name: &str, text: &str, password: Option<&Secret>) -> Result<Self, Box<Finding>> {
        let sections = pem::sections(text).map_err(|why| unreadable(name, &why))?;
        let key = sections.iter().find(|s| s.label.ends_with("PRIVATE KEY"));
        let Some(section) = key else {
            return Err(Box::new(unreadable(name, "there is no private key in it")));
        };
        if section.has_own_encryption {
            return Err(Box::new(
                unreadable(name, "it is encrypted in the way of before PKCS#8").help(format!(
                    "openssl pkcs8 -topk8 -in {name} -out key.pem makes it readable"
                )),
            ));
        }
        open(name, section, password)
    }

    pub fn algorithms(&self) -> Algorithms {
        match self {
            PrivateKey::Rsa(_) => Algorithms { digest: SHA256, signature: RSA, has_null: true },
            PrivateKey::P256(_) => {
                Algorithms { digest: SHA256, signature: ECDSA_SHA256, has_null: false }
            }
            PrivateKey::P384(_) => {
                Algorithms { digest: SHA384, signature: ECDSA_SHA384, has_null: false }
            }
        }
    }

    /// The digest that this key signs: SHA-256, or SHA-384 for P-384.
    pub fn digest(&self, bytes: &[u8]) -> Digest {
        let algorithm = match self {
            PrivateKey::Rsa(_) | PrivateKey::P256(_) => &digest::SHA256,
            // RFC 5480 §4: a curve needs a digest of its own strength.
            PrivateKey::P384(_) => &digest::SHA384,
        };
        digest::digest(algorithm, bytes)
    }

    /// Signs these bytes. RSA (PKCS#1 v1.5) gives the same signature each time, ECDSA does not.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            PrivateKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature)
                    .expect("a whole RSA key signs a digest that is shorter than it");
                signature
            }
            PrivateKey::P256(key) | PrivateKey::P384(key) => {
                let signature = key.sign(&random, bytes);
                signature.expect("a whole ECDSA key signs any digest").as_ref().to_vec()
            }
        }
    }

    /// Whether this key belongs to a certificate with this SubjectPublicKeyInfo.
    ///
    /// Verifies a trial signature instead of comparing keys: the same point can be written in two
    /// ways.
    pub fn fits(&self, public: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self {
            PrivateKey::Rsa(_) => &RSA_PKCS1_2048_8192_SHA256,
            PrivateKey::P256(_) => &ECDSA_P256_SHA256_ASN1,
            PrivateKey::P384(_) => &ECDSA_P384_SHA384_ASN1,
        };
        let probe = b"mailwright";
        UnparsedPublicKey::new(algorithm, public).verify(probe, &self.sign(probe)).is_ok()
    }
}

fn open(
    name: &str,
    section: &PemSection,
    password: Option<&Secret>,
) -> Result<PrivateKey, Box<Finding>> {
    let der = &section.der;
    match section.label.as_str() {
        "PRIVATE KEY" => pkcs8(name, der),
        "RSA PRIVATE KEY" => rsa(name, RsaKeyPair::from_der(der)),
        // RFC 5915, with the curve named inside.
        "EC PRIVATE KEY" => ecdsa(
            |algorithm| EcdsaKeyPair::from_private_key_der(algorithm, der).ok(),
            || unreadable(name, "its curve is none of P-256 and P-384").help(KINDS),
        ),
        "ENCRYPTED PRIVATE KEY" => {
            let Some(password) = password else {
                return Err(Box::new(
                    locked(name, "it is encrypted, and there is no password for it")
                        .help("give it with --sign-key-password-from prompt, env:NAME or fd:N"),
                ));
            };
            let encrypted = EncryptedPrivateKeyInfo::try_from(der.as_slice()).map_err(|why| {
                unreadable(name, &format!("its encryption is not known: {why}"))
                    .help("PBES2 is, as openssl pkcs8 -topk8 writes it")
            })?;
            let decrypted = encrypted.decrypt(password.expose()).ok();
            // A wrong password shows in the decrypted text, sometimes only when that is parsed.
            let decrypted = decrypted.filter(|d| PrivateKeyInfo::try_from(d.as_bytes()).is_ok());
            match decrypted {
                Some(der) => pkcs8(name, der.as_bytes()),
                None => Err(Box::new(
                    locked(name, "the password does not open it")
                        .help("openssl pkey -noout -in FILE asks for one and tries it"),
                )),
            }
        }
        other => Err(Box::new(
            unreadable(name, &format!("{other} is no kind of key that is read here")).help(KINDS),
        )),
    }
}

fn pkcs8(name: &str, der: &[u8]) -> Result<PrivateKey, Box<Finding>> {
    let info = PrivateKeyInfo::try_from(der)
        .map_err(|why| unreadable(name, &format!("it is no PKCS#8: {why}")))?;
    match info.algorithm.oid {
        RSA_KEY => rsa(name, RsaKeyPair::from_pkcs8(der)),
        EC_KEY => ecdsa(
            |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der).ok(),
            || unreadable(name, "its curve is none of P-256 and P-384").help(KINDS),
        ),
        other => Err(Box::new(
            unreadable(name, &format!("its kind ({other}) signs no profiles")).help(KINDS),
        )),
    }
}

fn rsa(
    name: &str,
    key: Result<RsaKeyPair, aws_lc_rs::error::KeyRejected>,
) -> Result<PrivateKey, Box<Finding>> {
    let key = key.map_err(|why| match why.description_() {
        "TooSmall" => unreadable(name, "an RSA key of less than 2048 bits is not taken"),
        "TooLarge" => unreadable(name, "an RSA key of more than 8192 bits is not taken"),
        why => unreadable(name, &format!("the RSA key is broken: {why}")),
    })?;
    // No public key of any other size could be checked.
    match key.public_modulus_len() * 8 {
        2048..=8192 => Ok(PrivateKey::Rsa(Box::new(key))),
        bits => Err(Box::new(
            unreadable(name, &format!("an RSA key of {bits} bits is not taken"))
                .help("2048 to 8192 bits are; 2048 and 3072 are the usual ones"),
        )),
    }
}

fn ecdsa(
    read: impl Fn(&'static aws_lc_rs::signature::EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>,
    otherwise: impl Fn() -> Finding,
) -> Result<PrivateKey, Box<Finding>> {
    if let Some(key) = read(&ECDSA_P256_SHA256_ASN1_SIGNING) {
        return Ok(PrivateKey::P256(key));
    }
    read(&ECDSA_P384_SHA384_ASN1_SIGNING).map(PrivateKey::P384).ok_or_else(|| Box::new(otherwise()))
}

fn unreadable(name: &str, why: &str) -> Finding {
    Finding::new(codes::SIGNING_KEY_UNREADABLE, format!("{name} has no key to sign with: {why}"))
        .help("give the PEM file of the leaf certificate's private key with --sign-key")
}

fn locked(name: &str, why: &str) -> Finding {
    Finding::new(codes::SIGNING_KEY_PASSWORD, format!("{name} cannot be opened: {why}"))
}

const KINDS: &str = "RSA keys and ECDSA keys on P-256 and P-384 sign profiles";

const RSA_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
/// rsaEncryption, which OpenSSL and Apple write in a SignerInfo (RFC 3370 §3.2).
const RSA: ObjectIdentifier = RSA_KEY;
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
