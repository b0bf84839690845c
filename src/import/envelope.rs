//! Unwraps profiles that are not XML on disk: in a CMS signature, or as a binary property list.
//!
//! Only the content and the parts of a signature are extracted; `check` verifies it.

#[cfg(feature = "sign")]
pub mod signed_parts;

use std::io::{self, Cursor};

use plist::stream::{BinaryReader, Writer, XmlWriter};
use x509_parser::asn1_rs::{Any, Class, FromBer, Tag};
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER as SUBJECT_KEY_IDENTIFIER;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate, X509Name};

use crate::model::printable;

/// The container of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// CMS SignedData (RFC 5652 §5), as macOS, MDM systems and `openssl cms` write it.
    Signed,
    /// Apple's binary property list.
    Binary,
}

/// 1.2.840.113549.1.7.2, signedData.
const SIGNED_DATA: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

/// The XML inside, and its container. `None` if the bytes are not wrapped.
pub fn open(bytes: &[u8]) -> Option<(Vec<u8>, Wrapping)> {
    if bytes.starts_with(b"bplist0") {
        return binary_to_xml(bytes).map(|xml| (xml, Wrapping::Binary));
    }
    let inside = content(bytes)?;
    // Some systems sign a binary property list.
    match inside.starts_with(b"bplist0").then(|| open(&inside)).flatten() {
        Some((xml, _)) => Some((xml, Wrapping::Signed)),
        None => Some((inside, Wrapping::Signed)),
    }
}

/// Bytes of XML. A binary list can name one object from many places, and so stand for more than
/// any memory holds.
const LARGEST_XML: usize = 8 * 1024 * 1024;

fn binary_to_xml(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut writer = XmlWriter::new(BoundedBuffer(Vec::new()));
    for event in BinaryReader::new(Cursor::new(bytes)) {
        writer.write(event.ok()?).ok()?;
    }
    Some(writer.into_inner().0)
}

/// Takes at most [`LARGEST_XML`] bytes.
struct BoundedBuffer(Vec<u8>);

impl io::Write for BoundedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST_XML {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The validity of a certificate (RFC 5280 §4.1.2.5), in days since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The first day.
    pub first: i64,
    /// The last day.
    pub last: i64,
    /// The last day as `2026-11-25`.
    pub last_day: String,
}

/// Days before expiry at which a certificate should be renewed.
const SOON: i64 = 30;

impl Life {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        let day = |time: ASN1Time| time.timestamp().div_euclid(86_400);
        Self {
            first: day(validity.not_before),
            last: day(validity.not_after),
            last_day: validity.not_after.to_datetime().date().to_string(),
        }
    }

    /// Days until the certificate expires; negative if it has expired.
    pub fn days_left(&self, today: i64) -> i64 {
        self.last - today
    }

    /// Whether less than 30 days are left. For a certificate that is valid for less than 90 days:
    /// whether less than a third of its lifetime is left, so that one of a week is not due on its
    /// second day.
    pub fn ends_soon(&self, today: i64) -> bool {
        self.days_left(today) < SOON.min((self.last - self.first) / 3)
    }
}

/// The validity of each certificate in a CMS signature. Unreadable certificates are left out.
pub fn lives(bytes: &[u8]) -> Vec<Life> {
    certificates(bytes).iter().map(Life::of).collect()
}

/// The certificate of the first signature. The claim is not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerCertificate {
    /// The common name of its subject, or else the organisation: `CN=mail.example.com`.
    pub name: String,
    /// The validity of the certificate.
    pub life: Life,
}

/// The signer of the first SignerInfo. `None` if the signature does not include its certificate.
pub fn signer(bytes: &[u8]) -> Option<SignerCertificate> {
    // The digest algorithms before it are a set as well.
    let infos = children(&signed_data(bytes)?).filter(|child| child.tag() == Tag::Set).nth(1)?;
    // SignerInfo: version, then issuer and serial number or `[0]`, a key identifier (§5.3).
    let identifier = children(&children(&infos).next()?).nth(1)?;
    let certificates = certificates(bytes);
    let meant = certificates.iter().find(|one| is_meant(one, &identifier).unwrap_or(false))?;
    Some(SignerCertificate { name: certificate_name(meant.subject()), life: Life::of(meant) })
}

