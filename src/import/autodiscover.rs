//! Exchange Autodiscover: the answer for Outlook ("POX"), with internet mail servers in it.
//!
//! MS-OXDSCLI section 2.2.4; Thunderbird 153 and Delta Chat read the same file.

mod protocol;

use std::ops::Range;

use super::{Errors, Examined, ReadConfig, first_line};
use crate::format::Tree;
use crate::model::ServerType;

/// Microsoft's live pages show both with `https`; every client compares with `http`.
const OUTER: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const INNER: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

pub(super) fn read(text: &str, root: &Tree) -> Examined {
    let mut reading = Reading { text, errors: Errors::default() };
    let config = reading.envelope(root);
    reading.errors.finish(config)
}

struct Reading<'a> {
    text: &'a str,
    errors: Errors,
}

impl Reading<'_> {
    fn envelope(&mut self, root: &Tree) -> ReadConfig {
        let mut config = ReadConfig::default();
        if root.name != "Autodiscover" {
            let message = format!("the root element is <{}>, not <Autodiscover>", root.name);
            self.errors.add("autodiscover-rule", &self.start(root), message);
            return config;
        }
        self.namespace(root, OUTER);
        let Some(response) = self.only_child(root, "Response") else { return config };
        self.namespace(response, INNER);
        for child in elements(response) {
            match child.name.as_str() {
                "User" => self.user(child, &mut config),
                "Account" => {}
                _ => self.unknown(child, response),
            }
        }
        if let Some(account) = self.unique(response, "Account") {
            self.account(account, &mut config);
        }
        config
    }

    fn user(&mut self, user: &Tree, config: &mut ReadConfig) {
        self.no_attributes(user);
        for child in elements(user) {
            let Some(text) = self.leaf(child) else { continue };
            match child.name.as_str() {
                "DisplayName" => config.display_name = Some(text.to_owned()),
                "AutoDiscoverSMTPAddress" | "EMailAddress" => {
                    config.address = Some(text.to_owned())
                }
                "LegacyDN" | "DeploymentId" => {}
                _ => self.unknown(child, user),
            }
        }
    }

    fn account(&mut self, account: &Tree, config: &mut ReadConfig) {
        self.no_attributes(account);
        for (name, word) in [("AccountType", "email"), ("Action", "settings")] {
            let Some(child) = self.unique(account, name) else { continue };
            if self.leaf(child).is_some_and(|text| text != word) {
                self.errors.add(
                    "autodiscover-rule",
                    &child.span,
                    format!("{name} has to be \"{word}\""),
                );
            }
        }
        for child in elements(account) {
            match child.name.as_str() {
                "Protocol" => config.servers.extend(self.protocol(child)),
                "AccountType" | "Action" | "Image" | "ServiceHome" => {}
                // Only with Action redirectUrl or redirectAddr, and then without Protocol.
                _ => self.unknown(child, account),
            }
        }
        let protocols = account.children_named("Protocol").count();
        let outgoing = config.servers.iter().filter(|s| s.server_type == ServerType::Smtp).count();
        if config.servers.len() == protocols && (outgoing == 0 || outgoing == protocols) {
            let message = "an account needs a Protocol for incoming and one for outgoing mail";
            self.errors.add("autodiscover-rule", &self.start(account), message);
        }
    }

    /// The first child of this name; its lack is an error.
    fn unique<'t>(&mut self, parent: &'t Tree, name: &str) -> Option<&'t Tree> {
        let child = parent.child(name);
        if child.is_none() {
            self.errors.add(
                "autodiscover-rule",
                &self.start(parent),
                format!("no {name} in {}", parent.name),
            );
        }
        let second = parent.children.iter().filter(|child| child.name == name).nth(1);
        if let Some(second) = second.filter(|_| parent.name != "Protocol") {
            self.errors.add("autodiscover-rule", &self.start(second), format!("a second {name}"));
        }
        child
    }

    fn only_child<'t>(&mut self, parent: &'t Tree, name: &str) -> Option<&'t Tree> {
        for child in elements(parent).filter(|child| child.name != name) {
            self.unknown(child, parent);
        }
        self.unique(parent, name)
    }

    fn namespace(&mut self, element: &Tree, namespace: &str) {
        if element.attribute("xmlns") != Some(namespace) {
            let message = format!("{} needs xmlns=\"{namespace}\"", element.name);
            self.errors.add("autodiscover-rule", &self.start(element), message);
        }
        for attribute in attributes(element).filter(|attribute| attribute.name != "@xmlns") {
            self.stray(attribute, element);
        }
    }

    fn no_attributes(&mut self, element: &Tree) {
        for attribute in attributes(element) {
            self.stray(attribute, element);
        }
    }

    fn stray(&mut self, attribute: &Tree, element: &Tree) {
        let message = format!("{} has no attribute {}", element.name, &attribute.name[1..]);
        self.errors.add("autodiscover-rule", &attribute.span, message);
    }

    fn unknown(&mut self, child: &Tree, parent: &Tree) {
        let what = if child.kind == "text" { "text" } else { child.name.as_str() };
        self.errors.add(
            "autodiscover-rule",
            &self.start(child),
            format!("{what} in {} is unknown", parent.name),
        );
    }

    /// The text of an element that has nothing else in it and no white space around it.
    fn leaf<'t>(&mut self, element: &'t Tree) -> Option<&'t str> {
        let text = element.text();
        let reason = match element.children.iter().find(|child| child.kind != "text") {
            Some(odd) => format!("{} in {}, which holds only text", odd.name, element.name),
            None if text.trim().is_empty() => format!("{} is empty", element.name),
            None if text.trim() != text => {
                format!("white space around the text of {}", element.name)
            }
            None => return Some(text),
        };
        self.errors.add("autodiscover-rule", &element.span, reason);
        None
    }

    fn start(&self, element: &Tree) -> Range<usize> {
        first_line(self.text, &element.span)
    }
}

