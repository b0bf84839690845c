//! Who is served: domains → the answers of their provider, packed so that a hundred thousand providers
//! have room, and exchanged one by one while others ask.

mod packed;
mod source_index;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use super::prepare::Class;

pub use packed::{PackedProvider, ProviderPacker, ProviderUnpacker, dictionary};
pub use source_index::{LoadReport, SourceIndex};

/// The index of everything that is served.
#[derive(Default)]
pub struct ProviderStore {
    index: RwLock<DomainIndex>,
    /// Another number after each change.
    generation: AtomicU64,
    /// What everything is packed against: the first provider's answers.
    dictionary: OnceLock<Vec<u8>>,
}

#[derive(Default)]
struct DomainIndex {
    providers: Vec<Option<PackedProvider>>,
    free: Vec<u32>,
    count: usize,
    /// Domains, and where mail is delivered for them, which hosters' customers are found by.
    domains: HashMap<Box<str>, u32>,
    /// What stands behind the first dot of `*.example.com`.
    wildcards: HashMap<Box<str>, u32>,
    default: Option<u32>,
}

/// What is found for a domain.
#[derive(Clone)]
pub struct FoundProvider {
    pub packed: PackedProvider,
    pub class: Class,
}

/// Two providers that name the same domain; the first one keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub domain: String,
    pub first: String,
}

/// What has a way in of its own.
const WILDCARD: &str = "*.";

impl ProviderStore {
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// What everything here is packed against; the first who asks says it.
    pub fn dictionary(&self, first: impl FnOnce() -> Vec<u8>) -> &[u8] {
        self.dictionary.get_or_init(first)
    }

    /// The same, where somebody has said it.
    pub fn known_dictionary(&self) -> Option<&[u8]> {
        self.dictionary.get().map(Vec::as_slice)
    }

    /// Whose own a domain is.
    pub fn find_own(&self, domain: &str) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(*index.domains.get(domain)?, Class::Own)
    }

    /// Who answers for a domain, without the default.
    pub fn find(&self, domain: &str) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = index.domains.get(domain) {
            return index.found(*at, Class::Own);
        }
        let mut rest = domain;
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(at) = index.wildcards.get(parent) {
                return index.found(*at, Class::Customer);
            }
            rest = parent;
        }
        None
    }

    /// Who answers for domains that nobody has.
    pub fn default_provider(&self) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(index.default?, Class::Customer)
    }

    /// The own domains of all that are served, to the number of `most`.
    pub fn domains(&self, most: usize) -> Vec<String> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut domains: Vec<String> = index.domains.keys().map(ToString::to_string).collect();
        domains.sort();
        domains.truncate(most);
        domains
    }

    pub fn len(&self) -> usize {
        self.index.read().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Puts a provider in, or in place of the one that was at that place. Gives its place, and the domains
    /// that others have.
    pub fn put(
        &self,
        at: Option<u32>,
        packed: PackedProvider,
        is_default: bool,
    ) -> (u32, Vec<Clash>) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let put = index.put(at, packed, is_default);
        drop(index);
        self.generation.fetch_add(1, Ordering::Release);
        put
    }

    pub fn remove(&self, at: u32) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.take(at);
        index.free.push(at);
        if index.default == Some(at) {
            index.default = None;
        }
        drop(index);
        self.generation.fetch_add(1, Ordering::Release);
    }
}

impl DomainIndex {
    fn found(&self, at: u32, class: Class) -> Option<FoundProvider> {
        let packed = self.providers.get(at as usize)?.as_ref()?.clone();
        let class = if packed.each_domain_differs() { Class::Customer } else { class };
        Some(FoundProvider { packed, class })
    }

    fn put(
        &mut self,
        at: Option<u32>,
        packed: PackedProvider,
        is_default: bool,
    ) -> (u32, Vec<Clash>) {
        let at = match at.or_else(|| self.free.pop()) {
            Some(at) => at,
            None => {
                self.providers.push(None);
                u32::try_from(self.providers.len() - 1)
                    .expect("fewer than four thousand million files")
            }
        };
        self.take(at);
        let mut clashes = Vec::new();
        for domain in packed.domains() {
            let (ways, name) = match domain.strip_prefix(WILDCARD) {
                Some(parent) => (&mut self.wildcards, parent),
                None => (&mut self.domains, domain),
            };
            match ways.get(name) {
                // Named twice, as a domain and as where its mail is delivered.
                Some(other) if *other == at => {}
                Some(other) => {
                    let first =
                        self.providers[*other as usize].as_ref().map_or("", PackedProvider::name);
                    clashes.push(Clash { domain: domain.to_owned(), first: first.to_owned() });
                }
                None => drop(ways.insert(name.into(), at)),
            }
        }
        self.providers[at as usize] = Some(packed);
        self.count += 1;
        if is_default {
            self.default = Some(at);
        }
        (at, clashes)
    }

    /// Takes a site out, with its ways in.
    fn take(&mut self, at: u32) {
        let Some(packed) = self.providers[at as usize].take() else { return };
        self.count -= 1;
        for domain in packed.domains() {
            let (ways, name) = match domain.strip_prefix(WILDCARD) {
                Some(parent) => (&mut self.wildcards, parent),
                None => (&mut self.domains, domain),
            };
            if ways.get(name) == Some(&at) {
                ways.remove(name);
            }
        }
    }
}
