//! Reads `com.apple.eas.account` (ActiveSync, iOS) and `com.apple.ews.account` (Exchange Web
//! Services, macOS), the only mail payloads with OAuth2.

use super::super::{ReadConfig, ReadServer};
use super::values::{flag, string, value};
use super::{ProfileReader, span_of};
use crate::codes;
use crate::format::Tree;
use crate::model::{Authentication, ServerType, SocketType};

impl ProfileReader<'_> {
    pub(super) fn active_sync(&mut self, payload: &Tree, config: &mut ReadConfig) {
        let services =
            ["EnableMail", "EnableContacts", "EnableCalendars", "EnableReminders", "EnableNotes"];
        if services.iter().all(|service| flag(payload, service) == Some(false)) {
            let message = "every Enable… is false, so the account would do nothing";
            self.errors.add(codes::PROFILE_EXCHANGE_IDLE, &self.start(payload), message);
        }
        // The default is false here, but true for EWS.
        let ssl = flag(payload, "SSL").unwrap_or(false);
        config.servers.extend(self.exchange(payload, ServerType::ActiveSync, ssl));
    }

    pub(super) fn web_services(&mut self, payload: &Tree, config: &mut ReadConfig) {
        let ssl = flag(payload, "SSL").unwrap_or(true);
        config.servers.extend(self.exchange(payload, ServerType::Ews, ssl));
    }

    fn exchange(
        &mut self,
        payload: &Tree,
        server_type: ServerType,
        ssl: bool,
    ) -> Option<ReadServer> {
        let oauth = flag(payload, "OAuth") == Some(true);
        if let Some(password) = value(payload, "Password").filter(|_| oauth) {
            let message = "a password beside OAuth";
            self.errors.add(codes::PROFILE_OAUTH_PASSWORD, &password.span, message);
        }
        let sign_in = value(payload, "OAuthSignInURL");
        if let Some(url) = sign_in {
            let text = url.value.as_deref().unwrap_or_default();
            if !oauth || !text.starts_with("https://") {
                let message = "OAuthSignInURL is an https URL beside OAuth true";
                self.errors.add(codes::PROFILE_OAUTH_URL, &url.span, message);
            }
        }
        if !ssl {
            let span = match value(payload, "SSL") {
                Some(_) => span_of(payload, "SSL"),
                None => self.start(payload),
            };
            let message = "SSL is not true; Exchange is spoken over https only";
            self.errors.add(codes::PROFILE_EXCHANGE_SSL, &span, message);
        }
        // With OAuth and no sign-in URL the device finds the host by itself.
        if value(payload, "Host").is_none() && (!oauth || sign_in.is_some()) {
            self.errors.add(codes::PROFILE_EXCHANGE_NO_HOST, &self.start(payload), "no Host");
        }
        let hostname = self.host(payload, "Host")?;
        let way = if oauth { Authentication::OAuth2 } else { Authentication::PasswordCleartext };
        Some(ReadServer {
            server_type,
            hostname,
            port: self.port(payload, "Port").unwrap_or(443),
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
