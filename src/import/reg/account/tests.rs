//! Each rule of the reader, tested with one account as regedit exports it and a changed value.

use super::super::super::{ReadServer, Reader};
use crate::model::{Authentication, ServerType, SocketType};

const KEY: &str = "HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook\\Profiles\\Outlook\\\
                   9375CFF0413111d3B88A00104B2A6676\\00000002";

const POP3: &str = "\"clsid\"=\"{ED475411-B0D6-11D2-8C3B-00104B2A6676}\"\n\
                    \"Account Name\"=\"Example\"\n\"Email\"=\"ann@example.com\"\n\
                    \"POP3 Server\"=\"pop.example.com\"\n\"POP3 User\"=\"ann\"\n\
                    \"POP3 Port\"=dword:000003e3\n\"POP3 Use SSL\"=dword:00000001\n\
                    \"Leave on Server\"=dword:000e0007\n\"SMTP Server\"=\"smtp.example.com\"\n\
                    \"SMTP Use Auth\"=dword:00000001\n\"SMTP Port\"=dword:0000024b\n\
                    \"SMTP Secure Connection\"=dword:00000002\n";

fn file(key: &str, values: &str) -> String {
    format!("Windows Registry Editor Version 5.00\n\n[{key}]\n{values}")
}

#[track_caller]
fn servers(values: &str) -> Vec<ReadServer> {
    Reader::Reg.read(&file(KEY, values)).expect("nothing is wrong").servers
}

fn codes(values: &str) -> Vec<&'static str> {
    let examined = Reader::Reg.examine(&file(KEY, values));
    examined.defects.iter().map(|defect| defect.code.name).collect()
}

#[test]
fn an_account_has_a_server_to_read_from_and_one_to_send_through() {
    let config = Reader::Reg.read(&file(KEY, POP3)).unwrap();
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
    assert_eq!(config.display_name.as_deref(), Some("Example"));
    let [pop3, smtp] = &config.servers[..] else { panic!("{:?}", config.servers) };
    assert_eq!(
        (pop3.server_type, &*pop3.hostname, pop3.port),
        (ServerType::Pop3, "pop.example.com", 995)
    );
    assert_eq!(pop3.socket_type, [SocketType::Ssl]);
    assert_eq!(pop3.username.as_deref(), Some("ann"));
    assert_eq!(pop3.leave_messages_on_server, Some(true));
    assert_eq!(pop3.days_to_leave_messages_on_server, Some(14));
    assert_eq!(
        (smtp.server_type, &*smtp.hostname, smtp.port),
        (ServerType::Smtp, "smtp.example.com", 587)
    );
    assert_eq!(smtp.socket_type, [SocketType::Starttls]);
    // The same user name as for the incoming server.
    assert_eq!(smtp.username.as_deref(), Some("ann"));
    assert_eq!(smtp.authentication, [Authentication::PasswordCleartext]);
}

#[test]
fn the_newer_value_decides_which_tls() {
    let imap = POP3
        .replace("ED475411", "ED475412")
        .replace("POP3 ", "IMAP ")
        .replace("\"IMAP Port\"=dword:000003e3", "\"IMAP Port\"=dword:0000008f")
        + "\"IMAP Secure Connection\"=dword:00000002\n";
    let [imap, _] = &servers(&imap)[..] else { panic!("two servers") };
    assert_eq!((imap.server_type, imap.port), (ServerType::Imap, 143));
    assert_eq!(imap.socket_type, [SocketType::Starttls]);
    assert_eq!(imap.leave_messages_on_server, None);
}

/// Up to Outlook 2010, profiles of Windows Messaging stored texts as bytes.
#[test]
fn texts_in_bytes_are_read_as_texts() {
    let bytes = |text: &str| {
        let units = text.encode_utf16().chain([0]);
        let bytes: Vec<String> =
            units.flat_map(u16::to_le_bytes).map(|byte| format!("{byte:02x}")).collect();
        format!("hex:{}", bytes.join(","))
    };
    let old = POP3
        .replace("\"pop.example.com\"", &bytes("pop.example.com"))
        .replace("\"ann\"", &bytes("ännchen"));
    let [pop3, _] = &servers(&old)[..] else { panic!("two servers") };
    assert_eq!((&*pop3.hostname, pop3.username.as_deref()), ("pop.example.com", Some("ännchen")));
}

#[test]
fn the_defaults_are_those_of_outlook() {
    let bare = "\"POP3 Server\"=\"pop.example.com\"\n\"SMTP Server\"=\"smtp.example.com\"\n";
    let examined = Reader::Reg.examine(&file(KEY, bare));
    let [pop3, smtp] = &examined.config.servers[..] else { panic!("two servers") };
    assert_eq!((pop3.port, smtp.port), (110, 25));
    assert_eq!(
        (&pop3.socket_type[..], &smtp.socket_type[..]),
        (&[SocketType::Plain][..], &[SocketType::Plain][..])
    );
    assert_eq!(smtp.authentication, [Authentication::None]);
    assert_eq!(
        codes(bare),
        [
            "reg-account-no-security",
            "reg-account-no-port",
            "reg-account-no-port",
            "reg-account-no-security"
        ]
    );
}

#[test]
fn a_number_may_be_digits_of_a_string_and_nothing_else() {
    let text = POP3.replace("dword:000003e3", "\"995\"");
    assert_eq!(servers(&text)[0].port, 995);
    assert_eq!(codes(&POP3.replace("dword:000003e3", "\"pop3s\"")), ["reg-account-port"]);
    assert_eq!(codes(&POP3.replace("dword:00000002", "dword:00000009")), ["reg-account-number"]);
}

#[test]
fn only_the_keys_of_accounts_are_accounts() {
    let elsewhere = Reader::Reg.read(&file("HKEY_CURRENT_USER\\Software\\Example", POP3)).unwrap();
    assert_eq!(elsewhere.servers, []);
    // A few changed values are not an account, and neither are the lists of a profile.
    assert_eq!(servers("\"Leave on Server\"=dword:00000001\n"), []);
    assert_eq!(servers("\"clsid\"=\"{ED475419-B0D6-11D2-8C3B-00104B2A6676}\"\n"), []);
    assert_eq!(
        codes("\"clsid\"=\"{ED475414-B0D6-11D2-8C3B-00104B2A6676}\"\n"),
        ["reg-account-other"]
    );
}

#[test]
fn an_account_of_another_provider_is_left_out_and_said() {
    let second = KEY.replace("00000002", "00000003");
    let other = POP3.replace("ann@example.com", "ann@example.net").replace("pop.", "pop2.");
    let text = file(KEY, POP3) + &format!("\n[{second}]\n{other}");
    let examined = Reader::Reg.examine(&text);
    assert_eq!(examined.config.servers.len(), 2);
    assert_eq!(examined.defects[0].code, "reg-account-another");
    let same =
        file(KEY, POP3) + &format!("\n[{second}]\n{}", other.replace("example.net", "example.com"));
    assert_eq!(Reader::Reg.read(&same).unwrap().servers.len(), 4);
}

#[test]
fn days_that_outlook_keeps_without_using_them_are_no_defect() {
    let kept = POP3.replace("000e0007", "000e0001");
    let [pop3, _] = &servers(&kept)[..] else { panic!("two servers") };
    assert_eq!(pop3.leave_messages_on_server, Some(true));
    assert_eq!(pop3.days_to_leave_messages_on_server, None);
    for wrong in ["00000003", "000e0002", "00000010"] {
        let text = POP3.replace("000e0007", wrong);
        assert_eq!(codes(&text), ["reg-account-leave-on-server"], "{wrong}");
    }
}
