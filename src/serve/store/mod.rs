//! The providers that are served, by domain. Each is packed, so that 100,000 of them fit into
//! memory, and can be replaced while others are read.

mod packed;
mod source_index;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::prepare::DomainOwner;

pub use packed::{Claim, ClaimKind, PackedProvider, ProviderPacker, ProviderUnpacker, dictionary};
pub use source_index::{Load, LoadReport, SourceIndex};

/// All providers that are served.
#[derive(Default)]
pub struct ProviderStore {
    index: RwLock<DomainIndex>,
    /// Increases with each change, so that workers drop what they have unpacked.
    generation: AtomicU64,
    /// What answers are packed against: the answers of the first provider.
    dictionary: Arc<OnceLock<Vec<u8>>>,
}

#[derive(Default)]
struct DomainIndex {
    providers: Vec<Option<PackedProvider>>,
    free: Vec<u32>,
    count: usize,
    /// Domains and MX host domains. Customers of a hoster are found by where their mail is
    /// delivered.
    domains: HashMap<Box<str>, DomainEntry>,
    /// The parent of each wildcard: `example.com` for `*.example.com`.
    wildcards: HashMap<Box<str>, DomainEntry>,
    /// The hosts of `publicHost`, which are not domains.
    public_hosts: HashMap<Box<str>, DomainEntry>,
    default: Option<u32>,
}

#[derive(Clone, Copy)]
struct DomainEntry {
    at: u32,
    owner: DomainOwner,
}

/// The provider for a domain.
#[derive(Clone)]
pub struct FoundProvider {
    pub packed: PackedProvider,
    pub owner: DomainOwner,
}

/// A domain that another provider has already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clash {
    /// As it is written in the provider's file.
    pub claim: String,
    pub owner: String,
}

/// Who may have which domain.
pub struct ClaimRules<'a> {
    /// Whether a provider of this name may have the domain.
    pub may_claim: &'a dyn Fn(&str, Claim<'_>) -> bool,
    /// The provider that a free domain is kept for, by the domain as it is written.
    pub kept_for: &'a dyn Fn(&str) -> Option<String>,
}

impl ProviderStore {
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The dictionary. The reader of the first valid provider sets it.
    pub fn dictionary(&self) -> &Arc<OnceLock<Vec<u8>>> {
        &self.dictionary
    }

