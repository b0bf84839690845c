//! The verdict on a signature and on its certificate.

/// What is known about a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "nothing is verified"))]
pub(super) enum SignatureVerdict {
    /// The content and its attributes are what the certificate's key signed.
    Good { is_weak: bool, chain: SignerChain },
    /// They are not, and why.
    Broken(&'static str),
    /// Nobody can tell here, and why.
    Unverified(String),
}

/// What is known about the certificate of a good signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "nothing is verified"))]
pub(super) enum SignerChain {
    /// It leads to this authority; `None` if it is trusted itself.
    Trusted { root: Option<String> },
    /// It leads to no authority that is trusted here, and why.
    Untrusted(String),
}
