//! Which keys a profile and its payloads may have, and of which type.
//!
//! Facts from Apple's device-management schema (MIT, Copyright (c) 2022-2024 Apple Inc.), checked
//! against later lists: the mail payload has not changed since iOS 14.

use std::ops::Range;

use super::super::Errors;
use crate::format::Tree;

/// A key, the kind of its value, whether it is required, and the values it may have.
pub(super) type Key = (&'static str, &'static str, Presence, &'static [&'static str]);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

use Presence::{Optional, Required};

pub(super) const TOP_LEVEL: &[Key] = &[
    ("PayloadIdentifier", "string", Required, &[]),
    ("PayloadUUID", "string", Required, &[]),
    ("PayloadType", "string", Required, &["Configuration"]),
    ("PayloadVersion", "integer", Required, &["1"]),
    ("PayloadContent", "array", Required, &[]),
    ("IsEncrypted", "boolean", Optional, &[]),
    ("EncryptedPayloadContent", "data", Optional, &[]),
    ("PayloadDescription", "string", Optional, &[]),
    ("PayloadDisplayName", "string", Optional, &[]),
    ("HasRemovalPasscode", "boolean", Optional, &[]),
    ("PayloadOrganization", "string", Optional, &[]),
    ("PayloadRemovalDisallowed", "boolean", Optional, &[]),
    ("PayloadScope", "string", Optional, &["System", "User"]),
    ("RemovalDate", "date", Optional, &[]),
    ("DurationUntilRemoval", "real", Optional, &[]),
    ("PayloadExpirationDate", "date", Optional, &[]),
    ("TargetDeviceType", "integer", Optional, &["0", "1", "2", "3", "4", "5", "6"]),
    ("ConsentText", "dict", Optional, &[]),
];

/// In every payload.
pub(super) const COMMON: &[Key] = &[
    ("PayloadIdentifier", "string", Required, &[]),
    ("PayloadUUID", "string", Required, &[]),
    ("PayloadType", "string", Required, &[]),
    ("PayloadVersion", "integer", Required, &["1"]),
    ("PayloadDescription", "string", Optional, &[]),
    ("PayloadDisplayName", "string", Optional, &[]),
    ("PayloadOrganization", "string", Optional, &[]),
];

const AUTHENTICATION: &[&str] = &[
    "EmailAuthNone",
    "EmailAuthPassword",
    "EmailAuthCRAMMD5",
    "EmailAuthNTLM",
    "EmailAuthHTTPMD5",
];

/// `com.apple.mail.managed`. "Overrideable" is spelt so here, and `allowMailDrop` begins small.
pub(super) const MAIL: &[Key] = &[
    ("EmailAccountDescription", "string", Optional, &[]),
    ("EmailAccountName", "string", Optional, &[]),
    ("EmailAccountType", "string", Required, &["EmailTypeIMAP", "EmailTypePOP"]),
    ("EmailAddress", "string", Optional, &[]),
    ("IncomingMailServerAuthentication", "string", Required, AUTHENTICATION),
    ("IncomingMailServerHostName", "string", Required, &[]),
    ("IncomingMailServerPortNumber", "integer", Optional, &[]),
    ("IncomingMailServerUseSSL", "boolean", Optional, &[]),
    ("IncomingMailServerUsername", "string", Optional, &[]),
    ("IncomingMailServerIMAPPathPrefix", "string", Optional, &[]),
    ("IncomingPassword", "string", Optional, &[]),
    ("OutgoingPassword", "string", Optional, &[]),
    ("OutgoingPasswordSameAsIncomingPassword", "boolean", Optional, &[]),
    ("OutgoingMailServerAuthentication", "string", Required, AUTHENTICATION),
    ("OutgoingMailServerHostName", "string", Required, &[]),
    ("OutgoingMailServerPortNumber", "integer", Optional, &[]),
    ("OutgoingMailServerUseSSL", "boolean", Optional, &[]),
    ("OutgoingMailServerUsername", "string", Optional, &[]),
    ("PreventMove", "boolean", Optional, &[]),
    ("PreventAppSheet", "boolean", Optional, &[]),
    ("SMIMEEnabled", "boolean", Optional, &[]),
    ("SMIMESigningEnabled", "boolean", Optional, &[]),
    ("SMIMESigningCertificateUUID", "string", Optional, &[]),
    ("SMIMEEncryptionEnabled", "boolean", Optional, &[]),
    ("SMIMEEncryptionCertificateUUID", "string", Optional, &[]),
    ("SMIMEEnablePerMessageSwitch", "boolean", Optional, &[]),
    ("SMIMESigningUserOverrideable", "boolean", Optional, &[]),
    ("SMIMESigningCertificateUUIDUserOverrideable", "boolean", Optional, &[]),
    ("SMIMEEncryptByDefault", "boolean", Optional, &[]),
    ("SMIMEEncryptByDefaultUserOverrideable", "boolean", Optional, &[]),
    ("SMIMEEncryptionCertificateUUIDUserOverrideable", "boolean", Optional, &[]),
    ("SMIMEEnableEncryptionPerMessageSwitch", "boolean", Optional, &[]),
    ("disableMailRecentsSyncing", "boolean", Optional, &[]),
    ("allowMailDrop", "boolean", Optional, &[]),
    ("VPNUUID", "string", Optional, &[]),
];

