//! Advice on Apple profiles that a device installs but that do not do what was meant.

use std::ops::Range;

use super::connection::password_refused;
use crate::codes;
use crate::format::Tree;
use crate::import::{DefectList, Examination, has_variable};

/// By the port the device tries implicit TLS or STARTTLS first (RFC 8314).
const IMPLICIT: [u16; 3] = [993, 995, 465];
const UPGRADED: [u16; 4] = [143, 110, 587, 25];

/// Keys that are deprecated in Apple's schema.
const DEPRECATED: [&str; 4] =
    ["SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch", "HeaderMagic"];

pub fn advise(text: &str, examined: &Examination) -> DefectList {
    let Some(profile) = &examined.tree else { return DefectList::default() };
    let Some(content) = profile.child("PayloadContent") else { return DefectList::default() };
    let managed = content.children.iter().flat_map(|p| &p.children).any(is_filled_in);
    let mut advice = MobileconfigAdvice { text, found: DefectList::default() };
    let mail = content.children.iter().any(|payload| type_of(payload) == "com.apple.mail.managed");
    if let Some(scope) = profile.child("PayloadScope").filter(|_| mail)
        && scope.value.as_deref() == Some("System")
    {
        let message = "PayloadScope System, and a mail account belongs to a user";
        advice.found.add(codes::PROFILE_SYSTEM_SCOPE, &scope.span, message);
    }
    for payload in &content.children {
        advice.secrets(payload);
        advice.old_keys(payload);
        match type_of(payload) {
            "com.apple.mail.managed" => {
                advice.half(payload, "Incoming");
                advice.half(payload, "Outgoing");
                if managed {
                    advice.managed(payload);
                }
            }
            "com.apple.ews.account" => advice.web_services(payload),
            _ => {}
        }
    }
    let variable = content.children.iter().flat_map(|p| &p.children).find(|v| is_filled_in(v));
    if let Some(variable) = variable {
        let message = format!("{} is to be filled in by a management server", variable.name);
        advice.found.add(codes::PROFILE_VARIABLE, &variable.span, message);
    }
    advice.found
}

struct MobileconfigAdvice<'a> {
    text: &'a str,
    found: DefectList,
}

