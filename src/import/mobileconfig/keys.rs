//! The keys of a profile and its payloads, with their types.
//!
//! Facts from Apple's device-management schema (MIT, Copyright (c) 2022-2024 Apple Inc.), checked
//! against later lists: the mail payload has not changed since iOS 14.

/// A key, the type of its value, whether it is required, and its possible values (empty for any).
pub(super) type KeySpec = (&'static str, &'static str, Presence, &'static [&'static str]);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

use Presence::{Optional, Required};

pub(super) const TOP_LEVEL: &[KeySpec] = &[
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

/// Keys of every payload.
pub(super) const COMMON: &[KeySpec] = &[
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

/// `com.apple.mail.managed`. "Overrideable" is spelt with an e here, and `allowMailDrop` starts in
/// lower case.
pub(super) const MAIL: &[KeySpec] = &[
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
    // macOS, from ProfileManifests: the payload that asks once for all accounts.
    ("IdentificationUUID", "string", Optional, &[]),
    ("VPNUUID", "string", Optional, &[]),
];

/// `com.apple.eas.account`: iOS and visionOS. "Overridable" is spelt without an e here.
pub(super) const EAS: &[KeySpec] = &[
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
pub(super) const EWS: &[KeySpec] = &[
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

/// `com.apple.caldav.account`. Unlike the mail payload, TLS is on by default.
pub(super) const CALDAV: &[KeySpec] = &[
    ("CalDAVAccountDescription", "string", Optional, &[]),
    ("CalDAVHostName", "string", Required, &[]),
    ("CalDAVUsername", "string", Optional, &[]),
    ("CalDAVPassword", "string", Optional, &[]),
    ("CalDAVPrincipalURL", "string", Optional, &[]),
    ("CalDAVUseSSL", "boolean", Optional, &[]),
    ("CalDAVPort", "integer", Optional, &[]),
    ("IdentificationUUID", "string", Optional, &[]),
    ("VPNUUID", "string", Optional, &[]),
];

pub(super) const CARDDAV: &[KeySpec] = &[
    ("CardDAVAccountDescription", "string", Optional, &[]),
    ("CardDAVHostName", "string", Required, &[]),
    ("CardDAVUsername", "string", Optional, &[]),
    ("CardDAVPassword", "string", Optional, &[]),
    ("CardDAVPrincipalURL", "string", Optional, &[]),
    ("CardDAVUseSSL", "boolean", Optional, &[]),
    ("CardDAVPort", "integer", Optional, &[]),
    ("CommunicationServiceRules", "dict", Optional, &[]),
    ("IdentificationUUID", "string", Optional, &[]),
    ("VPNUUID", "string", Optional, &[]),
];

/// All tables, to recognise a key in the wrong payload.
pub(super) const ALL: [&[KeySpec]; 7] = [TOP_LEVEL, COMMON, MAIL, EAS, EWS, CALDAV, CARDDAV];
