//! Each rule of the reader, tested with a good profile file and one changed line.

use super::*;
use crate::import::Reader;
use crate::model::{Authentication, ServerType, SocketType};

fn read(text: &str) -> Result<ReadConfig, Vec<super::super::Defect>> {
    Reader::Prf.read(text)
}

const GOOD: &str = "\
[General]
Custom=1
ProfileName=Outlook
DefaultProfile=Yes
OverwriteProfile=Append
ModifyDefaultProfileIfPresent=FALSE

[Service List]
Service1=Outlook Address Book

[Internet Account List]
Account1=I_Mail

[Account1]
UniqueService=No
AccountName=Example
DisplayName=Ann Example
EmailAddress=ann@example.com
POP3Server=pop.example.com
POP3UserName=ann
POP3Port=995
POP3UseSSL=1
POP3UseSPA=0
SMTPServer=smtp.example.com
SMTPPort=587
SMTPSecureConnection=2
SMTPUseAuth=1
SMTPAuthMethod=0
SMTPUseSPA=0
LeaveOnServer=0x000E0003

[Outlook Address Book]
ServiceName=CONTAB

[I_Mail]
AccountType=POP3
AccountName=PT_UNICODE,0x0002
DisplayName=PT_UNICODE,0x000B
EmailAddress=PT_UNICODE,0x000C
POP3Server=PT_UNICODE,0x0100
POP3UserName=PT_UNICODE,0x0101
POP3UseSPA=PT_LONG,0x0108
POP3Port=PT_LONG,0x0104
POP3UseSSL=PT_LONG,0x0105
SMTPServer=PT_UNICODE,0x0200
SMTPUseAuth=PT_LONG,0x0203
SMTPAuthMethod=PT_LONG,0x0208
SMTPUserName=PT_UNICODE,0x0204
SMTPUseSPA=PT_LONG,0x0207
SMTPPort=PT_LONG,0x0201
SMTPSecureConnection=PT_LONG,0x020A
LeaveOnServer=PT_LONG,0x1000
";

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
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
    assert_eq!(config.display_name.as_deref(), Some("Example"));
    let [pop, smtp] = &config.servers[..] else { panic!("{config:?}") };
    assert_eq!((pop.server_type, pop.port), (ServerType::Pop3, 995));
    assert_eq!(pop.socket_type, [SocketType::Ssl]);
    assert_eq!(pop.authentication, [Authentication::PasswordCleartext]);
    assert_eq!(pop.username.as_deref(), Some("ann"));
    assert_eq!(pop.leave_messages_on_server, Some(true));
    assert_eq!(pop.days_to_leave_messages_on_server, Some(14));
    assert_eq!((smtp.server_type, smtp.port), (ServerType::Smtp, 587));
    assert_eq!(smtp.socket_type, [SocketType::Starttls]);
    assert_eq!(smtp.username.as_deref(), Some("ann"));
    assert!(config.values.contains(&("Account1\\DisplayName".into(), "Ann Example".into())));
}

#[test]
fn an_imap_account_is_read_with_its_own_names() {
    let text = GOOD.replace("POP3", "IMAP").replace("I_Mail", "IMAP_I_Mail");
    let text = text
        .replace("LeaveOnServer=0x000E0003\n", "")
        .replace("LeaveOnServer=PT_LONG,0x1000\n", "");
    let config = read(&text).unwrap();
    assert_eq!(config.servers[0].server_type, ServerType::Imap);
    assert_eq!(config.servers[0].leave_messages_on_server, None);
}

#[test]
fn a_key_without_a_mapping_is_refused() {
    let message = refuses("LeaveOnServer=PT_LONG,0x1000\n", "");
    assert!(message.contains("drops"), "{message}");
    refuses("EmailAddress=ann", "Nickname=ann\nEmailAddress=ann");
}

#[test]
fn a_mapping_to_another_property_is_refused() {
    refuses("POP3Port=PT_LONG,0x0104", "POP3Port=PT_LONG,0x0105");
    refuses("POP3Port=PT_LONG,0x0104", "POP3Port=PT_UNICODE,0x0104");
    refuses("AccountType=POP3", "AccountType=POP");
}

