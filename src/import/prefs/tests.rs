//! What the reader gets from a profile, and the defects that it reports.

use super::*;
use crate::import::Reader;
use crate::model::{Authentication, SocketType};

const GOOD: &str = r#"// Mozilla User Preferences
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account2.identities", "id1");
user_pref("mail.account.account2.server", "server2");
user_pref("mail.accountmanager.accounts", "account1,account2");
user_pref("mail.identity.id1.fullName", "Ann");
user_pref("mail.identity.id1.smtpServer", "smtp1");
user_pref("mail.identity.id1.useremail", "ann@example.com");
user_pref("mail.server.server1.hostname", "Local Folders");
user_pref("mail.server.server1.type", "none");
user_pref("mail.server.server2.hostname", "pop.example.com");
user_pref("mail.server.server2.leave_on_server", true);
user_pref("mail.server.server2.socketType", 3);
user_pref("mail.server.server2.type", "pop3");
user_pref("mail.server.server2.userName", "ann@example.com");
user_pref("mail.smtpserver.smtp1.hostname", "smtp.example.com");
user_pref("mail.smtpserver.smtp1.try_ssl", 2);
user_pref("mail.smtpserver.smtp1.username", "ann@example.com");
user_pref("mail.smtpservers", "smtp1");
"#;

fn codes(text: &str) -> Vec<&'static str> {
    read(text).defects.iter().map(|defect| defect.code.name).collect()
}

/// The good file with one change.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replace(from, to)
}

#[test]
fn the_account_with_a_mailbox_is_read_with_what_it_leaves_out() {
    let config = Reader::Prefs.read(GOOD).unwrap();
    let [incoming, outgoing] = &config.servers[..] else { panic!("{config:?}") };
    assert_eq!((&*incoming.hostname, incoming.port), ("pop.example.com", 995));
    assert_eq!(incoming.socket_type, [SocketType::Ssl]);
    assert_eq!(incoming.authentication, [Authentication::PasswordCleartext]);
    assert_eq!(incoming.leave_messages_on_server, Some(true));
    assert_eq!((&*outgoing.hostname, outgoing.port), ("smtp.example.com", 587));
    assert_eq!(outgoing.socket_type, [SocketType::Starttls]);
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
}

#[test]
fn a_value_of_another_kind_counts_as_nothing() {
    let text = with("socketType\", 3", "socketType\", \"3\"");
    assert_eq!(codes(&text), ["prefs-value-type"]);
    assert_eq!(read(&text).config.servers[0].socket_type, [SocketType::Plain]);
    assert_eq!(read(&text).config.servers[0].port, 110);
}

#[test]
fn an_error_costs_everything_up_to_the_next_semicolon() {
    let text = with(
        "\"smtp1\");\nuser_pref(\"mail.identity.id1.user",
        "\"smtp1\")\nuser_pref(\"mail.identity.id1.user",
    );
    let examined = read(&text);
    assert_eq!(examined.defects.len(), 1, "{:?}", examined.defects);
    assert_eq!(examined.config.address, None);
    let lost = &examined.defects[0];
    assert!(text[lost.span.clone()].starts_with("user_pref(\"mail.identity.id1.smtpServer\""));
}

#[test]
fn escapes_and_comments_are_those_of_the_preferences_grammar() {
    for (written, read_as) in [
        (r#""ann\x40example.com""#, Some("ann@example.com")),
        (r#"'ann\u0040example.com'"#, Some("ann@example.com")),
        (r#""\ud83d\ude00""#, Some("\u{1F600}")),
        (
            r#"/* who */ "a\"b" # end
"#,
            Some("a\"b"),
        ),
        (r#""a\tb""#, None),
        (r#""\ud83d""#, None),
        (r#""\x00""#, None),
    ] {
        let text = with("userName\", \"ann@example.com\"", &format!("userName\", {written}"));
        assert_eq!(read(&text).config.servers[0].username.as_deref(), read_as, "{written}");
    }
}

#[test]
fn the_last_of_two_counts() {
    let text =
        format!("{GOOD}user_pref(\"mail.server.server2.hostname\", \"pop2.example.com\");\n");
    assert_eq!(codes(&text), ["prefs-twice"]);
    assert_eq!(read(&text).config.servers[0].hostname, "pop2.example.com");
}

#[test]
fn an_outgoing_server_that_is_not_listed_is_named() {
    let text = with("smtpservers\", \"smtp1\"", "smtpservers\", \"smtp2\"");
    assert_eq!(codes(&text), ["prefs-outgoing-unlisted"]);
}

#[test]
fn a_long_file_is_read_in_time() {
    let keys: Vec<String> = (0..5_000).map(|n| format!("a{n}")).collect();
    let mut text =
        format!("user_pref(\"mail.accountmanager.accounts\", \"{}\");\n", keys.join(","));
    for key in &keys {
        text.push_str(&format!("user_pref(\"mail.account.{key}.server\", \"{key}\");\n"));
        text.push_str(&format!("user_pref(\"mail.server.{key}.type\", \"pop3\");\n"));
        text.push_str(&format!("user_pref(\"mail.server.{key}.port\", \"x\");\n"));
    }
    assert_eq!(read(&text).config.servers.len(), 0);
    let _ = read(&"user_pref(\"/*'".repeat(50_000));
}
