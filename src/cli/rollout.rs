//! `mailwright generate --users`: files for a whole organisation, user by user.

mod batch;
mod group;
mod journal;
mod list;
mod rejected;
mod report;
#[cfg(any(feature = "tar", feature = "zip"))]
mod single_archive;
mod sink;

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};

use crate::codes;
use crate::finding::{Finding, Severity, any_error, dedup};
use crate::format::hex;
use crate::output::{self, Bundle};
use crate::plan::{self, Plan, Request};
use crate::users::{ListRow, User};

use super::args::{GenerateArgs, Global};
use super::make::make;
use super::message::{self, Messages};
use super::progress::Progress;
use super::session::{Resolver, Session};
use super::signing::Signing;
use super::terminal::Terminal;
use super::{Failure, Outcome};

use batch::{Batch, one_batch};
use group::UserFileBuilder;
use journal::Journal;
use list::{InvalidRow, List, ListSummary};
use rejected::RejectedRows;
use report::{RolloutResult, tell};
use sink::Sink;

/// How many users are made and put in place together.
const BATCH: usize = 128;
/// With more users than this, their folders are spread over two levels of two-digit folders.
const MOST_IN_A_FOLDER: u64 = 10_000;

pub fn run(
    args: &GenerateArgs,
    list: &str,
    global: &Global,
    terminal: &Terminal,
    interrupted: &AtomicBool,
) -> Result<Outcome, Failure> {
    refuse(args)?;
    let (mut session, resolver) = Session::for_users(&message::subject(args), global)?;
    let mut findings = std::mem::take(&mut session.findings);
    let signing = Signing::open(args, &mut findings)?;
    let messages = Messages::open(args, &session, &mut findings);
    let list = List::open(args, list, interrupted)?;
    let mut said = Vec::new();
    let looked = list.look(args.shard, &mut |user| {
        let mut own = Vec::new();
        let known = resolver.resolve(&user.address, &mut own)?;
        let why = own.iter().find(|finding| any_error(std::slice::from_ref(finding)));
        let why = why.map(|finding| finding.message.clone());
        said.extend(own.into_iter().filter(|finding| !any_error(std::slice::from_ref(finding))));
        Ok(if known.is_some() { None } else { why.or(Some("no provider is known".to_owned())) })
    })?;
    findings.extend(said);
    findings.extend(rows(&list, &looked, args.keep_going));
    let rollout = Rollout {
        args,
        session: &session,
        resolver: &resolver,
        signing: &signing,
        messages: &messages,
        list: &list,
        looked: &looked,
    };
    let mut done = RolloutResult::default();
    for user in looked.domains.values() {
        if !terminal.stops(&mut findings) {
            rollout.shared(user, terminal, &mut findings)?;
        }
    }
    if !terminal.stops(&mut findings) && !args.dry_run {
        done = rollout.make(terminal, interrupted, &mut findings)?;
    }
    dedup(&mut findings);
    let stops = terminal.stops(&mut findings);
    tell(args, terminal, &looked, &done, &findings)?;
    if interrupted.load(Ordering::Relaxed) {
        // The number of finished users has been printed.
        terminal.say("interrupted; --resume goes on with the others");
        return Err(output::Error::Interrupted.into());
    }
    Ok(if stops { Outcome::Findings } else { Outcome::Fine })
}

/// Refuses options that are for a single user.
fn refuse(args: &GenerateArgs) -> Result<(), Failure> {
    if !args.subject.who.is_empty() {
        return Err("--users names the users; leave WHO out".into());
    }
    if args.subject.name.is_some() {
        return Err("--name is one person's; a column displayName has the names of users".into());
    }
    if args.password_from.is_some() {
        return Err("--password-from is one person's, and --users are many".into());
    }
    Ok(())
}

