//! The verdict on a signature.

/// What is known about a signature, apart from the trust in its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "nothing is verified"))]
pub(super) enum SignatureVerdict {
    /// The content and its attributes are what the certificate's key signed.
    Good { is_weak: bool },
    /// They are not, and why.
    Broken(&'static str),
    /// Nobody can tell here, and why.
    Unverified(String),
}
