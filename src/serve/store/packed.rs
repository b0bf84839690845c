//! Packs a provider's answers and its file into a few hundred bytes. Each part is compressed
//! against a dictionary, the answers of the first provider, because provider files are much alike.

use std::io;
use std::sync::Arc;

use zstd::bulk::{Compressor, Decompressor};

use crate::settings::Provider;

use super::super::prepare::{Answers, Prepared, has_placeholders};

/// A packed provider, in one allocation.
///
/// Flags (1 byte); length of the next part; the provider's name and its domains, a line each; the
/// number of answers; the length of each answer; the answers; the provider's file.
#[derive(Debug, Clone)]
pub struct PackedProvider(Arc<[u8]>);

/// Compresses with the dictionary.
pub struct ProviderPacker(Compressor<'static>);

/// Decompresses. Each worker thread has its own.
pub struct ProviderUnpacker(Decompressor<'static>);

/// Marks an answer that is rendered on request. Compressed answers are longer than one byte.
const IN_FULL: u8 = 0;
/// Flag: the provider's host names differ for each domain.
const DIFFERS: u8 = 1;
/// Bytes. No answer is as large.
const LARGEST: usize = 16 << 20;
/// Higher levels gain little on files of 2 KB.
const LEVEL: i32 = 3;

impl ProviderPacker {
    pub fn new(dictionary: &[u8]) -> io::Result<Self> {
        Ok(Self(Compressor::with_dictionary(LEVEL, dictionary)?))
    }

    pub fn pack(
        &mut self,
        name: &str,
        provider: &Provider,
        answers: &Answers,
        file: &str,
    ) -> io::Result<Vec<u8>> {
        let mut head = format!("{name}\n");
        let own = provider.config.domains.iter().chain(&provider.config.mx_domains);
        own.for_each(|domain| head.extend([domain.as_str(), "\n"]));
        provider.wildcards.iter().for_each(|domain| head.extend(["*.", domain.as_str(), "\n"]));
        let mut bytes = vec![if has_placeholders(provider) { DIFFERS } else { 0 }];
        push_number(&mut bytes, head.len());
        bytes.extend(head.bytes());
        push_number(&mut bytes, answers.len());
        let mut data = Vec::new();
        for answer in answers {
            let before = data.len();
            match answer {
                Prepared::Nothing => {}
                Prepared::InFull => data.push(IN_FULL),
                answer => {
                    let plain = postcard::to_allocvec(answer).map_err(io::Error::other)?;
                    data.extend(self.0.compress(&plain)?);
                }
            }
            push_number(&mut bytes, data.len() - before);
        }
        bytes.extend(data);
        bytes.extend(self.0.compress(file.as_bytes())?);
        Ok(bytes)
    }
}

impl From<&[u8]> for PackedProvider {
    /// Takes the bytes that [`ProviderPacker::pack`] returned.
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

/// The dictionary: all answers and the file, uncompressed.
pub fn dictionary(answers: &Answers, file: &str) -> Vec<u8> {
    let mut all = file.as_bytes().to_vec();
    for answer in answers {
        all.extend(postcard::to_allocvec(answer).unwrap_or_default());
    }
    all
}

impl ProviderUnpacker {
    pub fn new(dictionary: &[u8]) -> io::Result<Self> {
        Ok(Self(Decompressor::with_dictionary(dictionary)?))
    }

    pub fn answer(&mut self, packed: &PackedProvider, place: usize) -> io::Result<Prepared> {
        match packed.part(Some(place)) {
            [] => Ok(Prepared::Nothing),
            [IN_FULL] => Ok(Prepared::InFull),
            part => {
                let plain = self.0.decompress(part, LARGEST)?;
                postcard::from_bytes(&plain).map_err(io::Error::other)
            }
        }
    }

    /// The text of the provider's file as it was when it was read.
    pub fn file(&mut self, packed: &PackedProvider) -> io::Result<String> {
        let plain = self.0.decompress(packed.part(None), LARGEST)?;
        String::from_utf8(plain).map_err(io::Error::other)
    }
}

impl PackedProvider {
    /// The name of its file, without the extension.
    pub fn name(&self) -> &str {
        self.lines().next().unwrap_or_default()
    }

    /// Its own domains, its MX host domains, and wildcards with their `*.`.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.lines().skip(1)
    }

    /// Whether even its own domains get different answers, because the host names depend on the
    /// domain.
    pub fn each_domain_differs(&self) -> bool {
        self.0[0] & DIFFERS != 0
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        let (length, rest) = number(&self.0[1..]);
        std::str::from_utf8(&rest[..length]).unwrap_or_default().lines()
    }

    /// The bytes of an answer, or of the file if `at` is `None`.
    fn part(&self, at: Option<usize>) -> &[u8] {
        let (length, rest) = number(&self.0[1..]);
        let (count, mut rest) = number(&rest[length..]);
        let (mut start, mut all, mut own) = (0, 0, None);
        for answer in 0..count {
            let (length, after) = number(rest);
            rest = after;
            if Some(answer) == at {
                (start, own) = (all, Some(length));
            }
            all += length;
        }
        match (at, own) {
            (None, _) => &rest[all..],
            (Some(_), Some(length)) => &rest[start..start + length],
            (Some(_), None) => &[],
        }
    }
}

/// LEB128: seven bits a byte, the lowest first; the eighth bit says that more follow.
fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads a number that [`push_number`] wrote. Returns the rest, too.
fn number(bytes: &[u8]) -> (usize, &[u8]) {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate() {
        number |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return (number, &bytes[at + 1..]);
        }
    }
    (number, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_were() {
        for wanted in [0, 1, 127, 128, 300, 1 << 20] {
            let mut bytes = Vec::new();
            push_number(&mut bytes, wanted);
            bytes.push(7);
            assert_eq!(number(&bytes), (wanted, &[7][..]));
        }
    }
}
