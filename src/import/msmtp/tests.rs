//! What the reader gets from files of both programs, and the defects that it reports.

use super::*;
use crate::import::Reader;

const SENDS: &str = "\
# Ann's
defaults
tls on
logfile ~/.msmtp.log

account example
host \"smtp.example.com\"
port 587
from ann@example.com
auth on
user\t ann@example.com
passwordeval \"pass show mail/ann@example.com\"

account default : example
";

const FETCHES: &str = "\
account default
host pop.example.com
tls on
tls_starttls off
user \"ann\"
passwordeval pass show mail/ann
delivery maildir ~/Mail
keep on
";

fn codes(reader: Reader, text: &str) -> Vec<&'static str> {
    reader.examine(text).defects.iter().map(|defect| defect.code.name).collect()
}

/// Asserts that this change to the good file causes exactly one defect.
#[track_caller]
fn refuses(reader: Reader, from: &str, to: &str, code: &str) {
    let good = if reader == Reader::Msmtp { SENDS } else { FETCHES };
    let text = good.replacen(from, to, 1);
    assert_ne!(text, good, "{from}");
    assert_eq!(codes(reader, &text), [code], "{to}");
}

fn sender(text: &str) -> ReadServer {
    Reader::Msmtp.read(text).expect(text).servers.remove(0)
}

#[test]
fn a_good_msmtprc_is_read_whole() {
    let config = Reader::Msmtp.read(SENDS).unwrap();
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
    let [server] = &config.servers[..] else { panic!("{config:?}") };
    assert_eq!((server.server_type, server.port), (ServerType::Smtp, 587));
    assert_eq!(server.hostname, "smtp.example.com");
    assert_eq!(server.socket_type, [SocketType::Starttls]);
    assert_eq!(server.authentication, [Authentication::PasswordCleartext]);
    assert_eq!(server.username.as_deref(), Some("ann@example.com"));
}

#[test]
fn a_good_mpoprc_is_read_whole() {
    let config = Reader::Mpop.read(FETCHES).unwrap();
    let [server] = &config.servers[..] else { panic!("{config:?}") };
    assert_eq!((server.server_type, server.port), (ServerType::Pop3, 995));
    assert_eq!(server.socket_type, [SocketType::Ssl]);
    assert_eq!(server.username.as_deref(), Some("ann"));
    assert_eq!(server.leave_messages_on_server, Some(true));
}

#[test]
fn ports_are_those_of_the_way_to_tls() {
    for (tls, port) in [
        ("", 25),
        ("tls\n", 25),
        ("tls on\ntls_starttls off\n", 465),
        ("tls on\ntls_nostarttls\n", 465),
        ("tls_starttls off\n", 25),
    ] {
        assert_eq!(sender(&format!("account default\nhost h.example.com\n{tls}")).port, port);
    }
    let written = |port| sender(&format!("account a\nhost h.example.com\nport {port}\n")).port;
    assert_eq!([written("0x1D1"), written("025"), written("+26")], [465, 21, 26]);
}

#[test]
fn an_account_has_what_it_is_made_from_says_itself() {
    let text = "account a\nhost a.example.com\ndefaults\ntls on\nport 587\n\
                account b : a\nhost b.example.com\naccount c : b, a\n";
    let config = Reader::Msmtp.read(text).unwrap();
    let seen: Vec<_> =
        config.servers.iter().map(|s| (&*s.hostname, s.port, s.socket_type[0])).collect();
    // The last one has the host of `a`, and everything else of b and the defaults.
    assert_eq!(
        seen,
        [
            ("a.example.com", 25, SocketType::Plain),
            ("b.example.com", 587, SocketType::Starttls),
            ("a.example.com", 587, SocketType::Starttls),
        ]
    );
}

