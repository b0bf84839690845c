//! `RedirectUrl` and `RedirectAddr`: responses that point to another one.

use super::fields::{ChildText, ChildTexts};
use super::reader::AutodiscoverReader;
use crate::codes;
use crate::format::Tree;
use crate::import::ReadConfig;
use crate::model::{EmailAddress, Hostname};

/// Each element, with the `Action` that it belongs to.
pub(super) const ELEMENTS: [(&str, &str); 2] =
    [("RedirectUrl", "redirectUrl"), ("RedirectAddr", "redirectAddr")];

impl AutodiscoverReader<'_> {
    /// Checks both redirects. Returns whether the response redirects.
    pub(super) fn redirect(
        &mut self,
        account: &Tree,
        fields: &ChildTexts<'_>,
        config: &ReadConfig,
    ) -> bool {
        let action = fields.text("Action").unwrap_or_default();
        let mut leads = false;
        for (element, word) in ELEMENTS {
            let acts = action.eq_ignore_ascii_case(word);
            leads |= acts;
            match fields.get(element) {
                Some(field) if !acts => {
                    let message = format!("{element} beside Action \"{}\"", action.escape_debug());
                    self.errors.add(codes::AUTODISCOVER_REDIRECT_MISMATCH, &field.span, message);
                    leads |= action.is_empty();
                }
                None if acts => {
                    let message = format!("Action {word} and no {element}");
                    let start = self.start(account);
                    self.errors.add(codes::AUTODISCOVER_REDIRECT_MISMATCH, &start, message);
                }
                _ => {}
            }
            let Some(field) = fields.get(element).filter(|field| !field.text.is_empty()) else {
                continue;
            };
            if acts {
                let message = format!("no settings; they are at {}", field.text.escape_debug());
                self.errors.add(codes::AUTODISCOVER_REDIRECT, &field.span, message);
            }
            match element {
                "RedirectUrl" => self.url(field, config),
                _ => self.address(field, config),
            }
        }
        leads
    }

    fn url(&mut self, field: &ChildText<'_>, config: &ReadConfig) {
        let Some(host) = https_host(field.text) else {
            let message = format!("\"{}\" is no https address", field.text.escape_debug());
            self.errors.add(codes::AUTODISCOVER_REDIRECT_URL, &field.span, message);
            return;
        };
        let own = config.address.as_deref().and_then(|address| EmailAddress::new(address).ok());
        let Some(own) = own else { return };
        let domain = own.domain().as_str();
        if host.as_str().strip_prefix("autodiscover.").unwrap_or(host.as_str()) == domain {
            let message = format!("{host} is where clients look for {domain} already");
            self.errors.add(codes::AUTODISCOVER_REDIRECT_LOOP, &field.span, message);
        }
    }

    fn address(&mut self, field: &ChildText<'_>, config: &ReadConfig) {
        let address = match EmailAddress::new(field.text) {
            Ok(address) => address,
            Err(why) => {
                let message = format!("RedirectAddr: {why}");
                self.errors.add(codes::AUTODISCOVER_REDIRECT_ADDRESS, &field.span, message);
                return;
            }
        };
        let own = config.address.as_deref().and_then(|address| EmailAddress::new(address).ok());
        if own.is_some_and(|own| own.domain() == address.domain()) {
            let message =
                format!("{} is the domain that was asked already", address.domain().as_str());
            self.errors.add(codes::AUTODISCOVER_REDIRECT_LOOP, &field.span, message);
        }
    }
}

/// The host of an https URL.
pub(super) fn https_host(url: &str) -> Option<Hostname> {
    let rest = url.strip_prefix("https://")?;
    let host = rest.split(['/', ':', '?', '#']).next()?;
    Hostname::new(host).ok()
}
