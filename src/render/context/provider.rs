//! The provider's part of the context: who it is, and what its users must know.

use serde_json::{Map, Value, json};

use crate::model::{Localized, ServerType, Side, Text};

use super::{ContextBuilder, ContextPart, RecipientField};

impl ContextBuilder<'_> {
    pub(super) fn provider(&self) -> Value {
        let config = self.config();
        let mut map = Map::with_capacity(16);
        let mut set = |key: &str, value: Value| drop(map.insert(key.to_owned(), value));
        set("id", self.own(config.id.as_str(), "emailProvider.id"));
        set("displayName", self.text(config.display_name.as_str(), "displayName"));
        set("displayShortName", self.text(config.display_short_name.as_str(), "displayShortName"));
        let parts: [ContextPart<Self>; 5] = [
            ("domains", |b| {
                let domains = b.config().domains.iter();
                Value::Array(domains.map(|domain| b.own(domain.as_str(), "domain")).collect())
            }),
            ("mxDomains", |b| b.list(b.config().mx_domains.iter().map(|d| d.as_str()), "mxDomain")),
            ("enable", Self::enable),
            ("documentation", Self::documentation),
            ("refuses", Self::refuses),
        ];
        for (key, make) in parts {
            if self.asks_for(key) {
                set(key, make(self));
            }
        }
        if let Some(web_mail) = &config.web_mail {
            set("webMail", self.text(web_mail.as_str(), "webMail"));
        }
        if let Some(app) = &config.app_password {
            let mut value = json!({
                "url": self.text(app.url.as_str(), "appPassword.url"),
                "required": app.required,
            });
            if let Some((language, note)) = self.localized(&app.note) {
                value["inLanguage"] = self.text(language, "language");
                value["note"] = self.text(note.as_str(), "appPassword.note");
            }
            set("appPassword", value);
        }
        if let Some(oauth2) = &config.oauth2 {
            let mut value = json!({
                "issuer": self.text(oauth2.issuer.as_str(), "oAuth2.issuer"),
                "authURL": self.text(oauth2.auth_url.as_str(), "oAuth2.authURL"),
                "tokenURL": self.text(oauth2.token_url.as_str(), "oAuth2.tokenURL"),
            });
            if let Some(url) = &oauth2.device_auth_url {
                value["deviceAuthURL"] = self.text(url.as_str(), "oAuth2.deviceAuthURL");
            }
            set("oAuth2", value);
        }
        Value::Object(map)
    }

    /// A name of the provider. For a customer's domain it is that domain.
    fn own(&self, name: &str, key: &'static str) -> Value {
        match self.is_customers() {
            true => self.of(RecipientField::Domain, name, key),
            false => self.text(name, key),
        }
    }

    /// Only the options that concern the servers in this file and in the files delivered with it.
    fn enable(&self) -> Value {
        let used: Vec<ServerType> = [Side::Incoming, Side::Outgoing]
            .into_iter()
            .flat_map(|side| self.job.servers(side))
            .map(|s| s.server.server_type)
            .chain(self.job.included.iter().flat_map(|included| included.types.iter().copied()))
            .collect();
        let concerns = |types: &[ServerType]| {
            types.is_empty() || used.is_empty() || types.iter().any(|t| used.contains(t))
        };
        let all = self.config().enable.iter().filter(|e| concerns(&e.types)).map(|enable| {
            let instruction: Vec<Value> = enable
                .instruction
                .iter()
                .map(|(language, steps)| {
                    let joined: Vec<&str> = steps.iter().map(Text::as_str).collect();
                    json!({
                        "language": self.text(language, "language"),
                        "text": self.text(&joined.join(". "), "instruction"),
                        "steps": self.list(steps.iter().map(Text::as_str), "instruction"),
                    })
                })
                .collect();
            let mut value = json!({
                "visitURL": self.text(enable.visit_url.as_str(), "visitURL"),
                "types": self.list(enable.types.iter().map(|t| crate::model::Word::as_str(*t)), "type"),
                "instruction": instruction,
            });
            if let Some((language, steps)) = self.localized(&enable.instruction) {
                value["inLanguage"] = self.text(language, "language");
                value["steps"] = self.list(steps.iter().map(Text::as_str), "instruction");
            }
            value
        });
        Value::Array(all.collect())
    }

    fn documentation(&self) -> Value {
        let all = self.config().documentation.iter().map(|page| {
            let mut value = json!({
                "url": self.text(page.url.as_str(), "documentation.url"),
                "descr": self.per_language(&page.descr, "descr"),
            });
            if let Some((language, text)) = self.localized(&page.descr) {
                value["inLanguage"] = self.text(language, "language");
                value["text"] = self.text(text.as_str(), "descr");
            }
            value
        });
        Value::Array(all.collect())
    }

    fn per_language(&self, texts: &Localized, name: &'static str) -> Value {
        let all = texts.iter().map(|(language, text)| {
            json!({
                "language": self.text(language, "language"),
                "text": self.text(text.as_str(), name),
            })
        });
        Value::Array(all.collect())
    }

    fn refuses(&self) -> Value {
        let all = self.config().refuses.iter().map(|refusal| {
            let types = refusal.types.iter().map(|t| crate::model::Word::as_str(*t));
            let mut value = json!({
                "authentication": self.text(&refusal.authentication.to_string(), "authentication"),
                "types": self.list(types, "type"),
                "source": self.text(refusal.source.as_str(), "source"),
            });
            if let Some(since) = &refusal.since {
                value["since"] = self.text(since.as_str(), "since");
            }
            if let Some((language, instead)) = self.localized(&refusal.instead) {
                value["inLanguage"] = self.text(language, "language");
                value["instead"] = self.text(instead.as_str(), "instead");
            }
            value
        });
        Value::Array(all.collect())
    }
}
