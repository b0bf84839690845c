//! Packs a provider's answers and its file into a few hundred bytes. Each part is compressed
//! against a dictionary, the answers of the first provider, because provider files are much alike.

use std::fmt;
use std::io;
use std::sync::Arc;

use zstd::bulk::{Compressor, Decompressor};

use crate::model::Hostname;
use crate::settings::Provider;

use super::super::prepare::{Answers, Prepared, has_placeholders};

/// A packed provider, in one allocation.
///
/// A [`Head`] in postcard's format, the answers, and the provider's file.
#[derive(Debug, Clone)]
pub struct PackedProvider(Arc<[u8]>);

/// Whether the provider's host names differ for each domain; its name, its public host (or an empty
/// line) and its domains, a line each; the length of each answer.
type Head<'a> = (bool, &'a str, Vec<u32>);

/// What a provider's file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    pub domain: &'a str,
    pub kind: ClaimKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// A domain or MX host domain of its own.
    Own,
    /// A customer's domain, from a list.
    Listed,
    /// Everything below the domain.
    Wildcard,
    /// Not a domain, but the host of `publicHost`.
    PublicHost,
}

impl fmt::Display for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = match self.kind {
            ClaimKind::Wildcard => WILDCARD,
            ClaimKind::PublicHost => "https://",
            ClaimKind::Own | ClaimKind::Listed => "",
        };
        write!(f, "{before}{}", self.domain)
    }
}

/// What comes before a domain in the head.
const WILDCARD: &str = "*.";
const LISTED: &str = "+";

/// Compresses with the dictionary.
pub struct ProviderPacker(Compressor<'static>);

/// Decompresses. Each worker thread has its own.
pub struct ProviderUnpacker(Decompressor<'static>);

/// Marks an answer that is rendered on request. Compressed answers are longer than one byte.
const IN_FULL: u8 = 0;
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
        let public_host = provider.public_host.as_ref().map_or("", Hostname::as_str);
        let mut names = format!("{name}\n{public_host}\n");
        let own = provider.config.domains.iter().chain(&provider.config.mx_domains);
        own.for_each(|domain| names.extend([domain.as_str(), "\n"]));
        provider
            .wildcards
            .iter()
            .for_each(|domain| names.extend([WILDCARD, domain.as_str(), "\n"]));
        provider.listed.iter().for_each(|domain| names.extend([LISTED, domain.as_str(), "\n"]));
        let mut lengths = Vec::with_capacity(answers.len());
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
            lengths.push(u32::try_from(data.len() - before).map_err(io::Error::other)?);
        }
        let head: Head<'_> = (has_placeholders(provider), &names, lengths);
        let mut bytes = postcard::to_allocvec(&head).map_err(io::Error::other)?;
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

    /// The host that its file names as its public one.
    pub fn public_host(&self) -> Option<&str> {
        self.lines().nth(1).filter(|host| !host.is_empty())
    }

    /// Its own domains, its MX host domains, its wildcards, the domains of its list, and its public
    /// host.
    pub fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        let public_host = self.public_host();
        let public_host = public_host.map(|domain| Claim { domain, kind: ClaimKind::PublicHost });
        let domains = self.lines().skip(2).map(|line| {
            let (domain, kind) = match (line.strip_prefix(WILDCARD), line.strip_prefix(LISTED)) {
                (Some(domain), _) => (domain, ClaimKind::Wildcard),
                (_, Some(domain)) => (domain, ClaimKind::Listed),
                (None, None) => (line, ClaimKind::Own),
            };
            Claim { domain, kind }
        });
        domains.chain(public_host)
    }

    /// Whether even its own domains get different answers, because the host names depend on the
    /// domain.
    pub fn each_domain_differs(&self) -> bool {
        postcard::from_bytes(&self.0).unwrap_or_default()
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        let head: Result<(bool, &str), _> = postcard::from_bytes(&self.0);
        head.map(|(_, names)| names).unwrap_or_default().lines()
    }

    /// The bytes of an answer, or of the file if `at` is `None`.
    fn part(&self, at: Option<usize>) -> &[u8] {
        let Ok(((_, _, lengths), mut rest)) = postcard::take_from_bytes::<Head<'_>>(&self.0) else {
            return &[];
        };
        for (answer, length) in lengths.into_iter().enumerate() {
            let Some((part, after)) = rest.split_at_checked(length as usize) else { return &[] };
            if Some(answer) == at {
                return part;
            }
            rest = after;
        }
        if at.is_none() { rest } else { &[] }
    }
}
