//! Loads provider files at the start, and reloads providers, certificates and the signing key when
//! files change.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::error::Error;
use super::prepare::ProviderReader;
use super::state::{ProfileSignerLoader, ServerState};
use super::store::{LoadReport, SourceIndex};
use super::tls::Certificates;
use super::watch::Event;

/// How long to wait for further changes before files are read.
const SETTLE: Duration = Duration::from_millis(60);

/// Loads and reloads files.
pub(super) struct Reloader<'s> {
    pub(super) shared: &'s Arc<ServerState>,
    pub(super) reader: ProviderReader,
    pub(super) certificates: Option<&'s Arc<Certificates>>,
    pub(super) sign: Option<Box<ProfileSignerLoader>>,
}

impl Reloader<'_> {
    /// Loads all providers.
    ///
    /// # Errors
    ///
    /// The files cannot be read, or there is only one provider and it is not valid.
    pub(super) fn load_all(&self, index: &mut SourceIndex) -> Result<(), Error> {
        let shared = self.shared;
        let report = index.load(&self.reader, &shared.store);
        let report = report.map_err(Error::Providers)?;
        if report.taken == 0 && !index.sources().is_folder() {
            return Err(Error::NoProvider);
        }
        // Set this first: whoever sees the message may ask at once.
        shared.ready.store(true, Ordering::Release);
        self.say(&report, index, true);
        Ok(())
    }

    pub(super) fn run(&self, index: &mut SourceIndex, events: &Receiver<Event>) {
        while let Ok(event) = events.recv() {
            let mut over = event == Event::End;
            let mut asked = event == Event::Reload;
            // Treat files that are replaced together as one change.
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
            self.reload(index, asked);
        }
    }

    fn reload(&self, index: &mut SourceIndex, asked: bool) {
        let shared = self.shared;
        let figures = &shared.metrics.shared;
        let failed = |words: String| {
            figures.reloads_failed.fetch_add(1, Ordering::Relaxed);
            shared.tell(&words);
        };
        match index.load(&self.reader, &shared.store) {
            Ok(report) => {
                if report.taken + report.removed > 0 || asked {
                    figures.reloads.fetch_add(1, Ordering::Relaxed);
                }
                let broken = report.broken.len() as u64;
                figures.reloads_failed.fetch_add(broken, Ordering::Relaxed);
                self.say(&report, index, asked);
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
                    shared.key_readings.fetch_add(1, Ordering::Release);
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

    fn say(&self, report: &LoadReport, index: &SourceIndex, whole: bool) {
        let shared = self.shared;
        let figures = &shared.metrics.shared;
        let count = i64::try_from(shared.store.len()).unwrap_or(i64::MAX);
        figures.providers.store(count, Ordering::Relaxed);
        let broken = i64::try_from(index.broken()).unwrap_or(i64::MAX);
        figures.broken_providers.store(broken, Ordering::Relaxed);
        for broken in &report.broken {
            let name = &broken.name;
            let kept = match broken.is_served {
                true => "is served on as it was",
                false => "is not served",
            };
            shared.tell(&format!("{name} is not right and {kept}"));
        }
        for (name, clash) in &report.clashes {
            shared
                .tell(&format!("{} of {name} is served by {} already", clash.domain, clash.first));
        }
        if whole || report.taken + report.removed > 0 {
            let more = match (report.taken, report.removed) {
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
