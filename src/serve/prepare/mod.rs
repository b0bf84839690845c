//! Turns a provider's file into all its answers, rendered and checked before anybody asks.
//!
//! An answer is kept as bytes if it is the same for everybody, and as text with open fields
//! ([`Segments`]) if only the person or the domain differs. Everything else is rendered on request.
//! Open fields are tried out with an address and a domain that nobody can have, and compared with a
//! full rendering.

mod answers;
mod file_pool;
mod file_reader;
mod listing;
mod pages;
mod reading;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::bundle::Builder;
use crate::clients::Target;
use crate::finding::{Finding, Levels, Source, any_error};
use crate::model::{Hostname, Protocol, ServerAddress};
use crate::render::Segments;
use crate::settings::{
    ListFolder, OptionValue, Organization, Override, Provider, read_provider_with,
};

use super::routes::Routes;

pub use answers::{account, has_placeholders, tag};
pub use file_pool::Delivery;
pub use file_reader::{ProviderLimits, ReadOutcome};
pub use listing::{Listing, stamp_of};
pub use pages::{PageKind, PageRequest};
pub use reading::{FileToRead, ProviderReader, Reading, ReportFindings};

/// The targets with routes and the administrator's settings: what answers are built from.
pub struct AnswerBuilder {
    pub targets: Vec<Target>,
    pub routes: Routes,
    /// The names of all targets.
    pub selected: Vec<String>,
    pub protocol: Protocol,
    pub options: BTreeMap<String, BTreeMap<String, OptionValue>>,
    pub organization: Organization,
    pub overrides: Override,
    /// Under which address people reach this server.
    pub server: ServerAddress,
    /// The severities that the user wants.
    pub levels: Levels,
    /// Resources whose personal answer cannot be prepared for any provider, because of their
    /// template.
    always_in_full: Vec<AtomicBool>,
    /// Builders that are not in use, with their compiled templates and schemas.
    idle: Mutex<Vec<Builder>>,
}

/// Whose domain it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainOwner {
    /// The provider's file names it.
    Provider,
    /// Any other domain.
    Customer,
}

/// A prepared answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Prepared {
    /// The provider cannot be expressed in this format.
    Nothing,
    /// The same for everybody; `tag` is the value of its ETag.
    Fixed {
        bytes: Vec<u8>,
        tag: u64,
    },
    Segments(Box<Segments>),
    /// It has to be rendered for each request.
    InFull,
}

/// All answers of a provider: for each resource, both owners of a domain, shared and personal.
pub type Answers = Vec<Prepared>;

/// The position in [`Answers`] of the answer of the resource with this number.
pub fn place(number: usize, owner: DomainOwner, personal: bool) -> usize {
    number * 4 + usize::from(owner == DomainOwner::Customer) * 2 + usize::from(personal)
}

impl AnswerBuilder {
    pub fn new(
        targets: Vec<Target>,
        protocol: Protocol,
        options: BTreeMap<String, BTreeMap<String, OptionValue>>,
        organization: Organization,
        overrides: Override,
        levels: Levels,
    ) -> Self {
        let routes = Routes::of(&targets);
        let selected = targets.iter().map(|target| target.name.clone()).collect();
        let always_in_full = routes.resources.iter().map(|_| AtomicBool::new(false)).collect();
        Self {
            targets,
            routes,
            selected,
            protocol,
            options,
            organization,
            overrides,
            server: ServerAddress::default(),
            levels,
            always_in_full,
            idle: Mutex::default(),
        }
    }

    /// The same for a server that people reach under this address.
    pub fn at(self, server: ServerAddress) -> Self {
        Self { server, ..self }
    }

    fn is_in_full(&self, number: usize) -> bool {
        self.always_in_full[number].load(Ordering::Relaxed)
    }

    /// The names of the targets that can be prepared.
    fn to_prepare(&self) -> Vec<String> {
        let resources = self.routes.resources.iter().enumerate();
        let resources =
            resources.filter(|(number, resource)| !resource.is_page && !self.is_in_full(*number));
        let mut names: Vec<String> =
            resources.map(|(_, resource)| self.targets[resource.target].name.clone()).collect();
        names.dedup();
        names
    }

    /// Parses a provider's file without its list of domains. `None` if there is an error among the
    /// findings.
    pub fn read(&self, name: &str, source: &Arc<Source>) -> (Option<Arc<Provider>>, Vec<Finding>) {
        self.read_with(name, source, None)
    }

    /// Parses a provider's file with its list of domains. `None` if there is an error among the
    /// findings.
    pub fn read_with(
        &self,
        name: &str,
        source: &Arc<Source>,
        lists: Option<&ListFolder<'_>>,
    ) -> (Option<Arc<Provider>>, Vec<Finding>) {
        let (provider, mut findings) = read_provider_with(name, source, lists);
        self.levels.apply_except_errors(&mut findings);
        let provider = provider.filter(|_| !any_error(&findings)).map(|mut provider| {
            // The host of the whole server belongs to no provider.
            let is_own = |host: &Hostname| !self.server.is_host(host.as_str());
            provider.public_host = provider.public_host.take().filter(is_own);
            Arc::new(provider)
        });
        (provider, findings)
    }

    /// Runs `work` with a builder. Builders are reused, because compiling templates and schemas takes
    /// milliseconds.
    pub fn with_builder<T>(&self, work: impl FnOnce(&mut Builder) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut builder = idle.unwrap_or_else(Builder::for_patterns);
        let result = work(&mut builder);
        // A server that runs for months must not remember every file that was right.
        builder.forget();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(builder);
        }
        result
    }

    /// Frees the builders that are not in use.
    pub fn drop_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

const MOST_IDLE: usize = 4;
