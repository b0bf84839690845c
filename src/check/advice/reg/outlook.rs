//! Checks the values of Outlook's own keys against Microsoft's documentation.

use super::{RegAdvice, first_line};
use crate::codes;
use crate::document::closest;
use crate::format::Tree;

/// Values of 0 or 1 below AutoDiscover.
const SWITCHES: [&str; 11] = [
    "PreferLocalXML",
    "ExcludeScpLookup",
    "ExcludeHttpsRootDomain",
    "ExcludeHttpsAutoDiscoverDomain",
    "ExcludeHttpRedirect",
    "ExcludeSrvRecord",
    "ExcludeLastKnownGoodURL",
    "ExcludeExplicitO365Endpoint",
    "EnableOffice365ConfigService",
    "ZeroConfigExchange",
    "ZeroConfigExchangeOnce",
];
/// With all of these set, Outlook performs no lookup.
const LOOKUPS: [&str; 5] = [
    "ExcludeScpLookup",
    "ExcludeHttpsRootDomain",
    "ExcludeHttpsAutoDiscoverDomain",
    "ExcludeHttpRedirect",
    "ExcludeSrvRecord",
];
/// Outlook 2007, 2010, 2013, and all versions since 2016.
const VERSIONS: [&str; 4] = ["12.0", "14.0", "15.0", "16.0"];
/// The key of a profile's accounts.
const ACCOUNTS: &str = "9375cff0413111d3b88a00104b2a6676";
/// Numeric values of an account, by the end of their names.
const NUMBERS: [&str; 7] = [
    " port",
    " use ssl",
    " use spa",
    " use auth",
    " auth method",
    " secure connection",
    "leave on server",
];

impl RegAdvice {
    /// Checks a key of Outlook and its values.
    pub(super) fn outlook(&mut self, key: &Tree, parts: &[&str]) {
        if parts.contains(&"windows messaging subsystem") {
            let message = "Outlook 2013 and later have their profiles elsewhere";
            self.found.add(codes::REG_OUTLOOK_OLD_PLACE, &first_line(key), message);
        }
        if parts.contains(&ACCOUNTS) {
            self.account(key);
        }
        let Some((version, rest)) = office(parts) else { return };
        if !VERSIONS.contains(&version) {
            let message = format!("no Outlook reads a key of version {version}");
            self.found.add(codes::REG_OUTLOOK_VERSION, &first_line(key), message);
        } else if version != "16.0" {
            let message = format!("{version} is read by one old Outlook only; 16.0 since 2016");
            self.found.add(codes::REG_OUTLOOK_OLD_VERSION, &first_line(key), message);
        }
        for value in key.children.iter().filter(|value| value.kind != "delete") {
            match rest {
                ["autodiscover"] => self.steering(value),
                ["autodiscover", "redirectservers"] => {
                    let wanted = value.value.as_deref() == Some("");
                    self.kind(value, "string");
                    if value.kind == "string" && !wanted {
                        let message = "the name is the host; the text stays empty";
                        self.found.add(codes::REG_OUTLOOK_REDIRECT_SERVER, &value.span, message);
                    }
                }
                ["setup"] => self.setup(value),
                _ => {}
            }
        }
    }

    fn steering(&mut self, value: &Tree) {
        let is = |name: &&&str| name.eq_ignore_ascii_case(&value.name);
        if let Some(name) = SWITCHES.iter().find(is) {
            self.kind(value, "dword");
            let number = value.value.as_deref().unwrap_or_default();
            if value.kind == "dword" && !matches!(number, "00000000" | "00000001") {
                let message = format!("{name} is 0 or 1");
                self.found.add(codes::REG_OUTLOOK_VALUE_RANGE, &value.span, message);
            }
            if *name == "ZeroConfigExchange" && number == "00000001" {
                let message = "Outlook makes an Exchange account of the Windows user by itself";
                self.found.add(codes::REG_OUTLOOK_ZERO_CONFIG, &value.span, message);
            }
        } else if value.name.contains('.') {
            self.kind(value, "string");
            self.path(value);
        } else if value.name != "@" {
            let near = closest(&value.name, SWITCHES);
            let near = near.map(|near| format!("; is {near} meant?")).unwrap_or_default();
            let message = format!("Outlook knows no {}{near}", value.name.escape_debug());
            self.found.add(codes::REG_OUTLOOK_UNKNOWN_VALUE, &value.span, message);
        }
    }

    fn setup(&mut self, value: &Tree) {
        match value.name.to_ascii_lowercase().as_str() {
            "importprf" => {
                self.kind(value, "string");
                self.path(value);
            }
            "disableoffice365simplifiedaccountcreation" => self.kind(value, "dword"),
            "first-run" | "firstrun" => {
                let message = "with this value there, Outlook imports no profile file";
                self.found.add(codes::REG_OUTLOOK_FIRST_RUN, &value.span, message);
            }
            _ => {}
        }
    }

