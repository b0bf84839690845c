//! CMS SignedData (RFC 5652 §5) in the form of Apple's own profiles: DER, with the content inside.
//!
//! The signed attributes contain no signing time, so the same file and key give the same bytes if
//! the key's signatures are deterministic (RSA).

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Encode};
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::chain::Chain;
use super::key::PrivateKey;

/// The parts of a signature that are the same for every file.
pub struct Frame {
    digest: AlgorithmIdentifierOwned,
    signature: AlgorithmIdentifierOwned,
    signer: SignerIdentifier,
    certificates: CertificateSet,
    content_type: Attribute,
}

impl Frame {
    /// Encodes what depends on chain and key only.
    pub fn new(chain: &Chain, key: &PrivateKey) -> der::Result<Self> {
        let algorithms = key.algorithms();
        let leaf = &chain.leaf().tbs_certificate;
        let choices = chain.certificates().iter().cloned().map(CertificateChoices::Certificate);
        Ok(Self {
            // RFC 5754 §2: no parameters.
            digest: AlgorithmIdentifierOwned { oid: algorithms.digest, parameters: None },
            signature: AlgorithmIdentifierOwned {
                oid: algorithms.signature,
                parameters: algorithms.has_null.then(Any::null),
            },
            signer: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: leaf.issuer.clone(),
                serial_number: leaf.serial_number.clone(),
            }),
            certificates: CertificateSet(SetOfVec::try_from(choices.collect::<Vec<_>>())?),
            content_type: attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        })
    }

    /// Wraps these bytes in SignedData, signed by the key.
    pub fn around(&self, bytes: &[u8], key: &PrivateKey) -> der::Result<Vec<u8>> {
        let digest = OctetString::new(key.digest(bytes).as_ref())?;
        let digest = attribute(MESSAGE_DIGEST, Any::encode_from(&digest)?)?;
        let attributes = SetOfVec::try_from(vec![self.content_type.clone(), digest])?;
        // RFC 5652 §5.4: the attributes are signed as a SET, although they are written with the tag
        // [0].
        let signature = OctetString::new(key.sign(&attributes.to_der()?))?;
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: self.signer.clone(),
            digest_alg: self.digest.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: self.signature.clone(),
            signature,
            unsigned_attrs: None,
        };
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![self.digest.clone()])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: DATA,
                econtent: Some(Any::new(der::Tag::OctetString, bytes)?),
            },
            certificates: Some(self.certificates.clone()),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
    }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

/// Object identifiers of RFC 5652 §4, §5.1, §11.1 and §11.2.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