#[test]
fn an_account_that_others_are_made_from_may_lack_something() {
    let text = "account common\ntls on\nauth on\nhost h.example.com\n\
                account a : common\nuser a\naccount b : common\nuser b\n";
    let config = Reader::Msmtp.read(text).unwrap();
    let names: Vec<_> = config.servers.iter().filter_map(|s| s.username.as_deref()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn msmtp_has_an_account_before_the_first_one() {
    assert_eq!(sender("host h.example.com\nport 587\n").port, 587);
    assert_eq!(
        codes(Reader::Msmtp, "host h.example.com\naccount default\nhost x.example.com\n"),
        ["msmtp-account-twice"]
    );
    assert_eq!(codes(Reader::Mpop, &format!("tls on\n{FETCHES}"))[0], "msmtp-no-account");
}

#[test]
fn words_for_signing_in_are_those_of_the_model() {
    let way = |word: &str| {
        let text = SENDS.replace("auth on", word);
        sender(&text).authentication
    };
    assert_eq!(way("auth"), [Authentication::PasswordCleartext]);
    assert_eq!(way("auth login"), [Authentication::PasswordCleartext]);
    assert_eq!(way("auth scram-sha-256"), [Authentication::PasswordEncrypted]);
    assert_eq!(way("auth oauthbearer"), [Authentication::OAuth2]);
    assert_eq!(way("auth off"), [Authentication::None]);
    assert_eq!(way("# auth"), [Authentication::None]);
}

#[test]
fn days_are_those_of_keep() {
    let kept = |line: &str| {
        let server =
            Reader::Mpop.read(&FETCHES.replace("keep on", line)).unwrap().servers.remove(0);
        (server.leave_messages_on_server, server.days_to_leave_messages_on_server)
    };
    assert_eq!(kept(""), (Some(false), None));
    assert_eq!(kept("keep"), (Some(true), None));
    assert_eq!(kept("keep 13d12h"), (Some(true), Some(14)));
    assert_eq!(kept("keep 0d"), (Some(false), None));
}

#[test]
fn what_the_programs_refuse_is_refused() {
    use Reader::{Mpop, Msmtp};
    refuses(Msmtp, "tls on", "tls yes", "msmtp-value");
    refuses(Msmtp, "tls on", "Tls on", "msmtp-unknown-command");
    refuses(Msmtp, "tls on", "tls on\nkeep on", "msmtp-unknown-command");
    refuses(Msmtp, "port 587", "port 0587", "msmtp-port");
    refuses(Msmtp, "defaults", "defaults x", "msmtp-value");
    refuses(Msmtp, ": example", ": other", "msmtp-unknown-parent");
    refuses(Msmtp, ": example", ":", "msmtp-unknown-parent");
    refuses(Msmtp, "default : example", "example : example", "msmtp-account-twice");
    refuses(Msmtp, "smtp.example.com", "smtp.example.com:587", "msmtp-hostname");
    refuses(Msmtp, "user\t ann@example.com", "user", "msmtp-no-user");
    refuses(Msmtp, "port 587", "port 587\ntls_trust_file", "msmtp-tls-files");
    refuses(Msmtp, "tls on", &format!("tls on\n# {}", "x".repeat(498)), "msmtp-line");
    refuses(Mpop, "host pop.example.com\n", "", "msmtp-no-host");
    refuses(Mpop, "delivery maildir ~/Mail", "", "msmtp-no-delivery");
    refuses(Mpop, "maildir ~/Mail", "maildir", "msmtp-value");
    refuses(Mpop, "keep on", "keep 14", "msmtp-value");
    refuses(Mpop, "keep on", "auth off", "msmtp-value");
    refuses(Mpop, "keep on", "skipsize 1g", "msmtp-value");
}

#[test]
fn a_line_is_as_long_as_the_buffer() {
    let with = |length: usize| SENDS.replace("# Ann's", &format!("#{}", "x".repeat(length - 1)));
    assert_eq!(codes(Reader::Msmtp, &with(499)), [""; 0]);
    assert_eq!(codes(Reader::Msmtp, &with(500)), ["msmtp-line"]);
}

#[test]
fn what_a_command_prints_is_not_missing() {
    let text = SENDS.replace("user\t ann@example.com", "eval echo user ann");
    assert_eq!(codes(Reader::Msmtp, &text), [""; 0]);
}

#[test]
fn a_word_that_is_refused_is_no_plain_connection() {
    let examined = Reader::Msmtp.examine(&SENDS.replace("tls on", "tls yes"));
    assert_eq!(examined.config.servers[0].socket_type, [SocketType::Starttls]);
}
