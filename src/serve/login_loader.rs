//! Reads lists of login names, and reads them again, on a thread of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::login_lists::{ListOwner, LoginListState, LoginLists};
use super::options::Tell;
use super::prepare::stamp_of;
use super::sources::Stamp;
use super::user_list_source::UserListSource;
use crate::settings::UsersFrom;
use crate::users::{LoginList, Users};

/// Opens a list of users.
pub type OpenUserList = dyn Fn(&UserListSource) -> Result<Users, String> + Send + Sync;

/// A message to the thread that reads the lists.
pub enum LoginRequest {
    /// The lists that provider files name now, by the name of the provider. The sender hears when
    /// new ones have been read.
    Named(BTreeMap<String, UserListSource>, Sender<()>),
    /// SIGHUP
    Asked,
}

/// Loads and reloads the lists.
pub struct LoginLoader {
    pub open: Box<OpenUserList>,
    pub lists: Arc<LoginLists>,
    pub tell: Arc<Tell>,
    known: BTreeMap<ListOwner, KnownList>,
}

struct KnownList {
    source: UserListSource,
    stamp: Option<Stamp>,
    tried_at: Option<Instant>,
    is_read: bool,
    /// What the list takes in memory.
    bytes: usize,
}

/// Bytes that the lists of all provider files may take in memory: some five million people.
const MOST_BYTES: usize = 256 << 20;
/// How often to look whether a file has changed.
const LOOK: Duration = Duration::from_secs(2);
/// How long the list of a directory or command is used before it is read again.
const KEEP: Duration = Duration::from_secs(300);
/// How long to wait after a failure if there is no earlier list.
const RETRY: Duration = Duration::from_secs(20);

impl LoginLoader {
    pub fn new(open: Box<OpenUserList>, lists: Arc<LoginLists>, tell: Arc<Tell>) -> Self {
        Self { open, lists, tell, known: BTreeMap::new() }
    }

    /// Reads the operator's list.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn load_first(&mut self, source: UserListSource) -> Result<(), String> {
        self.know(ListOwner::Operator, source);
        self.read(&ListOwner::Operator)
    }

    /// Reads what changes until there is nobody left to ask for it.
    pub fn run(mut self, requests: &Receiver<LoginRequest>) {
        loop {
            let (is_asked, waiting) = match requests.recv_timeout(LOOK) {
                Ok(LoginRequest::Named(named, waiting)) => {
                    self.named(named);
                    (false, Some(waiting))
                }
                Ok(LoginRequest::Asked) => (true, None),
                Err(RecvTimeoutError::Timeout) => (false, None),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let due = self.known.iter().filter(|(_, list)| is_asked || list.is_due());
            for owner in due.map(|(owner, _)| owner.clone()).collect::<Vec<_>>() {
                if let Err(why) = self.read(&owner) {
                    let what = match &owner {
                        ListOwner::Operator => "--users".to_owned(),
                        ListOwner::Provider(name) => format!("usersFrom of {name}"),
                    };
                    (self.tell)(&format!(
                        "{what}: {why}; what was read before is used on, and without that, its \
                         users get no answer"
                    ));
                }
            }
            // Only the first loading waits.
            let _ = waiting.map(|waiting| waiting.send(()));
        }
    }

    fn named(&mut self, mut named: BTreeMap<String, UserListSource>) {
        let owners: Vec<ListOwner> = self.known.keys().cloned().collect();
        for owner in owners {
            let ListOwner::Provider(name) = &owner else { continue };
            match named.remove(name) {
                Some(source) if self.known[&owner].source == source => {}
                Some(source) => self.know(owner, source),
                None => {
                    self.known.remove(&owner);
                    self.lists.remove(&owner);
                }
            }
        }
        named.into_iter().for_each(|(name, source)| self.know(ListOwner::Provider(name), source));
    }

    fn know(&mut self, owner: ListOwner, source: UserListSource) {
        self.lists.set(owner.clone(), LoginListState::Unread);
        self.known.insert(
            owner,
            KnownList { source, stamp: None, tried_at: None, is_read: false, bytes: 0 },
        );
    }

    fn read(&mut self, owner: &ListOwner) -> Result<(), String> {
        let others = self.known.iter().filter(|(other, _)| *other != owner);
        let others: usize = others.map(|(_, list)| list.bytes).sum();
        let Some(list) = self.known.get_mut(owner) else { return Ok(()) };
        // Take the stamp first, so that a change while reading is noticed the next time.
        list.stamp = list.stamp_now();
        list.tried_at = Some(Instant::now());
        let users = (self.open)(&list.source)?;
        let name = list.source.shown();
        let LoginList { names, wrong, wrong_count } = LoginList::read(&name, users)?;
        if *owner != ListOwner::Operator && others + names.bytes() > MOST_BYTES {
            return Err(format!(
                "the lists of all provider files together need more than {} MiB",
                MOST_BYTES >> 20
            ));
        }
        list.bytes = names.bytes();
        wrong.iter().for_each(|words| (self.tell)(words));
        if wrong_count > wrong.len() {
            (self.tell)(&format!("{name}: {} more rows are of no use", wrong_count - wrong.len()));
        }
        let count = names.len();
        let plural = if count == 1 { "" } else { "s" };
        (self.tell)(&format!("{name}: {count} login name{plural}"));
        list.is_read = true;
        self.lists.set(owner.clone(), LoginListState::Read(Arc::new(names)));
        Ok(())
    }
}

impl KnownList {
    fn stamp_now(&self) -> Option<Stamp> {
        stamp_of(&self.source.path()?)
    }

    fn is_due(&self) -> bool {
        match (&self.source.from, self.tried_at) {
            (_, None) => true,
            (UsersFrom::File(_), _) => self.stamp_now() != self.stamp,
            (_, Some(tried_at)) => tried_at.elapsed() >= if self.is_read { KEEP } else { RETRY },
        }
    }
}
