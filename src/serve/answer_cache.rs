//! The unpacked answers that a worker thread sent most recently. Each thread has its own, so no
//! lock is needed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use hyper::header::HeaderValue;

use crate::model::{CONFIG_HOST_LABELS, Hostname, PublicAddress, ServerAddress};
use crate::plan::Audience;
use crate::render::{Recipient, Segments};

use super::prepare::{DomainOwner, Prepared, place, tag};
use super::store::{FoundProvider, PackedProvider, ProviderStore, ProviderUnpacker};

/// A domain, and the provider that answers for it.
pub struct Site {
    pub packed: PackedProvider,
    pub owner: DomainOwner,
    pub domain: Hostname,
    /// No provider names the domain, so the default provider answers.
    pub is_default: bool,
    ready: RefCell<Vec<Option<Rc<CachedAnswer>>>>,
    /// The signed shared profile, with the number of its resource and of the key's reading.
    signed: RefCell<Option<(usize, u64, Bytes)>>,
}

/// An answer that is ready to send, or that only lacks the address.
pub enum CachedAnswer {
    Nothing,
    Fixed { bytes: Bytes, tag: HeaderValue },
    Segments(Box<Segments>),
    InFull,
}

/// The sites that were asked for most recently. There are two halves: when the young half is full,
/// it replaces the old half. So memory is bounded, and what is asked for often stays.
pub struct AnswerCache {
    generation: Cell<u64>,
    young: RefCell<HashMap<Box<str>, Option<Rc<Site>>>>,
    old: RefCell<HashMap<Box<str>, Option<Rc<Site>>>>,
    unpacker: RefCell<Option<ProviderUnpacker>>,
}

/// Sites in each half. One site takes up to 20 KB.
const MOST: usize = 192;

/// Further first labels of hosts where a domain's server can be.
const OTHER_LABELS: [&str; 2] = ["mail", "www"];

impl AnswerCache {
    pub fn new() -> Self {
        Self {
            generation: Cell::new(0),
            young: RefCell::default(),
            old: RefCell::default(),
            unpacker: RefCell::default(),
        }
    }

    /// The site for the domain of an address, in any case.
    pub fn of_domain(&self, store: &ProviderStore, domain: &str) -> Option<Rc<Site>> {
        self.look_up(store, '@', domain, |domain| {
            let host = Hostname::new(domain).ok()?;
            match store.find(host.as_str()) {
                Some(found) => Some(Site::of(found, host, false)),
                None if host.is_qualified() => {
                    Some(Site::of(store.default_provider()?, host, true))
                }
                None => None,
            }
        })
    }

    /// The site for a host name without its port. `own` is the host of the whole server, which is
    /// neither a customer's domain nor the public host of one provider.
    pub fn at_host(
        &self,
        store: &ProviderStore,
        host: &str,
        own: Option<&Hostname>,
    ) -> Option<Rc<Site>> {
        self.look_up(store, '/', host, |host| {
            let host = Hostname::new(host).ok();
            let behind = host.as_ref().and_then(|host| {
                let (first, rest) = host.as_str().split_once('.')?;
                (CONFIG_HOST_LABELS.contains(&first) || OTHER_LABELS.contains(&first))
                    .then(|| Hostname::new(rest).ok())
                    .flatten()
            });
            // In this order: a domain that a provider names, the domain behind `autoconfig.` and
            // the like, the host itself if a wildcard covers it, a provider's public host, and what
            // the default covers. So a public host never takes the host of another's domain.
            let own_one = host.as_ref().filter(|name| store.find_own(name.as_str()).is_some());
            // `autoconfig.example.com` is where clients ask for `example.com`, not a domain itself.
            let itself = host.as_ref().filter(|_| behind.is_none());
            for name in own_one.into_iter().chain(&behind).chain(itself) {
                if let Some(found) = store.find(name.as_str()) {
                    return Some(Site::of(found, name.clone(), false));
                }
            }
            let public = host.as_ref().filter(|name| Some(*name) != own);
            if let Some(found) = public.and_then(|name| store.find_public_host(name.as_str())) {
                return Site::of_provider(found, false);
            }
            let found = store.default_provider()?;
            let name = behind.filter(Hostname::is_qualified).or(host);
            let customers = name.filter(|name| {
                name.is_qualified() && Some(name) != own && !is_address(name.as_str())
            });
            match customers {
                Some(name) => Some(Site::of(found, name, true)),
                // The request names an IP address or no host.
                None => Site::of_provider(found, true),
            }
        })
    }

    fn look_up(
        &self,
        store: &ProviderStore,
        kind: char,
        name: &str,
        find: impl FnOnce(&str) -> Option<Site>,
    ) -> Option<Rc<Site>> {
        let generation = store.generation();
        if self.generation.replace(generation) != generation {
            self.young.borrow_mut().clear();
            self.old.borrow_mut().clear();
        }
        // A DNS name has at most 253 characters, so nothing is cached for longer ones.
        let mut key = [0; 256];
        let key = key.get_mut(..=name.len())?;
        key[0] = kind as u8;
        key[1..].copy_from_slice(name.as_bytes());
        key.make_ascii_lowercase();
        let key = std::str::from_utf8(key).ok()?;
        if let Some(site) = self.young.borrow().get(key) {
            return site.clone();
        }
        let known = self.old.borrow_mut().remove(key);
        let site = match known {
            Some(site) => site,
            None => find(&key[1..]).map(Rc::new),
        };
        let mut young = self.young.borrow_mut();
        if young.len() >= MOST {
            self.old.replace(std::mem::take(&mut young));
        }
        young.insert(key.into(), site.clone());
        site
    }

