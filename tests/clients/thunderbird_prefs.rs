//! Does our reader make of a prefs.js what Thunderbird makes of it?

use mailwright::internals::import::{ReadServer, Reader};
use mailwright::internals::model::{Authentication, ServerType};
use serde_json::{Value, json};

use crate::support;
use crate::thunderbird::{Install, Profile, Thunderbird};

/// One account and the local folders, in the order in which Thunderbird writes them.
const PLAIN: &str = r#"user_pref("mail.account.account1.identities", "id1");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account2.server", "server2");
user_pref("mail.accountmanager.accounts", "account1,account2");
user_pref("mail.accountmanager.localfoldersserver", "server2");
user_pref("mail.identity.id1.fullName", "Ann");
user_pref("mail.identity.id1.smtpServer", "smtp1");
user_pref("mail.identity.id1.useremail", "ann@example.com");
user_pref("mail.server.server1.hostname", "pop.example.com");
user_pref("mail.server.server1.socketType", 3);
user_pref("mail.server.server1.type", "pop3");
user_pref("mail.server.server1.userName", "ann@example.com");
user_pref("mail.server.server2.hostname", "Local Folders");
user_pref("mail.server.server2.type", "none");
user_pref("mail.server.server2.userName", "nobody");
user_pref("mail.smtpserver.smtp1.hostname", "smtp.example.com");
user_pref("mail.smtpserver.smtp1.try_ssl", 2);
user_pref("mail.smtpserver.smtp1.username", "ann@example.com");
user_pref("mail.smtpservers", "smtp1");
"#;

/// What is otherwise in each profile.
const CHANGES: [(&str, &str); 3] = [
    ("", ""),
    // A value of another kind, an escape, an old flag.
    (
        "\"mail.server.server1.socketType\", 3);",
        "\"mail.server.server1.port\", \"995\");\n\
         user_pref(\"mail.server.server1.authMethod\", 10);\n\
         user_pref('mail.server.server1.leave_on_server', true); # kept\n\
         user_pref(\"mail.server.server1.isSecure\", /* old */ true);\n\
         user_pref(\"mail.smtpserver.smtp1.username\", \"a\\x6e\\u006e\");",
    ),
    // An error that costs the line behind it, the same preference again.
    (
        "\"pop.example.com\");\nuser_pref(\"mail.server.server1.socketType\", 3);\n\
         user_pref(\"mail.server.server1.type\", \"pop3\");",
        "\"pop.example.com\");\nuser_pref(\"mail.server.server1.authMethod\", 4)\n\
         user_pref(\"mail.server.server1.socketType\", 3);\n\
         user_pref(\"mail.server.server1.type\", \"pop3\");\n\
         user_pref(\"mail.server.server1.type\", \"imap\");\n\
         user_pref(\"mail.server.server1.hostname\", \"imap.example.com\");\n\
         user_pref(\"mail.smtpserver.smtp1.port\", 2525);",
    ),
];

#[test]
fn a_profile_is_read_as_thunderbird_reads_it() {
    needs!("thunderbird");
    support::alone("thunderbird_prefs::a_profile_is_read_as_thunderbird_reads_it", || {
        for (from, to) in CHANGES {
            assert!(PLAIN.contains(from), "{from}");
            let text = PLAIN.replacen(from, to, usize::from(!from.is_empty()));
            let found = Thunderbird::start(&Install::new(), &Profile::new(&text)).accounts();
            let read = Reader::Prefs.examine(&text).config;
            let [incoming, outgoing] = &read.servers[..] else { panic!("{read:?}") };
            let mut account = found["accounts"][0].clone();
            let fields = account.as_object_mut().expect("an account has fields");
            let identities = fields.remove("identities").unwrap_or_default();
            assert_eq!(account, as_shown(incoming), "{text}");
            assert_eq!(identities[0]["outgoing"], outgoing.hostname, "{text}");
            // It shows no port where none is set, and takes the usual one when it sends.
            let mut shown = found["outgoing"][0].clone();
            if shown["port"] == 0 {
                shown["port"] = json!(587);
            }
            assert_eq!(shown, as_shown(outgoing), "{text}");
        }
    });
}

/// With an IMAP account it ends in the same place; that is nothing to be asked in a test.
#[test]
fn an_account_with_a_port_in_its_host_name_is_dropped() {
    needs!("thunderbird");
    support::alone("thunderbird_prefs::an_account_with_a_port_in_its_host_name_is_dropped", || {
        let text = PLAIN.replace("\"pop.example.com\"", "\"pop.example.com:995\"");
        let found = Thunderbird::start(&Install::new(), &Profile::new(&text)).accounts();
        let types: Vec<&Value> = found["accounts"]
            .as_array()
            .expect("a list of accounts")
            .iter()
            .map(|account| &account["type"])
            .collect();
        assert_eq!(types, ["none"], "{found:#}");
        let defects = Reader::Prefs.examine(&text).defects;
        assert_eq!(defects[0].code, "prefs-port-in-hostname");
    });
}

fn as_shown(server: &ReadServer) -> Value {
    let method = match server.authentication[..] {
        [Authentication::OAuth2] => 10,
        [Authentication::PasswordEncrypted] => 4,
        _ => 3,
    };
    let mut shown = json!({
        "hostname": server.hostname, "port": server.port,
        "socketType": server.socket_type[0].to_string(), "authMethod": method,
        "username": server.username,
    });
    if server.server_type != ServerType::Smtp {
        shown["type"] = json!(server.server_type.to_string());
        shown["leaveMessagesOnServer"] = json!(server.leave_messages_on_server.unwrap_or(false));
    }
    shown
}
