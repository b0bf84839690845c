//! SignedData (RFC 5652 §5), in the shape of Apple's own profiles: DER, the content inside.
//!
//! No signing time is among the signed attributes, so that the same file and key give the same bytes
//! where the key's signatures do (RSA).

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
use super::key::Key;

/// All of a signature that is the same for every file.
pub struct Frame {
    digest: AlgorithmIdentifierOwned,
    signature: AlgorithmIdentifierOwned,
    signer: SignerIdentifier,
    certificates: CertificateSet,
    content_type: Attribute,
}

impl Frame {
    pub fn new(chain: &Chain, key: &Key) -> der::Result<Self> {
        let algorithms = key.algorithms();
        let leaf = &chain.leaf().tbs_certificate;
        let choices = chain.certificates().iter().cloned().map(CertificateChoices::Certificate);
        Ok(Self {
            // RFC 5754 §2: without parameters.
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

    /// These bytes with the key's signature around them.
    pub fn around(&self, bytes: &[u8], key: &Key) -> der::Result<Vec<u8>> {
        let digest = OctetString::new(key.digest(bytes).as_ref())?;
        let digest = attribute(MESSAGE_DIGEST, Any::encode_from(&digest)?)?;
        let attributes = SetOfVec::try_from(vec![self.content_type.clone(), digest])?;
        // RFC 5652 §5.4: signed as a SET, though written with the tag [0].
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

/// RFC 5652 §4, §5.1, §11.1, §11.2.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
