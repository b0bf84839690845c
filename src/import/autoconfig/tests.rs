//! Each rule of the reader, tested with a good file and one change.

use super::*;
use crate::import::Reader;
use crate::model::{Authentication, ServerType, SocketType};

fn read(text: &str) -> Result<ReadConfig, Vec<super::super::Defect>> {
    Reader::Autoconfig.read(text)
}

const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="example.com">
    <domain>example.com</domain>
    <domain>example.net</domain>
    <displayName>Example Mail</displayName>
    <displayShortName>Example</displayShortName>
    <incomingServer type="pop3">
      <hostname>pop.%EMAILDOMAIN%</hostname>
      <port>995</port>
      <socketType>SSL</socketType>
      <authentication>OAuth2</authentication>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
      <pop3>
        <leaveMessagesOnServer>true</leaveMessagesOnServer>
        <daysToLeaveMessagesOnServer>14</daysToLeaveMessagesOnServer>
      </pop3>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.example.com</hostname>
      <port>587</port>
      <socketType>STARTTLS</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILLOCALPART%</username>
    </outgoingServer>
    <documentation url="https://example.com/help">
      <descr lang="en">Settings</descr>
    </documentation>
    <enable visiturl="https://example.com/on">
      <instruction lang="en">Switch POP on</instruction>
    </enable>
  </emailProvider>
  <webMail><loginPage url="https://example.com/"/></webMail>
  <oAuth2><issuer>example.com</issuer></oAuth2>
</clientConfig>
"#;

/// The only error after one change to the good file, and the text that it points at.
fn changed(from: &str, to: &str) -> (String, String) {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "{from}");
    let errors = read(&text).expect_err(to);
    assert_eq!(errors.len(), 1, "{errors:?}");
    (errors[0].message.clone(), text[errors[0].span.clone()].to_owned())
}

fn refuses(from: &str, to: &str) -> String {
    changed(from, to).0
}

#[test]
fn a_good_file_is_read_whole() {
    let config = read(GOOD).unwrap();
    assert_eq!(config.id.as_deref(), Some("example.com"));
    assert_eq!(config.display_name.as_deref(), Some("Example Mail"));
    assert_eq!(config.domains, ["example.com", "example.net"]);
    let pop = &config.servers[0];
    assert_eq!((pop.server_type, pop.port), (ServerType::Pop3, 995));
    assert_eq!(pop.hostname, "pop.%EMAILDOMAIN%");
    assert_eq!(pop.socket_type, [SocketType::Ssl]);
    assert_eq!(pop.authentication, [Authentication::OAuth2, Authentication::PasswordCleartext]);
    assert_eq!(pop.leave_messages_on_server, Some(true));
    assert_eq!(pop.days_to_leave_messages_on_server, Some(14));
    assert_eq!(config.servers[1].server_type, ServerType::Smtp);
    assert_eq!(config.servers[1].username.as_deref(), Some("%EMAILLOCALPART%"));
    assert!(GOOD[pop.span.clone()].starts_with("<incomingServer"));
}

#[test]
fn every_error_is_told_at_once_and_at_its_place() {
    let text = GOOD.replace("995", "99999").replace(">STARTTLS<", ">TLS<");
    let errors = read(&text).unwrap_err();
    let places: Vec<_> = errors.iter().map(|e| &text[e.span.clone()]).collect();
    assert_eq!(places, ["<port>99999</port>", "<socketType>TLS</socketType>"]);
}

#[test]
fn the_root_is_client_config_of_a_known_version() {
    assert!(read("<autoconfig/>").is_err());
    refuses(" version=\"1.1\">\n  <emailProvider", ">\n  <emailProvider");
    refuses("version=\"1.1\"", "version=\"2\"");
    assert!(read("<clientConfig version=\"1.1\"/>").is_err());
}

#[test]
fn the_id_is_a_host_name_in_ascii() {
    refuses(" id=\"example.com\"", "");
    refuses("id=\"example.com\"", "id=\"Bücher.example\"");
    refuses("id=\"example.com\"", "id=\"%EMAILDOMAIN%\"");
}

#[test]
fn a_domain_is_there_once_and_in_a_labels() {
    let (message, place) = changed("<domain>example.com<", "<domain>bücher.example<");
    assert!(message.contains("xn--bcher-kva.example"), "{message}");
    assert_eq!(place, "<domain>bücher.example</domain>");
    refuses("<domain>example.net<", "<domain>example.com<");
    let none = GOOD.replace("<domain>example.com</domain>", "");
    assert_eq!(read(&none.replace("<domain>example.net</domain>", "")).unwrap_err().len(), 1);
}

