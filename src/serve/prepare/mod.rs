//! A provider's file → everything that is answered from it, rendered and judged before anybody asks.
//!
//! An answer is kept as bytes where it is the same for everybody, as text with fields left open
//! ([`Segments`]) where only the person or the domain differs, and else it is made when somebody asks. What is
//! left open is tried out on an address and a domain that nobody has, and compared with what rendering in
//! full makes of them.

mod make;
mod pages;
mod reading;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clients::Target;
use crate::finding::{Finding, Levels, Source, any_error};
use crate::model::Protocol;
use crate::render::Segments;
use crate::settings::{OptionValue, Organization, Override, Provider, read_provider};

use super::routes::Routes;

pub use make::{For, Maker, has_placeholders, tag};
pub use pages::{Page, Question};
pub use reading::{ProviderReader, SourceEvent, Wanted};

/// Everything that providers are made up with: the targets that have routes, and the admin's settings.
pub struct AnswerBuilder {
    pub targets: Vec<Target>,
    pub routes: Routes,
    /// The names of the targets, which are all made.
    pub selected: Vec<String>,
    pub protocol: Protocol,
    pub options: BTreeMap<String, BTreeMap<String, OptionValue>>,
    pub organization: Organization,
    pub overrides: Override,
    /// The severities that the user wants.
    pub levels: Levels,
    /// Slots whose answers cannot be prepared, whoever the provider is: it depends on their templates.
    always_in_full: Vec<AtomicBool>,
    /// Makers that rest.
    makers: Mutex<Vec<Maker>>,
}

/// For whose domain an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// One that the provider's file names.
    Own,
    /// Any other, which is a customer's.
    Customer,
}

/// An answer before anybody asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Prepared {
    /// The provider cannot be expressed in this kind of file.
    Nothing,
    /// The same for everybody, with what tells it from other answers.
    Fixed {
        bytes: Vec<u8>,
        tag: u64,
    },
    Segments(Box<Segments>),
    /// Made when somebody asks.
    InFull,
}

/// What is ready of a provider: for each slot of the routes, the answers of both classes, for everybody
/// and for a person.
pub type Answers = Vec<Prepared>;

/// The place of an answer among [`Answers`].
pub fn place(slot: usize, class: Class, personal: bool) -> usize {
    slot * 4 + usize::from(class == Class::Customer) * 2 + usize::from(personal)
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
        let makers = Mutex::default();
        let always_in_full = routes.resources.iter().map(|_| AtomicBool::new(false)).collect();
        Self {
            targets,
            routes,
            selected,
            protocol,
            options,
            organization,
            overrides,
            levels,
            always_in_full,
            makers,
        }
    }

    fn is_in_full(&self, slot: usize) -> bool {
        self.always_in_full[slot].load(Ordering::Relaxed)
    }

    /// The targets of which something has to be prepared.
    fn to_prepare(&self) -> Vec<String> {
        let resources = self.routes.resources.iter().enumerate();
        let resources = resources.filter(|(at, slot)| !slot.is_page && !self.is_in_full(*at));
        let mut names: Vec<String> =
            resources.map(|(_, slot)| self.targets[slot.target].name.clone()).collect();
        names.dedup();
        names
    }

    /// A provider's file, read; with an error among the findings there is none.
    pub fn read(&self, name: &str, source: &Arc<Source>) -> (Option<Arc<Provider>>, Vec<Finding>) {
        let (provider, mut findings) = read_provider(name, source);
        self.levels.apply_except_errors(&mut findings);
        (provider.filter(|_| !any_error(&findings)).map(Arc::new), findings)
    }

    /// A maker for one thing; templates and schemas that it has compiled serve the next one.
    pub fn with_maker<T>(&self, work: impl FnOnce(&mut Maker) -> T) -> T {
        let rested = self.makers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut maker = rested.unwrap_or_default();
        let made = work(&mut maker);
        let mut makers = self.makers.lock().unwrap_or_else(PoisonError::into_inner);
        if makers.len() < MOST_RESTING {
            makers.push(maker);
        }
        made
    }

    /// Gives back what makers remember.
    pub fn rest(&self) {
        self.makers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

const MOST_RESTING: usize = 4;