/// `com.apple.eas.account`: iOS and visionOS. "Overridable" is spelt without the e here.
pub(super) const EAS: &[Key] = &[
    ("EmailAddress", "string", Optional, &[]),
    ("Host", "string", Optional, &[]),
    ("SSL", "boolean", Optional, &[]),
    ("OAuth", "boolean", Optional, &[]),
    ("OAuthSignInURL", "string", Optional, &[]),
    ("OAuthTokenRequestURL", "string", Optional, &[]),
    ("UserName", "string", Optional, &[]),
    ("Password", "string", Optional, &[]),
    ("OverridePreviousPassword", "boolean", Optional, &[]),
    ("Certificate", "data", Optional, &[]),
    ("CertificateName", "string", Optional, &[]),
    ("CertificatePassword", "string", Optional, &[]),
    ("PayloadCertificateUUID", "string", Optional, &[]),
    ("PreventMove", "boolean", Optional, &[]),
    ("PreventAppSheet", "boolean", Optional, &[]),
    ("SMIMEEnabled", "boolean", Optional, &[]),
    ("SMIMESigningEnabled", "boolean", Optional, &[]),
    ("SMIMESigningCertificateUUID", "string", Optional, &[]),
    ("SMIMEEncryptionEnabled", "boolean", Optional, &[]),
    ("SMIMEEncryptionCertificateUUID", "string", Optional, &[]),
    ("SMIMEEnablePerMessageSwitch", "boolean", Optional, &[]),
    ("SMIMESigningUserOverrideable", "boolean", Optional, &[]),
    ("SMIMESigningCertificateUUIDUserOverrideable", "boolean", Optional, &[]),
    ("SMIMEEncryptByDefault", "boolean", Optional, &[]),
    ("SMIMEEncryptByDefaultUserOverrideable", "boolean", Optional, &[]),
    ("SMIMEEncryptionCertificateUUIDUserOverrideable", "boolean", Optional, &[]),
    ("SMIMEEnableEncryptionPerMessageSwitch", "boolean", Optional, &[]),
    ("disableMailRecentsSyncing", "boolean", Optional, &[]),
    ("MailNumberOfPastDaysToSync", "integer", Optional, &["0", "1", "3", "7", "14", "31"]),
    ("HeaderMagic", "string", Optional, &[]),
    ("CommunicationServiceRules", "dict", Optional, &[]),
    ("allowMailDrop", "boolean", Optional, &[]),
    ("EnableMail", "boolean", Optional, &[]),
    ("EnableContacts", "boolean", Optional, &[]),
    ("EnableCalendars", "boolean", Optional, &[]),
    ("EnableReminders", "boolean", Optional, &[]),
    ("EnableNotes", "boolean", Optional, &[]),
    ("EnableMailUserOverridable", "boolean", Optional, &[]),
    ("EnableContactsUserOverridable", "boolean", Optional, &[]),
    ("EnableCalendarsUserOverridable", "boolean", Optional, &[]),
    ("EnableRemindersUserOverridable", "boolean", Optional, &[]),
    ("EnableNotesUserOverridable", "boolean", Optional, &[]),
    ("VPNUUID", "string", Optional, &[]),
];

/// `com.apple.ews.account`: macOS.
pub(super) const EWS: &[Key] = &[
    ("EmailAddress", "string", Optional, &[]),
    ("Host", "string", Optional, &[]),
    ("Port", "integer", Optional, &[]),
    ("Path", "string", Optional, &[]),
    ("SSL", "boolean", Optional, &[]),
    ("ExternalHost", "string", Optional, &[]),
    ("ExternalPort", "integer", Optional, &[]),
    ("ExternalPath", "string", Optional, &[]),
    ("ExternalSSL", "boolean", Optional, &[]),
    ("OAuth", "boolean", Optional, &[]),
    ("OAuthSignInURL", "string", Optional, &[]),
    ("UserName", "string", Optional, &[]),
    ("Password", "string", Optional, &[]),
    ("PayloadCertificateUUID", "string", Optional, &[]),
    ("AuthenticationCertificateUUID", "string", Optional, &[]),
    ("allowMailDrop", "boolean", Optional, &[]),
];

/// Only these keys, each of its type, and the required ones there.
pub(super) fn check_keys(
    dict: &Tree,
    tables: &[&[Key]],
    start: &Range<usize>,
    errors: &mut Errors,
) {
    let keys = || tables.iter().copied().flatten();
    for value in &dict.children {
        let name = value.name.as_str();
        let Some((_, kind, _, words)) = keys().find(|(key, ..)| *key == name) else {
            let near = keys().find(|(key, ..)| key.eq_ignore_ascii_case(name.trim()));
            let hint = near.map(|(key, ..)| format!("; write {key}")).unwrap_or_default();
            errors.add(
                "profile-rule",
                &value.span,
                format!("key {} is unknown{hint}", name.escape_debug()),
            );
            continue;
        };
        let is_real = *kind == "real" && value.kind == "integer";
        if value.kind != *kind && !is_real {
            // iOS overlooks a port that is a <string> or a <real>.
            errors.add(
                "profile-rule",
                &value.span,
                format!("{name} is a {}, not a {kind}", value.kind),
            );
        } else if let Some(word) = &value.value
            && !words.is_empty()
            && !words.contains(&word.as_str())
        {
            let word = word.escape_debug();
            errors.add(
                "profile-rule",
                &value.span,
                format!("{name} cannot be {word}; one of {}", words.join(", ")),
            );
        }
    }
    for (key, _, presence, _) in keys() {
        if *presence == Required && dict.child(key).is_none() {
            errors.add("profile-rule", start, format!("no {key}"));
        }
    }
}
