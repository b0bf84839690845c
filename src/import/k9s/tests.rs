//! What the reader gets from an export, and the defects that it reports.

use crate::import::Reader;
use crate::model::{Authentication, ServerType, SocketType};

const GOOD: &str = r#"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<k9settings version="111" format="1">
<accounts><account uuid="0b9e3f5c-6a5d-4e0b-9b7e-2f6d1c0a4e31"><name>Example</name>
<incoming-server type="POP3"><host>pop.example.com</host><port>995</port>
<connection-security>SSL_TLS_REQUIRED</connection-security>
<authentication-type>PLAIN</authentication-type><username>ann@example.com</username>
</incoming-server>
<outgoing-server type="SMTP"><host>smtp.example.com</host><port>587</port>
<connection-security>STARTTLS_REQUIRED</connection-security>
<authentication-type>PLAIN</authentication-type><username>ann@example.com</username>
</outgoing-server>
<identities><identity><name>Ann</name><email>ann@example.com</email></identity></identities>
</account></accounts></k9settings>
"#;

fn codes(text: &str) -> Vec<&'static str> {
    Reader::K9s.examine(text).defects.iter().map(|defect| defect.code.name).collect()
}

#[test]
fn an_export_is_read_whole() {
    let config = Reader::K9s.read(GOOD).unwrap();
    let [incoming, outgoing] = &config.servers[..] else { panic!("{config:?}") };
    assert_eq!(incoming.server_type, ServerType::Pop3);
    assert_eq!((&*incoming.hostname, incoming.port), ("pop.example.com", 995));
    assert_eq!(incoming.socket_type, [SocketType::Ssl]);
    assert_eq!(outgoing.socket_type, [SocketType::Starttls]);
    assert_eq!(outgoing.authentication, [Authentication::PasswordCleartext]);
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
}

#[test]
fn words_of_old_versions_are_known_in_old_versions_only() {
    let text = GOOD.replace("STARTTLS_REQUIRED", "STARTTLS_OPTIONAL");
    assert_eq!(codes(&text), ["k9s-security"]);
    assert_eq!(codes(&text.replace("\"111\"", "\"91\"")), ["k9s-security-old"]);
    let text = GOOD.replacen("PLAIN", "AUTOMATIC", 1);
    assert_eq!(codes(&text), ["k9s-auth"]);
    assert_eq!(codes(&text.replace("\"111\"", "\"93\"")), ["k9s-auth-old"]);
}

#[test]
fn an_outgoing_server_without_a_user_is_one_without_signing_in() {
    let (before, after) = GOOD.split_once("<outgoing-server").unwrap();
    let after = after.replace("<username>ann@example.com</username>", "");
    let config = Reader::K9s.read(&format!("{before}<outgoing-server{after}")).unwrap();
    assert_eq!(config.servers[1].authentication, [Authentication::None]);
}
