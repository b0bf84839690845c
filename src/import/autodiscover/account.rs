//! Reads `Account`: the kind of the response, and its servers.

use super::elements::named;
use super::reader::AutodiscoverReader;
use super::redirect;
use crate::codes;
use crate::format::Tree;
use crate::import::ReadConfig;
use crate::model::ServerType;

const TEXTS: &[&str] =
    &["AccountType", "Action", "RedirectUrl", "RedirectAddr", "Image", "ServiceHome"];

/// Children that contain elements. Exchange writes the others next to `Protocol`; none of them is
/// about internet mail.
const BRANCHES: [&str; 5] = [
    "Protocol",
    "MicrosoftOnline",
    "ConsumerMailbox",
    "AlternativeMailbox",
    "PublicFolderInformation",
];

impl AutodiscoverReader<'_> {
    pub(super) fn account(&mut self, account: &Tree, config: &mut ReadConfig) {
        let fields = self.fields(account, TEXTS, &BRANCHES);
        let start = self.start(account);
        match fields.get("AccountType") {
            None => self.errors.add(codes::AUTODISCOVER_ACCOUNT_TYPE, &start, "no AccountType"),
            Some(field) if !matches!(field.text, "email" | "") => {
                let message = "AccountType has to be \"email\"";
                self.errors.add(codes::AUTODISCOVER_ACCOUNT_TYPE, &field.span, message);
            }
            Some(_) => {}
        }
        let action = fields.text("Action").unwrap_or_default();
        let known = ["settings", redirect::ELEMENTS[0].1, redirect::ELEMENTS[1].1];
        match fields.get("Action") {
            None => self.errors.add(codes::AUTODISCOVER_ACTION, &start, "no Action"),
            Some(field) if !known.contains(&field.text) && !field.text.is_empty() => {
                let message = format!("Action is one of {}", known.join(", "));
                self.errors.add(codes::AUTODISCOVER_ACTION, &field.span, message);
            }
            Some(_) => {}
        }
        let leads = self.redirect(account, &fields, config);
        let mut exchange = 0;
        for protocol in named(account, "Protocol") {
            if protocol.name != "Protocol" {
                self.letter_case(protocol, "Protocol");
            }
            match self.protocol(protocol) {
                Some(server) => config.servers.push(server),
                None => exchange += 1,
            }
        }
        if leads {
            if let Some(protocol) = named(account, "Protocol").next() {
                let message = format!("a Protocol beside Action {action}");
                self.errors.add(
                    codes::AUTODISCOVER_REDIRECT_MISMATCH,
                    &self.start(protocol),
                    message,
                );
            }
            return;
        }
        let outgoing = config.servers.iter().filter(|s| s.server_type == ServerType::Smtp).count();
        if exchange == 0 && (outgoing == 0 || outgoing == config.servers.len()) {
            let message = "an account needs a Protocol for incoming and one for outgoing mail";
            self.errors.add(codes::AUTODISCOVER_INCOMPLETE, &start, message);
        }
    }
}