    /// The answer of a site, unpacked on the first request.
    ///
    /// # Errors
    ///
    /// The packed bytes cannot be unpacked, which is a bug.
    pub fn ready(
        &self,
        store: &ProviderStore,
        site: &Site,
        number: usize,
        personal: bool,
    ) -> io::Result<Rc<CachedAnswer>> {
        let at = place(number, site.owner, personal);
        if let Some(Some(ready)) = site.ready.borrow().get(at) {
            return Ok(Rc::clone(ready));
        }
        let prepared = self.with_unpacker(store, |unpacker| unpacker.answer(&site.packed, at))?;
        let ready = Rc::new(match prepared {
            Prepared::Nothing => CachedAnswer::Nothing,
            Prepared::InFull => CachedAnswer::InFull,
            Prepared::Fixed { bytes, tag } => fixed(bytes, tag),
            // Only the domain is open in this answer, so it is filled in once and kept.
            Prepared::Segments(segments) if !personal => {
                let audience = Audience::Everybody { domain: &site.domain };
                match segments.fill(&Recipient::new(audience, None)) {
                    Ok(bytes) => {
                        let tag = tag(&bytes);
                        fixed(bytes, tag)
                    }
                    Err(_) => CachedAnswer::InFull,
                }
            }
            Prepared::Segments(segments) => CachedAnswer::Segments(segments),
        });
        let mut all = site.ready.borrow_mut();
        if all.len() <= at {
            all.resize(at + 1, None);
        }
        all[at] = Some(Rc::clone(&ready));
        Ok(ready)
    }

    /// Keeps an answer that was rendered in full and is the same for everybody at the domain.
    pub fn insert(&self, site: &Site, number: usize, bytes: Bytes) -> Rc<CachedAnswer> {
        let at = place(number, site.owner, false);
        let tag = tag(&bytes);
        let ready = Rc::new(fixed(bytes, tag));
        let mut all = site.ready.borrow_mut();
        if all.len() <= at {
            all.resize(at + 1, None);
        }
        all[at] = Some(Rc::clone(&ready));
        ready
    }

    /// The text of the provider's file as it was when it was read.
    pub fn file(&self, store: &ProviderStore, packed: &PackedProvider) -> io::Result<String> {
        self.with_unpacker(store, |unpacker| unpacker.file(packed))
    }

    fn with_unpacker<T>(
        &self,
        store: &ProviderStore,
        work: impl FnOnce(&mut ProviderUnpacker) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut unpacker = self.unpacker.borrow_mut();
        match &mut *unpacker {
            Some(unpacker) => work(unpacker),
            // Packing set the dictionary, so it is there before anything can be unpacked.
            none => {
                let dictionary = store.dictionary().get().map_or(&[][..], Vec::as_slice);
                work(none.insert(ProviderUnpacker::new(dictionary)?))
            }
        }
    }
}

impl Site {
    fn of(found: FoundProvider, domain: Hostname, is_default: bool) -> Self {
        let FoundProvider { packed, owner } = found;
        let (ready, signed) = (RefCell::default(), RefCell::default());
        Self { packed, owner, domain, is_default, ready, signed }
    }

    /// The site of the provider's own domain.
    fn of_provider(found: FoundProvider, is_default: bool) -> Option<Self> {
        let domain = Hostname::new(found.packed.claims().next()?.domain).ok()?;
        let owner = match found.packed.each_domain_differs() {
            true => DomainOwner::Customer,
            false => DomainOwner::Provider,
        };
        Some(Self::of(FoundProvider { owner, ..found }, domain, is_default))
    }

    /// Where its people reach the server. `None`: at hosts of the domain, such as `autoconfig.`.
    pub fn public_address(&self, server: &ServerAddress) -> Option<PublicAddress> {
        let own = self.packed.public_host().and_then(|host| Hostname::new(host).ok());
        server.of(own.as_ref())
    }

    /// The shared profile, signed with the key of this reading.
    pub fn signed(&self, number: usize, reading: u64) -> Option<Bytes> {
        let signed = self.signed.borrow();
        let (of, by, bytes) = signed.as_ref()?;
        (*of == number && *by == reading).then(|| bytes.clone())
    }

    /// Keeps the signed shared profile, and returns it.
    pub fn keep_signed(&self, number: usize, reading: u64, bytes: Bytes) -> Bytes {
        self.signed.replace(Some((number, reading, bytes.clone())));
        bytes
    }
}

fn fixed(bytes: impl Into<Bytes>, tag: u64) -> CachedAnswer {
    let tag = HeaderValue::try_from(format!("\"{tag:016x}\"")).expect("quotes and digits");
    CachedAnswer::Fixed { bytes: bytes.into(), tag }
}

fn is_address(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
}
