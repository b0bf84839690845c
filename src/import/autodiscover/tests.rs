//! Each rule of the reader, tested with one good response and a change that breaks it.

use super::*;
use crate::import::{Defect, Reader};
use crate::model::{Authentication, ServerType, SocketType};

fn read(text: &str) -> Result<ReadConfig, Vec<Defect>> {
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

fn changed(from: &str, to: &str) -> String {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "{from}");
    text
}

/// The codes after a change, and the config that is read nevertheless.
fn examined(from: &str, to: &str) -> (Vec<&'static str>, ReadConfig) {
    let Examination { defects, config, .. } = Reader::Autodiscover.examine(&changed(from, to));
    (defects.iter().map(|defect| defect.code.name).collect(), config)
}

/// The only code after a change.
fn refuses(from: &str, to: &str) -> &'static str {
    let (codes, _) = examined(from, to);
    assert_eq!(codes.len(), 1, "{to}: {codes:?}");
    codes[0]
}

fn reads(from: &str, to: &str) -> ReadConfig {
    read(&changed(from, to)).expect(to)
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
    assert_eq!((smtp.server_type, smtp.hostname.as_str()), (ServerType::Smtp, "smtp.example.com"));
    assert_eq!(smtp.socket_type, [SocketType::Starttls]);
    assert_eq!(smtp.username, None);
}

#[test]
fn every_defect_has_its_code_and_the_servers_are_read_in_spite_of_it() {
    for (from, to, code) in [
        (
            "<Autodiscover xmlns=\"http:",
            "<Autodiscover xmlns=\"https:",
            "autodiscover-https-namespace",
        ),
        ("autodiscover/resp", "autodiscover/x", "autodiscover-outer-namespace"),
        ("schema/2006a", "schema/2006", "autodiscover-inner-namespace"),
        ("<Account>", "<Account xmlns=\"\">", "autodiscover-inner-namespace"),
        ("<Account>", "<Account a=\"b\">", "autodiscover-attribute"),
        ("<Account>", "<Accounts/><Account>", "autodiscover-unknown-element"),
        ("<Account>", "x<Account>", "autodiscover-stray-text"),
        (">email<", ">Email<", "autodiscover-account-type"),
        ("<AccountType>email</AccountType>", "", "autodiscover-account-type"),
        ("<Action>settings</Action>", "", "autodiscover-action"),
        (">settings<", ">Settings<", "autodiscover-action"),
        (
            "<Action>",
            "<RedirectUrl>https://x.example/</RedirectUrl><Action>",
            "autodiscover-redirect-mismatch",
        ),
        (">POP3<", ">POP<", "autodiscover-type"),
        (">POP3<", ">pop3<", "autodiscover-type"),
        (
            "</DisplayName>",
            "</DisplayName><EMailAddress>ann</EMailAddress>",
            "autodiscover-address",
        ),
        ("<SPA>off</SPA>", "", "autodiscover-no-spa"),
        ("<SPA>off<", "<SPA>Off<", "autodiscover-on-off"),
        ("<SSL>on<", "<SSL>yes<", "autodiscover-on-off"),
        ("<SSL>on<", "<SSL> on<", "autodiscover-white-space"),
        ("<SSL>on<", "<SSL><", "autodiscover-empty"),
        ("<SSL>on<", "<SSL><b/>on<", "autodiscover-not-a-text"),
        ("<SPA>off</SPA>", "<SPA>off</SPA><SPA>off</SPA>", "autodiscover-repeated"),
        ("<SPA>off</SPA>", "<spa>off</spa>", "autodiscover-letter-case"),
        (">SSL<", ">ssl<", "autodiscover-encryption"),
        (">TLS<", ">STARTTLS<", "autodiscover-encryption"),
        (">SSL<", ">Auto<", "autodiscover-encryption-auto"),
        (">SSL<", ">None<", "autodiscover-ssl-on"),
        ("<SSL>on", "<SSL>off", "autodiscover-ssl-off"),
        ("<Encryption>TLS</Encryption>", "", "autodiscover-starttls-unsaid"),
        ("<Port>995</Port>", "", "autodiscover-no-port"),
        (">995<", ">0995<", "autodiscover-port"),
        (">995<", ">70000<", "autodiscover-port"),
        (">pop.example.com<", ">POP.example.com<", "autodiscover-hostname-spelling"),
        (">pop.example.com<", ">https://pop.example.com/<", "autodiscover-hostname"),
        (">pop.example.com<", ">pop.example.com:995<", "autodiscover-hostname"),
        (">pop.example.com<", ">bücher.example<", "autodiscover-hostname"),
        ("<TTL>1</TTL>", "<AuthPackage>basic</AuthPackage>", "autodiscover-auth-package"),
        ("<TTL>1</TTL>", "<ASUrl>https://x.example/</ASUrl>", "autodiscover-exchange-element"),
        ("<TTL>1</TTL>", "<TTL>soon</TTL>", "autodiscover-ttl"),
        (
            "<TTL>1</TTL>",
            "<ExpirationDate>31.12.2026</ExpirationDate>",
            "autodiscover-expiration-date",
        ),
        ("<TTL>1</TTL>", "<SMTPLast>off</SMTPLast>", "autodiscover-smtp-element"),
    ] {
        assert_eq!(refuses(from, to), code, "{to}");
        let (_, config) = examined(from, to);
        assert_eq!(config.servers.len(), 2, "{to}");
        assert_eq!(config.servers[0].port, 995, "{to}");
    }
}

