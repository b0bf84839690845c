//! Checks identifiers and UUIDs. They decide whether a profile replaces an older one and whether
//! its accounts stay the same.

use super::values::{string, value};
use super::{ProfileReader, has_variable};
use crate::codes;
use crate::format::Tree;

impl ProfileReader<'_> {
    /// Checks the profile itself, or a payload in `profile`.
    pub(super) fn identity(&mut self, dict: &Tree, profile: Option<&Tree>) {
        if let Some(uuid) = value(dict, "PayloadUUID").filter(|uuid| uuid.kind == "string") {
            self.uuid(uuid);
        }
        if let Some(identifier) =
            value(dict, "PayloadIdentifier").filter(|identifier| identifier.kind == "string")
        {
            self.identifier(identifier, profile);
        }
        if string(dict, "PayloadDisplayName").is_none() {
            let message = "no PayloadDisplayName; the user would see only the identifier";
            self.errors.add(codes::PROFILE_NO_DISPLAY_NAME, &self.start(dict), message);
        }
    }

    fn uuid(&mut self, uuid: &Tree) {
        let text = uuid.value.as_deref().unwrap_or_default();
        if text.is_empty() || has_variable(text) {
            return;
        }
        if !is_shaped(text) || text.bytes().all(|b| matches!(b, b'0' | b'-')) {
            let message = format!(
                "PayloadUUID {} is not made of 8-4-4-4-12 hexadecimal digits",
                text.escape_debug()
            );
            self.errors.add(codes::PROFILE_UUID, &uuid.span, message);
        } else if !has_version(text) {
            let message = format!("PayloadUUID {text} has no version and variant of RFC 9562");
            self.errors.add(codes::PROFILE_UUID_VERSION, &uuid.span, message);
        }
        if self.taken(&text.to_ascii_uppercase(), uuid) {
            let message = format!("PayloadUUID {} is used more than once", text.escape_debug());
            self.errors.add(codes::PROFILE_UUID_TWICE, &uuid.span, message);
        }
    }

    fn identifier(&mut self, identifier: &Tree, profile: Option<&Tree>) {
        let text = identifier.value.as_deref().unwrap_or_default();
        if text.is_empty() {
            return;
        }
        let shown = text.escape_debug();
        if !is_reverse_dns(text) && !has_variable(text) {
            let message = format!("PayloadIdentifier {shown} is not like org.example.mail");
            self.errors.add(codes::PROFILE_IDENTIFIER, &identifier.span, message);
        }
        let parent = profile.and_then(|profile| string(profile, "PayloadIdentifier"));
        let extends =
            |parent: &str| text.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'));
        if parent == Some(text) {
            let message = format!("PayloadIdentifier {shown} is the profile's own");
            self.errors.add(codes::PROFILE_IDENTIFIER_OF_PROFILE, &identifier.span, message);
        } else if parent.is_some_and(|parent| !extends(parent)) {
            let message = "PayloadIdentifier does not begin with the profile's and a dot";
            self.errors.add(codes::PROFILE_IDENTIFIER_PREFIX, &identifier.span, message);
        }
        if self.taken(text, identifier) && parent != Some(text) {
            let message = format!("PayloadIdentifier {shown} is used more than once");
            self.errors.add(codes::PROFILE_IDENTIFIER_TWICE, &identifier.span, message);
        }
    }

    /// Records an identifier, UUID or account. Returns whether it was used before.
    pub(super) fn taken(&mut self, value: &str, at: &Tree) -> bool {
        self.seen.insert(value.to_owned(), at.span.clone()).is_some()
    }
}

/// RFC 9562 section 4: 8-4-4-4-12 hexadecimal digits.
fn is_shaped(text: &str) -> bool {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match is_dash(at) {
            true => b == b'-',
            false => b.is_ascii_hexdigit(),
        })
}

fn has_version(text: &str) -> bool {
    let bytes = text.as_bytes();
    (b'1'..=b'8').contains(&bytes[14])
        && matches!(bytes[19].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b')
}

fn is_reverse_dns(text: &str) -> bool {
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    text.contains('.') && text.split('.').all(is_label)
}
