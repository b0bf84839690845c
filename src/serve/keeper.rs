//! Reads files: all of them at the beginning, and those that have changed whenever something says so.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::finding::{Finding, Severity};

use super::store::{Said, Sources};
use super::tls::Certificates;
use super::watch::Event;
use super::{Error, OpenSign, Shared, TellFindings};

/// More changes may be on their way.
const SETTLE: Duration = Duration::from_millis(60);

/// Reads files anew.
pub(super) struct Keeper<'s> {
    pub(super) shared: &'s Arc<Shared>,
    pub(super) certificates: Option<&'s Arc<Certificates>>,
    pub(super) sign: Option<Box<OpenSign>>,
    pub(super) tell_findings: Box<TellFindings>,
}

impl Keeper<'_> {
    /// Everything for the first time; without a provider there is nothing to do.
    pub(super) fn first(&self, sources: &mut Sources) -> Result<(), Error> {
        let shared = self.shared;
        let said = sources.load(&shared.kitchen, &shared.store, shared.options.threads);
        let said = said.map_err(Error::Providers)?;
        if said.taken == 0 && !sources.is_folder() {
            return Err(Error::NoProvider(
                said.broken.into_iter().flat_map(|b| b.findings).collect(),
            ));
        }
        // Before it says so: who has heard it may ask.
        shared.ready.store(true, Ordering::Release);
        self.say(&said, sources, true);
        Ok(())
    }

    pub(super) fn keep(&self, sources: &mut Sources, events: &Receiver<Event>) {
        while let Ok(event) = events.recv() {
            let mut over = event == Event::End;
            let mut asked = event == Event::Reload;
            // A hundred files that are put into place are one change.
            while !over {
                match events.recv_timeout(SETTLE) {
                    Ok(Event::End) => over = true,
                    Ok(Event::Reload) => asked = true,
                    Ok(Event::Changed) => {}
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            if over {
                return;
            }
            self.reload(sources, asked);
        }
    }

    fn reload(&self, sources: &mut Sources, asked: bool) {
        let shared = self.shared;
        let figures = &shared.metrics.shared;
        let failed = |words: String| {
            figures.reloads_failed.fetch_add(1, Ordering::Relaxed);
            shared.tell(&words);
        };
        match sources.load(&shared.kitchen, &shared.store, shared.options.threads) {
            Ok(said) => {
                if said.taken + said.removed > 0 || asked {
                    figures.reloads.fetch_add(1, Ordering::Relaxed);
                }
                let broken = said.broken.len() as u64;
                figures.reloads_failed.fetch_add(broken, Ordering::Relaxed);
                self.say(&said, sources, asked);
            }
            Err(why) => failed(format!(
                "cannot read the providers: {why}; what was read before is served on"
            )),
        }
        if let Some(certificates) = self.certificates {
            match certificates.reload() {
                Ok(false) => {}
                Ok(true) => {
                    figures.reloads.fetch_add(1, Ordering::Relaxed);
                    self.note_certificates();
                    shared.tell("took the new certificates");
                }
                Err(why) => failed(format!("{why}; the old certificate is used on")),
            }
        }
        if let Some(open) = &self.sign {
            match open() {
                Ok(sign) => {
                    *shared.signer.write().unwrap_or_else(PoisonError::into_inner) = Some(sign);
                }
                Err(why) => failed(format!("cannot sign profiles anew: {why}; the old ones go on")),
            }
        }
    }

    pub(super) fn note_certificates(&self) {
        if let Some(certificates) = self.certificates {
            let ends = &self.shared.metrics.shared.certificates;
            *ends.lock().unwrap_or_else(PoisonError::into_inner) = certificates.ends();
        }
    }

    fn say(&self, said: &Said, sources: &Sources, whole: bool) {
        let shared = self.shared;
        let figures = &shared.metrics.shared;
        let count = i64::try_from(shared.store.len()).unwrap_or(i64::MAX);
        figures.providers.store(count, Ordering::Relaxed);
        let broken = i64::try_from(sources.broken()).unwrap_or(i64::MAX);
        figures.broken_providers.store(broken, Ordering::Relaxed);
        // Of each thing that is to be known, once: it is found for each kind of domain and person.
        let mut seen = BTreeSet::new();
        // Of a target that is not for every provider, nobody misses the file.
        let of_use = |name: &str| {
            !shared.kitchen.targets.iter().any(|target| target.opt_in && target.name == name)
        };
        let severe =
            |f: &&Finding| f.severity > Severity::Note && f.target.as_deref().is_none_or(of_use);
        let mut once = |f: &&Finding| seen.insert((f.code, f.message.clone()));
        let notes: Vec<Finding> =
            said.notes.iter().filter(severe).filter(|f| once(f)).cloned().collect();
        (self.tell_findings)(&notes);
        for broken in &said.broken {
            (self.tell_findings)(&broken.findings);
            let name = &broken.name;
            let kept = match broken.is_served {
                true => "is served on as it was",
                false => "is not served",
            };
            shared.tell(&format!("{name} is not right and {kept}"));
        }
        for (name, clash) in &said.clashes {
            shared
                .tell(&format!("{} of {name} is served by {} already", clash.domain, clash.first));
        }
        if whole || said.taken + said.removed > 0 {
            let more = match (said.taken, said.removed) {
                (taken, 0) => format!("{taken} read"),
                (taken, removed) => format!("{taken} read, {removed} taken out"),
            };
            shared.tell(&format!(
                "serving {count} provider{} ({more})",
                if count == 1 { "" } else { "s" }
            ));
        }
    }
}
