//! Reads Exchange Autodiscover: the response for Outlook ("POX") with internet mail servers.
//!
//! MS-OXDSCLI section 2.2.4. Thunderbird 156 and Delta Chat read the same file. Neither looks at
//! namespaces; Thunderbird ignores `RedirectUrl`, Delta Chat ignores POP3 and `Encryption`.

mod account;
mod elements;
mod fields;
mod mobilesync;
mod protocol;
mod reader;
mod redirect;

pub use protocol::ORDER;

use std::ops::Range;

use super::defects::DefectList;
use super::values::first_line;
use super::{Examination, ReadConfig};
use crate::codes::{self, Code};
use crate::format::Tree;
use elements::{elements, named};
use reader::AutodiscoverReader;

/// The namespaces. Microsoft's current web pages show both with `https`, which Outlook does not
/// recognise.
const OUTER: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const INNER: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Namespace declarations that Exchange writes, and many imitations of it.
const XSI: [&str; 2] = ["@xmlns:xsi", "@xmlns:xsd"];

pub(super) fn read(text: &str, root: &Tree) -> Examination {
    let mut reading = AutodiscoverReader { text, errors: DefectList::default() };
    let config = reading.envelope(root);
    reading.errors.finish(config)
}

impl AutodiscoverReader<'_> {
    fn envelope(&mut self, root: &Tree) -> ReadConfig {
        let mut config = ReadConfig::default();
        if !root.name.eq_ignore_ascii_case("Autodiscover") {
            let message = format!("the root element is <{}>, not <Autodiscover>", root.name);
            self.errors.add(codes::AUTODISCOVER_ROOT, &self.start(root), message);
            return config;
        }
        if root.name != "Autodiscover" {
            self.letter_case(root, "Autodiscover");
        }
        if let Some(request) = named(root, "Request").next() {
            let message = "this is what a client asks, not what a server answers";
            self.errors.add(codes::AUTODISCOVER_REQUEST, &self.start(request), message);
            return config;
        }
        self.namespace(root, OUTER, codes::AUTODISCOVER_OUTER_NAMESPACE);
        let Some(response) = self.branch(root, "Response", &["Response"]) else { return config };
        if let Some(error) = named(response, "Error").next() {
            self.error_document(error);
            return config;
        }
        if mobilesync::is_it(response) {
            self.mobilesync(response, &mut config);
            return config;
        }
        self.namespace(response, INNER, codes::AUTODISCOVER_INNER_NAMESPACE);
        if let Some(user) = named(response, "User").next() {
            self.user(user, &mut config);
        }
        if let Some(account) = self.branch(response, "Account", &["User", "Account"]) {
            self.account(account, &mut config);
        }
        config
    }

    fn user(&mut self, user: &Tree, config: &mut ReadConfig) {
        let fields = self.fields(
            user,
            &["DisplayName", "AutoDiscoverSMTPAddress", "EMailAddress", "LegacyDN", "DeploymentId"],
            &[],
        );
        config.display_name = fields.text("DisplayName").map(str::to_owned);
        let address = fields.get("AutoDiscoverSMTPAddress").or(fields.get("EMailAddress"));
        let Some(address) = address.filter(|address| !address.text.is_empty()) else { return };
        if let Err(why) = crate::model::EmailAddress::new(address.text) {
            self.errors.add(codes::AUTODISCOVER_ADDRESS, &address.span, why.to_string());
        }
        config.address = Some(address.text.to_owned());
    }

    /// Reports an error response. A browser sees code 600, because its request has no body.
    fn error_document(&mut self, error: &Tree) {
        let inner = |name| named(error, name).next().map(Tree::text).filter(|t| !t.is_empty());
        let code = inner("ErrorCode").unwrap_or("without a number");
        let words = inner("Message").map(|words| format!(": {words}")).unwrap_or_default();
        let message = format!("an error and no settings, {code}{words}");
        self.errors.add(codes::AUTODISCOVER_ERROR_ANSWER, &self.start(error), message);
    }

    /// The first child of this name. Reports a missing and a second one, and siblings that are not
    /// `known`.
    fn branch<'t>(&mut self, parent: &'t Tree, name: &'t str, known: &[&str]) -> Option<&'t Tree> {
        for child in elements(parent) {
            match known.iter().find(|known| child.name.eq_ignore_ascii_case(known)) {
                Some(known) if child.name != *known => self.letter_case(child, known),
                Some(_) => {}
                // A response of another kind has a code of its own.
                None if child.name == "Error" || mobilesync::is_it(parent) => {}
                None => self.unknown(child, parent),
            }
        }
        let mut found = named(parent, name);
        let Some(first) = found.next() else {
            let message = format!("no {name} in {}", parent.name);
            self.errors.add(codes::AUTODISCOVER_NO_ACCOUNT, &self.start(parent), message);
            return None;
        };
        if let Some(second) = found.next() {
            self.errors.add(
                codes::AUTODISCOVER_REPEATED,
                &self.start(second),
                format!("a second {name}"),
            );
        }
        Some(first)
    }

    fn namespace(&mut self, element: &Tree, namespace: &str, code: Code) {
        let found = element.attribute("xmlns");
        if found != Some(namespace) {
            let https = namespace.replacen("http://", "https://", 1);
            let code =
                if found == Some(&https) { codes::AUTODISCOVER_HTTPS_NAMESPACE } else { code };
            let message = format!("{} needs xmlns=\"{namespace}\"", element.name);
            self.errors.add(code, &self.start(element), message);
        }
        for attribute in attributes(element) {
            if attribute.name != "@xmlns" && !XSI.contains(&attribute.name.as_str()) {
                self.stray(attribute, element);
            }
        }
    }

    /// Reports the attributes of an inner element. `xmlns=""` would exclude it from the response.
    fn no_attributes(&mut self, element: &Tree) {
        for attribute in attributes(element) {
            match attribute.name.as_str() {
                "@xmlns" if attribute.value.as_deref() == Some(INNER) => {}
                "@xmlns" => {
                    let message = format!("{} is in another namespace", element.name);
                    self.errors.add(codes::AUTODISCOVER_INNER_NAMESPACE, &attribute.span, message);
                }
                _ => self.stray(attribute, element),
            }
        }
    }

    fn stray(&mut self, attribute: &Tree, element: &Tree) {
        let message = format!("{} has no attribute {}", element.name, &attribute.name[1..]);
        self.errors.add(codes::AUTODISCOVER_ATTRIBUTE, &attribute.span, message);
    }

    fn unknown(&mut self, child: &Tree, parent: &Tree) {
        if child.kind == "text" {
            let message = format!("text between the elements of {}", parent.name);
            self.errors.add(codes::AUTODISCOVER_STRAY_TEXT, &child.span, message);
            return;
        }
        let message = format!("{} in {} is unknown", child.name, parent.name);
        self.errors.add(codes::AUTODISCOVER_UNKNOWN_ELEMENT, &self.start(child), message);
    }

    fn letter_case(&mut self, element: &Tree, name: &str) {
        let message = format!("{} has to be written {name}", element.name);
        self.errors.add(codes::AUTODISCOVER_LETTER_CASE, &self.start(element), message);
    }

    fn start(&self, element: &Tree) -> Range<usize> {
        first_line(self.text, &element.span)
    }
}

fn attributes(element: &Tree) -> impl Iterator<Item = &Tree> {
    element.children.iter().filter(|child| child.kind == "attribute")
}

#[cfg(test)]
mod tests;
