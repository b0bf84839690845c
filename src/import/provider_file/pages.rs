//! Writes the pages and the OAuth2 endpoints of a provider.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::{ReadOAuth2, ReadPage};
use super::text::{is_url, key, language_tag, list, quoted};
use super::{ServerEntry, Writer};
use crate::document::is_language;
use crate::model::{Authentication, ServerType, Text};

impl Writer<'_> {
    /// The texts of a page that are valid in a provider file, by language. The others are reported.
    fn texts(&mut self, page: &ReadPage) -> BTreeMap<String, Vec<String>> {
        let mut taken = BTreeMap::new();
        for (written, texts) in &page.texts {
            let language = &language_tag(written);
            let fine = |text: &&String| !text.trim().is_empty() && Text::new(text).is_ok();
            let own: Vec<String> = texts.iter().filter(fine).cloned().collect();
            if own.len() < texts.len() || !is_language(language) {
                self.lost(format!("a text at {} in {}", quoted(&page.url), quoted(written)));
            }
            if !own.is_empty() && is_language(language) {
                taken.insert(language.clone(), own);
            }
        }
        taken
    }

    pub(super) fn enable(&mut self, page: &ReadPage) {
        let texts = self.texts(page);
        if !is_url(&page.url) || texts.is_empty() {
            self.lost(format!("what is to be switched on at {} has no text", quoted(&page.url)));
            return;
        }
        let _ = write!(self.out, "\n[[enable]]\nvisitURL = {}\n", quoted(&page.url));
        for (language, steps) in &texts {
            let _ = writeln!(self.out, "instruction.{} = {}", key(language), list(steps));
        }
    }

    pub(super) fn documentation(&mut self, page: &ReadPage) {
        if !is_url(&page.url) {
            self.lost(format!("the help page {} has no address", quoted(&page.url)));
            return;
        }
        let _ = write!(self.out, "\n[[documentation]]\nurl = {}\n", quoted(&page.url));
        for (language, texts) in self.texts(page) {
            let text = texts.join(" ");
            match Text::new(&text) {
                Ok(_) => {
                    let _ = writeln!(self.out, "descr.{} = {}", key(&language), quoted(&text));
                }
                Err(why) => self.lost(format!("the text about {}: {why}", quoted(&page.url))),
            }
        }
    }

    pub(super) fn oauth2(&mut self, read: &ReadOAuth2, servers: &[ServerEntry]) {
        let (Some(issuer), Some(auth), Some(token)) =
            (&read.issuer, &read.auth_url, &read.token_url)
        else {
            self.lost("oAuth2 lacks its issuer or one of its addresses".to_owned());
            return;
        };
        let scope: Vec<String> =
            read.scope.iter().filter(|word| Text::new(word).is_ok()).cloned().collect();
        if !(is_url(auth) && is_url(token)) || Text::new(issuer).is_err() {
            self.lost("an address of oAuth2 is none".to_owned());
            return;
        }
        let _ = write!(
            self.out,
            "\n[oAuth2]\nissuer = {}\nauthURL = {}\ntokenURL = {}\n",
            quoted(issuer),
            quoted(auth),
            quoted(token)
        );
        let mut told: Vec<ServerType> = Vec::new();
        for entry in servers {
            let wants = entry.authentication.contains(&Authentication::OAuth2);
            if wants && !scope.is_empty() && !told.contains(&entry.server_type) {
                told.push(entry.server_type);
                let _ = writeln!(self.out, "scope.{} = {}", entry.server_type, list(&scope));
            }
        }
    }
}
