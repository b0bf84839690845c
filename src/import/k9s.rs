//! Reads settings exported by K-9 Mail and Thunderbird for Android.
//!
//! A wrong attribute of the root makes the whole file unusable, a wrong value of a server its
//! account. A file can contain accounts of several providers; only the first account that would be
//! imported is read.
//!
//! thunderbird-android, SettingsFileParser.kt, AccountSettingsValidator.kt,
//! ServerSettingsDescriptions.kt and the upgraders beside it

mod children;
mod server;

use std::collections::BTreeSet;
use std::ops::Range;

use super::defects::DefectList;
use super::values::first_line;
use super::{Examination, ReadConfig, ReadServer};
use crate::codes;
use crate::format::Tree;

pub(crate) use children::last;

pub(super) fn read(text: &str, tree: &Tree) -> Examination {
    let mut errors = DefectList::default();
    let (config, _) = K9sReader { text, errors: &mut errors }.file(tree);
    errors.finish(config)
}

/// The account that is read, and the names and places of the others.
pub(crate) fn accounts(text: &str, tree: &Tree) -> (ReadConfig, Vec<(String, Range<usize>)>) {
    K9sReader { text, errors: &mut DefectList::default() }.file(tree)
}

struct K9sReader<'a> {
    text: &'a str,
    errors: &'a mut DefectList,
}

impl K9sReader<'_> {
    fn file(&mut self, root: &Tree) -> (ReadConfig, Vec<(String, Range<usize>)>) {
        let (mut config, mut others) = (ReadConfig::default(), Vec::new());
        let start = self.start(root);
        if root.name != "k9settings" {
            self.errors.add(codes::K9S_ROOT, &start, "the file begins with k9settings");
        }
        if whole(root.attribute("format")) != Some(1) {
            self.errors.add(codes::K9S_FORMAT, &start, "format is 1, and the app reads no other");
        }
        let version = whole(root.attribute("version")).filter(|version| *version > 0);
        if version.is_none() {
            self.errors.add(codes::K9S_VERSION, &start, "version is a whole number from 1");
        }
        // The app reads only the first list.
        let list = root.child("accounts").map(|list| list.children_named("account"));
        let mut seen = BTreeSet::new();
        let mut found = false;
        for account in list.into_iter().flatten() {
            let place = self.start(account);
            let uuid = account.attribute("uuid").unwrap_or_default();
            if !is_uuid(uuid) {
                self.errors.add(codes::K9S_UUID, &place, "the account's uuid is none");
                continue;
            }
            if !seen.insert(uuid) {
                self.errors.add(
                    codes::K9S_UUID_TWICE,
                    &place,
                    "an account of this uuid was before",
                );
                continue;
            }
            let read = self.account(account, version.unwrap_or(i32::MAX));
            if found {
                let name = last(account, "name").map(Tree::text).unwrap_or(uuid);
                others.push((name.chars().take(60).collect(), place));
            } else {
                (config, found) = (read, true);
            }
        }
        if !found {
            self.errors.add(codes::K9S_NO_ACCOUNT, &start, "there is no account in it");
        }
        (config, others)
    }

    fn account(&mut self, account: &Tree, version: i32) -> ReadConfig {
        let mut config = ReadConfig::default();
        let place = self.start(account);
        for (name, what) in [("incoming-server", "read from"), ("outgoing-server", "send through")]
        {
            match last(account, name) {
                Some(element) => config.servers.extend(self.server(element, version)),
                None => {
                    let message = format!("no {name}: there is nothing to {what}");
                    self.errors.add(codes::K9S_NO_SERVER, &place, message);
                }
            }
        }
        let identities = last(account, "identities").map(|all| all.children_named("identity"));
        let first = identities.into_iter().flatten().next();
        if first.is_none() {
            self.errors.add(codes::K9S_NO_IDENTITY, &place, "the account has no identity");
        }
        let address = first.and_then(|identity| last(identity, "email")).map(Tree::text);
        config.address = address.filter(|address| address.contains('@')).map(str::to_owned);
        config
    }

    fn server(&mut self, element: &Tree, version: i32) -> Option<ReadServer> {
        let start = self.start(element);
        server::read(element, start, version, self.errors)
    }

    fn start(&self, element: &Tree) -> Range<usize> {
        first_line(self.text, &element.span)
    }
}

fn whole(text: Option<&str>) -> Option<i32> {
    text?.parse().ok()
}

/// Whether Java accepts a text as a UUID: five groups of hexadecimal digits of any length.
fn is_uuid(text: &str) -> bool {
    let groups = text.split('-');
    text.len() <= 36
        && groups.clone().count() == 5
        && groups
            .into_iter()
            .all(|group| !group.is_empty() && group.chars().all(|c| c.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
