//! Each rule of the reader, tested with a good file per protocol and one changed line.

use super::*;
use crate::import::Reader;

const POP3: &str = "\
[retriever]
type = SimplePOP3SSLRetriever
server = pop.example.com
username = ann@example.com
password_command = (\"/usr/bin/pass\", \"show\", \"mail\")
ca_certs = /etc/ssl/certs/ca-certificates.crt

[destination]
type = Maildir
path = ~/Mail/

[options]
read_all = false
delete = false
delete_after = 14
";

const IMAP: &str = "\
[options]
read_all: no
[retriever]
  Type: SimpleIMAPRetriever
  Server: imap.example.com
  Port: \"1143\" # tunnel
  Username: bob
  mailboxes: ('INBOX',
    # more
    'Sent')
[destination]
type: MDA_external
path: /usr/bin/maildrop
";

fn codes(text: &str) -> Vec<&'static str> {
    Reader::Getmail.examine(text).defects.iter().map(|defect| defect.code.name).collect()
}

/// Asserts that this change to the good file causes exactly one defect.
#[track_caller]
fn refuses(from: &str, to: &str, code: &str) {
    let text = POP3.replacen(from, to, 1);
    assert_ne!(text, POP3, "{from}");
    assert_eq!(codes(&text), [code], "{to}");
}

#[track_caller]
fn reads(from: &str, to: &str) -> ReadServer {
    Reader::Getmail.read(&POP3.replacen(from, to, 1)).expect(to).servers.remove(0)
}

#[test]
fn a_good_file_for_pop3_is_read_whole() {
    let server = reads("", "");
    assert_eq!((server.server_type, server.port), (ServerType::Pop3, 995));
    assert_eq!(server.hostname, "pop.example.com");
    assert_eq!(server.socket_type, [SocketType::Ssl]);
    assert_eq!(server.authentication, [Authentication::PasswordCleartext]);
    assert_eq!(server.username.as_deref(), Some("ann@example.com"));
    assert_eq!(server.leave_messages_on_server, Some(true));
    assert_eq!(server.days_to_leave_messages_on_server, Some(14));
}

#[test]
fn a_good_file_for_imap_is_read_whole() {
    let server = Reader::Getmail.read(IMAP).unwrap().servers.remove(0);
    assert_eq!((server.server_type, server.port), (ServerType::Imap, 1143));
    assert_eq!(server.socket_type, [SocketType::Plain]);
    assert_eq!(server.username.as_deref(), Some("bob"));
    assert_eq!(server.days_to_leave_messages_on_server, None);
}

#[test]
fn ports_are_those_of_the_type() {
    for (name, port) in [
        ("SimplePOP3SSLRetriever", 995),
        ("BrokenUIDLPOP3SSLRetriever", 995),
        ("SimpleIMAPSSLRetriever", 993),
    ] {
        assert_eq!(reads("SimplePOP3SSLRetriever", name).port, port);
    }
    let plain = "SimplePOP3Retriever\n#";
    let text = POP3.replace("SimplePOP3SSLRetriever", plain).replace("ca_certs", "#");
    assert_eq!(Reader::Getmail.read(&text).unwrap().servers[0].port, 110);
}

#[test]
fn what_is_deleted_does_not_stay_for_days() {
    let kept = |from: &str, to: &str| {
        let server = reads(from, to);
        (server.leave_messages_on_server, server.days_to_leave_messages_on_server)
    };
    assert_eq!(kept("delete = false", "delete = On"), (Some(false), None));
    assert_eq!(kept("delete_after = 14", "delete_after = 0"), (Some(true), None));
}