/// A finding for each invalid row and each duplicate user.
fn rows(list: &List, looked: &ListSummary, keep_going: bool) -> Vec<Finding> {
    let name = &list.name;
    let finding = |code, message| match keep_going {
        true => Finding::new(code, message).severity(Severity::Warning),
        false => Finding::new(code, message),
    };
    let bad = looked.bad.iter();
    let mut findings: Vec<Finding> = bad
        .map(|InvalidRow { at, why }| finding(codes::USERS_ROW, format!("{at}: {why}")))
        .collect();
    let more = looked.bad_count - looked.bad.len() as u64;
    if more > 0 {
        findings.push(finding(codes::USERS_ROW, format!("{name}: {more} more rows are no users")));
    }
    findings.extend(list.doubles(looked).map(|message| finding(codes::USERS_TWICE, message)));
    if let Some(last) = findings.last_mut()
        && !keep_going
    {
        *last = last.clone().help(
            "nothing is written; set the rows right, or --keep-going leaves them out and lists them in rejected.csv",
        );
    }
    let notes = looked.notes.iter();
    findings
        .extend(notes.map(|(at, note)| Finding::new(codes::USERS_ODD, format!("{at}: {note}"))));
    findings
        .extend(list.notes.iter().map(|note| Finding::new(codes::USERS_DIRECTORY, note.as_str())));
    findings
}

struct Rollout<'a> {
    args: &'a GenerateArgs,
    session: &'a Session,
    resolver: &'a Resolver,
    signing: &'a Signing,
    messages: &'a Messages,
    list: &'a List,
    looked: &'a ListSummary,
}

