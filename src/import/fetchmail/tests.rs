//! What the reader gets from run control files, and the defects that it reports.

use super::*;
use crate::import::Reader;
use crate::import::defects::MOST_ACCOUNTS;
use crate::model::{Authentication, ServerType, SocketType};

const GOOD: &str = "poll pop.example.com proto pop3 port 995\n\
                    user \"ann@example.com\" ssl sslproto \"auto\" keep\n";

fn codes(text: &str) -> Vec<&'static str> {
    read(text).defects.iter().map(|defect| defect.code.name).collect()
}

#[test]
fn a_file_without_a_defect_is_read_whole() {
    let config = Reader::Fetchmail.read(GOOD).unwrap();
    let server = &config.servers[0];
    assert_eq!(server.server_type, ServerType::Pop3);
    assert_eq!((&*server.hostname, server.port), ("pop.example.com", 995));
    assert_eq!(server.socket_type, [SocketType::Ssl]);
    assert_eq!(server.authentication, [Authentication::PasswordCleartext]);
    assert_eq!(server.username.as_deref(), Some("ann@example.com"));
    assert_eq!(server.leave_messages_on_server, Some(true));
    assert_eq!(server.span, 0..GOOD.len() - 1);
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
}

#[test]
fn what_is_not_said_comes_from_defaults_and_from_fetchmail() {
    let text = "defaults proto imap user ann ssl\npoll work via imap.example.com\n\
                poll imap2.example.com no ssl keep sslproto ''\n";
    let servers = read(text).config.servers;
    assert_eq!((&*servers[0].hostname, servers[0].port), ("imap.example.com", 993));
    assert_eq!((&*servers[1].hostname, servers[1].port), ("imap2.example.com", 143));
    assert_eq!(servers[1].socket_type, [SocketType::Plain]);
    assert_eq!(servers[1].username.as_deref(), Some("ann"));
}

#[test]
fn the_check_of_the_certificate_makes_starttls_a_must() {
    let way = |more: &str| {
        let text = format!("poll pop.example.com proto pop3 user ann {more}\n");
        read(&text).config.servers[0].socket_type.clone()
    };
    assert_eq!(way("keep"), [SocketType::Starttls]);
    assert_eq!(way("no sslcertck"), [SocketType::Starttls, SocketType::Plain]);
    assert_eq!(way("no sslcertck sslproto 'tls1.2+'"), [SocketType::Starttls]);
    assert_eq!(way("sslproto ''"), [SocketType::Plain]);
}

#[test]
fn a_wrong_word_is_named_once_and_the_rest_is_read() {
    let text = "poll pop.example.com proto pop3 usr ann x y z user bob ssl keep nosslcertck\n";
    assert_eq!(codes(text), ["fetchmail-unknown-word", "fetchmail-unknown-word"]);
    let defects = read(text).defects;
    assert!(defects[0].message.contains("did you mean user?"), "{defects:?}");
    assert!(defects[1].message.contains("a word of its own"), "{defects:?}");
    assert_eq!(&text[defects[0].span.clone()], "usr");
    assert_eq!(read(text).config.servers[0].username.as_deref(), Some("bob"));
}

#[test]
fn the_word_behind_user_is_a_name_whatever_it_is() {
    let text = "poll pop.example.com proto pop3 user keep password ssl ssl keep\n";
    let server = &read(text).config.servers[0];
    assert_eq!(server.username.as_deref(), Some("keep"));
    assert_eq!((server.port, server.leave_messages_on_server), (995, Some(true)));
}

#[test]
fn another_account_is_left_out() {
    let text = format!("{GOOD}poll imap.example.net proto imap user joe ssl keep\n");
    assert_eq!(read(&text).config.servers.len(), 1);
    let same = format!("{GOOD}poll imap.example.com proto imap user ann@example.com ssl keep\n");
    assert_eq!(read(&same).config.servers.len(), 2);
}

#[test]
fn a_long_file_is_read_up_to_its_thousandth_mailbox() {
    let poll = "poll pop.example.com proto pop3 user ann 'x x x keep # a\n";
    // The quotation marks of two lines enclose one string.
    let examined = read(&poll.repeat(20_000));
    assert_eq!(examined.config.servers.len(), MOST_ACCOUNTS);
    assert!(examined.defects.iter().any(|defect| defect.code == codes::READ_IN_PART));
    let defaults = format!("defaults user ann mda '{}'\n", "x".repeat(100_000));
    assert_eq!(
        read(&(defaults + &"poll a.example.com\n".repeat(5_000))).config.servers.len(),
        MOST_ACCOUNTS
    );
}
