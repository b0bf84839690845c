//! Reads Apple configuration profiles with mail, ActiveSync or Exchange payloads.
//!
//! iOS and macOS give little reason when they refuse a profile, and none when they ignore a key. So
//! every key that the schema does not know is a defect here. So is anything legal that is likely to
//! cause trouble (a missing port, a name that the user never sees), since our own files need
//! neither.
//!
//! Keys and types: Apple's device-management schema, release iOS 18.1 and macOS 15.1

mod check;
mod exchange;
mod fix;
mod identity;
mod keys;
mod mail;
mod values;
mod variable;

use std::collections::HashMap;
use std::ops::Range;

use super::defects::DefectList;
use super::values::{first_line, hostname};
use super::{Examination, ReadConfig, meant_hostname};
use crate::codes;
use crate::format::{Malformed, Tree};
use crate::model::Port;
use keys::{COMMON, KeySpec, TOP_LEVEL};
use values::{flag, number, string, value};
pub use variable::has_variable;
use variable::is_variable;

pub(super) fn read(text: &str, profile: &Tree) -> Examination {
    let mut reading = ProfileReader { text, errors: DefectList::default(), seen: HashMap::new() };
    let config = reading.profile(profile);
    reading.errors.finish(config)
}

/// Reads a profile that is not a valid property list, if removing a few lines makes it one.
pub(super) fn read_malformed(text: &str, malformed: Malformed) -> Examination {
    let Some((fixed, defects)) = fix::fixed(text) else {
        return Examination::malformed(malformed);
    };
    let mut examined = read(text, &fixed);
    examined.defects.append(defects);
    examined
}

struct ProfileReader<'a> {
    text: &'a str,
    errors: DefectList,
    /// Identifiers, UUIDs and accounts that are in use, with their places.
    seen: HashMap<String, Range<usize>>,
}