impl Rollout<'_> {
    /// Builds all shared files of a domain, so that mistakes in the settings are reported before
    /// anything is written.
    fn shared(
        &self,
        user: &User,
        terminal: &Terminal,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Bundle>, Failure> {
        let Some(subject) = self.resolver.resolve(&user.address, &mut Vec::new())? else {
            return Ok(Vec::new());
        };
        let subjects = [subject];
        let request = Request { subjects: &subjects, ..self.session.request(None) };
        let Plan { mut bundles, findings: planned } = plan::plan(&request);
        findings.extend(planned);
        if terminal.stops(findings) {
            return Ok(Vec::new());
        }
        bundles.retain(|bundle| bundle.subject == user.address.domain().as_str());
        Ok(make(&bundles, self.signing, terminal, findings).bundles)
    }

    fn make(
        &self,
        terminal: &Terminal,
        interrupted: &AtomicBool,
        findings: &mut Vec<Finding>,
    ) -> Result<RolloutResult, Failure> {
        let out = &self.args.out;
        output::check_out(out)?;
        let failed = |e: std::io::Error| format!("cannot write into {}: {e}", out.display());
        let fingerprint = self.fingerprint();
        let journal =
            Journal::open(out, self.args.shard, &fingerprint, self.args.resume).map_err(failed)?;
        let Some(journal) = journal else {
            return Err("the list, the settings or the options are not those of the run that was ended; without --resume it begins anew".into());
        };
        let sink = Sink::open(self.args, self.list.stem(), journal, interrupted)?;
        let mut rejected = RejectedRows::new(out, self.args.shard);
        for (number, user) in (0..).zip(self.looked.domains.values()) {
            if !sink.has(number) {
                sink.hand().put_shared(number, &self.shared(user, terminal, &mut Vec::new())?)?;
            }
        }
        let progress =
            terminal.progress(usize::try_from(self.looked.users).unwrap_or(usize::MAX), "users");
        let (users, files, before) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let found: Mutex<Vec<Finding>> = Mutex::default();
        let failure: Mutex<Option<String>> = Mutex::default();
        let stop = AtomicBool::new(false);
        let stops = || stop.load(Ordering::Relaxed) || interrupted.load(Ordering::Relaxed);
        let fail = |why: String| {
            stop.store(true, Ordering::Relaxed);
            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        };
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let (give, take): (SyncSender<Batch>, Receiver<Batch>) = sync_channel(2 * workers);
        let take = Mutex::new(take);
        let sharded = self.looked.all > MOST_IN_A_FOLDER;
        let work = || {
            let mut maker =
                UserFileBuilder::new(self.session, self.resolver, self.signing, terminal.levels());
            let mut composer = self.messages.composer();
            let mut hand = sink.hand();
            loop {
                let batch = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(batch) = batch else { break };
                if stops() {
                    continue;
                }
                let result =
                    one_batch(&mut maker, &mut composer, &mut hand, &batch, sharded, &found);
                match result {
                    Ok(Some(count)) => {
                        users.fetch_add(batch.users.len() as u64, Ordering::Relaxed);
                        files.fetch_add(count, Ordering::Relaxed);
                        progress.steps(batch.users.len() as u64);
                    }
                    Ok(None) => stop.store(true, Ordering::Relaxed),
                    // A batch that was interrupted is not written at all.
                    Err(_) if interrupted.load(Ordering::Relaxed) => {}
                    Err(e) => fail(e.to_string()),
                }
            }
            found.lock().unwrap_or_else(PoisonError::into_inner).append(&mut maker.findings);
        };
        thread::scope(|scope| {
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            if let Err(e) = self.feed(give, &sink, &mut rejected, &progress, &before, &stops) {
                fail(e.to_string());
            }
            for handle in handles {
                if let Err(panic) = handle.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
        let mut own = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        dedup(&mut own);
        findings.append(&mut own);
        if let Some(failure) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            // Nothing of this batch was written; the batches before it are done.
            let why = failure.replace("; nothing was changed", "");
            let done = users.into_inner() + before.into_inner();
            return Err(format!(
                "{why}; {done} users are done, and --resume goes on with the others"
            )
            .into());
        }
        let ended = interrupted.load(Ordering::Relaxed) || terminal.stops(findings);
        let written = sink.finish(ended)?;
        Ok(RolloutResult {
            users: users.into_inner(),
            files: files.into_inner(),
            before: before.into_inner(),
            rejected: rejected.finish()?,
            written: vec![written],
        })
    }

    /// Reads the list the second time.
    fn feed(
        &self,
        give: SyncSender<Batch>,
        sink: &Sink<'_>,
        rejected: &mut RejectedRows,
        progress: &Progress,
        before: &AtomicU64,
        stops: &dyn Fn() -> bool,
    ) -> Result<(), Failure> {
        let first = self.looked.domains.len() as u64;
        let mut batch = Batch { number: first, users: Vec::with_capacity(BATCH) };
        let send = |batch: Batch| {
            if sink.has(batch.number) {
                before.fetch_add(batch.users.len() as u64, Ordering::Relaxed);
                progress.done_before(batch.users.len() as u64);
                return true;
            }
            give.send(batch).is_ok()
        };
        let users = self.list.users()?;
        let header = users.header().to_vec();
        for row in users {
            let row: ListRow = row?;
            if stops() {
                return Ok(());
            }
            if !List::is_of(self.args.shard, &row) {
                continue;
            }
            let why = match (&row.user, self.looked.doubles.first_of(row.line)) {
                (Err(why), _) => Some(why.clone()),
                (Ok(_), Some(first)) => Some(self.looked.same_as(first)),
                (Ok(user), None) => {
                    self.looked.unknown.get(user.address.domain().as_str()).cloned()
                }
            };
            if let Some(why) = why {
                rejected.add(&header, &row, &why)?;
                continue;
            }
            let Ok(user) = row.user else { continue };
            batch.users.push(user);
            if batch.users.len() == BATCH {
                let next = Batch { number: batch.number + 1, users: Vec::with_capacity(BATCH) };
                if !send(std::mem::replace(&mut batch, next)) {
                    return Ok(());
                }
            }
        }
        if !batch.users.is_empty() {
            send(batch);
        }
        Ok(())
    }

    /// A digest of everything that affects the output.
    fn fingerprint(&self) -> String {
        let Self { args, session, looked, .. } = self;
        let mut digest = Sha256::new();
        let mut add = |text: String| {
            digest.update(text.as_bytes());
            digest.update([0]);
        };
        add(env!("CARGO_PKG_VERSION").to_owned());
        add(looked.checksum.clone());
        add(format!("{:?} {:?}", args.column, args.shard));
        add(format!("{:?} {:?} {:?}", session.selected, session.protocol, session.languages));
        add(format!("{:?} {:?} {:?}", session.locale, session.options, session.organization));
        add(Sink::kind(args));
        #[cfg(feature = "sign")]
        add(format!("{:?}", args.sign));
        #[cfg(feature = "zip")]
        add(format!("{:?}", args.message));
        for target in &session.targets {
            target.templates.values().for_each(|template| add(template.text.to_string()));
            add(target.source.text.to_string());
        }
        for user in looked.domains.values() {
            let subject = self.resolver.resolve(&user.address, &mut Vec::new());
            add(format!("{:?}", subject.ok().flatten().map(|subject| subject.config)));
        }
        hex(&digest.finalize())
    }
}
