//! Reads the accounts of Thunderbird's prefs.js.
//!
//! A profile can have accounts of different providers. Only Thunderbird's default account is read,
//! with the outgoing server of its first identity.
//!
//! LoadAccounts in nsMsgAccountManager.cpp, OutgoingServerService.sys.mjs of Thunderbird 153

mod server;
mod store;
mod syntax;

use std::collections::BTreeSet;
use std::ops::Range;

use super::defects::DefectList;
use super::{Examination, ReadConfig, ReadServer};
use crate::codes;
use crate::model::ServerType;
use server::Branch;
use store::{Store, shown};

pub(super) fn read(text: &str) -> Examination {
    let mut errors = DefectList::default();
    let config = build(text, &mut errors).config;
    errors.finish(config)
}

/// The content of a profile.
pub(crate) struct Profile {
    pub config: ReadConfig,
    /// Names and places of the accounts that are not read.
    pub others: Vec<(String, Range<usize>)>,
    store: Store,
}

impl Profile {
    /// The line of the first of these preferences of a server; if it has none of them, the server's
    /// first line. `names` are the last parts of preference names.
    pub fn place(&self, server: &ReadServer, names: &[&str]) -> Range<usize> {
        let own = names.iter().filter_map(|name| self.store.place_in(&server.span, name));
        own.min_by_key(|span| span.start)
            .unwrap_or(server.span.start..server.span.start + "user_pref".len())
    }

    /// Whether a server has this preference itself, not only by default.
    pub fn says(&self, server: &ReadServer, name: &str) -> bool {
        self.store.place_in(&server.span, name).is_some()
    }
}

pub(crate) fn profile(text: &str) -> Profile {
    build(text, &mut DefectList::default())
}

fn build(text: &str, errors: &mut DefectList) -> Profile {
    let store = Store::read(text, errors);
    let mut reading = PrefsReader { store: &store, errors };
    let accounts = reading.accounts();
    let wanted = reading.text("mail.accountmanager.defaultaccount").map(str::to_owned);
    let chosen = accounts
        .iter()
        .position(|account| Some(&account.key) == wanted.as_ref())
        .or(if accounts.is_empty() { None } else { Some(0) });
    let mut config = ReadConfig::default();
    let mut others = Vec::new();
    for (at, account) in accounts.iter().enumerate() {
        let read = reading.server(account);
        if Some(at) == chosen {
            config.servers.extend(read);
            reading.identity(account, &mut config);
        } else {
            let name = read.map_or(account.key.clone(), |server| server.hostname);
            others.push((name, account.span.clone()));
        }
    }
    if accounts.is_empty() {
        let place = store.place("mail.accountmanager.accounts").unwrap_or(0..0);
        reading.errors.add(codes::PREFS_NO_ACCOUNT, &place, "there is no account with a mailbox");
    }
    Profile { config, others, store }
}

/// An account with a mailbox.
struct PrefsAccount {
    key: String,
    server: String,
    server_type: ServerType,
    /// The line that assigns its server.
    span: Range<usize>,
}

struct PrefsReader<'a> {
    store: &'a Store,
    errors: &'a mut DefectList,
}

