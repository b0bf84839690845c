//! The values that a template can use. This is the manual for template authors.
//!
//! Every text is a mark (see `marks`); numbers and booleans are plain values. A `?` marks a value
//! that may be missing: test it first with `{{#if x}}`, since a missing path is an error.
//!
//! | path | what |
//! |---|---|
//! | `emailProvider.id` `.displayName` `.displayShortName` `.domains[]` `.mxDomains[]` `.webMail?` | the provider; for a customer's domain its `id` is that domain |
//! | `emailProvider.enable[]` `{visitURL, types[], instruction[] {language, text, steps[]}, steps?[], inLanguage?}` | options that users switch on first, for the servers in this file; `steps` are in the file's language or else in English, see `inLanguage` |
//! | `emailProvider.documentation[]` `{url, descr[] {language, text}, text?, inLanguage?}` | pages for users |
//! | `emailProvider.refuses[]` `{authentication, types[], since?, source, instead?, inLanguage?}` | authentication methods that do not work |
//! | `emailProvider.appPassword?` `{url, required, note?, inLanguage?}` | a password for one client |
//! | `emailProvider.oAuth2?` `{issuer, authURL, tokenURL, deviceAuthURL?}` | the OAuth2 endpoints |
//! | `subject` `domain` `domainUnicode` `domains[]` `reversedDomain` | who the file is for |
//! | `identifier` `token` | a reverse-DNS name and a short name of the subject, the same in every run |
//! | `isAccount` `protocol` `language` | |
//! | `account?` `{address, localPart, domain, addressUnicode, displayName?, password?}` | one user |
//! | `mdm?` `{name, address, displayName?}` | a device management system with its placeholders |
//! | `organization` `{name?, identifier?, supportAddress?}` | the organization that distributes the files |
//! | `option.NAME` `uuid.NAME` `text.KEY` | the manifest's options, UUIDs and texts |
//! | `incomingServers[]` `outgoingServers[]`, with `take = 1` also `incomingServer` `outgoingServer` | the planned servers |
//! | `services[]` `{service, priority, weight, port, target}` | DNS records (RFC 6186) |
//! | `hosted` `{autoconfigHost, autodiscoverHost, userAgentHost, publicHost?, publicAddress?}` | the host names that clients query; the host of `publicHost`, and `https://` with it and a server's path prefix |
//! | `digests[]` `{label, sha256}` | for the included files that clients verify with DNS: the TXT record's name below the domain, and the SHA-256 in base64 |
//! | `included.TARGET?` `{types[]}` | a file of that `[[include]]` is delivered with this one, and its account can sign in |
//! | `languages[]` `{language, name?}` | the languages of the target's texts; `name` is the text `languageName` |
//! | `variant?` | distinguishes several files that share a template |
//!
//! A server: `type` `hostname` `port` `socketType` `authentication` `username?`
//! `alternativeHostnames[]` `url?` `leaveMessagesOnServer` `daysToLeaveMessagesOnServer?`
//! `refused` `oAuth2? {scope}` `word.FIELD` `authentications[] {authentication, word.FIELD}`.

mod provider;
mod used_names;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::clients::{OptionDefault, Take};
use crate::model::{ClientConfig, Server, Side, Text};
use crate::plan::{Audience, Job, PlannedServer, services};
use crate::settings::Mdm;

use super::marks::Marks;
use super::recipient::{self, RecipientField};

pub(super) use used_names::UsedNames;

/// The language in which every text exists.
const FALLBACK: &str = "en";

/// The digest with which clients verify a file.
pub(super) struct Digest {
    pub label: String,
    pub sha256: String,
}

/// Builds the context of a job. `asked` are the names that its templates use.
pub(super) fn context(
    job: &Job<'_>,
    asked: &[&UsedNames],
    marks: &Marks,
    digests: &[Digest],
) -> Value {
    ContextBuilder { job, asked, marks, digests }.build()
}

struct ContextBuilder<'a> {
    job: &'a Job<'a>,
    asked: &'a [&'a UsedNames],
    marks: &'a Marks,
    digests: &'a [Digest],
}

