//! Apple configuration profiles with mail, ActiveSync or Exchange payloads.
//!
//! iOS and macOS say little about a profile that they refuse and nothing about keys that they
//! overlook. So what the schema does not know is an error, and so is what is legal and likely to
//! hurt (a missing port, a name that the user never sees), since our own files need neither.
//!
//! Keys and types: Apple's device-management schema, release iOS 18.1 and macOS 15.1

mod exchange;
mod keys;
mod mail;

use std::collections::HashMap;
use std::ops::Range;

use super::{Errors, Examined, ReadConfig, first_line};
use crate::format::Tree;
use keys::{COMMON, Key, TOP_LEVEL, check_keys};

pub(super) fn read(text: &str, profile: &Tree) -> Examined {
    let mut reading = Reading { text, errors: Errors::default(), seen: HashMap::new() };
    let config = reading.profile(profile);
    reading.errors.finish(config)
}

struct Reading<'a> {
    text: &'a str,
    errors: Errors,
    /// Identifiers and UUIDs that are taken.
    seen: HashMap<String, Range<usize>>,
}

impl Reading<'_> {
    fn profile(&mut self, profile: &Tree) -> ReadConfig {
        let mut config = ReadConfig::default();
        if profile.kind != "dict" {
            self.errors.add("profile-rule", &profile.span, "the property list is no <dict>");
            return config;
        }
        if !self.text.contains("<!DOCTYPE plist PUBLIC \"-//Apple") {
            // Devices do without; Apple's own tools may not.
            self.errors.add("profile-rule", &(0..0), "no DOCTYPE of Apple's property lists");
        }
        check_keys(profile, &[TOP_LEVEL], &self.start(profile), &mut self.errors);
        self.identity(profile, None);
        config.id = string(profile, "PayloadIdentifier").map(str::to_owned);
        config.display_name = string(profile, "PayloadDisplayName").map(str::to_owned);
        for (key, why) in [
            ("IsEncrypted", "an encrypted profile is for one device and cannot be looked into"),
            ("PayloadRemovalDisallowed", "only supervised devices heed PayloadRemovalDisallowed"),
        ] {
            if let Some(value) = profile.child(key).filter(|value| is_true(value)) {
                self.errors.add("profile-rule", &value.span, why);
            }
        }
        if let Some(consent) = profile.child("ConsentText") {
            self.consent(consent);
        }
        let Some(content) = profile.child("PayloadContent") else { return config };
        if content.children.is_empty() {
            self.errors.add("profile-rule", &content.span, "no payload in PayloadContent");
        }
        for (number, payload) in content.children.iter().enumerate() {
            if payload.kind != "dict" {
                self.errors.add("profile-rule", &payload.span, "a payload is a <dict>");
                continue;
            }
            self.payload(payload, profile, &mut config);
            for value in &payload.children {
                let path = format!("PayloadContent[{number}].{}", value.name);
                config.values.extend(value.value.clone().map(|value| (path, value)));
            }
        }
        config
    }

    fn payload(&mut self, payload: &Tree, profile: &Tree, config: &mut ReadConfig) {
        let start = self.start(payload);
        let payload_type = string(payload, "PayloadType").unwrap_or_default();
        let known: &[Key] = match payload_type {
            "com.apple.mail.managed" => keys::MAIL,
            "com.apple.eas.account" => keys::EAS,
            "com.apple.ews.account" => keys::EWS,
            "" => {
                // `check_keys` tells that it is missing.
                check_keys(payload, &[COMMON], &start, &mut self.errors);
                return;
            }
            other => {
                let message = format!("payload type {} is not known here", other.escape_debug());
                self.errors.add("profile-rule", &start, message);
                return;
            }
        };
        check_keys(payload, &[COMMON, known], &start, &mut self.errors);
        self.identity(payload, Some(profile));
        for value in &payload.children {
            if value.kind == "string" && value.value.as_deref() == Some("") {
                // Then the device asks, as it should; an empty answer it takes for an answer.
                let message = format!("{} is empty; leave it out, and the device asks", value.name);
                self.errors.add("profile-rule", &value.span, message);
            }
            if value.name.ends_with("CertificateUUID") {
                let message =
                    format!("{} names a certificate that is not in the profile", value.name);
                self.errors.add("profile-rule", &value.span, message);
            }
        }
        if let Some(address) = string(payload, "EmailAddress") {
            self.address(address, payload, config);
        }
        match payload_type {
            "com.apple.mail.managed" => self.mail(payload, config),
            "com.apple.eas.account" => self.active_sync(payload, config),
            _ => self.web_services(payload, config),
        }
    }

    /// What decides whether a profile replaces another one and an account stays the same.
    fn identity(&mut self, dict: &Tree, profile: Option<&Tree>) {
        if let Some(uuid) = dict.child("PayloadUUID").filter(|uuid| uuid.kind == "string") {
            let value = uuid.value.as_deref().unwrap_or_default();
            if let Err(why) = check_uuid(value) {
                self.errors.add(
                    "profile-rule",
                    &uuid.span,
                    format!("PayloadUUID {} {why}", value.escape_debug()),
                );
            }
            // macOS: "Invalid profile: The PayloadUUID … is used more than once"
            self.unique(value.to_ascii_uppercase(), uuid);
        }
        if let Some(identifier) = dict.child("PayloadIdentifier").filter(|i| i.kind == "string") {
            let value = identifier.value.as_deref().unwrap_or_default();
            if !is_reverse_dns(value) {
                let value = value.escape_debug();
                let message = format!("PayloadIdentifier {value} is not like org.example.mail");
                self.errors.add("profile-rule", &identifier.span, message);
            }
            let parent = profile.and_then(|profile| string(profile, "PayloadIdentifier"));
            let extends =
                |parent: &str| value.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'));
            if parent.is_some_and(|parent| parent != value && !extends(parent)) {
                let message = "PayloadIdentifier does not begin with the profile's and a dot";
                self.errors.add("profile-rule", &identifier.span, message);
            }
            self.unique(value.to_owned(), identifier);
        }
        if string(dict, "PayloadDisplayName").is_none_or(str::is_empty) {
            let message = "no PayloadDisplayName; the user would see only the identifier";
            self.errors.add("profile-rule", &self.start(dict), message);
        }
    }

    fn unique(&mut self, value: String, at: &Tree) {
        if self.seen.insert(value, at.span.clone()).is_some() {
            let value = at.value.as_deref().unwrap_or_default();
            self.errors.add(
                "profile-rule",
                &at.span,
                format!("{} {value} is used more than once", at.name),
            );
        }
    }

    fn consent(&mut self, consent: &Tree) {
        if let Some(odd) = consent.children.iter().find(|text| text.kind != "string") {
            self.errors.add(
                "profile-rule",
                &odd.span,
                "ConsentText holds a string for each language",
            );
        }
        if consent.child("default").is_none() {
            self.errors.add("profile-rule", &self.start(consent), "no default in ConsentText");
        }
    }

    fn address(&mut self, address: &str, payload: &Tree, config: &mut ReadConfig) {
        let span = payload.child("EmailAddress").map_or(payload.span.clone(), |a| a.span.clone());
        let (local_part, domain) = address.split_once('@').unwrap_or_default();
        let plain = !local_part.is_empty() && !domain.is_empty() && !domain.contains('@');
        if !(plain && !address.contains([' ', ','])
            || address.is_empty()
            || is_placeholder(address))
        {
            let message = format!("EmailAddress \"{}\" is not one address", address.escape_debug());
            self.errors.add("profile-rule", &span, message);
        }
        config.address.get_or_insert_with(|| address.to_owned());
    }

    fn start(&self, dict: &Tree) -> Range<usize> {
        first_line(self.text, &dict.span)
    }
}