#[test]
fn ways_to_sign_in_have_an_order() {
    let way = |line: &str| reads("username", &format!("{line}\nusername")).authentication;
    assert_eq!(way("use_xoauth2 = true"), [Authentication::OAuth2]);
    assert_eq!(way("use_apop = 1\nuse_xoauth2 = yes"), [Authentication::PasswordEncrypted]);
    let text = IMAP.replace("  Username", "  use_kerberos: on\n  use_xoauth2: on\n  Username");
    let server = Reader::Getmail.read(&text).unwrap().servers.remove(0);
    assert_eq!(server.authentication, [Authentication::Gssapi]);
}

#[test]
fn a_line_further_right_goes_on_with_the_one_above() {
    let text = POP3.replace("\npassword_command", "\n password_command");
    let examined = Reader::Getmail.examine(&text);
    assert_eq!(codes(&text), ["getmail-continued"]);
    assert_eq!(examined.config.servers[0].username.as_deref(), Some("ann@example.com"));
    // After an empty line, an indented line still continues the value.
    refuses("ann@example.com\n", "ann@example.com\n\n  port = 1\n", "getmail-continued");
    assert_eq!(reads("username", "port = 1995\nusername").port, 1995);
}

#[test]
fn what_python_or_getmail_refuses_is_refused() {
    refuses("delete = false", "delete", "getmail-syntax");
    refuses("[retriever]", "a = b\n[retriever]", "getmail-syntax");
    refuses("delete = false", "delete = false\nDelete: false", "getmail-twice");
    refuses("[options]", "[destination]\n[options]", "getmail-twice");
    refuses("[options]", "[Options]", "getmail-unknown-section");
    refuses("type = Maildir", "type = Mailbox", "getmail-unknown-type");
    refuses("SimplePOP3SSL", "simplepop3ssl", "getmail-unknown-type");
    refuses("server = pop.example.com\n", "", "getmail-missing-option");
    refuses("~/Mail/", "~/Mail", "getmail-maildir");
    refuses("ca_certs", "cacerts", "getmail-unknown-option");
    refuses("read_all", "read-all", "getmail-unknown-option");
    refuses("delete = false", "delete = 2", "getmail-value");
    refuses("= 14", "= 14d", "getmail-value");
    refuses("username", "port = 0995\nusername", "getmail-value");
    refuses("username", "port = 99500\nusername", "getmail-port");
    refuses("pop.example.com", "'pop.example.com'", "getmail-hostname");
    refuses("(\"/usr/bin/pass\", \"show\", \"mail\")", "(\"pass\")", "getmail-tuple");
    refuses(
        "delete = false",
        "skip_imap_fetch_size = on\nmax_message_size = 9",
        "getmail-skip-size",
    );
    assert_eq!(
        codes("[retriever]\n"),
        [
            "getmail-missing-option",
            "getmail-missing-option",
            "getmail-missing-option",
            "getmail-no-section"
        ]
    );
}

#[test]
fn a_tuple_is_read_as_python_reads_it() {
    let is = |text: &str, items: &[&str]| {
        let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
        assert_eq!(python::tuple(text), Some(items), "{text}");
    };
    is("", &[]);
    is("()", &[]);
    is("('a',)", &["a"]);
    is("'a', \"b\"", &["a", "b"]);
    is("( 'a' \"b\",\n r'c\\d', # x\n 'e\\'f' )", &["ab", "c\\d", "e'f"]);
    for text in
        ["('a')", "'a'", "(a,)", "('a',", "('a',) x", "('a\n',)", "pass show", "(,)", "1, 2"]
    {
        assert_eq!(python::tuple(text), None, "{text}");
    }
}

#[test]
fn a_number_is_read_as_python_reads_it() {
    for (text, number) in [
        ("995", Some(995)),
        ("'0995'", Some(995)),
        ("0995", None),
        ("00", Some(0)),
        ("-1", Some(-1)),
        ("9_95 # x", Some(995)),
        ("\"995\" #", Some(995)),
        ("995 ; x", None),
        ("'995' 1", None),
        ("__1", None),
        ("", None),
    ] {
        assert_eq!(python::number(text), number, "{text}");
    }
}
