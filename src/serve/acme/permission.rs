//! What has to be true before an order: the name leads here, and the operator's program agrees.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::ask_program::AskedProgram;
use super::destination::NameDestinations;
use super::settings::AcmeSettings;

/// Checks names before they are ordered.
pub struct OrderPermission {
    destinations: NameDestinations,
    program: Option<AskedProgram>,
    /// Slow name servers of some names do not keep others waiting.
    places: Semaphore,
    reported: RefCell<HashMap<Obstacle, Instant>>,
}

/// Why there is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    LeadsElsewhere,
    ProgramRefuses,
}

const MOST_CHECKS: usize = 32;
const MINUTE: Duration = Duration::from_secs(60);

impl OrderPermission {
    /// Only inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// The system's name servers or certificate authorities cannot be read.
    pub fn new(settings: &AcmeSettings, listening: &[SocketAddr]) -> Result<Self, String> {
        let allowed = settings.allowed.clone();
        let destinations = NameDestinations::new(settings.dns, listening, allowed);
        Ok(Self {
            destinations: destinations.map_err(|why| why.to_string())?,
            program: settings.ask.as_deref().map(AskedProgram::new).transpose()?,
            places: Semaphore::new(MOST_CHECKS),
            reported: RefCell::default(),
        })
    }

    /// # Errors
    ///
    /// Says what is in the way.
    pub async fn check(&self, name: &str) -> Result<(), (Obstacle, String)> {
        let _place = self.places.acquire().await;
        let leads = self.destinations.check(name).await;
        leads.map_err(|why| (Obstacle::LeadsElsewhere, why))?;
        if let Some(program) = &self.program {
            program.check(name).await.map_err(|why| (Obstacle::ProgramRefuses, why))?;
        }
        Ok(())
    }

    /// Whether to report this obstacle: once a minute.
    pub fn is_due(&self, obstacle: Obstacle) -> bool {
        let now = Instant::now();
        let mut reported = self.reported.borrow_mut();
        let is_due = reported.get(&obstacle).is_none_or(|at| now.duration_since(*at) >= MINUTE);
        if is_due {
            reported.insert(obstacle, now);
        }
        is_due
    }
}
