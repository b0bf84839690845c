//! Reads the response for phones: ActiveSync's own schema in the same envelope.
//!
//! MS-ASCMD section 2.2.1.1

use super::elements::{elements, named};
use super::reader::AutodiscoverReader;
use super::redirect::https_host;
use crate::codes;
use crate::format::Tree;
use crate::import::{ReadConfig, ReadServer};
use crate::model::{Authentication, ServerType, SocketType};

/// Whether a response is for ActiveSync: by its namespace, or by an `Action` that contains
/// `Settings`.
pub(super) fn is_it(response: &Tree) -> bool {
    response.attribute("xmlns").is_some_and(|name| name.contains("/mobilesync/"))
        || named(response, "Action").any(|action| named(action, "Settings").next().is_some())
}

impl AutodiscoverReader<'_> {
    pub(super) fn mobilesync(&mut self, response: &Tree, config: &mut ReadConfig) {
        let message = "this is the answer for ActiveSync, which Outlook does not ask for";
        self.errors.add(codes::AUTODISCOVER_MOBILESYNC, &self.start(response), message);
        let text = |element: &Tree, name| {
            let text = named(element, name).next().map(|child| child.text().trim().to_owned());
            text.filter(|text| !text.is_empty())
        };
        if let Some(user) = named(response, "User").next() {
            config.display_name = text(user, "DisplayName");
            config.address = text(user, "EMailAddress");
        }
        let settings = named(response, "Action").flat_map(|action| named(action, "Settings"));
        for server in settings.flat_map(elements) {
            let Some(url) = text(server, "Url") else { continue };
            if text(server, "Type").is_some_and(|word| word != "MobileSync") {
                continue;
            }
            let Some(host) = https_host(&url) else { continue };
            config.servers.push(ReadServer {
                server_type: ServerType::ActiveSync,
                hostname: host.to_string(),
                port: 443,
                socket_type: vec![SocketType::Ssl],
                authentication: vec![Authentication::PasswordCleartext],
                username: None,
                leave_messages_on_server: None,
                days_to_leave_messages_on_server: None,
                url: Some(url),
                span: server.span.clone(),
            });
        }
    }
}