impl<'a> PrefsReader<'a> {
    fn text(&mut self, name: &str) -> Option<&'a str> {
        self.store.text(self.errors, name)
    }

    fn accounts(&mut self) -> Vec<PrefsAccount> {
        const LIST: &str = "mail.accountmanager.accounts";
        let list = self.text(LIST).unwrap_or_default();
        let place = self.store.place(LIST).unwrap_or(0..0);
        let (mut seen, mut servers) = (BTreeSet::new(), BTreeSet::new());
        let mut accounts = Vec::new();
        for key in list.split(',').filter(|key| !key.is_empty()) {
            if !seen.insert(key) {
                continue;
            }
            let name = format!("mail.account.{key}.server");
            let Some(server) = self.text(&name) else {
                let message = format!("{} has no server and is dropped", shown(key));
                self.errors.add(codes::PREFS_ACCOUNT_WITHOUT_SERVER, &place, message);
                continue;
            };
            let span = self.store.place(&name).unwrap_or(place.clone());
            if !servers.insert(server) {
                let message = format!("{} is another account's server too", shown(server));
                self.errors.add(codes::PREFS_SERVER_SHARED, &span, message);
                continue;
            }
            if let Some(server_type) = self.server_type(server, &span) {
                let (key, server) = (key.to_owned(), server.to_owned());
                accounts.push(PrefsAccount { key, server, server_type, span });
            }
        }
        accounts
    }

    /// `None` for servers without a mailbox: local folders, news, feeds and chats.
    fn server_type(&mut self, server: &str, span: &Range<usize>) -> Option<ServerType> {
        let name = format!("mail.server.{server}.type");
        let Some(written) = self.text(&name) else {
            let message = format!("{} has no type, so the account is dropped", shown(server));
            self.errors.add(codes::PREFS_ACCOUNT_WITHOUT_SERVER, span, message);
            return None;
        };
        match written {
            "imap" => Some(ServerType::Imap),
            "pop3" => Some(ServerType::Pop3),
            "ews" => Some(ServerType::Ews),
            "graph" => Some(ServerType::Graph),
            "none" | "nntp" | "rss" | "im" => None,
            other => {
                let place = self.store.place(&name).unwrap_or(span.clone());
                let message = format!("{} is no type that Thunderbird has by itself", shown(other));
                self.errors.add(codes::PREFS_SERVER_TYPE, &place, message);
                None
            }
        }
    }

    fn branch(&mut self, own: String, defaults: &'static str) -> Branch<'_> {
        Branch { store: self.store, errors: self.errors, own, defaults }
    }

    fn server(&mut self, account: &PrefsAccount) -> Option<ReadServer> {
        let own = format!("mail.server.{}.", account.server);
        self.branch(own, "mail.server.default.").incoming(account.server_type)
    }

    /// Reads the first identity of the account, and the server that it sends through.
    fn identity(&mut self, account: &PrefsAccount, config: &mut ReadConfig) {
        let name = format!("mail.account.{}.identities", account.key);
        let first = self.text(&name).and_then(|list| list.split(',').find(|key| !key.is_empty()));
        let Some(first) = first else {
            let message = format!("{} has no identity, so it cannot send", shown(&account.key));
            self.errors.add(codes::PREFS_NO_IDENTITY, &account.span, message);
            return;
        };
        let own = format!("mail.identity.{first}.");
        let mut branch = self.branch(own, "mail.identity.default.");
        config.address = branch.text("useremail").filter(|address| address.contains('@'));
        let wanted = branch.text("smtpServer").filter(|key| !key.is_empty());
        let pretty = self.text(&format!("mail.server.{}.name", account.server));
        config.display_name =
            pretty.filter(|name| !name.is_empty() && !name.contains('@')).map(str::to_owned);
        // EWS and Graph send without a separate outgoing server.
        if matches!(account.server_type, ServerType::Ews | ServerType::Graph) && wanted.is_none() {
            return;
        }
        self.outgoing(
            wanted.as_deref(),
            &format!("mail.identity.{first}.smtpServer"),
            account,
            config,
        );
    }

    fn outgoing(
        &mut self,
        wanted: Option<&str>,
        place: &str,
        account: &PrefsAccount,
        config: &mut ReadConfig,
    ) {
        let list = self.text("mail.smtpservers").unwrap_or_default();
        let listed: Vec<&str> = list.split(',').filter(|key| !key.is_empty()).collect();
        let default = self.text("mail.smtp.defaultserver").filter(|key| !key.is_empty());
        let Some(key) = wanted.or(default).or(listed.first().copied()) else {
            let message = "there is no server to send through";
            self.errors.add(codes::PREFS_NO_OUTGOING, &account.span, message);
            return;
        };
        if !listed.contains(&key) {
            let place = if wanted.is_some() { place } else { "mail.smtp.defaultserver" };
            // Report it at the server's host name if there is one, because that server is lost.
            let host = self.store.place(&format!("mail.smtpserver.{key}.hostname"));
            let place = host.or_else(|| self.store.place(place)).unwrap_or(account.span.clone());
            let message = format!("{} is not in mail.smtpservers, so nothing is sent", shown(key));
            self.errors.add(codes::PREFS_OUTGOING_UNLISTED, &place, message);
        }
        match self.text(&format!("mail.smtpserver.{key}.type")).unwrap_or("smtp") {
            "smtp" => {
                let own = format!("mail.smtpserver.{key}.");
                let read = self.branch(own, "mail.smtpserver.default.").outgoing();
                config.servers.extend(read);
            }
            "ews" | "graph" => {}
            other => {
                let name = format!("mail.smtpserver.{key}.type");
                let place = self.store.place(&name).unwrap_or(account.span.clone());
                let message = format!("{} is no type of outgoing server", shown(other));
                self.errors.add(codes::PREFS_SERVER_TYPE, &place, message);
            }
        }
    }
}

#[cfg(test)]
mod tests;
