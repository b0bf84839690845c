//! Reads provider files at the start and when they change, on a thread of its own: neither signals
//! nor certificates wait for a slow disk or a slow file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::error::Error;
use super::login_loader::LoginRequest;
use super::metrics::Metrics;
use super::options::Tell;
use super::owner_file::OwnerFile;
use super::prepare::{FileToRead, ProviderReader, ReadOutcome, Reading};
use super::readiness::{Readiness, ReadyState};
use super::store::{Load, LoadReport, ProviderStore, SourceIndex};
use super::watch::{Event, FolderWatch, settled};
use crate::codes;
use crate::finding::Finding;

/// Loads and reloads provider files. It has no part of the state that the end of the server waits
/// for.
pub struct ProviderLoader {
    pub index: SourceIndex,
    pub reader: ProviderReader,
    pub store: Arc<ProviderStore>,
    pub readiness: Arc<Readiness>,
    pub metrics: Arc<Metrics>,
    pub tell: Arc<Tell>,
    pub watch: FolderWatch,
    pub owner_file: Option<OwnerFile>,
    /// Reads the lists of users.
    pub logins: Sender<LoginRequest>,
}

/// Why to look at the provider files.
pub enum LoadRequest {
    /// Something in a watched folder has changed.
    Changed,
    /// SIGHUP
    Asked,
    /// A file that took too long is read now.
    Late(FileToRead, Box<ReadOutcome>),
}

/// How long the first reading waits for one file. Nothing is served before it ends.
const FIRST_DEADLINE: Duration = Duration::from_secs(30);
/// How long the others wait for one file when files change.
const DEADLINE: Duration = Duration::from_secs(5);
/// Skipped entries that are reported one by one.
const MOST_REPORTED: usize = 5;

impl ProviderLoader {
    /// Loads all providers, sends the result as an event, and reloads for each request.
    pub fn run(
        mut self,
        sender: &Sender<LoadRequest>,
        requests: &Receiver<LoadRequest>,
        events: &Sender<Event>,
    ) {
        let first = self.load_first(sender, requests);
        let failed = first.is_err();
        if events.send(Event::Loaded(first)).is_err() || failed {
            return;
        }
        while let Some(batch) = settled(requests) {
            let mut asked = false;
            let mut late = Vec::new();
            for request in batch {
                match request {
                    LoadRequest::Changed => {}
                    LoadRequest::Asked => asked = true,
                    LoadRequest::Late(file, outcome) => late.push((file, *outcome)),
                }
            }
            if asked {
                let _ = self.logins.send(LoginRequest::Asked);
            }
            self.reload(sender, asked, late);
        }
    }

    /// Loads all providers. If none can be served yet, it waits for files that take too long.
    fn load_first(
        &mut self,
        sender: &Sender<LoadRequest>,
        requests: &Receiver<LoadRequest>,
    ) -> Result<(), Error> {
        let mut late = Vec::new();
        loop {
            let report = self.load(sender, FIRST_DEADLINE, late).map_err(Error::Providers)?;
            if self.store.len() > 0 {
                self.say(&report, true);
                // Users of a list that takes longer are told to come again.
                let _ = self.read_user_lists().recv_timeout(FIRST_DEADLINE);
                self.keep_owners();
                return Ok(());
            }
            if !self.index.is_reading() {
                self.say_what_is_wrong(&report);
                if self.index.sources().folder_path().is_some() {
                    let why = self.index.why_nothing_is_served();
                    let finding = Finding::new(codes::NOTHING_TO_SERVE, why).help(
                        "put a valid provider file, such as example.com.toml, into the folder; \
                         `mailwright init` starts one",
                    );
                    (self.reader.report_findings)(&[finding]);
                }
                return Err(Error::NoProvider);
            }
            late = Vec::new();
            while late.is_empty() {
                match requests.recv() {
                    Ok(LoadRequest::Late(file, outcome)) => late.push((file, *outcome)),
                    Ok(LoadRequest::Changed | LoadRequest::Asked) => {}
                    Err(_) => return Err(Error::NoProvider),
                }
            }
        }
    }

