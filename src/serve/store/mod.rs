//! Who is served: domains → the answers of their provider, packed so that a hundred thousand providers
//! have room, and exchanged one by one while others ask.

mod packed;
mod sources;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::model::Hostname;
use crate::settings::Provider;

use super::kitchen::Class;

pub use packed::{Packed, Packer, Unpacker, dictionary};
pub use sources::{Said, Sources};

/// The index of everything that is served.
#[derive(Default)]
pub struct Store {
    index: RwLock<Index>,
    /// Another number after each change.
    generation: AtomicU64,
    /// What everything is packed against: the first provider's answers.
    dictionary: OnceLock<Vec<u8>>,
}

#[derive(Default)]
struct Index {
    sites: Vec<Option<Site>>,
    free: Vec<u32>,
    /// Domains, and where mail is delivered for them, which hosters' customers are found by.
    domains: HashMap<Box<str>, u32>,
    /// What stands behind the first dot of `*.example.com`.
    wildcards: HashMap<Box<str>, u32>,
    /// By the name of the provider's file.
    names: HashMap<Box<str>, u32>,
    default: Option<u32>,
}

struct Site {
    packed: Arc<Packed>,
    domains: Box<[Box<str>]>,
    wildcards: Box<[Box<str>]>,
}

/// What is found for a domain.
#[derive(Clone)]
pub struct Found {
    pub packed: Arc<Packed>,
    pub class: Class,
    /// The provider's first domain.
    pub first: Box<str>,
}

/// Two providers that name the same domain; the first one keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub domain: String,
    pub first: String,
}

impl Store {
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// What everything here is packed against; the first who asks says it.
    pub fn dictionary(&self, first: impl FnOnce() -> Vec<u8>) -> &[u8] {
        self.dictionary.get_or_init(first)
    }

    /// Whose own a domain is.
    pub fn find_own(&self, domain: &str) -> Option<Found> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(*index.domains.get(domain)?, Class::Own)
    }

    /// Who answers for a domain, without the default.
    pub fn find(&self, domain: &str) -> Option<Found> {
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
    pub fn for_all_others(&self) -> Option<Found> {
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

    pub fn has_domain(&self, domain: &str) -> bool {
        self.find(domain).is_some()
    }

    pub fn len(&self) -> usize {
        self.index.read().unwrap_or_else(PoisonError::into_inner).names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a provider in, or in place of the one of that name. Gives the domains that others have.
    pub fn put(
        &self,
        name: &str,
        provider: &Provider,
        packed: Packed,
        is_default: bool,
    ) -> Vec<Clash> {
        let config = &provider.config;
        let of = |names: &[Hostname]| -> Vec<Box<str>> {
            names.iter().map(|name| Box::from(name.as_str())).collect()
        };
        let mut domains = of(&config.domains);
        for mx in of(&config.mx_domains) {
            if !domains.contains(&mx) {
                domains.push(mx);
            }
        }
        let wildcards = of(&provider.wildcards);
        let site =
            Site { packed: Arc::new(packed), domains: domains.into(), wildcards: wildcards.into() };
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let clashes = index.put(name, site, is_default);
        drop(index);
        self.generation.fetch_add(1, Ordering::Release);
        clashes
    }

    /// Whether there was one of that name.
    pub fn remove(&self, name: &str) -> bool {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = index.names.remove(name) else { return false };
        index.take(at);
        index.free.push(at);
        if index.default == Some(at) {
            index.default = None;
        }
        drop(index);
        self.generation.fetch_add(1, Ordering::Release);
        true
    }

    pub fn contains(&self, name: &str) -> bool {
        self.index.read().unwrap_or_else(PoisonError::into_inner).names.contains_key(name)
    }
}

impl Index {
    fn found(&self, at: u32, class: Class) -> Option<Found> {
        let site = self.sites.get(at as usize)?.as_ref()?;
        let class = match site.packed.each_domain_differs {
            true => Class::Customer,
            false => class,
        };
        let first = site.domains.first().cloned().unwrap_or_default();
        Some(Found { packed: Arc::clone(&site.packed), class, first })
    }

    fn put(&mut self, name: &str, site: Site, is_default: bool) -> Vec<Clash> {
        let at = match self.names.get(name) {
            Some(at) => {
                let at = *at;
                self.take(at);
                at
            }
            None => match self.free.pop() {
                Some(at) => at,
                None => {
                    self.sites.push(None);
                    u32::try_from(self.sites.len() - 1)
                        .expect("fewer than four thousand million files")
                }
            },
        };
        let mut clashes = Vec::new();
        for domain in &site.domains {
            match self.domains.get(domain) {
                Some(other) => clashes.push(self.clash(domain, *other)),
                None => drop(self.domains.insert(domain.clone(), at)),
            }
        }
        for parent in &site.wildcards {
            match self.wildcards.get(parent) {
                Some(other) => clashes.push(self.clash(&format!("*.{parent}"), *other)),
                None => drop(self.wildcards.insert(parent.clone(), at)),
            }
        }
        self.sites[at as usize] = Some(site);
        self.names.insert(name.into(), at);
        if is_default {
            self.default = Some(at);
        }
        clashes
    }

    /// Takes a site out, with its ways in.
    fn take(&mut self, at: u32) {
        let Some(site) = self.sites[at as usize].take() else { return };
        for domain in &site.domains {
            if self.domains.get(domain) == Some(&at) {
                self.domains.remove(domain);
            }
        }
        for parent in &site.wildcards {
            if self.wildcards.get(parent) == Some(&at) {
                self.wildcards.remove(parent);
            }
        }
    }

    fn clash(&self, domain: &str, other: u32) -> Clash {
        let first = self.names.iter().find(|(_, at)| **at == other);
        let first = first.map_or_else(String::new, |(name, _)| name.to_string());
        Clash { domain: domain.to_owned(), first }
    }
}
