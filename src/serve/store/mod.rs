//! The providers that are served, by domain. Each is packed, so that 100,000 of them fit into
//! memory, and can be replaced while others are read.

mod packed;
mod source_index;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use super::prepare::DomainOwner;

pub use packed::{PackedProvider, ProviderPacker, ProviderUnpacker, dictionary};
pub use source_index::{LoadReport, SourceIndex};

/// All providers that are served.
#[derive(Default)]
pub struct ProviderStore {
    index: RwLock<DomainIndex>,
    /// Increases with each change, so that workers drop what they have unpacked.
    generation: AtomicU64,
    /// What answers are packed against: the answers of the first provider.
    dictionary: OnceLock<Vec<u8>>,
}

#[derive(Default)]
struct DomainIndex {
    providers: Vec<Option<PackedProvider>>,
    free: Vec<u32>,
    count: usize,
    /// Domains and MX host domains. Customers of a hoster are found by where their mail is
    /// delivered.
    domains: HashMap<Box<str>, u32>,
    /// The parent of each wildcard: `example.com` for `*.example.com`.
    wildcards: HashMap<Box<str>, u32>,
    default: Option<u32>,
}

/// The provider for a domain.
#[derive(Clone)]
pub struct FoundProvider {
    pub packed: PackedProvider,
    pub owner: DomainOwner,
}

/// Two providers name the same domain. The first one keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub domain: String,
    pub first: String,
}

/// Wildcards have a table of their own.
const WILDCARD: &str = "*.";

impl ProviderStore {
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The dictionary; `first` makes it if there is none yet.
    pub fn dictionary(&self, first: impl FnOnce() -> Vec<u8>) -> &[u8] {
        self.dictionary.get_or_init(first)
    }

    /// The dictionary, if there is one.
    pub fn known_dictionary(&self) -> Option<&[u8]> {
        self.dictionary.get().map(Vec::as_slice)
    }

    /// The provider that names this domain.
    pub fn find_own(&self, domain: &str) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(*index.domains.get(domain)?, DomainOwner::Provider)
    }

    /// The provider for a domain, by name or wildcard. The default provider is not considered.
    pub fn find(&self, domain: &str) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = index.domains.get(domain) {
            return index.found(*at, DomainOwner::Provider);
        }
        let mut rest = domain;
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(at) = index.wildcards.get(parent) {
                return index.found(*at, DomainOwner::Customer);
            }
            rest = parent;
        }
        None
    }

    /// The provider for domains of no other provider.
    pub fn default_provider(&self) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(index.default?, DomainOwner::Customer)
    }

    /// At most `most` domains that providers name, in alphabetical order.
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

    /// Adds a provider, or replaces the one at `at`. Returns its place, and the domains that other
    /// providers have already.
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
    fn found(&self, at: u32, owner: DomainOwner) -> Option<FoundProvider> {
        let packed = self.providers.get(at as usize)?.as_ref()?.clone();
        let owner = if packed.each_domain_differs() { DomainOwner::Customer } else { owner };
        Some(FoundProvider { packed, owner })
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
                // The provider names it twice, as a domain and as an MX host domain.
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

    /// Removes a provider with its domains.
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
