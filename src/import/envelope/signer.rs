//! The signer that a signature claims. The claim is not verified.

use super::life::{Life, life};
use super::{EXPLICIT_0, Element, OBJECT_IDENTIFIER, OCTETS, SEQUENCE, signed_data};

/// The certificate of the first signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerCertificate {
    /// The common name of its subject, or else the organisation: `CN=mail.example.com`.
    pub name: String,
    pub life: Life,
}

const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
/// `[0]`, a key identifier (RFC 5652 §5.3), and `[3]`, the extensions (RFC 5280 §4.1).
const IMPLICIT_0: u8 = 0x80;
const EXPLICIT_3: u8 = 0xA3;
/// 2.5.29.14, subjectKeyIdentifier.
const KEY_IDENTIFIER: [u8; 3] = [0x55, 0x1D, 0x0E];
/// 2.5.4.3, commonName, and 2.5.4.10, organizationName.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANISATION: [u8; 3] = [0x55, 0x04, 0x0A];
const BMP_STRING: u8 = 0x1E;

/// The signer of the first SignerInfo. `None` if the signature does not include its certificate.
pub fn signer(bytes: &[u8]) -> Option<SignerCertificate> {
    let data = signed_data(bytes)?;
    let certificates = data.children().find(|child| child.tag == EXPLICIT_0)?;
    // The digest algorithms before it are a set as well.
    let infos = data.children().filter(|child| child.tag == SET).nth(1)?;
    let identifier = infos.children().next()?.expect(SEQUENCE)?.children().nth(1)?;
    let certificate = certificates.children().find(|one| is_meant(one, &identifier))?;
    let subject = sequences(&certificate)?.nth(3)?;
    Some(SignerCertificate { name: name(&subject), life: life(&certificate)? })
}

/// The sequences of a TBSCertificate: algorithm, issuer, validity, subject, key.
fn sequences<'a>(certificate: &Element<'a>) -> Option<impl Iterator<Item = Element<'a>>> {
    let to_be_signed = certificate.children().next()?.expect(SEQUENCE)?;
    Some(to_be_signed.children().filter(|field| field.tag == SEQUENCE))
}

fn is_meant(certificate: &Element<'_>, identifier: &Element<'_>) -> bool {
    let fits = match identifier.tag {
        SEQUENCE => by_serial_number(certificate, identifier),
        IMPLICIT_0 => key_identifier(certificate).map(|found| found == identifier.content),
        _ => None,
    };
    fits.unwrap_or(false)
}

fn by_serial_number(certificate: &Element<'_>, identifier: &Element<'_>) -> Option<bool> {
    let mut wanted = identifier.children();
    let (issuer, number) = (wanted.next()?, wanted.next()?.expect(INTEGER)?);
    let fields = certificate.children().next()?;
    let own_number = fields.children().find(|field| field.tag == INTEGER)?;
    let own_issuer = sequences(certificate)?.nth(1)?;
    Some(own_issuer.content == issuer.content && own_number.content == number.content)
}

fn key_identifier<'a>(certificate: &Element<'a>) -> Option<&'a [u8]> {
    let fields = certificate.children().next()?;
    let extensions = fields.children().find(|field| field.tag == EXPLICIT_3)?.children().next()?;
    let is_it = |extension: &Element<'_>| {
        let name = extension.children().next();
        name.is_some_and(|n| n.tag == OBJECT_IDENTIFIER && n.content == KEY_IDENTIFIER)
    };
    let extension = extensions.children().find(is_it)?;
    let value = extension.children().find(|field| field.tag == OCTETS)?;
    Some(value.children().next()?.expect(OCTETS)?.content)
}

/// The last common name, which is the most specific one, or else the last organisation.
fn name(subject: &Element<'_>) -> String {
    let value = |wanted: &[u8]| {
        let parts = subject.children().flat_map(|set| set.children());
        let texts = parts.filter_map(|part| {
            let mut fields = part.children();
            let kind = fields.next()?;
            let value = fields.next()?;
            (kind.content == wanted).then(|| text(&value))
        });
        texts.last()
    };
    match (value(&COMMON_NAME), value(&ORGANISATION)) {
        (Some(name), _) => format!("CN={name}"),
        (None, Some(name)) => format!("O={name}"),
        (None, None) => "a certificate without a name".to_owned(),
    }
}

/// Decodes any string type and replaces control characters, which a terminal could obey.
fn text(value: &Element<'_>) -> String {
    let text = match value.tag {
        BMP_STRING => {
            let pairs = value.content.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
            char::decode_utf16(pairs).map(|c| c.unwrap_or('\u{fffd}')).collect()
        }
        _ => String::from_utf8_lossy(value.content).into_owned(),
    };
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