fn is_meant(certificate: &X509Certificate<'_>, identifier: &Any<'_>) -> Option<bool> {
    if identifier.class() == Class::ContextSpecific {
        let known = certificate.get_extension_unique(&SUBJECT_KEY_IDENTIFIER).ok()??;
        return match known.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(known) => Some(known.0 == identifier.data),
            _ => None,
        };
    }
    let mut wanted = children(identifier);
    let (issuer, number) = (wanted.next()?, wanted.next()?);
    let own = Any::from_ber(certificate.issuer().as_raw()).ok()?.1;
    Some(own.data == issuer.data && certificate.raw_serial() == number.data)
}

/// The last common name, which is the most specific one, or else the last organisation.
pub fn certificate_name(subject: &X509Name<'_>) -> String {
    let (names, organisations) = (subject.iter_common_name(), subject.iter_organization());
    match (names.last(), organisations.last()) {
        (Some(name), _) => format!("CN={}", text(name.attr_value())),
        (None, Some(name)) => format!("O={}", text(name.attr_value())),
        (None, None) => "a certificate without a name".to_owned(),
    }
}

/// Decodes any string type.
fn text(value: &Any<'_>) -> String {
    let text = match value.tag() {
        Tag::BmpString => {
            let pairs = value.data.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
            char::decode_utf16(pairs).map(|c| c.unwrap_or('\u{fffd}')).collect()
        }
        _ => String::from_utf8_lossy(value.data).into_owned(),
    };
    printable(&text).into_owned()
}

/// The values inside a constructed one, up to the first broken one.
fn children<'a>(parent: &Any<'a>) -> impl Iterator<Item = Any<'a>> + use<'a> {
    let mut rest = parent.data;
    std::iter::from_fn(move || {
        let (after, child) = Any::from_ber(rest).ok()?;
        rest = after;
        Some(child)
    })
}

/// The child at this place, if it has this tag.
fn child<'a>(parent: &Any<'a>, at: usize, tag: Tag) -> Option<Any<'a>> {
    children(parent).nth(at).filter(|child| child.tag() == tag)
}

/// The SignedData inside a ContentInfo (RFC 5652 §3, §5.1). `[0]` has the number of EndOfContent.
fn signed_data(bytes: &[u8]) -> Option<Any<'_>> {
    let info = Any::from_ber(bytes).ok()?.1;
    let kind = (info.tag() == Tag::Sequence).then(|| child(&info, 0, Tag::Oid)).flatten()?;
    if kind.data != SIGNED_DATA {
        return None;
    }
    child(&child(&info, 1, Tag::EndOfContent)?, 0, Tag::Sequence)
}

/// The content octets of the EncapsulatedContentInfo of a SignedData.
fn content(bytes: &[u8]) -> Option<Vec<u8>> {
    // Version and digest algorithms precede it.
    let encapsulated = child(&signed_data(bytes)?, 2, Tag::Sequence)?;
    octets(&child(&child(&encapsulated, 1, Tag::EndOfContent)?, 0, Tag::OctetString)?)
}

/// The content of an octet string, joined if it comes in parts. Parts have no parts in practice.
fn octets(string: &Any<'_>) -> Option<Vec<u8>> {
    if !string.header.constructed() {
        return Some(string.data.to_vec());
    }
    let mut whole = Vec::new();
    for part in children(string) {
        if part.tag() != Tag::OctetString || part.header.constructed() {
            return None;
        }
        whole.extend_from_slice(part.data);
    }
    Some(whole)
}

