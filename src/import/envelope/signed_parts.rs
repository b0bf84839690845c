//! The parts of a CMS SignedData that its verification needs (RFC 5652 §5.3), read as BER.

use x509_parser::asn1_rs::{Any, FromBer, Tag};
use x509_parser::prelude::X509Certificate;

use super::{certificates, child, children, content, is_meant, octets, signed_data};

/// The first signer's part of a signature, with the content that was signed.
pub struct SignedParts<'a> {
    /// The octets inside.
    pub content: Vec<u8>,
    /// The type of the content, an object identifier without tag and length.
    pub content_type: &'a [u8],
    /// The digest algorithm, an object identifier.
    pub digest: &'a [u8],
    /// The signed attributes as a SET, and each of them by its object identifier; `None` if the
    /// content itself is signed.
    pub attributes: Option<SignedAttributes<'a>>,
    /// The signature algorithm, an object identifier.
    pub algorithm: &'a [u8],
    /// The signature itself.
    pub signature: Vec<u8>,
    /// The certificate that the signer names, if it is inside.
    pub certificate: Option<X509Certificate<'a>>,
    /// The other certificates inside.
    pub others: Vec<X509Certificate<'a>>,
}

/// The attributes that a signer signs together with the content.
pub struct SignedAttributes<'a> {
    /// The bytes that are signed: with the tag of a SET instead of `[0]` (§5.4).
    pub set: Vec<u8>,
    values: Vec<(&'a [u8], Any<'a>)>,
}

impl<'a> SignedAttributes<'a> {
    /// The content of the only value of an attribute. `None` if it is missing or there are two.
    pub fn only(&self, oid: &[u8]) -> Option<&'a [u8]> {
        let mut found = self.values.iter().filter(|(own, _)| *own == oid);
        let (Some((_, set)), None) = (found.next(), found.next()) else { return None };
        let mut values = children(set);
        match (values.next(), values.next()) {
            (Some(value), None) => Some(value.data),
            _ => None,
        }
    }
}

/// `None` if this is not SignedData with a content and a signer.
pub fn signed_parts(bytes: &[u8]) -> Option<SignedParts<'_>> {
    let data = signed_data(bytes)?;
    let encapsulated = child(&data, 2, Tag::Sequence)?;
    // The digest algorithms before it are a set as well.
    let infos = children(&data).filter(|child| child.tag() == Tag::Set).nth(1)?;
    let info = children(&infos).next()?;
    let mut rest = info.data;
    let mut next = || {
        let (after, found) = Any::from_ber(rest).ok()?;
        let raw = &rest[..rest.len() - after.len()];
        rest = after;
        Some((raw, found))
    };
    let (_, _version) = next()?;
    let (_, identifier) = next()?;
    let (_, digest) = next()?;
    let (raw, mut algorithm) = next()?;
    let mut attributes = None;
    if raw.first() == Some(&0xA0) {
        let values = children(&algorithm).filter_map(|attribute| {
            let mut parts = children(&attribute);
            Some((parts.next()?.data, parts.next()?))
        });
        let set = [&[0x31], raw.get(1..)?].concat();
        attributes = Some(SignedAttributes { set, values: values.collect() });
        (_, algorithm) = next()?;
    }
    let (_, signature) = next()?;
    let mut others = certificates(bytes);
    let is_signer = |one: &X509Certificate<'_>| is_meant(one, &identifier).unwrap_or(false);
    let signer = others.iter().position(is_signer);
    Some(SignedParts {
        content: content(bytes)?,
        content_type: child(&encapsulated, 0, Tag::Oid)?.data,
        digest: child(&digest, 0, Tag::Oid)?.data,
        attributes,
        algorithm: child(&algorithm, 0, Tag::Oid)?.data,
        signature: octets(&signature)?,
        certificate: signer.map(|at| others.remove(at)),
        others,
    })
}
