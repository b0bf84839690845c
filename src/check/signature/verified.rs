//! Verifies the signature of a profile: digest, signed attributes and signature (RFC 5652 §5.4,
//! §5.6). Whether its certificate is trusted is judged only if they are right.

use std::time::SystemTime;

use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::prelude::X509Certificate;

use super::chain::chain;
use super::verdict::SignatureVerdict;
use crate::authorities::Authorities;
use crate::import::envelope::signed_parts::{SignedParts, signed_parts};

/// The verdict on the first signature.
pub fn verified(bytes: &[u8], authorities: &Authorities, now: SystemTime) -> SignatureVerdict {
    let Some(parts) = signed_parts(bytes) else {
        return SignatureVerdict::Broken("there is no signer in it, or no content");
    };
    let Some(certificate) = &parts.certificate else {
        return SignatureVerdict::Unverified("the signer's certificate is not in it".to_owned());
    };
    let Some(kind) = DigestKind::of(parts.digest) else {
        return SignatureVerdict::Unverified("its digest algorithm is not supported".to_owned());
    };
    let signed = match attributes(&parts, kind) {
        Ok(signed) => signed,
        Err(why) => return SignatureVerdict::Broken(why),
    };
    let Some(algorithm) = algorithm(&parts, kind, certificate) else {
        return SignatureVerdict::Unverified("its algorithm is not supported".to_owned());
    };
    let key = UnparsedPublicKey::new(algorithm, certificate.public_key().raw);
    match key.verify(signed, &parts.signature) {
        Ok(()) => SignatureVerdict::Good {
            is_weak: kind == DigestKind::Sha1,
            chain: chain(certificate, &parts.others, authorities, now),
        },
        Err(_) => SignatureVerdict::Broken("the signature is not by the key of its certificate"),
    }
}

/// The bytes that the signature is over, after the digest of the content was compared.
fn attributes<'a>(parts: &'a SignedParts<'_>, kind: DigestKind) -> Result<&'a [u8], &'static str> {
    const CONTENT_TYPE: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
    const MESSAGE_DIGEST: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
    let Some(attributes) = &parts.attributes else { return Ok(&parts.content) };
    if attributes.only(&CONTENT_TYPE) != Some(parts.content_type) {
        return Err("its attributes are about another type of content");
    }
    let found = digest(kind.algorithm(), &parts.content);
    match attributes.only(&MESSAGE_DIGEST) == Some(found.as_ref()) {
        true => Ok(&attributes.set),
        false => Err("the profile was changed after it was signed"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DigestKind {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl DigestKind {
    fn of(oid: &[u8]) -> Option<Self> {
        match oid {
            [0x2B, 0x0E, 0x03, 0x02, 0x1A] => Some(Self::Sha1),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1] => Some(Self::Sha256),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 2] => Some(Self::Sha384),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 3] => Some(Self::Sha512),
            _ => None,
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

fn algorithm(
    parts: &SignedParts<'_>,
    kind: DigestKind,
    certificate: &X509Certificate<'_>,
) -> Option<&'static dyn VerificationAlgorithm> {
    use DigestKind::{Sha1, Sha256, Sha384, Sha512};
    const PKCS1: [u8; 8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
    const ANSI_X9_62: [u8; 5] = [0x2A, 0x86, 0x48, 0xCE, 0x3D];
    const ED: [u8; 3] = [0x2B, 0x65, 0x70];
    if parts.algorithm == ED {
        return Some(&ED25519);
    }
    if let Some(number) = parts.algorithm.strip_prefix(&PKCS1) {
        // rsaEncryption, or one of the algorithms that name their digest; 10 is RSASSA-PSS.
        return match (number, kind) {
            ([1 | 5], Sha1) => Some(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
            ([1 | 11], Sha256) => Some(&RSA_PKCS1_2048_8192_SHA256),
            ([1 | 12], Sha384) => Some(&RSA_PKCS1_2048_8192_SHA384),
            ([1 | 13], Sha512) => Some(&RSA_PKCS1_2048_8192_SHA512),
            ([10], Sha256) => Some(&RSA_PSS_2048_8192_SHA256),
            ([10], Sha384) => Some(&RSA_PSS_2048_8192_SHA384),
            ([10], Sha512) => Some(&RSA_PSS_2048_8192_SHA512),
            _ => None,
        };
    }
    if !parts.algorithm.starts_with(&ANSI_X9_62) {
        return None;
    }
    let curve = certificate.public_key().algorithm.parameters.as_ref()?.data;
    match (curve, kind) {
        ([0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7], Sha256) => Some(&ECDSA_P256_SHA256_ASN1),
        ([0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7], Sha384) => Some(&ECDSA_P256_SHA384_ASN1),
        ([0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7], Sha512) => Some(&ECDSA_P256_SHA512_ASN1),
        ([0x2B, 0x81, 4, 0, 0x22], Sha256) => Some(&ECDSA_P384_SHA256_ASN1),
        ([0x2B, 0x81, 4, 0, 0x22], Sha384) => Some(&ECDSA_P384_SHA384_ASN1),
        ([0x2B, 0x81, 4, 0, 0x22], Sha512) => Some(&ECDSA_P384_SHA512_ASN1),
        ([0x2B, 0x81, 4, 0, 0x23], Sha256) => Some(&ECDSA_P521_SHA256_ASN1),
        ([0x2B, 0x81, 4, 0, 0x23], Sha384) => Some(&ECDSA_P521_SHA384_ASN1),
        ([0x2B, 0x81, 4, 0, 0x23], Sha512) => Some(&ECDSA_P521_SHA512_ASN1),
        _ => None,
    }
}