/// A key of the context, and the function that makes its value if a template uses it.
type ContextPart<B> = (&'static str, fn(&B) -> Value);

impl ContextBuilder<'_> {
    fn build(&self) -> Value {
        let job = self.job;
        let domain = job.audience.domain();
        let mut root = Map::with_capacity(24);
        let mut set = |key: &str, value: Value| drop(root.insert(key.to_owned(), value));
        set("emailProvider", self.provider());
        set(
            "subject",
            match job.audience {
                Audience::Account { address, .. } => {
                    self.of(RecipientField::Address, address.as_str(), "subject")
                }
                _ if self.is_customers() => {
                    self.of(RecipientField::Domain, domain.as_str(), "subject")
                }
                _ => self.text(job.subject.name(), "subject"),
            },
        );
        set("domain", self.of(RecipientField::Domain, domain.as_str(), "domain"));
        let unicode = domain.to_unicode();
        set("domainUnicode", self.of(RecipientField::DomainUnicode, &unicode, "domainUnicode"));
        set("isAccount", matches!(job.audience, Audience::Account { .. }).into());
        set("protocol", self.text(&job.protocol.to_string(), "protocol"));
        set("language", self.text(&job.language, "language"));
        if let Some(account) = self.account() {
            set("account", account);
        }
        if let Audience::Managed { mdm, .. } = job.audience {
            set("mdm", self.mdm(mdm));
        }
        if let Some(variant) = &job.file.variant {
            set("variant", self.text(variant, "variant"));
        }
        for side in [Side::Incoming, Side::Outgoing] {
            let Some(spec) = job.target.side(side) else { continue };
            let servers = job.servers(side).iter().enumerate();
            let servers: Vec<Value> =
                servers.map(|(at, server)| self.server(side, at, server)).collect();
            if spec.take == Take::One
                && let Some(first) = servers.first()
            {
                set(side.as_str(), first.clone());
            }
            set(&format!("{}s", side.as_str()), servers.into());
        }
        // Values that few templates use are made only on demand.
        let parts: [ContextPart<Self>; 13] = [
            ("digests", Self::digests),
            ("domains", Self::domains),
            ("reversedDomain", |b| {
                let reversed = b.job.audience.domain().reversed();
                b.of(RecipientField::ReversedDomain, &reversed, "reversedDomain")
            }),
            ("token", |b| b.of(RecipientField::Token, &recipient::token(b.job.audience), "token")),
            ("identifier", |b| {
                b.of(RecipientField::Identifier, &recipient::identifier(b.job), "identifier")
            }),
            ("organization", Self::organization),
            ("option", Self::options),
            ("uuid", Self::uuids),
            ("text", Self::texts),
            ("services", Self::services),
            ("hosted", Self::hosted),
            ("included", Self::included),
            ("languages", Self::languages),
        ];
        for (key, make) in parts {
            if self.asks_for(key) {
                set(key, make(self));
            }
        }
        Value::Object(root)
    }

    fn text(&self, value: &str, name: impl Into<Cow<'static, str>>) -> Value {
        Value::String(self.marks.mark(value, name))
    }

    /// A text that is open in a pattern: for a user's file, or for a customer's domain if it
    /// depends only on the domain.
    fn of(&self, field: RecipientField, value: &str, name: &'static str) -> Value {
        let is_open = match self.job.audience {
            Audience::Account { .. } => true,
            Audience::Everybody { .. } | Audience::Domain { .. } => {
                self.is_customers() && field.is_of_domain()
            }
            Audience::Managed { .. } => false,
        };
        match is_open {
            true => Value::String(self.marks.mark_of(field, value, name)),
            false => self.text(value, name),
        }
    }

    /// Whether another customer's file differs only in the domain.
    fn is_customers(&self) -> bool {
        self.job.subject.is_customers_domain()
    }

    fn list<'t>(&self, values: impl IntoIterator<Item = &'t str>, name: &'static str) -> Value {
        Value::Array(values.into_iter().map(|v| self.text(v, name)).collect())
    }

    fn asks_for(&self, name: &str) -> bool {
        self.asked.iter().any(|asked| asked.has(name))
    }

    fn config(&self) -> &ClientConfig {
        &self.job.subject.config
    }

    /// The text in the file's language or else in English, with its language.
    fn localized<'t, T>(&self, texts: &'t BTreeMap<String, T>) -> Option<(&'t str, &'t T)> {
        let base = self.job.language.split('-').next().unwrap_or(FALLBACK);
        let found = [&self.job.language, base, FALLBACK]
            .into_iter()
            .find_map(|language| texts.get_key_value(language));
        found.map(|(language, text)| (language.as_str(), text))
    }

    /// All domains, starting with the domain of the file.
    fn domains(&self) -> Value {
        let own = self.job.audience.domain();
        let others = self.config().domains.iter().filter(|d| *d != own);
        let own = self.of(RecipientField::Domain, own.as_str(), "domain");
        let others = others.map(|domain| self.text(domain.as_str(), "domain"));
        Value::Array(std::iter::once(own).chain(others).collect())
    }

    fn account(&self) -> Option<Value> {
        let Audience::Account { address, display_name } = self.job.audience else { return None };
        let mut value = json!({
            "address": self.of(RecipientField::Address, address.as_str(), "account.address"),
            "localPart": self.of(RecipientField::LocalPart, address.local_part(), "account.localPart"),
            "domain": self.of(RecipientField::Domain, address.domain().as_str(), "account.domain"),
            "addressUnicode":
                self.of(RecipientField::AddressUnicode, &address.to_unicode(), "account.addressUnicode"),
        });
        if let Some(name) = display_name {
            value["displayName"] =
                self.of(RecipientField::DisplayName, name.as_str(), "account.displayName");
        }
        if let Some(password) = self.job.password {
            value["password"] = self.text(password.expose(), "account.password");
        }
        Some(value)
    }

    fn mdm(&self, mdm: &Mdm) -> Value {
        let mut value = json!({
            "name": self.text(&mdm.name, "mdm.name"),
            "address": self.text(mdm.address.as_str(), "mdm.address"),
        });
        if let Some(name) = &mdm.display_name {
            value["displayName"] = self.text(name.as_str(), "mdm.displayName");
        }
        value
    }

    fn organization(&self) -> Value {
        let organization = self.job.organization;
        let mut map = Map::new();
        if let Some(name) = &organization.name {
            map.insert("name".into(), self.text(name.as_str(), "organization.name"));
        }
        if let Some(identifier) = &organization.identifier {
            map.insert(
                "identifier".into(),
                self.text(identifier.as_str(), "organization.identifier"),
            );
        }
        if let Some(address) = &organization.support_address {
            map.insert(
                "supportAddress".into(),
                self.text(address.as_str(), "organization.supportAddress"),
            );
        }
        Value::Object(map)
    }

    fn options(&self) -> Value {
        let options = self.job.options.iter().map(|(name, value)| {
            let value = match value {
                OptionDefault::Text(text) => self.text(text, format!("option.{name}")),
                OptionDefault::Flag(flag) => Value::Bool(*flag),
            };
            (name.clone(), value)
        });
        Value::Object(options.collect())
    }

    fn uuids(&self) -> Value {
        let job = self.job;
        let uuids = job.target.uuids.iter().enumerate().map(|(at, name)| {
            let text = recipient::uuid(job, name);
            (name.clone(), self.of(RecipientField::Uuid(at), &text, "uuid"))
        });
        Value::Object(uuids.collect())
    }

    /// The texts in the file's language, or in English where one is missing.
    fn texts(&self) -> Value {
        let texts = &self.job.target.texts;
        let mut chosen: BTreeMap<&str, &str> = BTreeMap::new();
        for language in [FALLBACK, self.job.language.as_str()] {
            let own = texts.get(language).into_iter().flatten();
            chosen.extend(own.map(|(key, text)| (key.as_str(), text.as_str())));
        }
        let texts = chosen.into_iter().map(|(key, text)| (key.to_owned(), self.text(text, "text")));
        Value::Object(texts.collect())
    }

    /// The languages, sorted by tag.
    fn languages(&self) -> Value {
        let all = self.job.target.texts.iter().map(|(language, texts)| {
            let mut value = json!({ "language": self.text(language, "language") });
            if let Some(name) = texts.get("languageName") {
                value["name"] = self.text(name, "languageName");
            }
            value
        });
        Value::Array(all.collect())
    }

    fn included(&self) -> Value {
        let all = self.job.included.iter().map(|included| {
            let types = included.types.iter().map(|t| crate::model::Word::as_str(*t));
            (included.target.name.clone(), json!({ "types": self.list(types, "type") }))
        });
        Value::Object(all.collect())
    }

    fn server(&self, side: Side, at: usize, planned: &PlannedServer<'_>) -> Value {
        let server: &Server = planned.server;
        let words = |words: &BTreeMap<String, String>| -> Map<String, Value> {
            // Not a mark: a keyword may be an element's name, and it comes from the manifest.
            words.iter().map(|(field, word)| (field.clone(), Value::from(word.as_str()))).collect()
        };
        let mut word = words(&planned.words);
        if let Some((_, first)) = planned.authentication.first() {
            word.extend(words(first));
        }
        let ways: Vec<Value> = planned
            .authentication
            .iter()
            .map(|(way, fields)| {
                json!({
                    "authentication": self.text(&way.to_string(), "authentication"),
                    "word": words(fields),
                })
            })
            .collect();
        let mut map = Map::with_capacity(16);
        let mut set = |key: &str, value: Value| drop(map.insert(key.to_owned(), value));
        set("type", self.text(&server.server_type.to_string(), "type"));
        set("hostname", self.text(&planned.hostname, "hostname"));
        set("port", server.port.get().into());
        set("socketType", self.text(&server.socket_type.to_string(), "socketType"));
        if let Some((way, _)) = planned.authentication.first() {
            set("authentication", self.text(&way.to_string(), "authentication"));
        }
        set("authentications", ways.into());
        if let Some(username) = &planned.username {
            set("username", self.of(RecipientField::Username(side, at), username, "username"));
        }
        let others = server.alternative_hostnames.iter().map(|h| h.as_str());
        set("alternativeHostnames", self.list(others, "alternativeHostname"));
        if let Some(url) = &server.url {
            set("url", self.text(url.as_str(), "url"));
        }
        set("leaveMessagesOnServer", server.pop3.leave_messages_on_server.into());
        if let Some(days) = server.pop3.days_to_leave_messages_on_server {
            set("daysToLeaveMessagesOnServer", days.into());
        }
        set("refused", planned.refused.into());
        if let Some(scope) =
            self.config().oauth2.as_ref().and_then(|o| o.scope.get(&server.server_type))
        {
            let scope: Vec<&str> = scope.iter().map(Text::as_str).collect();
            set("oAuth2", json!({ "scope": self.text(&scope.join(" "), "scope") }));
        }
        set("word", Value::Object(word));
        Value::Object(map)
    }

    /// The host names that clients query.
    fn hosted(&self) -> Value {
        let domain = self.job.audience.domain();
        let host = |field, name: &str, key| self.of(field, &format!("{name}.{domain}"), key);
        let mut value = json!({
            "autoconfigHost":
                host(RecipientField::AutoconfigHost, "autoconfig", "hosted.autoconfigHost"),
            "autodiscoverHost":
                host(RecipientField::AutodiscoverHost, "autodiscover", "hosted.autodiscoverHost"),
            "userAgentHost":
                host(RecipientField::UserAgentHost, "ua-auto-config", "hosted.userAgentHost"),
        });
        if let Some(public) = &self.job.subject.public_address {
            value["publicHost"] = self.text(public.host.as_str(), "hosted.publicHost");
            value["publicAddress"] = self.text(&public.to_string(), "hosted.publicAddress");
        }
        value
    }

    fn digests(&self) -> Value {
        let all = self.digests.iter().map(|digest| {
            json!({
                "label": self.text(&digest.label, "digest.label"),
                "sha256": self.text(&digest.sha256, "digest.sha256"),
            })
        });
        Value::Array(all.collect())
    }

    fn services(&self) -> Value {
        let all = services(self.config(), self.job.audience.domain()).into_iter().map(|s| {
            let target = s.target.map_or_else(|| ".".to_owned(), |t| format!("{t}."));
            json!({
                "service": self.text(s.service, "service"),
                "priority": s.priority,
                "weight": s.weight,
                "port": s.port,
                "target": self.text(&target, "target"),
            })
        });
        Value::Array(all.collect())
    }
}