impl ProfileReader<'_> {
    fn profile(&mut self, profile: &Tree) -> ReadConfig {
        let mut config = ReadConfig::default();
        if profile.kind != "dict" {
            self.errors.add(codes::PROFILE_ROOT, &profile.span, "the property list is no <dict>");
            return config;
        }
        if !self.text.contains("<!DOCTYPE plist PUBLIC \"-//Apple") {
            self.errors.add(
                codes::PROFILE_DOCTYPE,
                &(0..0),
                "no DOCTYPE of Apple's property lists",
            );
        }
        let encrypted = flag(profile, "IsEncrypted") == Some(true);
        match encrypted {
            true => self.encrypted(profile),
            false => self.keys(profile, &[TOP_LEVEL]),
        }
        self.identity(profile, None);
        config.id = string(profile, "PayloadIdentifier").map(str::to_owned);
        config.display_name = string(profile, "PayloadDisplayName").map(str::to_owned);
        if let Some(value) = value(profile, "PayloadRemovalDisallowed")
            && flag(profile, "PayloadRemovalDisallowed") == Some(true)
        {
            let message = "only supervised devices heed PayloadRemovalDisallowed";
            self.errors.add(codes::PROFILE_REMOVAL_DISALLOWED, &value.span, message);
        }
        if let Some(consent) = value(profile, "ConsentText") {
            self.consent(consent);
        }
        let Some(content) = value(profile, "PayloadContent") else { return config };
        if content.children.is_empty() && !encrypted {
            self.errors.add(
                codes::PROFILE_NO_CONTENT,
                &content.span,
                "no payload in PayloadContent",
            );
        }
        let certificates = certificates(content);
        for (number, payload) in content.children.iter().enumerate() {
            if payload.kind != "dict" {
                self.errors.add(codes::PROFILE_VALUE_TYPE, &payload.span, "a payload is a <dict>");
                continue;
            }
            self.payload(payload, profile, &certificates, &mut config);
            for value in &payload.children {
                let path = format!("PayloadContent[{number}].{}", value.name);
                config.values.extend(value.value.clone().map(|value| (path, value)));
            }
        }
        config
    }

    fn encrypted(&mut self, profile: &Tree) {
        let span = value(profile, "IsEncrypted").map_or(0..0, |value| value.span.clone());
        let message = "an encrypted profile is for one device and cannot be looked into";
        self.errors.add(codes::PROFILE_ENCRYPTED, &span, message);
        let table: Vec<KeySpec> =
            TOP_LEVEL.iter().filter(|(key, ..)| *key != "PayloadContent").copied().collect();
        self.known_keys(profile, &[TOP_LEVEL]);
        self.required_keys(profile, &[&table]);
    }

    fn payload(
        &mut self,
        payload: &Tree,
        profile: &Tree,
        certificates: &[String],
        config: &mut ReadConfig,
    ) {
        let payload_type = string(payload, "PayloadType").unwrap_or_default();
        let known: Option<&[KeySpec]> = match payload_type {
            "com.apple.mail.managed" => Some(keys::MAIL),
            "com.apple.eas.account" => Some(keys::EAS),
            "com.apple.ews.account" => Some(keys::EWS),
            "com.apple.caldav.account" => Some(keys::CALDAV),
            "com.apple.carddav.account" => Some(keys::CARDDAV),
            _ => None,
        };
        match known {
            Some(known) => self.keys(payload, &[COMMON, known]),
            None => self.other_payload(payload, payload_type),
        }
        self.identity(payload, Some(profile));
        for value in &payload.children {
            if value.kind == "string" && value.value.as_deref() == Some("") {
                let message = format!("{} is empty; leave it out, and the device asks", value.name);
                self.errors.add(codes::PROFILE_EMPTY_STRING, &value.span, message);
            }
            let certificate = value.value.as_deref().unwrap_or_default().to_ascii_uppercase();
            if value.name.ends_with("CertificateUUID") && !certificates.contains(&certificate) {
                let message =
                    format!("{} names a certificate that is not in the profile", value.name);
                self.errors.add(codes::PROFILE_NO_CERTIFICATE, &value.span, message);
            }
        }
        if let Some(address) = string(payload, "EmailAddress") {
            self.address(address, payload, config);
        }
        match payload_type {
            "com.apple.mail.managed" => self.mail(payload, config),
            "com.apple.eas.account" => self.active_sync(payload, config),
            "com.apple.ews.account" => self.web_services(payload, config),
            "com.apple.caldav.account" => self.dav(payload, "CalDAV"),
            "com.apple.carddav.account" => self.dav(payload, "CardDAV"),
            _ => {}
        }
    }

    /// Checks a payload of another type: only the keys that every payload has.
    fn other_payload(&mut self, payload: &Tree, payload_type: &str) {
        let mut common = Tree::branch(String::new(), "dict", payload.span.clone());
        let is_common = |child: &&Tree| COMMON.iter().any(|(key, ..)| *key == child.name);
        common.children = payload.children.iter().filter(is_common).cloned().collect();
        self.keys(&common, &[COMMON]);
        let shown = payload_type.escape_debug();
        let start = self.start(payload);
        if payload_type.starts_with("com.apple.") {
            let message = format!("payload {shown} is not looked into");
            self.errors.add(codes::PROFILE_OTHER_PAYLOAD, &start, message);
        } else if !payload_type.is_empty() {
            let message = format!("payload type {shown} is none of Apple's");
            self.errors.add(codes::PROFILE_PAYLOAD_TYPE, &start, message);
        }
    }

    fn consent(&mut self, consent: &Tree) {
        if let Some(odd) = consent.children.iter().find(|text| text.kind != "string") {
            let message = "ConsentText holds a string for each language";
            self.errors.add(codes::PROFILE_CONSENT_TEXT, &odd.span, message);
        }
        if consent.child("default").is_none() {
            let message = "no default in ConsentText";
            self.errors.add(codes::PROFILE_CONSENT_TEXT, &self.start(consent), message);
        }
    }

    fn address(&mut self, address: &str, payload: &Tree, config: &mut ReadConfig) {
        if is_variable(address) {
            config.address.get_or_insert_with(|| address.to_owned());
            return;
        }
        let span = span_of(payload, "EmailAddress");
        let is_one = |address: &str| {
            let (local_part, domain) = address.split_once('@').unwrap_or_default();
            let whole = !local_part.is_empty() && !domain.is_empty() && !domain.contains('@');
            whole && !address.contains(' ')
        };
        let shown = address.escape_debug();
        let mut parts = address.split(',').map(str::trim);
        if address.contains(',') && parts.all(is_one) {
            let message = format!("EmailAddress \"{shown}\" is several addresses");
            self.errors.add(codes::PROFILE_SEVERAL_ADDRESSES, &span, message);
        } else if !is_one(address) {
            let message = format!("EmailAddress \"{shown}\" is not one address");
            self.errors.add(codes::PROFILE_ADDRESS, &span, message);
        }
        let first = address.split(',').next().unwrap_or(address).trim();
        config.address.get_or_insert_with(|| first.to_owned());
    }

    /// The host name of a key, corrected where possible; a variable stays as it is.
    fn host(&mut self, payload: &Tree, key: &str) -> Option<String> {
        let name = string(payload, key)?;
        if is_variable(name) {
            return Some(name.to_owned());
        }
        let span = span_of(payload, key);
        match hostname(name) {
            Ok(host) => {
                if !host.contains('.') {
                    let message = format!("host name {host} has no dot");
                    self.errors.add(codes::PROFILE_HOSTNAME_WITHOUT_DOT, &span, message);
                }
                Some(host)
            }
            Err(why) => {
                let meant = meant_hostname(name);
                let spelling = meant.as_deref().is_some_and(|m| m.eq_ignore_ascii_case(name));
                let code = if spelling {
                    codes::PROFILE_HOSTNAME_SPELLING
                } else {
                    codes::PROFILE_HOSTNAME
                };
                self.errors.add(code, &span, why);
                meant
            }
        }
    }

    fn port(&mut self, payload: &Tree, key: &str) -> Option<u16> {
        let value = value(payload, key)?;
        // A wrong type is reported by `check.rs`.
        let number = number(value)?;
        match Port::new(number) {
            Ok(port) => Some(port.get()),
            Err(why) => {
                self.errors.add(codes::PROFILE_PORT, &value.span, format!("{key}: {why}"));
                None
            }
        }
    }

    /// Calendars and contacts are not mail, but are in the same profiles.
    fn dav(&mut self, payload: &Tree, name: &str) {
        self.host(payload, &format!("{name}HostName"));
        self.port(payload, &format!("{name}Port"));
    }

    fn start(&self, dict: &Tree) -> Range<usize> {
        first_line(self.text, &dict.span)
    }
}

/// The UUIDs of the payloads that contain a certificate.
fn certificates(content: &Tree) -> Vec<String> {
    let is_one = |payload: &&Tree| {
        string(payload, "PayloadType").is_some_and(|name| name.starts_with("com.apple.security."))
    };
    let uuid = |payload: &Tree| string(payload, "PayloadUUID").map(str::to_ascii_uppercase);
    content.children.iter().filter(is_one).filter_map(uuid).collect()
}

fn span_of(payload: &Tree, key: &str) -> Range<usize> {
    value(payload, key).map_or_else(|| payload.span.clone(), |value| value.span.clone())
}

#[cfg(test)]
mod tests;