    fn reload(
        &mut self,
        sender: &Sender<LoadRequest>,
        asked: bool,
        late: Vec<(FileToRead, ReadOutcome)>,
    ) {
        let figures = &Arc::clone(&self.metrics).shared;
        match self.load(sender, DEADLINE, late) {
            Ok(report) => {
                if report.taken + report.removed > 0 || asked {
                    figures.reloads.fetch_add(1, Ordering::Relaxed);
                }
                let broken = report.broken.len() as u64;
                figures.reloads_failed.fetch_add(broken, Ordering::Relaxed);
                self.say(&report, asked);
                self.read_user_lists();
                self.keep_owners();
            }
            Err(why) => {
                figures.reloads_failed.fetch_add(1, Ordering::Relaxed);
                (self.tell)(&format!(
                    "cannot read the providers: {why}; what was read before is served on"
                ));
            }
        }
    }

    fn load(
        &mut self,
        sender: &Sender<LoadRequest>,
        deadline: Duration,
        late: Vec<(FileToRead, ReadOutcome)>,
    ) -> std::io::Result<LoadReport> {
        let sender = sender.clone();
        let reading = Reading {
            deadline,
            dictionary: Arc::clone(self.store.dictionary()),
            late: Arc::new(move |file, outcome| {
                // It fails while the server stops.
                let _ = sender.send(LoadRequest::Late(file, Box::new(outcome)));
            }),
        };
        let (watch, tell) = (&self.watch, &self.tell);
        let watch = |folder: &Path| {
            if let Err(why) = watch.add(folder) {
                tell(&format!("cannot watch {why}; after a change there, send SIGHUP"));
            }
        };
        self.index.load(Load {
            reader: &self.reader,
            store: &self.store,
            reading: &reading,
            watch: &watch,
            late,
        })
    }

    /// Writes down who has which domain.
    fn keep_owners(&mut self) {
        if self.index.sources().folder_path().is_none() {
            return;
        }
        let Some(file) = &mut self.owner_file else {
            return;
        };
        if let Err(why) = file.write(&self.index.owners(&self.store)) {
            (self.tell)(&format!("{why}; after a restart, domains can have other owners"));
        }
    }

    /// Has the lists of users read that the files name now. The receiver hears when that is done.
    fn read_user_lists(&self) -> Receiver<()> {
        let (done, read) = channel();
        // It fails while the server stops.
        let _ = self.logins.send(LoginRequest::Named(self.index.user_lists(), done));
        read
    }

    fn say_what_is_wrong(&self, report: &LoadReport) {
        for broken in &report.broken {
            let name = &broken.name;
            let kept = match broken.is_served {
                true => "is served on as it was",
                false => "is not served",
            };
            (self.tell)(&format!("{name} is not right and {kept}"));
        }
        let skipped = report.newly_skipped.iter().take(MOST_REPORTED);
        let mut findings: Vec<Finding> = skipped
            .map(|(path, why)| {
                Finding::new(codes::SKIPPED_ENTRY, format!("{path} is skipped: {why}"))
            })
            .collect();
        if report.newly_skipped.len() > MOST_REPORTED {
            let more = report.newly_skipped.len() - MOST_REPORTED;
            let message = format!("{more} more entries of the folder are skipped");
            findings.push(Finding::new(codes::SKIPPED_ENTRY, message));
        }
        (self.reader.report_findings)(&findings);
    }

    fn say(&self, report: &LoadReport, whole: bool) {
        let figures = &self.metrics.shared;
        let served = self.store.len();
        let count = i64::try_from(served).unwrap_or(i64::MAX);
        figures.providers.store(count, Ordering::Relaxed);
        let broken = i64::try_from(self.index.broken()).unwrap_or(i64::MAX);
        figures.broken_providers.store(broken, Ordering::Relaxed);
        // Set this first: whoever sees the message may ask at once.
        self.readiness.set(match served {
            0 => ReadyState::Nothing(self.index.why_nothing_is_served()),
            _ => ReadyState::Ready,
        });
        self.say_what_is_wrong(report);
        if self.owner_file.is_none() && whole && self.index.is_contested() {
            (self.tell)(
                "some domains are named by two files; without --state-dir, a restart can give them \
                 to another file",
            );
        }
        if whole || report.taken + report.removed > 0 {
            let more = match (report.taken, report.removed) {
                (taken, 0) => format!("{taken} read"),
                (taken, removed) => format!("{taken} read, {removed} taken out"),
            };
            let plural = if served == 1 { "" } else { "s" };
            (self.tell)(&format!("serving {served} provider{plural} ({more})"));
        }
        if served == 0 {
            (self.tell)(&format!("nothing is served: {}", self.index.why_nothing_is_served()));
        }
    }
}