#[test]
fn what_is_no_answer_with_settings_is_told_apart() {
    let whole = |text: &str| {
        let codes: Vec<_> =
            read(text).unwrap_err().into_iter().map(|defect| defect.code.name).collect();
        assert_eq!(codes.len(), 1, "{text}: {codes:?}");
        codes[0]
    };
    let outer =
        |inside: &str| whole(&format!("<Autodiscover xmlns=\"{OUTER}\">{inside}</Autodiscover>"));
    let inner = |inside: &str| outer(&format!("<Response xmlns=\"{INNER}\">{inside}</Response>"));
    let account = |inside: &str| {
        inner(&format!("<Account><AccountType>email</AccountType>{inside}</Account>"))
    };
    assert_eq!(whole("<x/>"), "autodiscover-root");
    assert_eq!(outer("<Request/>"), "autodiscover-request");
    assert_eq!(outer(""), "autodiscover-no-account");
    assert_eq!(inner(""), "autodiscover-no-account");
    let error =
        "<Response><Error Time=\"1\" Id=\"2\"><ErrorCode>600</ErrorCode></Error></Response>";
    assert_eq!(outer(error), "autodiscover-error-answer");
    assert_eq!(account("<Action>settings</Action>"), "autodiscover-incomplete");
    let to = "<Action>redirectUrl</Action><RedirectUrl>https://a.example/x</RedirectUrl>";
    assert_eq!(account(to), "autodiscover-redirect");
    assert_eq!(account("<Action>redirectAddr</Action>"), "autodiscover-redirect-mismatch");
    let exchange = "<Action>settings</Action><Protocol><Type>EXCH</Type><X/></Protocol>";
    assert_eq!(account(exchange), "autodiscover-other-protocol");
}

#[test]
fn an_answer_for_active_sync_is_not_one_for_outlook_but_its_server_is_read() {
    let text = format!(
        "<Autodiscover xmlns=\"{OUTER}\"><Response xmlns=\"http://schemas.microsoft.com/exchange/\
         autodiscover/mobilesync/responseschema/2006\"><Culture>en:en</Culture><User><EMailAddress>\
         ann@example.com</EMailAddress></User><Action><Settings><Server><Type>MobileSync</Type>\
         <Url>https://eas.example.com/Microsoft-Server-ActiveSync</Url></Server></Settings></Action>\
         </Response></Autodiscover>"
    );
    let Examination { defects, config, .. } = Reader::Autodiscover.examine(&text);
    assert_eq!(defects.len(), 1, "{defects:?}");
    assert_eq!(defects[0].code, "autodiscover-mobilesync");
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
    assert_eq!(config.servers[0].hostname, "eas.example.com");
    assert_eq!(config.servers[0].server_type, ServerType::ActiveSync);
}

