//! Checks that a dictionary contains only known keys, each with a value of its type, and all
//! required keys.

use super::keys::{ALL, KeySpec, Presence};
use super::values::{number, value};
use super::{ProfileReader, is_variable};
use crate::codes;
use crate::document::closest;
use crate::format::Tree;

/// Profile Manager writes this key. No schema has it, and it does no harm.
const LEGACY: &str = "PayloadEnabled";

impl ProfileReader<'_> {
    pub(super) fn keys(&mut self, dict: &Tree, tables: &[&[KeySpec]]) {
        self.known_keys(dict, tables);
        self.required_keys(dict, tables);
    }

    pub(super) fn known_keys(&mut self, dict: &Tree, tables: &[&[KeySpec]]) {
        let keys = || tables.iter().copied().flatten();
        for child in &dict.children {
            let name = child.name.as_str();
            let shown = name.escape_debug();
            let key = keys().find(|(key, ..)| key.eq_ignore_ascii_case(name.trim()));
            if let Some(key) = key {
                if key.0 != name {
                    let message = format!("key {shown} has to be written {}", key.0);
                    self.errors.add(codes::PROFILE_KEY_SPELLING, &child.span, message);
                }
                self.value(child, key);
            } else if name == LEGACY {
                let message = format!("{LEGACY} is of the past");
                self.errors.add(codes::PROFILE_LEGACY_KEY, &child.span, message);
            } else if ALL.iter().copied().flatten().any(|(key, ..)| *key == name) {
                let message = format!("key {shown} is for another kind of payload");
                self.errors.add(codes::PROFILE_MISPLACED_KEY, &child.span, message);
            } else {
                self.errors.add_with(codes::PROFILE_UNKNOWN_KEY, || {
                    let near = closest(name, keys().map(|(key, ..)| *key));
                    let hint = near.map(|near| format!("; did you mean {near}?"));
                    let message = format!("key {shown} is unknown{}", hint.unwrap_or_default());
                    (child.span.clone(), message)
                });
            }
        }
    }

    /// Checks the type of a value, and whether the key allows it.
    fn value(&mut self, found: &Tree, (key, kind, _, words): &KeySpec) {
        let text = found.value.as_deref().unwrap_or_default();
        let whole = found.kind == "real" && *kind == "integer" && number(found).is_some();
        if whole {
            let message = format!("{key} is a <real>, not an <integer>");
            self.errors.add(codes::PROFILE_REAL_NUMBER, &found.span, message);
        } else if found.kind != *kind && (found.kind, *kind) != ("integer", "real") {
            let message = format!("{key} is a {}, not a {kind}", found.kind);
            self.errors.add(codes::PROFILE_VALUE_TYPE, &found.span, message);
            return;
        }
        let text = if whole { text.split('.').next().unwrap_or_default() } else { text };
        // An empty string has a code of its own.
        if words.is_empty() || words.contains(&text) || text.is_empty() || is_variable(text) {
            return;
        }
        let message = format!("{key} cannot be {}; {}", text.escape_debug(), words.join(", "));
        let code = match *key {
            "PayloadVersion" => codes::PROFILE_VERSION,
            "PayloadType" => codes::PROFILE_PAYLOAD_TYPE,
            "EmailAccountType" => codes::PROFILE_ACCOUNT_TYPE,
            _ if key.ends_with("Authentication") => codes::PROFILE_AUTHENTICATION,
            _ => codes::PROFILE_VALUE,
        };
        self.errors.add(code, &found.span, message);
    }

    pub(super) fn required_keys(&mut self, dict: &Tree, tables: &[&[KeySpec]]) {
        for (key, _, presence, _) in tables.iter().copied().flatten() {
            if *presence == Presence::Required && value(dict, key).is_none() {
                let code = match *key {
                    "PayloadUUID" => codes::PROFILE_NO_UUID,
                    "PayloadIdentifier" => codes::PROFILE_NO_IDENTIFIER,
                    "PayloadVersion" => codes::PROFILE_NO_VERSION,
                    "PayloadType" => codes::PROFILE_NO_PAYLOAD_TYPE,
                    "PayloadContent" => codes::PROFILE_NO_CONTENT,
                    "EmailAccountType" => codes::PROFILE_NO_ACCOUNT_TYPE,
                    _ if key.ends_with("HostName") => codes::PROFILE_NO_HOSTNAME,
                    _ => codes::PROFILE_NO_AUTHENTICATION_WORD,
                };
                self.errors.add(code, &self.start(dict), format!("no {key}"));
            }
        }
    }
}
