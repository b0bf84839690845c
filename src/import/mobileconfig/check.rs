//! Whether a dictionary has only keys that are known there, each of its type, and those that it
//! needs.

use super::keys::{ALL, Key, Presence};
use super::values::{number, value};
use super::{Reading, is_variable};
use crate::document::closest;
use crate::format::Tree;

/// Written by Profile Manager; in no schema, and no harm.
const LEGACY: &str = "PayloadEnabled";

impl Reading<'_> {
    pub(super) fn keys(&mut self, dict: &Tree, tables: &[&[Key]]) {
        self.known_keys(dict, tables);
        self.required_keys(dict, tables);
    }

    pub(super) fn known_keys(&mut self, dict: &Tree, tables: &[&[Key]]) {
        let keys = || tables.iter().copied().flatten();
        for child in &dict.children {
            let name = child.name.as_str();
            let shown = name.escape_debug();
            let key = keys().find(|(key, ..)| key.eq_ignore_ascii_case(name.trim()));
            if let Some(key) = key {
                if key.0 != name {
                    let message = format!("key {shown} has to be written {}", key.0);
                    self.errors.add("profile-key-spelling", &child.span, message);
                }
                self.value(child, key);
            } else if name == LEGACY {
                let message = format!("{LEGACY} is of the past");
                self.errors.add("profile-legacy-key", &child.span, message);
            } else if ALL.iter().copied().flatten().any(|(key, ..)| *key == name) {
                let message = format!("key {shown} is for another kind of payload");
                self.errors.add("profile-misplaced-key", &child.span, message);
            } else {
                let near = closest(name, keys().map(|(key, ..)| *key));
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                let message = format!("key {shown} is unknown{hint}");
                self.errors.add("profile-unknown-key", &child.span, message);
            }
        }
    }

    /// Type and words of one value.
    fn value(&mut self, found: &Tree, (key, kind, _, words): &Key) {
        let text = found.value.as_deref().unwrap_or_default();
        let whole = found.kind == "real" && *kind == "integer" && number(found).is_some();
        if whole {
            let message = format!("{key} is a <real>, not an <integer>");
            self.errors.add("profile-real-number", &found.span, message);
        } else if found.kind != *kind && (found.kind, *kind) != ("integer", "real") {
            let message = format!("{key} is a {}, not a {kind}", found.kind);
            self.errors.add("profile-value-type", &found.span, message);
            return;
        }
        let text = if whole { text.split('.').next().unwrap_or_default() } else { text };
        // An empty text has a code of its own.
        if words.is_empty() || words.contains(&text) || text.is_empty() || is_variable(text) {
            return;
        }
        let message = format!("{key} cannot be {}; {}", text.escape_debug(), words.join(", "));
        let code = match *key {
            "PayloadVersion" => "profile-version",
            "PayloadType" => "profile-payload-type",
            "EmailAccountType" => "profile-account-type",
            _ if key.ends_with("Authentication") => "profile-authentication",
            _ => "profile-value",
        };
        self.errors.add(code, &found.span, message);
    }

    pub(super) fn required_keys(&mut self, dict: &Tree, tables: &[&[Key]]) {
        for (key, _, presence, _) in tables.iter().copied().flatten() {
            if *presence == Presence::Required && value(dict, key).is_none() {
                let code = match *key {
                    "PayloadUUID" => "profile-no-uuid",
                    "PayloadIdentifier" => "profile-no-identifier",
                    "PayloadVersion" => "profile-no-version",
                    "PayloadType" => "profile-no-payload-type",
                    "PayloadContent" => "profile-no-content",
                    "EmailAccountType" => "profile-no-account-type",
                    _ if key.ends_with("HostName") => "profile-no-hostname",
                    _ => "profile-no-authentication-word",
                };
                self.errors.add(code, &self.start(dict), format!("no {key}"));
            }
        }
    }
}
