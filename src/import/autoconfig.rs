//! Reads Thunderbird's `clientConfig` by the rules of the clients that use it.
//!
//! Desktop 153 skips a server that it cannot use and goes on, Android rejects the whole file, and
//! neither reports anything; every such case is an error here. Plain connections are not: the
//! desktop accepts them. The manifest lists the hosts for which Thunderbird has OAuth2.
//!
//! draft-ietf-mailmaint-autoconfig; format 1.1 as in Thunderbird's database

mod http;
mod leaf;
mod page;
mod server;

use std::collections::HashSet;

use super::defects::DefectList;
use super::values::{first_line, hostname};
use super::{Examination, ReadConfig};
use crate::codes;
use crate::format::Tree;
use leaf::{attributes, called, coerced, leaf};
use page::{page, tokens};

/// The parents of the elements that are often misplaced.
const PLACES: [(&str, &str); 16] = [
    ("emailProvider", "clientConfig"),
    ("webMail", "clientConfig"),
    ("oAuth2", "clientConfig"),
    ("addressBook", "clientConfig"),
    ("addressbook", "clientConfig"),
    ("calendar", "clientConfig"),
    ("fileShare", "clientConfig"),
    ("chatServer", "clientConfig"),
    ("clientConfigUpdate", "clientConfig"),
    ("domain", "emailProvider"),
    ("displayName", "emailProvider"),
    ("displayShortName", "emailProvider"),
    ("documentation", "emailProvider"),
    ("enable", "emailProvider"),
    ("incomingServer", "emailProvider"),
    ("outgoingServer", "emailProvider"),
];

/// Maximum lengths that the draft sets with MUST.
const LONGEST_NAME: usize = 60;
const LONGEST_SHORT_NAME: usize = 20;

pub(super) fn read(text: &str, root: &Tree) -> Examination {
    let mut errors = DefectList::default();
    let mut config = ReadConfig::default();
    let start = first_line(text, &root.span);
    if root.name != "clientConfig" {
        errors.add(
            codes::AUTOCONFIG_ROOT,
            &start,
            format!("the root element is <{}>, not <clientConfig>", root.name),
        );
        return errors.finish(config);
    }
    attributes(root, &["version"], &mut errors);
    if !matches!(root.attribute("version"), Some("1.0" | "1.1" | "1.2")) {
        errors.add(codes::AUTOCONFIG_VERSION, &start, "clientConfig needs version=\"1.1\"");
    }
    let mut providers = 0;
    let (mut web_mail, mut oauth2) = (None, None);
    let mut lost = Vec::new();
    for child in &root.children {
        match child.name.as_str() {
            "emailProvider" => {
                providers += 1;
                if providers == 1 {
                    config = provider(child, text, &mut errors);
                } else {
                    // Thunderbird reads only the first.
                    errors.add(
                        codes::AUTOCONFIG_SECOND_PROVIDER,
                        &first_line(text, &child.span),
                        "a second emailProvider",
                    );
                }
            }
            "webMail" => {
                web_mail = child
                    .child("loginPage")
                    .and_then(|page| page.attribute("url"))
                    .map(str::to_owned);
                if child.child("loginPageInfo").is_some() {
                    lost.push("loginPageInfo: how to fill the web mail's form in".to_owned());
                }
            }
            "oAuth2" => oauth2 = Some(tokens(child)),
            name if belongs(name, "clientConfig") => {
                let kind =
                    child.attribute("type").map(|kind| format!(" ({})", kind.escape_debug()));
                let message = format!("the section {name}{}", kind.unwrap_or_default());
                errors.add(
                    codes::AUTOCONFIG_SECTION_NOT_READ,
                    &first_line(text, &child.span),
                    &message,
                );
                lost.push(message);
            }
            _ => stranger(child, "clientConfig", text, &mut errors),
        }
    }
    (config.web_mail, config.oauth2) = (web_mail, oauth2);
    config.lost.splice(0..0, lost);
    if providers == 0 {
        errors.add(codes::AUTOCONFIG_NO_PROVIDER, &start, "no emailProvider");
    }
    errors.finish(config)
}