fn certificates(bytes: &[u8]) -> Vec<X509Certificate<'_>> {
    let data = signed_data(bytes);
    let is_list = |child: &Any<'_>| {
        child.class() == Class::ContextSpecific && child.tag() == Tag::EndOfContent
    };
    let Some(list) = data.and_then(|data| children(&data).find(is_list)) else { return Vec::new() };
    let mut rest = list.data;
    let mut certificates = Vec::new();
    while let Ok((after, _)) = Any::from_ber(rest) {
        certificates.extend(X509Certificate::from_der(rest).ok().map(|(_, one)| one));
        rest = after;
    }
    certificates
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    const OCTETS: u8 = 0x04;
    const OCTETS_IN_PARTS: u8 = 0x24;
    const EXPLICIT_0: u8 = 0xA0;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, length[0], length[1]], content].concat()
    }

    /// The smallest signature around a text. The octets are whole, or in parts with indefinite
    /// length.
    fn sign(text: &[u8], in_parts: bool) -> Vec<u8> {
        let octets = match in_parts {
            false => der(OCTETS, text),
            true => {
                let (a, b) = text.split_at(text.len() / 2);
                [&[OCTETS_IN_PARTS, 0x80][..], &der(OCTETS, a), &der(OCTETS, b), &[0, 0]].concat()
            }
        };
        let data = [0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
        let encapsulated = der(SEQUENCE, &[&data[..], &der(EXPLICIT_0, &octets)].concat());
        let signed = der(SEQUENCE, &[&[0x02, 1, 1, 0x31, 0][..], &encapsulated].concat());
        let kind = [&[OBJECT_IDENTIFIER, 9][..], &SIGNED_DATA].concat();
        der(SEQUENCE, &[&kind[..], &der(EXPLICIT_0, &signed)].concat())
    }

    #[test]
    fn what_is_signed_is_taken_out_whole_or_in_parts() {
        for in_parts in [false, true] {
            let (inside, wrapping) = open(&sign(b"<plist/>", in_parts)).unwrap();
            assert_eq!((inside.as_slice(), wrapping), (&b"<plist/>"[..], Wrapping::Signed));
        }
        assert_eq!(open(b"<plist/>"), None);
        assert_eq!(open(&der(SEQUENCE, b"\x06\x01\x2a")), None);
    }

    #[test]
    fn a_binary_list_becomes_xml() {
        let mut binary = Vec::new();
        let mut dictionary = plist::Dictionary::new();
        dictionary.insert("PayloadType".to_owned(), "Configuration".into());
        plist::Value::Dictionary(dictionary).to_writer_binary(&mut binary).unwrap();
        let (xml, wrapping) = open(&binary).unwrap();
        assert!(String::from_utf8(xml).unwrap().contains("<key>PayloadType</key>"));
        assert_eq!(wrapping, Wrapping::Binary);
        assert_eq!(open(&sign(&binary, true)).unwrap().1, Wrapping::Signed);
    }

    /// A list of lists, each of which names the next one ten times: 10^levels strings.
    fn bomb(levels: u8) -> Vec<u8> {
        let mut bytes = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for level in 0..levels {
            offsets.push(u8::try_from(bytes.len()).unwrap());
            bytes.push(0xAA);
            bytes.extend([level + 1; 10]);
        }
        offsets.push(u8::try_from(bytes.len()).unwrap());
        bytes.extend([0x51, b'x']);
        let table = u8::try_from(bytes.len()).unwrap();
        bytes.extend(&offsets);
        bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        bytes.extend([0, 0, 0, 0, 0, 0, 0, levels + 1]);
        bytes.extend([0; 8]);
        bytes.extend([0, 0, 0, 0, 0, 0, 0, table]);
        bytes
    }

    #[test]
    fn a_binary_list_that_stands_for_more_than_memory_holds_is_refused() {
        let (xml, _) = open(&bomb(2)).unwrap();
        assert_eq!(String::from_utf8(xml).unwrap().matches("<string>x</string>").count(), 100);
        assert!(bomb(9).len() < 200);
        assert_eq!(open(&bomb(9)), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, cut in 0_usize..200, flip in 0_usize..200) {
            let _ = open(&bytes);
            let mut signed = sign(b"<plist version=\"1.0\"></plist>", true);
            let at = flip % signed.len();
            signed[at] ^= 0xFF;
            let _ = open(&signed[..cut.min(signed.len())]);
            let _ = open(&signed);
        }
    }
}
