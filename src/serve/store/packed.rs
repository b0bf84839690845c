//! A provider's answers and its file in a few hundred bytes: each compressed by itself against what the
//! first provider's were, since providers' files are much alike.

use std::io;

use zstd::bulk::{Compressor, Decompressor};

use super::super::kitchen::{Answers, Prepared};

/// What is served of a provider.
pub struct Packed {
    /// What messages call it: its file's name.
    pub name: Box<str>,
    /// Even its own domains get answers of their own, since the names of its servers differ.
    pub each_domain_differs: bool,
    /// Where each answer ends; the last is the provider's file.
    ends: Box<[u32]>,
    data: Box<[u8]>,
}

/// Packs, against the dictionary.
pub struct Packer(Compressor<'static>);

/// Unpacks; one for each thread.
pub struct Unpacker(Decompressor<'static>);

/// No answer is as large as this.
const LARGEST: usize = 16 << 20;
/// Higher ones gain little on files of two kilobytes.
const LEVEL: i32 = 3;

impl Packer {
    pub fn new(dictionary: &[u8]) -> io::Result<Self> {
        Ok(Self(Compressor::with_dictionary(LEVEL, dictionary)?))
    }

    pub fn pack(
        &mut self,
        name: &str,
        each_domain_differs: bool,
        answers: &Answers,
        file: &str,
    ) -> io::Result<Packed> {
        let mut data = Vec::new();
        let mut ends = Vec::with_capacity(answers.len() + 1);
        for answer in answers {
            if !matches!(answer, Prepared::Nothing) {
                let plain = postcard::to_allocvec(answer).map_err(io::Error::other)?;
                data.extend(self.0.compress(&plain)?);
            }
            ends.push(end(&data)?);
        }
        data.extend(self.0.compress(file.as_bytes())?);
        ends.push(end(&data)?);
        let (name, ends, data) = (name.into(), ends.into(), data.into());
        Ok(Packed { name, each_domain_differs, ends, data })
    }
}

fn end(data: &[u8]) -> io::Result<u32> {
    u32::try_from(data.len()).map_err(io::Error::other)
}

/// What the answers of this provider have in common with those of others, in what is to be packed.
pub fn dictionary(answers: &Answers, file: &str) -> Vec<u8> {
    let mut all = file.as_bytes().to_vec();
    for answer in answers {
        all.extend(postcard::to_allocvec(answer).unwrap_or_default());
    }
    all
}

impl Unpacker {
    pub fn new(dictionary: &[u8]) -> io::Result<Self> {
        Ok(Self(Decompressor::with_dictionary(dictionary)?))
    }

    pub fn answer(&mut self, packed: &Packed, place: usize) -> io::Result<Prepared> {
        match packed.part(place) {
            [] => Ok(Prepared::Nothing),
            part => {
                let plain = self.0.decompress(part, LARGEST)?;
                postcard::from_bytes(&plain).map_err(io::Error::other)
            }
        }
    }

    /// The provider's file as it was when it was taken.
    pub fn file(&mut self, packed: &Packed) -> io::Result<String> {
        let plain = self.0.decompress(packed.part(packed.ends.len() - 1), LARGEST)?;
        String::from_utf8(plain).map_err(io::Error::other)
    }
}

impl Packed {
    fn part(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.data[start..self.ends[at] as usize]
    }
}