#[test]
fn a_redirect_leads_elsewhere_and_not_back() {
    let to = |element: &str, text: &str| {
        let name = "<AutoDiscoverSMTPAddress>ann@example.com</AutoDiscoverSMTPAddress>";
        let text = format!(
            "<Autodiscover xmlns=\"{OUTER}\"><Response xmlns=\"{INNER}\"><User>{name}</User><Account>\
             <AccountType>email</AccountType><Action>r{}</Action><{element}>{text}</{element}>\
             </Account></Response></Autodiscover>",
            &element[1..]
        );
        let defects = read(&text).unwrap_err();
        defects.into_iter().map(|defect| defect.code.name).collect::<Vec<_>>()
    };
    let own = "https://autodiscover.example.com/autodiscover/autodiscover.xml";
    assert_eq!(to("RedirectUrl", own), ["autodiscover-redirect", "autodiscover-redirect-loop"]);
    assert_eq!(
        to("RedirectAddr", "bob@example.com"),
        ["autodiscover-redirect", "autodiscover-redirect-loop"]
    );
    assert_eq!(to("RedirectAddr", "ann@example.net"), ["autodiscover-redirect"]);
    assert_eq!(
        to("RedirectUrl", "http://a.example/x"),
        ["autodiscover-redirect", "autodiscover-redirect-url"]
    );
    assert_eq!(
        to("RedirectAddr", "ann"),
        ["autodiscover-redirect", "autodiscover-redirect-address"]
    );
}

#[test]
fn encryption_wins_over_ssl() {
    let sockets = |from, to| reads(from, to).servers[0].socket_type.clone();
    assert_eq!(sockets(">SSL<", ">TLS<"), [SocketType::Starttls]);
    assert_eq!(sockets("<Encryption>SSL</Encryption>", ""), [SocketType::Ssl]);
    let plain = "<SSL>off</SSL>\n        <Encryption>None</Encryption>";
    assert_eq!(
        sockets("<SSL>on</SSL>\n        <Encryption>SSL</Encryption>", plain),
        [SocketType::Plain]
    );
    let (_, config) = examined("<SSL>on", "<SSL>off");
    assert_eq!(config.servers[0].socket_type, [SocketType::Ssl]);
    let (_, config) = examined("<Encryption>TLS</Encryption>", "");
    assert_eq!(config.servers[1].socket_type, [SocketType::Starttls, SocketType::Ssl]);
}

#[test]
fn spa_is_ntlm_and_its_lack_may_be_so() {
    let config = reads("<SPA>off", "<SPA>on");
    assert_eq!(config.servers[0].authentication, [Authentication::Ntlm]);
    let config = reads("<AuthRequired>on", "<AuthRequired>off");
    assert_eq!(config.servers[0].authentication, [Authentication::None]);
    let (_, config) = examined("<SPA>off</SPA>", "");
    let both = [Authentication::PasswordCleartext, Authentication::Ntlm];
    assert_eq!(config.servers[0].authentication, both);
}

#[test]
fn a_server_without_a_name_or_a_type_is_none() {
    for (from, to, code) in [
        ("<Server>pop.example.com</Server>", "", "autodiscover-no-server"),
        ("<Server>pop.example.com</Server>", "<Server/>", "autodiscover-empty"),
        ("<Type>POP3</Type>", "", "autodiscover-type"),
        (">POP3<", ">Gopher<", "autodiscover-type"),
    ] {
        assert_eq!(refuses(from, to), code);
        assert_eq!(examined(from, to).1.servers.len(), 1, "{to}");
    }
    assert_eq!(refuses(">POP3<", ">SMTP<"), "autodiscover-incomplete");
}
