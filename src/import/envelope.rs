//! Unwraps profiles that are not XML on disk: in a CMS signature, or as a binary property list.
//!
//! Only the content is extracted; signatures are not verified.

mod life;
mod signer;

pub use life::{Life, day_of, lives};
pub use signer::{SignerCertificate, signer};

/// The container of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// CMS SignedData (RFC 5652 §5), as macOS, MDM systems and `openssl cms` write it.
    Signed,
    /// Apple's binary property list.
    Binary,
}

/// The deepest nesting that is read; no signature is deeper.
const DEEPEST: usize = 12;
/// 1.2.840.113549.1.7.2, signedData.
const SIGNED_DATA: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PARTS: u8 = 0x24;
const EXPLICIT_0: u8 = 0xA0;

/// The XML inside, and its container. `None` if the bytes are not wrapped.
pub fn open(bytes: &[u8]) -> Option<(Vec<u8>, Wrapping)> {
    if bytes.starts_with(b"bplist0") {
        let value = plist::Value::from_reader(std::io::Cursor::new(bytes)).ok()?;
        let mut xml = Vec::new();
        value.to_writer_xml(&mut xml).ok()?;
        return Some((xml, Wrapping::Binary));
    }
    if bytes.first() != Some(&SEQUENCE) {
        return None;
    }
    let inside = signed(bytes)?;
    // Some systems sign a binary property list.
    match open_binary(&inside) {
        Some(xml) => Some((xml, Wrapping::Signed)),
        None => Some((inside, Wrapping::Signed)),
    }
}

fn open_binary(bytes: &[u8]) -> Option<Vec<u8>> {
    bytes.starts_with(b"bplist0").then(|| open(bytes)).flatten().map(|(xml, _)| xml)
}

/// The SignedData inside a ContentInfo (RFC 5652 §3, §5.1).
fn signed_data(bytes: &[u8]) -> Option<Element<'_>> {
    let info = element(bytes, 0)?.expect(SEQUENCE)?;
    let (kind, rest) = info.first_child()?;
    if kind.tag != OBJECT_IDENTIFIER || kind.content != SIGNED_DATA {
        return None;
    }
    let content = element(rest, info.depth + 1)?.expect(EXPLICIT_0)?;
    let (data, _) = content.first_child()?;
    data.expect(SEQUENCE)
}

/// The content octets of the EncapsulatedContentInfo of a SignedData.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    // Version and digest algorithms precede it.
    let encapsulated = signed_data(bytes)?.children().nth(2)?.expect(SEQUENCE)?;
    let content = encapsulated.children().nth(1)?.expect(EXPLICIT_0)?;
    let (octets, _) = content.first_child()?;
    octets.octets()
}

/// One BER value (X.690 §8.1) with a short tag.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    /// The bytes after this value.
    rest: &'a [u8],
    depth: usize,
}

impl<'a> Element<'a> {
    fn expect(self, tag: u8) -> Option<Self> {
        (self.tag == tag).then_some(self)
    }

    /// The first value inside, and the bytes after that.
    fn first_child(&self) -> Option<(Element<'a>, &'a [u8])> {
        let child = element(self.content, self.depth + 1)?;
        let rest = child.rest;
        Some((child, rest))
    }

    /// The values inside, up to the first broken one.
    fn children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let (mut rest, depth) = (self.content, self.depth + 1);
        std::iter::from_fn(move || {
            let child = element(rest, depth)?;
            rest = child.rest;
            Some(child)
        })
    }

    /// The content of an octet string, joined if it comes in parts.
    fn octets(&self) -> Option<Vec<u8>> {
        match self.tag {
            OCTETS => Some(self.content.to_vec()),
            OCTETS_IN_PARTS => {
                let mut all = Vec::new();
                let mut rest = self.content;
                while !rest.is_empty() {
                    let part = element(rest, self.depth + 1)?;
                    all.extend(part.octets()?);
                    rest = part.rest;
                }
                Some(all)
            }
            _ => None,
        }
    }
}

fn element(bytes: &[u8], depth: usize) -> Option<Element<'_>> {
    if depth > DEEPEST {
        return None;
    }
    let (&tag, after) = bytes.split_first()?;
    let (&first, after) = after.split_first()?;
    match first {
        0..=0x7F => of_length(tag, after, usize::from(first), depth),
        // Indefinite length, up to two zero bytes (§8.1.3.6). OpenSSL writes it when it streams.
        0x80 => {
            let mut rest = after;
            loop {
                if rest.starts_with(&[0, 0]) {
                    let content = &after[..after.len() - rest.len()];
                    return Some(Element { tag, content, rest: &rest[2..], depth });
                }
                rest = element(rest, depth + 1)?.rest;
            }
        }
        _ => {
            let (digits, after) = after.split_at_checked(usize::from(first & 0x7F))?;
            if digits.len() > 4 {
                return None;
            }
            let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            of_length(tag, after, length, depth)
        }
    }
}

fn of_length(tag: u8, after: &[u8], length: usize, depth: usize) -> Option<Element<'_>> {
    let (content, rest) = after.split_at_checked(length)?;
    Some(Element { tag, content, rest, depth })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