#[test]
fn existing_accounts_are_kept() {
    refuses("OverwriteProfile=Append", "OverwriteProfile=Yes");
    refuses("OverwriteProfile=Append\n", "");
}

#[test]
fn a_mailbox_file_is_left_to_outlook() {
    refuses("Custom=1", "Custom=1\nDefaultStore=Service1");
    refuses(
        "Service1=Outlook Address Book",
        "Service1=Outlook Address Book\nService2=Unicode Personal Folders",
    );
    refuses("ServiceName=CONTAB", "ServiceName=X");
}

#[test]
fn lists_and_sections_belong_together() {
    refuses("Account1=I_Mail", "Account2=I_Mail");
    refuses("[I_Mail]", "[Other]\nA=b\n\n[I_Mail]");
    refuses("Custom=1", "Custom=2");
    refuses("Custom=1", "Customs=1");
}

#[test]
fn connections_are_what_outlooks_numbers_say() {
    assert_eq!(reads("POP3UseSSL=1", "POP3UseSSL=0").servers[0].socket_type, [SocketType::Plain]);
    let secure = |n| reads("SecureConnection=2", n).servers[1].socket_type.clone();
    assert_eq!(secure("SecureConnection=0"), [SocketType::Plain]);
    assert_eq!(secure("SecureConnection=1"), [SocketType::Ssl]);
    refuses("SecureConnection=2", "SecureConnection=3");
    refuses("POP3UseSSL=1", "POP3UseSSL=2");
    refuses("POP3UseSSL=1\n", "");
    refuses("POP3Port=995", "POP3Port=0");
    refuses("POP3Port=995\n", "");
    refuses("pop.example.com", "pop example");
}

#[test]
fn signing_in_is_what_outlooks_numbers_say() {
    let pop = |n| reads("POP3UseSPA=0", n).servers[0].authentication.clone();
    assert_eq!(pop("POP3UseSPA=1"), [Authentication::Ntlm]);
    let smtp = |n| reads("SMTPUseAuth=1\nSMTPAuthMethod=0", n).servers[1].clone();
    assert_eq!(smtp("SMTPUseAuth=0").authentication, [Authentication::None]);
    let after_pop = smtp("SMTPUseAuth=1\nSMTPAuthMethod=2").authentication;
    assert_eq!(after_pop, [Authentication::SmtpAfterPop]);
    let own = smtp("SMTPUseAuth=1\nSMTPAuthMethod=1\nSMTPUserName=out");
    assert_eq!(own.username.as_deref(), Some("out"));
    refuses("SMTPAuthMethod=0", "SMTPAuthMethod=1");
    refuses("SMTPAuthMethod=0", "SMTPAuthMethod=7");
}

#[test]
fn the_bits_of_leave_on_server_make_sense() {
    let leave = |n: &str| {
        let server = reads("0x000E0003", n).servers[0].clone();
        (server.leave_messages_on_server, server.days_to_leave_messages_on_server)
    };
    assert_eq!(leave("1"), (Some(true), None));
    assert_eq!(leave("0x0"), (Some(false), None));
    assert_eq!(leave("0x000E0007"), (Some(true), Some(14)));
    for bits in ["0x3", "0x000E0001", "0x2", "0x9", "x"] {
        refuses("0x000E0003", bits);
    }
}

#[test]
fn what_outlook_does_not_understand_is_no_plain_connection() {
    for (from, to) in [("POP3UseSSL=1", "POP3UseSSL=Yes"), ("Connection=2", "Connection=9")] {
        let examined = Reader::Prf.examine(&GOOD.replacen(from, to, 1));
        let first = |server: &super::super::ReadServer| server.socket_type.first().copied();
        let types: Vec<_> = examined.config.servers.iter().map(first).collect();
        assert_eq!(types, [Some(SocketType::Ssl), Some(SocketType::Starttls)], "{to}");
    }
}