fn string<'t>(dict: &'t Tree, key: &str) -> Option<&'t str> {
    dict.child(key).filter(|value| value.kind == "string").and_then(|value| value.value.as_deref())
}

fn boolean(dict: &Tree, key: &str) -> Option<bool> {
    dict.child(key).filter(|value| value.kind == "boolean").map(is_true)
}

fn is_true(value: &Tree) -> bool {
    value.kind == "boolean" && value.value.as_deref() == Some("true")
}

/// A variable that a device management server fills in: `{{mail}}`, `${EMAIL}`, `$EMAIL`,
/// `%Email%`, `{EmailAddress}`.
fn is_placeholder(text: &str) -> bool {
    let inside = |start: &str, end: &str| {
        text.strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|s| !s.is_empty())
    };
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    inside("{", "}")
        || inside("${", "}")
        || inside("%", "%")
        || text.strip_prefix('$').is_some_and(|name| name.len() > 1 && name.chars().all(upper))
}

/// RFC 9562 section 4: 8-4-4-4-12 hexadecimal digits, a version and a variant in them.
fn check_uuid(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let shaped = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, b)| match is_dash(at) {
            true => *b == b'-',
            false => b.is_ascii_hexdigit(),
        });
    if !shaped {
        return Err("is not made of 8-4-4-4-12 hexadecimal digits");
    }
    let has_version = (b'1'..=b'8').contains(&bytes[14]);
    if !has_version || !matches!(bytes[19].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b') {
        return Err("has no version and variant of RFC 9562 in it");
    }
    Ok(())
}

fn is_reverse_dns(text: &str) -> bool {
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    text.contains('.') && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests;
