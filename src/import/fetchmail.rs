//! Reads the servers of a fetchmail run control file as fetchmail does.
//!
//! A file is a sequence of words; line breaks do not matter. `poll` begins a server, `user` a
//! mailbox on it, and `defaults` holds the options for all. A single wrong word makes fetchmail
//! refuse the whole file.
//!
//! man fetchmail 6.4.37, "The run control file"; each case checked with `fetchmail --configdump`

mod grammar;
mod meaning;
mod token;
mod words;

use super::defects::DefectList;
use super::{Examination, ReadConfig};
use crate::codes;
pub(crate) use meaning::FetchmailAccount;

pub(super) fn read(text: &str) -> Examination {
    let mut errors = DefectList::default();
    let accounts = meaning::accounts(text, &mut errors);
    let first = first(&accounts);
    let servers = accounts.iter().filter(|account| first.is_some_and(|first| account.is_of(first)));
    let servers: Vec<_> = servers.filter_map(|account| account.server.clone()).collect();
    if accounts.is_empty() {
        errors.add(codes::FETCHMAIL_NO_ACCOUNT, &(0..0), "nothing is polled");
    }
    let address = first.and_then(|account| account.user.clone()).filter(|user| {
        user.rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
    });
    errors.finish(ReadConfig { address, servers, ..ReadConfig::default() })
}

/// All mailboxes of a file.
pub(crate) fn accounts(text: &str) -> Vec<FetchmailAccount> {
    meaning::accounts(text, &mut DefectList::default())
}

/// The account that represents the file: the first one that is polled, or else the first one with a
/// server.
pub(crate) fn first(accounts: &[FetchmailAccount]) -> Option<&FetchmailAccount> {
    let read = || accounts.iter().filter(|account| account.server.is_some());
    read().find(|account| account.polled).or_else(|| read().next())
}

#[cfg(test)]
mod tests;
