//! The parts of a file that are for people: pages with texts. Also the OAuth2 endpoints.

use super::super::defects::DefectList;
use super::super::{ReadOAuth2, ReadPage};
use super::leaf::{attributes, called};
use crate::codes;
use crate::format::Tree;

/// A link with texts in several languages. FairEmail shows them, Thunderbird ignores them.
pub(super) fn page(element: &Tree, link: &str, texts: &str, errors: &mut DefectList) -> ReadPage {
    let url = element.attribute(link).unwrap_or_default().trim().to_owned();
    attributes(element, &[link], errors);
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        errors.add(
            codes::AUTOCONFIG_PAGE_WITHOUT_LINK,
            &element.span,
            format!("{} needs {link}=\"https://…\"", element.name),
        );
    }
    let mut page = ReadPage { url, ..ReadPage::default() };
    for child in element.children.iter().filter(|child| child.kind != "attribute") {
        if child.name != texts {
            errors.add(
                codes::AUTOCONFIG_UNKNOWN_ELEMENT,
                &child.span,
                format!("{} in {}, which holds only {texts}", called(child), element.name),
            );
            continue;
        }
        let language = child.attribute("lang").unwrap_or_default();
        let text = child.text().split_whitespace().collect::<Vec<_>>().join(" ");
        if language.is_empty() {
            errors.add(
                codes::AUTOCONFIG_PAGE_WITHOUT_LANGUAGE,
                &child.span,
                format!("{texts} needs lang=\"en\" or another language"),
            );
        } else if text.is_empty() {
            // Pimalaya's strict parser stops here.
            errors.add(
                codes::AUTOCONFIG_PAGE_WITHOUT_TEXT,
                &child.span,
                format!("{texts} without text"),
            );
        }
        if !text.is_empty() {
            // Without a language the text is treated as English.
            let language = if language.is_empty() { "en" } else { language };
            page.texts.entry(language.to_owned()).or_default().push(text);
        }
    }
    page
}

/// Reads the OAuth2 endpoints (draft-ietf-mailmaint-autoconfig, "oAuth2"). Thunderbird 153 uses its
/// own table instead.
pub(super) fn tokens(element: &Tree) -> ReadOAuth2 {
    let text = |name: &str| {
        let text = element.child(name)?.text().trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let scope = text("scope").unwrap_or_default();
    ReadOAuth2 {
        issuer: text("issuer"),
        auth_url: text("authURL"),
        token_url: text("tokenURL"),
        scope: scope.split_whitespace().map(str::to_owned).collect(),
    }
}
