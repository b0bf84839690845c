//! `com.apple.eas.account` (ActiveSync, iOS) and `com.apple.ews.account` (Exchange Web Services,
//! macOS): the only mail payloads that know OAuth2.

use super::super::{ReadConfig, ReadServer, hostname};
use super::{Reading, boolean, string};
use crate::format::Tree;
use crate::model::{Authentication, Port, ServerType, SocketType};

impl Reading<'_> {
    pub(super) fn active_sync(&mut self, payload: &Tree, config: &mut ReadConfig) {
        let services =
            ["EnableMail", "EnableContacts", "EnableCalendars", "EnableReminders", "EnableNotes"];
        if services.iter().all(|service| boolean(payload, service) == Some(false)) {
            let message = "every Enable… is false, so the account would do nothing";
            self.errors.add("profile-rule", &self.start(payload), message);
        }
        config.servers.extend(self.exchange(payload, ServerType::ActiveSync));
    }

    pub(super) fn web_services(&mut self, payload: &Tree, config: &mut ReadConfig) {
        config.servers.extend(self.exchange(payload, ServerType::Ews));
    }

    fn exchange(&mut self, payload: &Tree, server_type: ServerType) -> Option<ReadServer> {
        let oauth = boolean(payload, "OAuth") == Some(true);
        if let Some(password) = payload.child("Password").filter(|_| oauth) {
            self.errors.add("profile-rule", &password.span, "a password beside OAuth");
        }
        if let Some(url) = payload.child("OAuthSignInURL") {
            let text = url.value.as_deref().unwrap_or_default();
            if !oauth || !text.starts_with("https://") {
                self.errors.add(
                    "profile-rule",
                    &url.span,
                    "OAuthSignInURL is an https URL beside OAuth true",
                );
            }
        }
        if boolean(payload, "SSL") != Some(true) {
            let message = "SSL is not true; Exchange is spoken over https only";
            self.errors.add("profile-rule", &self.start(payload), message);
        }
        let Some(host) = payload.child("Host") else {
            // With OAuth alone the device would find one by itself, but nobody could say which.
            self.errors.add("profile-rule", &self.start(payload), "no Host");
            return None;
        };
        let name = string(payload, "Host").filter(|name| !name.is_empty())?;
        let hostname = self.errors.keep("profile-rule", &host.span, hostname(name))?;
        let port = match payload.child("Port").filter(|port| port.kind == "integer") {
            Some(port) => {
                let number = port.value.as_deref().unwrap_or_default().parse().unwrap_or_default();
                self.errors.keep("profile-rule", &port.span, Port::new(number))?.get()
            }
            None => 443,
        };
        let way = if oauth { Authentication::OAuth2 } else { Authentication::PasswordCleartext };
        Some(ReadServer {
            server_type,
            hostname,
            port,
            socket_type: vec![SocketType::Ssl],
            authentication: vec![way],
            username: string(payload, "UserName").map(str::to_owned),
            leave_messages_on_server: None,
            days_to_leave_messages_on_server: None,
            url: None,
            span: payload.span.clone(),
        })
    }
}