fn elements(parent: &Tree) -> impl Iterator<Item = &Tree> {
    parent.children.iter().filter(|child| child.kind != "attribute")
}

fn attributes(element: &Tree) -> impl Iterator<Item = &Tree> {
    element.children.iter().filter(|child| child.kind == "attribute")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Reader;
    use crate::model::{Authentication, SocketType};

    fn read(text: &str) -> Result<ReadConfig, Vec<super::super::Defect>> {
        Reader::Autodiscover.read(text)
    }

    const GOOD: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User><DisplayName>Ann Example</DisplayName></User>
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
      <Protocol>
        <Type>POP3</Type>
        <TTL>1</TTL>
        <Server>pop.example.com</Server>
        <Port>995</Port>
        <LoginName>ann@example.com</LoginName>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>SSL</Encryption>
        <AuthRequired>on</AuthRequired>
      </Protocol>
      <Protocol>
        <Type>SMTP</Type>
        <Server>smtp.example.com</Server>
        <Port>587</Port>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>TLS</Encryption>
        <UsePOPAuth>on</UsePOPAuth>
      </Protocol>
    </Account>
  </Response>
</Autodiscover>
"#;

    fn refuses(from: &str, to: &str) -> String {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let errors = read(&text).expect_err(to);
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].message.clone()
    }

    fn reads(from: &str, to: &str) -> ReadConfig {
        read(&GOOD.replacen(from, to, 1)).expect(to)
    }

    #[test]
    fn a_good_file_is_read_whole() {
        let config = read(GOOD).unwrap();
        assert_eq!(config.display_name.as_deref(), Some("Ann Example"));
        let [pop, smtp] = &config.servers[..] else { panic!("{config:?}") };
        assert_eq!((pop.server_type, pop.port), (ServerType::Pop3, 995));
        assert_eq!(pop.socket_type, [SocketType::Ssl]);
        assert_eq!(pop.authentication, [Authentication::PasswordCleartext]);
        assert_eq!(pop.username.as_deref(), Some("ann@example.com"));
        assert_eq!(
            (smtp.server_type, smtp.hostname.as_str()),
            (ServerType::Smtp, "smtp.example.com")
        );
        assert_eq!(smtp.socket_type, [SocketType::Starttls]);
        assert_eq!(smtp.username, None);
    }

    #[test]
    fn both_namespaces_are_exact() {
        assert!(
            refuses("http://schemas.microsoft.com/exchange/autodiscover/resp", "https://x/")
                .contains(OUTER)
        );
        assert!(
            refuses("/outlook/responseschema/2006a", "/outlook/responseschema/2006")
                .contains(INNER)
        );
        refuses("2006a\"", "2006a\" xmlns:x=\"y\"");
    }

    #[test]
    fn the_account_is_email_with_settings() {
        refuses(">email<", ">Email<");
        refuses(">settings<", ">redirectUrl<");
        refuses("<Action>settings</Action>", "");
        refuses("<Action>", "<RedirectUrl>https://x</RedirectUrl><Action>");
        assert!(read("<Autodiscover/>").is_err());
        assert!(read("<x/>").is_err());
    }

    #[test]
    fn the_type_is_one_that_outlook_knows() {
        // "POP" without the 3 is a known mistake.
        refuses(">POP3<", ">POP<");
        refuses("<Type>POP3</Type>", "");
        refuses(">POP3<", ">SMTP<");
    }

    #[test]
    fn encryption_wins_over_ssl() {
        let sockets = |from, to| reads(from, to).servers[0].socket_type.clone();
        assert_eq!(sockets(">SSL<", ">TLS<"), [SocketType::Starttls]);
        let both = [SocketType::Ssl, SocketType::Starttls];
        assert_eq!(sockets("<Encryption>SSL</Encryption>", ""), both);
        let plain = "<SSL>off</SSL>\n        <Encryption>None</Encryption>";
        assert_eq!(
            sockets("<SSL>on</SSL>\n        <Encryption>SSL</Encryption>", plain),
            [SocketType::Plain]
        );
    }

    #[test]
    fn ssl_off_beside_an_encryption_is_refused() {
        assert!(
            refuses(
                "<SSL>on</SSL>\n        <Encryption>TLS",
                "<SSL>off</SSL>\n        <Encryption>TLS"
            )
            .contains("clients differ")
        );
        refuses(">SSL<", ">None<");
        refuses(">SSL<", ">Auto<");
        refuses(">SSL<", ">ssl<");
    }

    #[test]
    fn a_missing_spa_is_refused_and_on_is_ntlm() {
        assert!(refuses("<SPA>off</SPA>", "").contains("NTLM"));
        let config = reads("<SPA>off", "<SPA>on");
        assert_eq!(config.servers[0].authentication, [Authentication::Ntlm]);
        let config = reads("<AuthRequired>on", "<AuthRequired>off");
        assert_eq!(config.servers[0].authentication, [Authentication::None]);
    }

    #[test]
    fn on_and_off_are_exact() {
        for word in ["yes", "On", " on", "true", ""] {
            refuses("<SSL>on<", &format!("<SSL>{word}<"));
        }
    }

    #[test]
    fn a_server_has_a_host_and_a_port() {
        refuses("<Port>995</Port>", "");
        refuses("<Port>995</Port>", "<Port>0</Port>");
        refuses("<Server>pop.example.com</Server>", "");
        refuses("<Server>pop.example.com</Server>", "<Server>https://pop.example.com</Server>");
        refuses("<Server>pop.example.com</Server>", "<Server/>");
    }

    #[test]
    fn what_outlook_does_not_know_is_refused() {
        refuses("<TTL>1</TTL>", "<AuthPackage>basic</AuthPackage>");
        refuses("<TTL>1</TTL>", "<TTL>soon</TTL>");
        refuses("<TTL>1</TTL>", "<SMTPLast>off</SMTPLast>");
        refuses("<TTL>1</TTL>", "<SPA>off</SPA>");
        refuses("<TTL>1</TTL>", "text");
        refuses("<Protocol>", "<Protocol Type=\"POP3\">");
        refuses("<Account>", "<Accounts/><Account>");
        refuses("<Response", "<Error/><Response");
    }
}