impl MobileconfigAdvice<'_> {
    fn secrets(&mut self, payload: &Tree) {
        for value in &payload.children {
            let text = value.value.as_deref().unwrap_or_default();
            if value.name.ends_with("Password")
                && value.kind == "string"
                && !text.is_empty()
                && !has_variable(text)
            {
                let message = format!("{} is there for everybody to read", value.name);
                self.found.add(codes::PROFILE_PASSWORD, &value.span, message);
            }
        }
    }

    fn old_keys(&mut self, payload: &Tree) {
        for value in &payload.children {
            if DEPRECATED.contains(&value.name.as_str()) {
                let message = format!("{} is deprecated", value.name);
                self.found.add(codes::PROFILE_DEPRECATED_KEY, &value.span, message);
            }
        }
    }

    fn half(&mut self, payload: &Tree, half: &str) {
        let key = |rest: &str| format!("{half}MailServer{rest}");
        let ssl = payload.child(&key("UseSSL"));
        let port = payload.child(&key("PortNumber"));
        let number = port.and_then(|port| port.value.as_deref()?.parse::<u16>().ok());
        if let (Some(port), Some(number)) = (port, number) {
            self.port(payload, half, port, number);
            let upgraded = UPGRADED.contains(&number);
            if is(ssl, "true") && upgraded {
                let message = format!("port {number} is STARTTLS, which a profile cannot demand");
                self.found.add(codes::PROFILE_STARTTLS, &port.span, message);
            } else if is(ssl, "true") && !IMPLICIT.contains(&number) {
                let message = format!("port {number} says nothing about how TLS begins");
                self.found.add(codes::PROFILE_ODD_PORT, &port.span, message);
            }
        }
        let implicit = number.is_some_and(|number| IMPLICIT.contains(&number));
        if let Some(ssl) = ssl.filter(|ssl| is(Some(ssl), "false") && !implicit) {
            let message = format!("{} is false: mail may go in the clear", key("UseSSL"));
            self.found.add(codes::PROFILE_USE_SSL_FALSE, &ssl.span, message);
        }
        let host = payload.child(&key("HostName"));
        if let Some(host) = host
            && let Some(name) = host.value.as_deref().filter(|name| password_refused(name))
        {
            let message = format!("{name} takes no password any more");
            self.found.add(codes::PROFILE_PASSWORD_REFUSED, &host.span, message);
        }
    }

    fn port(&mut self, payload: &Tree, half: &str, port: &Tree, number: u16) {
        let pop = is(payload.child("EmailAccountType"), "EmailTypePOP");
        let (name, foreign): (_, &[u16]) = match half {
            "Outgoing" => ("SMTP", &[110, 143, 993, 995]),
            _ if pop => ("POP", &[143, 993, 465, 587, 25]),
            _ => ("IMAP", &[110, 995, 465, 587, 25]),
        };
        if foreign.contains(&number) {
            let message = format!("port {number} is not one of {name}");
            self.found.add(codes::PROFILE_PORT_OF_ANOTHER, &port.span, message);
        } else if number == 25 {
            self.found.add(
                codes::PROFILE_PORT_25,
                &port.span,
                "port 25 is for mail between servers",
            );
        }
    }

    /// Reports missing values: a profile from a management server installs without asking the user.
    fn managed(&mut self, payload: &Tree) {
        let start = self.start(&payload.span);
        let signs_in = |half: &str| {
            !is(payload.child(&format!("{half}MailServerAuthentication")), "EmailAuthNone")
        };
        let mut wanted = vec!["EmailAddress".to_owned()];
        for half in ["Incoming", "Outgoing"].into_iter().filter(|half| signs_in(half)) {
            wanted.push(format!("{half}MailServerUsername"));
        }
        let lacking: Vec<String> =
            wanted.into_iter().filter(|key| payload.child(key).is_none()).collect();
        if !lacking.is_empty() {
            let message = format!("no {}, and nobody is asked", lacking.join(", no "));
            self.found.add(codes::PROFILE_MANAGED_ASKS, &start, message);
        }
        if payload.child("IncomingPassword").is_some()
            && payload.child("OutgoingPassword").is_none()
            && signs_in("Outgoing")
        {
            let message = "no OutgoingPassword; the device takes the incoming one only by hand";
            self.found.add(codes::PROFILE_MANAGED_PASSWORD, &start, message);
        }
    }

    fn web_services(&mut self, payload: &Tree) {
        let host = payload.child("Host");
        if let Some(host) = host.filter(|host| is(Some(host), "outlook.office365.com")) {
            let message = "Exchange Online ends EWS";
            self.found.add(codes::PROFILE_EWS_ONLINE, &host.span, message);
        }
    }

    /// The first line of a payload.
    fn start(&self, span: &Range<usize>) -> Range<usize> {
        let inside = self.text.get(span.clone()).unwrap_or_default();
        span.start..span.start + inside.find('\n').unwrap_or(inside.len())
    }
}

/// Whether a management server fills in this value. Texts for people are not tested, because they
/// may contain anything.
fn is_filled_in(value: &Tree) -> bool {
    let name = value.name.as_str();
    let asked = ["EmailAddress", "EmailAccountName", "UserName"].contains(&name)
        || ["Username", "HostName", "Password"].iter().any(|end| name.ends_with(end));
    asked && value.kind == "string" && value.value.as_deref().is_some_and(has_variable)
}

fn type_of(payload: &Tree) -> &str {
    payload.child("PayloadType").and_then(|value| value.value.as_deref()).unwrap_or_default()
}

fn is(value: Option<&Tree>, text: &str) -> bool {
    value.is_some_and(|value| value.value.as_deref() == Some(text))
}