    /// The provider that names this domain.
    pub fn find_own(&self, domain: &str) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(*index.domains.get(domain)?)
    }

    /// The provider for a domain, by name or wildcard. The default provider is not considered.
    pub fn find(&self, domain: &str) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = index.domains.get(domain) {
            return index.found(*entry);
        }
        let mut rest = domain;
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(entry) = index.wildcards.get(parent) {
                return index.found(*entry);
            }
            rest = parent;
        }
        None
    }

    /// The provider that names this host as its public one.
    pub fn find_public_host(&self, host: &str) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(*index.public_hosts.get(host)?)
    }

    /// The provider for domains of no other provider.
    pub fn default_provider(&self) -> Option<FoundProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.found(DomainEntry { at: index.default?, owner: DomainOwner::Customer })
    }

    /// At most `most` domains that providers name, in alphabetical order.
    pub fn domains(&self, most: usize) -> Vec<String> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut domains: Vec<String> = index.domains.keys().map(ToString::to_string).collect();
        domains.sort();
        domains.truncate(most);
        domains
    }

    /// At most `most` hosts that providers name as their public ones, in alphabetical order.
    pub fn public_hosts(&self, most: usize) -> Vec<String> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut hosts: Vec<String> = index.public_hosts.keys().map(ToString::to_string).collect();
        hosts.sort();
        hosts.truncate(most);
        hosts
    }

    pub fn len(&self) -> usize {
        self.index.read().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Adds a provider, or replaces the one at `at`. Returns its place, and the domains that it
    /// names and other providers have.
    pub fn put(
        &self,
        at: Option<u32>,
        packed: PackedProvider,
        is_default: bool,
        rules: &ClaimRules<'_>,
    ) -> (u32, Vec<Clash>) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let put = index.put(at, packed, is_default, rules);
        drop(index);
        self.generation.fetch_add(1, Ordering::Release);
        put
    }

    /// Gives a provider the domains that it may have and that are free now, and takes those that it
    /// may not have any more. Returns the domains that other providers have.
    pub fn claim(&self, at: u32, rules: &ClaimRules<'_>) -> Vec<Clash> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let Some(packed) = index.providers.get(at as usize).cloned().flatten() else {
            return Vec::new();
        };
        let is_default = index.default == Some(at);
        let (_, clashes) = index.put(Some(at), packed, is_default, rules);
        drop(index);
        self.generation.fetch_add(1, Ordering::Release);
        clashes
    }

    /// What the provider at this place names.
    pub fn packed(&self, at: u32) -> Option<PackedProvider> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.providers.get(at as usize).cloned().flatten()
    }

    /// Every domain as it is written, with the name of the provider that has it.
    pub fn owners(&self) -> BTreeMap<String, String> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let owner = |entry: &DomainEntry| {
            let packed = index.providers.get(entry.at as usize)?.as_ref()?;
            Some(packed.name().to_owned())
        };
        let domains = index.domains.iter().map(|(domain, entry)| (domain.to_string(), entry));
        let wildcards = index.wildcards.iter();
        let wildcards = wildcards.map(|(parent, entry)| (format!("*.{parent}"), entry));
        let public_hosts = index.public_hosts.iter();
        let public_hosts = public_hosts.map(|(host, entry)| (format!("https://{host}"), entry));
        domains
            .chain(wildcards)
            .chain(public_hosts)
            .filter_map(|(domain, entry)| Some((domain, owner(entry)?)))
            .collect()
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
    fn found(&self, entry: DomainEntry) -> Option<FoundProvider> {
        let packed = self.providers.get(entry.at as usize)?.as_ref()?.clone();
        let owner = if packed.each_domain_differs() { DomainOwner::Customer } else { entry.owner };
        Some(FoundProvider { packed, owner })
    }

    fn table(&mut self, kind: ClaimKind) -> &mut HashMap<Box<str>, DomainEntry> {
        match kind {
            ClaimKind::Wildcard => &mut self.wildcards,
            ClaimKind::Own | ClaimKind::Listed => &mut self.domains,
            ClaimKind::PublicHost => &mut self.public_hosts,
        }
    }

    fn put(
        &mut self,
        at: Option<u32>,
        packed: PackedProvider,
        is_default: bool,
        rules: &ClaimRules<'_>,
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
        let name = packed.name();
        for claim in packed.claims() {
            if !(rules.may_claim)(name, claim) {
                continue;
            }
            let owner = match self.table(claim.kind).get(claim.domain).copied() {
                // The provider names it twice, as a domain and as an MX host domain.
                Some(other) if other.at == at => continue,
                Some(other) => {
                    let other = self.providers[other.at as usize].as_ref();
                    Some(other.map_or_else(String::new, |other| other.name().to_owned()))
                }
                None => (rules.kept_for)(&claim.to_string()).filter(|owner| owner != name),
            };
            match owner {
                Some(owner) => clashes.push(Clash { claim: claim.to_string(), owner }),
                None => {
                    let owner = match claim.kind {
                        ClaimKind::Own | ClaimKind::PublicHost => DomainOwner::Provider,
                        ClaimKind::Listed | ClaimKind::Wildcard => DomainOwner::Customer,
                    };
                    let entry = DomainEntry { at, owner };
                    self.table(claim.kind).insert(claim.domain.into(), entry);
                }
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
        for claim in packed.claims() {
            let table = self.table(claim.kind);
            if table.get(claim.domain).is_some_and(|entry| entry.at == at) {
                table.remove(claim.domain);
            }
        }
    }
}
