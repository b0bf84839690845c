//! A provider's answers and its file in a few hundred bytes: each compressed by itself against what the
//! first provider's were, since providers' files are much alike.

use std::io;
use std::sync::Arc;

use zstd::bulk::{Compressor, Decompressor};

use crate::settings::Provider;

use super::super::prepare::{Answers, Prepared, has_placeholders};

/// What is served of a provider: one piece of memory, since there may be a hundred thousand.
///
/// A byte of flags; the length of the next; the provider's name and its domains, a line each; how many
/// answers there are; the length of each; the answers; the provider's file.
#[derive(Debug, Clone)]
pub struct PackedProvider(Arc<[u8]>);

/// Packs, against the dictionary.
pub struct ProviderPacker(Compressor<'static>);

/// Unpacks; one for each thread.
pub struct ProviderUnpacker(Decompressor<'static>);

/// Stands alone for an answer that is not there yet; what is compressed is longer.
const IN_FULL: u8 = 0;
/// The names of the provider's servers are others for each domain.
const DIFFERS: u8 = 1;
/// No answer is as large as this.
const LARGEST: usize = 16 << 20;
/// Higher ones gain little on files of two kilobytes.
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
    /// Of what a [`ProviderPacker`] has packed.
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

/// What the answers of this provider have in common with those of others, in what is to be packed.
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

    /// The provider's file as it was when it was taken.
    pub fn file(&mut self, packed: &PackedProvider) -> io::Result<String> {
        let plain = self.0.decompress(packed.part(None), LARGEST)?;
        String::from_utf8(plain).map_err(io::Error::other)
    }
}

impl PackedProvider {
    /// What messages call it: its file's name.
    pub fn name(&self) -> &str {
        self.lines().next().unwrap_or_default()
    }

    /// Its own domains, where mail is delivered for them, and `*.` with domains that customers' are below.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.lines().skip(1)
    }

    /// Even its own domains get answers of their own, since the names of its servers differ.
    pub fn each_domain_differs(&self) -> bool {
        self.0[0] & DIFFERS != 0
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        let (length, rest) = number(&self.0[1..]);
        std::str::from_utf8(&rest[..length]).unwrap_or_default().lines()
    }

    /// An answer, or the file behind all of them.
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

/// Seven bits a byte, the lowest first; the eighth says that there is more.
fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A number that [`push_number`] wrote, and what stands behind it.
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