    /// Checks an account that the file creates or changes.
    fn account(&mut self, key: &Tree) {
        let mut makes = false;
        for value in &key.children {
            let name = value.name.to_ascii_lowercase();
            if name.contains("password") {
                let message = "a password is encrypted for one Windows user on one PC";
                self.found.add(codes::REG_OUTLOOK_PASSWORD, &value.span, message);
            } else if NUMBERS.iter().any(|end| name.ends_with(end)) {
                self.kind(value, "dword");
            } else if value.kind == "hex" && (name.ends_with(" server") || name.ends_with(" name"))
            {
                let message = "Outlook 2016 and later keep this as a string, not as bytes";
                self.found.add(codes::REG_OUTLOOK_OLD_STRING, &value.span, message);
            }
            makes |= matches!(name.as_str(), "clsid" | "pop3 server" | "imap server");
        }
        if makes {
            let message = "an account cannot be made by a registry file alone";
            self.found.add(codes::REG_OUTLOOK_ACCOUNT, &first_line(key), message);
        }
    }

    fn kind(&mut self, value: &Tree, wanted: &str) {
        if value.kind == wanted || value.kind == "delete" {
            return;
        }
        let words = |kind: &str| match kind {
            "string" => "REG_SZ (\"…\")",
            "dword" => "REG_DWORD (dword:…)",
            "hex(2)" => "REG_EXPAND_SZ (hex(2):…)",
            _ => "bytes (hex:…)",
        };
        let (name, is, wanted) = (value.name.escape_debug(), words(value.kind), words(wanted));
        let message = format!("{name} is {is}; Outlook wants {wanted}");
        self.found.add(codes::REG_OUTLOOK_VALUE_TYPE, &value.span, message);
    }

    /// Checks for a full path, because Outlook does not expand anything in it.
    fn path(&mut self, value: &Tree) {
        let Some(path) = value.value.as_deref().filter(|_| value.kind == "string") else { return };
        let is_full = path.get(1..3) == Some(":\\") || path.starts_with("\\\\");
        if !is_full || path.contains(['%', '"']) {
            let message = format!("\"{}\" is not a full path as it stands", path.escape_debug());
            self.found.add(codes::REG_OUTLOOK_PATH, &value.span, message);
        }
    }

    /// Checks the values of a key in combination.
    pub(super) fn together(&mut self, root: &Tree) {
        for key in root.children.iter().filter(|key| key.kind == "key") {
            let lower = key.name.to_lowercase();
            let find = |name: &str| key.children.iter().find(|v| v.name.eq_ignore_ascii_case(name));
            let on = |name: &&str| {
                find(name).is_some_and(|value| value.value.as_deref() == Some("00000001"))
            };
            if lower.ends_with("\\outlook\\setup")
                && let Some(import) = find("ImportPRF").filter(|import| import.kind != "delete")
            {
                let gone = |name| find(name).is_none_or(|value| value.kind != "delete");
                if gone("First-Run") || gone("FirstRun") {
                    let message = "ImportPRF without \"First-Run\"=- and \"FirstRun\"=-";
                    self.found.add(codes::REG_OUTLOOK_FIRST_RUN, &import.span, message);
                }
            }
            if !lower.ends_with("\\outlook\\autodiscover") {
                continue;
            }
            if LOOKUPS.iter().all(on) {
                let message = "Outlook asks no server for any account of this user";
                self.found.add(codes::REG_OUTLOOK_ASKS_NOBODY, &first_line(key), message);
            } else if let Some(value) = find("ExcludeExplicitO365Endpoint")
                && on(&"ExcludeExplicitO365Endpoint")
            {
                let message = "Outlook no longer asks Microsoft 365 first, for any account";
                self.found.add(codes::REG_OUTLOOK_NO_OFFICE365, &value.span, message);
            }
            let local = key.children.iter().find(|v| v.name.contains('.') && v.kind == "string");
            if let Some(local) = local.filter(|_| !on(&"PreferLocalXML")) {
                let message = "without PreferLocalXML=1 this file is asked nearly last";
                self.found.add(codes::REG_OUTLOOK_LOCAL_XML_LAST, &local.span, message);
            }
        }
    }
}

/// Splits the path into the version and the part after `Outlook`, for the user's and the policies'
/// keys.
fn office<'a, 'b>(parts: &'a [&'b str]) -> Option<(&'b str, &'a [&'b str])> {
    match parts {
        ["software", "microsoft", "office", version, "outlook", rest @ ..]
        | ["software", "policies", "microsoft", "office", version, "outlook", rest @ ..]
        | ["software", "wow6432node", "microsoft", "office", version, "outlook", rest @ ..] => {
            Some((*version, rest))
        }
        _ => None,
    }
}
