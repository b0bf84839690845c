//! Each rule of the reader, tested with a good payload and one changed value.

use super::*;
use crate::import::Reader;

fn read(text: &str) -> Result<ReadConfig, Vec<super::super::Defect>> {
    Reader::QrPayload.read(text)
}

const GOOD: &str = concat!(
    r#"[1,[1,1],[1,"pop.example.com",995,3,1,"ann@example.com","Example","p w"],"#,
    r#"[[[0,"smtp.example.com",587,2,6,"ann@example.com",""],["ann@example.com","Ann Example"]]]]"#
);

fn refuses(from: &str, to: &str) -> String {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "{from}");
    let errors = read(&text).expect_err(to);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors[0].message.clone()
}

#[test]
fn a_good_payload_is_read_whole() {
    let config = read(GOOD).unwrap();
    assert_eq!(config.display_name.as_deref(), Some("Example"));
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
    let [pop, smtp] = &config.servers[..] else { panic!("{config:?}") };
    assert_eq!((pop.server_type, pop.port), (ServerType::Pop3, 995));
    assert_eq!(pop.socket_type, [SocketType::Ssl]);
    assert_eq!(pop.authentication, [Authentication::PasswordCleartext]);
    assert_eq!((smtp.server_type, smtp.hostname.as_str()), (ServerType::Smtp, "smtp.example.com"));
    assert_eq!(smtp.socket_type, [SocketType::Starttls]);
    assert_eq!(smtp.authentication, [Authentication::OAuth2]);
    assert_eq!(read(&format!("{GOOD}\n")).unwrap(), config);
}

#[test]
fn the_frame_is_exact() {
    refuses("[1,[1,1]", "[2,[1,1]");
    refuses("[1,1]", "[2,1]");
    refuses("[1,1]", "[0,1]");
    refuses("[1,1]", "1");
    assert!(read("[1,[1,1]]").is_err());
    assert!(read("{}").is_err());
    assert!(read("[1,[1,1],[0,\"a.example\",993,3,1,\"a\"]]").is_err());
}

#[test]
fn it_is_compact_on_one_line() {
    refuses(",[1,1]", ", [1,1]");
    refuses(",[1,1]", ",\n[1,1]");
}

#[test]
fn every_number_is_in_its_range() {
    refuses("[1,\"pop", "[2,\"pop");
    refuses("[0,\"smtp", "[1,\"smtp");
    refuses("995", "0");
    refuses("995", "65536");
    refuses("995", "\"995\"");
    refuses("995,3", "995,1");
    refuses("995,3,1", "995,3,4");
    refuses("995,3,1", "995,3,7");
    refuses("995,3,1", "995,3,1.5");
}

#[test]
fn oauth2_over_pop3_is_refused() {
    assert!(refuses("995,3,1", "995,3,6").contains("POP3"));
}

#[test]
fn hosts_and_addresses_are_ascii() {
    refuses("pop.example.com", "pop.bücher.example");
    refuses("[\"ann@example.com\"", "[\"änn@example.com\"");
    refuses("[\"ann@example.com\"", "[\"ann\"");
}

#[test]
fn a_server_has_a_user_and_an_identity() {
    refuses("995,3,1,\"ann@example.com\"", "995,3,1,\"\"");
    refuses(",[\"ann@example.com\",\"Ann Example\"]", "");
    refuses(",\"Ann Example\"]", "]");
    refuses("\"p w\"", "7");
    refuses("\"p w\"", "\"p\",\"w\"");
    assert!(refuses("\"p w\"", "null").contains("null"));
    refuses("\"p w\"", "[]");
    refuses("\"p w\"", r#""p\n""#);
}
