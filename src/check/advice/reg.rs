//! Advice on registry files that regedit accepts but that surprise the user of Outlook.

mod account;
mod outlook;

use std::ops::Range;

use crate::codes;
use crate::format::Tree;
use crate::import::{DefectList, Examination};

/// The path of a profile's key in Outlook 2013 and later. `*` is a version or a name.
const PROFILE: [&str; 7] = ["software", "microsoft", "office", "*", "outlook", "profiles", "*"];
/// The same for Outlook 2010 and earlier.
const OLD_PROFILE: [&str; 8] = [
    "software",
    "microsoft",
    "windows nt",
    "currentversion",
    "windows messaging subsystem",
    "profiles",
    "*",
    "*",
];

pub fn advise(examined: &Examination) -> DefectList {
    let Some(root) = &examined.tree else { return DefectList::default() };
    let mut advice = RegAdvice { found: DefectList::default() };
    for key in &root.children {
        let (hive, path) = key.name.split_once('\\').unwrap_or((&key.name, ""));
        let parts: Vec<String> = path.split('\\').map(str::to_lowercase).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        advice.hive(key, hive, &parts);
        if key.kind == "delete-key" {
            advice.deleted(key, hive, &parts);
        } else {
            advice.outlook(key, &parts);
        }
    }
    advice.together(root);
    for server in &examined.config.servers {
        let key = root.child_at(&server.span);
        if let Some(key) = key {
            advice.server(server, key);
        }
    }
    advice.found
}

struct RegAdvice {
    found: DefectList,
}

impl RegAdvice {
    /// Reports a root key that affects other users.
    fn hive(&mut self, key: &Tree, hive: &str, parts: &[&str]) {
        let span = first_line(key);
        match hive {
            "HKEY_LOCAL_MACHINE" | "HKEY_CLASSES_ROOT" => {
                let message = format!("{hive} is for everybody on the PC, and for administrators");
                self.found.add(codes::REG_MACHINE, &span, message);
            }
            "HKEY_USERS" if parts != [".default"] => {
                self.found.add(codes::REG_OTHER_USER, &span, "HKEY_USERS names one user of one PC");
            }
            _ => {}
        }
    }

    /// Reports what else is deleted with a key.
    fn deleted(&mut self, key: &Tree, hive: &str, parts: &[&str]) {
        let above = |keys: &[&str]| {
            parts.len() <= keys.len() && parts.iter().zip(keys).all(|(a, b)| *b == "*" || a == b)
        };
        let is_profile =
            (parts.len() == 7 && above(&PROFILE)) || (parts.len() == 7 && above(&OLD_PROFILE));
        let span = &key.span;
        if is_profile {
            let message = "a whole profile of Outlook is deleted, with every account in it";
            self.found.add(codes::REG_DELETE_PROFILE, span, message);
        } else if above(&PROFILE) || above(&OLD_PROFILE) {
            let message =
                format!("every profile of Outlook below {hive}\\… is deleted with this key");
            self.found.add(codes::REG_DELETE_OUTLOOK, span, message);
        } else {
            let message = "the key goes with everything that anybody has put into it";
            self.found.add(codes::REG_DELETE_KEY, span, message);
        }
    }
}

/// The line of the key itself; its span also covers its values.
fn first_line(key: &Tree) -> Range<usize> {
    let end = key.children.first().map_or(key.span.end, |value| value.span.start);
    key.span.start..end
}