fn provider(provider: &Tree, text: &str, errors: &mut DefectList) -> ReadConfig {
    let start = first_line(text, &provider.span);
    let mut config = ReadConfig::default();
    attributes(provider, &["id"], errors);
    match provider.attribute("id") {
        // Thunderbird 153 drops the whole file if the id is invalid; Android allows no placeholder
        // here either.
        Some(id) => {
            config.id = errors.ok_or_report(
                codes::AUTOCONFIG_ID,
                &start,
                // Clients convert it to lower case.
                hostname(&id.to_ascii_lowercase()).map_err(|why| format!("id: {why}")),
            )
        }
        None => errors.add(
            codes::AUTOCONFIG_ID,
            &start,
            "emailProvider needs an id, which is a host name",
        ),
    }
    let mut sides = (0, 0);
    let mut domains = HashSet::new();
    for child in &provider.children {
        match child.name.as_str() {
            "domain" => {
                // draft-ietf-mailmaint-autoconfig. The attribute is on an element with text, so
                // Thunderbird 153 does not read this domain.
                let mx = child.attribute("purpose") == Some("mx");
                let Some(name) = leaf(child, errors) else { continue };
                let Some(name) =
                    errors.ok_or_report(codes::AUTOCONFIG_DOMAIN, &child.span, hostname(name))
                else {
                    continue;
                };
                if !domains.insert(name.clone()) {
                    errors.add(
                        codes::AUTOCONFIG_DOMAIN_TWICE,
                        &child.span,
                        format!("domain {name} appears twice"),
                    );
                }
                match mx {
                    true => config.mx_domains.push(name),
                    false => config.domains.push(name),
                }
            }
            "displayName" if config.display_name.is_some() => {
                errors.add(codes::AUTOCONFIG_ELEMENT_TWICE, &child.span, "a second displayName")
            }
            "displayName" => config.display_name = display_name(child, LONGEST_NAME, errors),
            "displayShortName" => {
                config.display_short_name = display_name(child, LONGEST_SHORT_NAME, errors);
            }
            "incomingServer" => {
                sides.0 += 1;
                config.servers.extend(server::read(child, text, errors));
            }
            "outgoingServer" => {
                sides.1 += 1;
                config.servers.extend(server::read(child, text, errors));
                if let Some(restriction) = child.child("restriction") {
                    let from = restriction.text().trim();
                    config
                        .lost
                        .push(format!("the restriction {} of a server", from.escape_debug()));
                }
            }
            "documentation" => config.documentation.push(page(child, "url", "descr", errors)),
            "enable" => config.enable.push(page(child, "visiturl", "instruction", errors)),
            _ => stranger(child, "emailProvider", text, errors),
        }
    }
    if config.domains.is_empty() && provider.child("domain").is_none() {
        errors.add(
            codes::AUTOCONFIG_NO_DOMAIN,
            &start,
            "no domain; Thunderbird drops a file without one",
        );
    }
    if provider.child("displayName").is_none() {
        errors.add(
            codes::AUTOCONFIG_NO_DISPLAY_NAME,
            &start,
            "no displayName; Thunderbird 153 shows \"undefined\"",
        );
    }
    if sides.0 == 0 {
        errors.add(
            codes::AUTOCONFIG_NO_INCOMING_SERVER,
            &start,
            "no incomingServer; Thunderbird drops a file without one",
        );
    }
    if sides.1 == 0 {
        errors.add(
            codes::AUTOCONFIG_NO_OUTGOING_SERVER,
            &start,
            "no outgoingServer; Thunderbird drops a file without one",
        );
    }
    config
}

fn display_name(element: &Tree, longest: usize, errors: &mut DefectList) -> Option<String> {
    let name = leaf(element, errors)?;
    if crate::model::reads_as_another(name) {
        errors.add(codes::AUTOCONFIG_COERCED_NAME, &element.span, coerced(element, name));
    }
    if name.contains('%') && name.contains("%EMAIL") {
        errors.add(
            codes::AUTOCONFIG_PLACEHOLDER_IN_NAME,
            &element.span,
            format!("a placeholder in {}, where few clients fill it in", element.name),
        );
    }
    let length = name.chars().count();
    if length > longest {
        let message = format!("{} has {length} characters; {longest} is the most", element.name);
        errors.add(codes::AUTOCONFIG_NAME_TOO_LONG, &element.span, message);
    }
    Some(name.to_owned())
}

/// Reports an element or text that is unknown or misplaced in its parent.
fn stranger(child: &Tree, parent: &str, text: &str, errors: &mut DefectList) {
    let span = first_line(text, &child.span);
    if child.kind == "attribute" {
        return; // reported by `attributes`
    }
    match PLACES.iter().find(|(name, _)| *name == child.name) {
        Some((name, place)) => errors.add(
            codes::AUTOCONFIG_MISPLACED,
            &span,
            format!("{name} belongs into {place}, not into {parent}"),
        ),
        None => errors.add(
            codes::AUTOCONFIG_UNKNOWN_ELEMENT,
            &span,
            format!("{} in {parent} is unknown", called(child)),
        ),
    }
}

fn belongs(name: &str, place: &str) -> bool {
    PLACES.contains(&(name, place))
}

#[cfg(test)]
mod tests;