#[test]
fn a_display_name_that_looks_like_a_number_is_refused() {
    refuses("<displayName>Example Mail</displayName>", "");
    for name in ["007", "1e5", "0x1F", "TRUE", ".5", "-3"] {
        refuses(">Example Mail<", &format!(">{name}<"));
    }
    assert!(read(&GOOD.replace(">Example Mail<", ">1&amp;1 Infinity<")).is_ok());
    refuses(">Example Mail<", ">Mail for %EMAILDOMAIN%<");
    refuses(">Example Mail<", &format!(">{}<", "x".repeat(61)));
}

#[test]
fn a_user_name_that_looks_like_a_number_is_refused() {
    let (message, place) = changed("%EMAILLOCALPART%</user", "00123</user");
    assert!(message.contains("Thunderbird 153"), "{message}");
    assert_eq!(place, "<username>00123</username>");
    refuses("%EMAILLOCALPART%</user", "%EMAILADDRESS</user");
}

#[test]
fn words_are_case_sensitive_and_bare() {
    refuses("<socketType>SSL<", "<socketType>ssl<");
    refuses("<socketType>SSL<", "<socketType> SSL <");
    refuses("<socketType>SSL<", "<socketType x=\"y\">SSL<");
    refuses("<socketType>SSL<", "<socketType><b/>SSL<");
    refuses("<authentication>OAuth2<", "<authentication>oauth2<");
}

#[test]
fn a_server_has_one_of_each() {
    refuses("<port>995</port>", "");
    refuses("<port>995</port>", "<port>995</port><port>110</port>");
    refuses("<port>995</port>", "<port>0995</port>");
    refuses("<port>995</port>", "<port></port>");
    refuses("<hostname>smtp.example.com</hostname>", "");
    refuses("smtp.example.com", "smtp_1.example.com");
    refuses("smtp.example.com", "SMTP.example.com");
    refuses("<socketType>SSL</socketType>", "");
    refuses("<username>%EMAILLOCALPART%</username>", "");
}

#[test]
fn a_server_has_a_way_to_sign_in_that_thunderbird_knows() {
    let smtp =
        "<authentication>password-cleartext</authentication>\n      <username>%EMAILLOCALPART%";
    refuses(smtp, "<username>%EMAILLOCALPART%");
    let only = |word: &str| smtp.replace("password-cleartext", word);
    refuses(smtp, &only("TLS-client-cert"));
    assert!(read(&GOOD.replace(smtp, &only("none"))).is_ok());
    refuses("      <authentication>password-cleartext</authentication>\n", "");
}

#[test]
fn both_sides_are_there_and_of_the_right_type() {
    refuses("type=\"smtp\"", "type=\"imap\"");
    refuses(" type=\"smtp\"", "");
    let (from, to) =
        (GOOD.find("    <outgoing").unwrap(), GOOD.find("    <documentation").unwrap());
    assert_eq!(read(&[&GOOD[..from], &GOOD[to..]].concat()).unwrap_err().len(), 1);
}

#[test]
fn pop3_options_are_what_thunderbird_reads() {
    refuses(">true</leave", ">1</leave");
    refuses(">14</days", ">two weeks</days");
    refuses("<pop3>", "<pop3><checkInterval minutes=\"15\"/>");
    refuses("type=\"pop3\"", "type=\"imap\"");
}

#[test]
fn a_password_in_the_file_is_refused() {
    refuses("<port>995</port>", "<port>995</port><password>x</password>");
}

#[test]
fn misplaced_and_unknown_elements_are_refused_where_they_stand() {
    let (message, place) = changed("  <webMail>", "  <documentation url=\"https://x\"/><webMail>");
    assert_eq!(message, "documentation belongs into emailProvider, not into clientConfig");
    assert!(place.starts_with("<documentation"));
    refuses(
        "<displayShortName>Example</displayShortName>",
        "<displayNameShort>E</displayNameShort>",
    );
    refuses("<port>995</port>", "<port>995</port><tls>yes</tls>");
    refuses("id=\"example.com\"", "id=\"example.com\" lang=\"en\"");
    refuses("<domain>example.net<", "text<domain>example.net<");
}

#[test]
fn documentation_has_a_link_and_texts_with_a_language() {
    refuses("documentation url=\"https://example.com/help\"", "documentation");
    refuses("<descr lang=\"en\">", "<descr>");
    refuses(">Settings<", "><");
}
