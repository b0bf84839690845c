//! Each rule of the reader, tested with one good profile and a change that breaks it.

use super::*;
use crate::import::Reader;
use crate::model::{Authentication, ServerType, SocketType};

fn read(text: &str) -> Result<ReadConfig, Vec<super::super::Defect>> {
    Reader::Mobileconfig.read(text)
}

const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadType</key>
			<string>com.apple.mail.managed</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
			<key>PayloadIdentifier</key>
			<string>com.example.mailwright.ann.mail</string>
			<key>PayloadUUID</key>
			<string>0d2ee1a4-5c0b-5c5e-9f37-6b3f0f6a9c11</string>
			<key>PayloadDisplayName</key>
			<string>Example Mail</string>
			<key>EmailAccountType</key>
			<string>EmailTypePOP</string>
			<key>EmailAddress</key>
			<string>ann@example.com</string>
			<key>IncomingMailServerAuthentication</key>
			<string>EmailAuthPassword</string>
			<key>IncomingMailServerHostName</key>
			<string>pop.example.com</string>
			<key>IncomingMailServerPortNumber</key>
			<integer>995</integer>
			<key>IncomingMailServerUseSSL</key>
			<true/>
			<key>IncomingMailServerUsername</key>
			<string>ann@example.com</string>
			<key>OutgoingMailServerAuthentication</key>
			<string>EmailAuthCRAMMD5</string>
			<key>OutgoingMailServerHostName</key>
			<string>smtp.example.com</string>
			<key>OutgoingMailServerPortNumber</key>
			<integer>587</integer>
			<key>OutgoingMailServerUseSSL</key>
			<true/>
			<key>OutgoingPasswordSameAsIncomingPassword</key>
			<true/>
		</dict>
	</array>
	<key>PayloadDisplayName</key>
	<string>Example</string>
	<key>PayloadIdentifier</key>
	<string>com.example.mailwright.ann</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>7b0c0a52-31fd-5b0e-8a27-4d1b6a1b5f10</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
"#;

/// The good profile with an ActiveSync payload in place of the mail payload.
fn exchange(keys: &str) -> String {
    let (from, to) =
        (GOOD.find("\t\t\t<key>EmailAccountType").unwrap(), GOOD.find("\t\t</dict>").unwrap());
    [&GOOD[..from], keys, &GOOD[to..]].concat().replace("mail.managed", "eas.account")
}

fn errors_of(text: &str) -> Vec<String> {
    read(text).map_or_else(|errors| errors.into_iter().map(|e| e.message).collect(), |_| vec![])
}

fn refuses(from: &str, to: &str) -> String {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "{from}");
    let errors = errors_of(&text);
    assert_eq!(errors.len(), 1, "{to}: {errors:?}");
    errors[0].clone()
}

fn reads(from: &str, to: &str) -> ReadConfig {
    read(&GOOD.replacen(from, to, 1)).expect(to)
}

/// A key and its value as written in the good profile.
fn pair(key: &str) -> &'static str {
    let from = GOOD.find(&format!("\t\t\t<key>{key}<")).unwrap();
    let value = from + GOOD[from..].find('\n').unwrap() + 1;
    &GOOD[from..value + GOOD[value..].find('\n').unwrap() + 1]
}

#[test]
fn a_good_profile_is_read_whole() {
    let config = read(GOOD).unwrap();
    assert_eq!(config.id.as_deref(), Some("com.example.mailwright.ann"));
    assert_eq!(config.display_name.as_deref(), Some("Example"));
    assert_eq!(config.address.as_deref(), Some("ann@example.com"));
    let [pop, smtp] = &config.servers[..] else { panic!("{config:?}") };
    assert_eq!((pop.server_type, pop.port), (ServerType::Pop3, 995));
    assert_eq!(pop.socket_type, [SocketType::Ssl]);
    assert_eq!(pop.authentication, [Authentication::PasswordCleartext]);
    assert_eq!(pop.username.as_deref(), Some("ann@example.com"));
    assert_eq!((smtp.server_type, smtp.port), (ServerType::Smtp, 587));
    assert_eq!(smtp.socket_type, [SocketType::Starttls]);
    assert_eq!(smtp.authentication, [Authentication::PasswordEncrypted]);
    assert_eq!(smtp.username, None);
    let value = ("PayloadContent[0].EmailAddress".to_owned(), "ann@example.com".to_owned());
    assert!(config.values.contains(&value));
}

#[test]
fn every_required_key_is_asked_for() {
    for key in [
        "PayloadVersion",
        "PayloadIdentifier",
        "PayloadUUID",
        "PayloadDisplayName",
        "IncomingMailServerAuthentication",
        "IncomingMailServerHostName",
        "OutgoingMailServerHostName",
    ] {
        assert!(refuses(pair(key), "").contains(key));
    }
    refuses(pair("EmailAccountType"), &pair("EmailAccountType").replace("POP", "EXCHANGE"));
    refuses("\t<key>PayloadType</key>\n\t<string>Configuration</string>\n", "");
}

#[test]
fn keys_are_known_and_of_their_type() {
    assert!(
        refuses(pair("EmailAddress"), "<key>emailAddress</key><string>a@b.example</string>")
            .contains("written EmailAddress")
    );
    refuses(pair("EmailAddress"), "<key>PayloadEnabled</key><true/>");
    refuses("<integer>995</integer>", "<string>995</string>");
    refuses("<integer>995</integer>", "<real>995</real>");
    refuses("<integer>1</integer>", "<integer>2</integer>");
    refuses("EmailAuthCRAMMD5", "EmailAuthOAuth2");
    refuses(">Configuration<", ">Profile<");
}

#[test]
fn an_apple_doctype_is_there() {
    let doctype = &GOOD[GOOD.find("<!DOCTYPE").unwrap()..GOOD.find("<plist").unwrap()];
    refuses(doctype, "");
}

#[test]
fn uuids_are_uuids_and_used_once() {
    for uuid in [
        "0d2ee1a4",
        "zd2ee1a4-5c0b-5c5e-9f37-6b3f0f6a9c11",
        "00000000-0000-0000-0000-000000000000",
        "0d2ee1a4-5c0b-5c5e-7f37-6b3f0f6a9c11",
        "7B0C0A52-31FD-5B0E-8A27-4D1B6A1B5F10",
    ] {
        refuses("0d2ee1a4-5c0b-5c5e-9f37-6b3f0f6a9c11", uuid);
    }
}

#[test]
fn identifiers_are_used_once_and_extend_the_profiles() {
    refuses("mailwright.ann.mail", "mailwright.ann");
    refuses("mailwright.ann.mail", "mailwright.anna.mail");
    refuses("mailwright.ann.mail", "mailwright.ann.m@il");
}

#[test]
fn a_port_decides_between_ssl_and_starttls() {
    let socket = |to| reads("<integer>995</integer>", to).servers[0].socket_type.clone();
    assert_eq!(socket("<integer>110</integer>"), [SocketType::Starttls]);
    assert_eq!(socket("<integer>10995</integer>"), [SocketType::Ssl, SocketType::Starttls]);
    let plain = pair("IncomingMailServerPortNumber").replace("995", "110")
        + &pair("IncomingMailServerUseSSL").replace("true", "false");
    let both = [pair("IncomingMailServerPortNumber"), pair("IncomingMailServerUseSSL")].concat();
    assert_eq!(reads(&both, &plain).servers[0].socket_type, [SocketType::Plain]);
}

#[test]
fn a_tls_port_without_use_ssl_is_refused() {
    let off = pair("IncomingMailServerUseSSL").replace("true", "false");
    refuses(pair("IncomingMailServerUseSSL"), &off);
    refuses(pair("IncomingMailServerUseSSL"), "");
}

#[test]
fn a_port_is_there_and_is_one() {
    refuses(pair("IncomingMailServerPortNumber"), "");
    for port in ["0", "70000", "-1"] {
        refuses("<integer>995<", &format!("<integer>{port}<"));
    }
}

#[test]
fn host_names_are_host_names() {
    for host in [
        "https://pop.example.com",
        "pop.example.com:995",
        "pop bücher",
        "localhost",
        "bücher.example",
    ] {
        refuses("pop.example.com", host);
    }
}

#[test]
fn empty_strings_are_refused() {
    refuses(
        "<string>ann@example.com</string>\n\t\t\t<key>Outgoing",
        "<string></string>\n\t\t\t<key>Outgoing",
    );
    refuses(
        "<string>ann@example.com</string>\n\t\t\t<key>Incoming",
        "<string/>\n\t\t\t<key>Incoming",
    );
}

#[test]
fn an_address_is_one_address_or_a_variable() {
    for address in ["ann", "@example.com", "a@b@c", "ann@example.com,bob@example.com"] {
        refuses(">ann@example.com<", &format!(">{address}<"));
    }
    for variable in ["{{mail}}", "$EMAIL", "%Email%", "${userEmailAddress}", "{{@x,a@}}"] {
        reads(">ann@example.com<", &format!(">{variable}<"));
    }
}

#[test]
fn the_password_is_asked_for_once() {
    refuses(pair("OutgoingPasswordSameAsIncomingPassword"), "");
    let both = "<key>OutgoingPassword</key><string>x</string>";
    refuses(pair("EmailAccountType"), &[pair("EmailAccountType"), both].concat());
}

#[test]
fn a_pop_account_has_no_imap_prefix() {
    let prefix = "<key>IncomingMailServerIMAPPathPrefix</key><string>INBOX</string>";
    refuses(pair("EmailAccountType"), &[pair("EmailAccountType"), prefix].concat());
}

#[test]
fn an_incoming_server_signs_in() {
    refuses("EmailAuthPassword", "EmailAuthNone");
}

#[test]
fn the_same_account_is_there_once() {
    let (from, to) = (GOOD.find("\t\t<dict>").unwrap(), GOOD.find("\t</array>").unwrap());
    let second = GOOD[from..to].replace("ann.mail", "ann.mail2").replace("0d2ee1a4", "0d2ee1a5");
    let text = [&GOOD[..to], &second, &GOOD[to..]].concat();
    assert_eq!(errors_of(&text).len(), 1);
    assert_eq!(
        read(&text.replacen("EmailTypePOP", "EmailTypeIMAP", 1).replacen("995", "993", 1))
            .unwrap()
            .servers
            .len(),
        4
    );
}

#[test]
fn unknown_payloads_and_dangling_certificates_are_refused() {
    refuses("com.apple.mail.managed", "com.apple.vpn.managed");
    refuses(
        pair("EmailAddress"),
        "<key>SMIMESigningCertificateUUID</key><string>0d2ee1a4</string>",
    );
    refuses(
        "\t<key>PayloadContent</key>\n",
        "\t<key>IsEncrypted</key><true/><key>PayloadContent</key>",
    );
    refuses(
        "\t<key>PayloadContent</key>\n",
        "\t<key>ConsentText</key><dict/><key>PayloadContent</key>",
    );
}

#[test]
fn an_active_sync_payload_with_oauth_is_read() {
    let keys = "<key>Host</key><string>outlook.office365.com</string><key>SSL</key><true/><key>OAuth</key><true/>\
                <key>UserName</key><string>ann@example.com</string>";
    let config = read(&exchange(keys)).unwrap();
    let server = &config.servers[0];
    assert_eq!((server.server_type, server.port), (ServerType::ActiveSync, 443));
    assert_eq!(server.authentication, [Authentication::OAuth2]);
    assert_eq!(server.socket_type, [SocketType::Ssl]);
    let config = read(&exchange(keys).replace("eas.account", "ews.account")).unwrap();
    assert_eq!(config.servers[0].server_type, ServerType::Ews);
    let no_oauth = keys.replace("<key>OAuth</key><true/>", "");
    let config = read(&exchange(&no_oauth)).unwrap();
    assert_eq!(config.servers[0].authentication, [Authentication::PasswordCleartext]);
}

#[test]
fn an_active_sync_payload_that_cannot_work_is_refused() {
    let good = "<key>Host</key><string>a.example</string><key>SSL</key><true/>";
    let oauth = [good, "<key>OAuth</key><true/>"].concat();
    let off: String = ["Mail", "Contacts", "Calendars", "Reminders", "Notes"]
        .map(|service| format!("<key>Enable{service}</key><false/>"))
        .concat();
    for keys in [
        [&oauth, "<key>Password</key><string>x</string>"].concat(),
        [good, "<key>OAuthSignInURL</key><string>https://a.example</string>"].concat(),
        [&oauth, "<key>OAuthSignInURL</key><string>a.example</string>"].concat(),
        [good, &off].concat(),
        "<key>SSL</key><true/>".to_owned(),
        "<key>Host</key><string>a.example</string>".to_owned(),
        good.replace("a.example", "https://a.example"),
    ] {
        assert_eq!(errors_of(&exchange(&keys)).len(), 1, "{keys}");
    }
}

#[test]
fn every_defect_has_its_code_and_the_servers_are_read_in_spite_of_it() {
    let integer = |text: &str| format!("<integer>{text}</integer>");
    let (address, uuid) = (pair("EmailAddress"), "0d2ee1a4-5c0b-5c5e-9f37-6b3f0f6a9c11");
    let (ssl, same) =
        (pair("IncomingMailServerUseSSL"), pair("OutgoingPasswordSameAsIncomingPassword"));
    for (from, to, code) in [
        (address, address.replace("EmailA", "Emaila"), "profile-key-spelling"),
        (address, address.replace("<key>", "<key> "), "profile-key-spelling"),
        (address, address.replace("EmailAddress", "EmailAdress"), "profile-unknown-key"),
        (address, address.replace("EmailAddress", "UserName"), "profile-misplaced-key"),
        (address, "<key>PayloadEnabled</key><true/>".into(), "profile-legacy-key"),
        (address, address.replace(">ann@", ">"), "profile-address"),
        (address, address.replace(">ann@", ">bob@x.example, ann@"), "profile-several-addresses"),
        (uuid, "0d2ee1a4".into(), "profile-uuid"),
        (uuid, uuid.replace("5c5e", "0c5e"), "profile-uuid-version"),
        (uuid, "7b0c0a52-31fd-5b0e-8a27-4d1b6a1b5f10".into(), "profile-uuid-twice"),
        ("ann.mail<", "ann<".into(), "profile-identifier-of-profile"),
        ("ann.mail<", "bob.mail<".into(), "profile-identifier-prefix"),
        ("ann.mail<", "ann.m@il<".into(), "profile-identifier"),
        (pair("PayloadUUID"), String::new(), "profile-no-uuid"),
        (pair("PayloadIdentifier"), String::new(), "profile-no-identifier"),
        (pair("PayloadVersion"), String::new(), "profile-no-version"),
        (pair("PayloadDisplayName"), String::new(), "profile-no-display-name"),
        ("<integer>1</integer>", integer("2"), "profile-version"),
        ("<integer>995</integer>", "<real>995</real>".into(), "profile-real-number"),
        ("<integer>995</integer>", "<string>995</string>".into(), "profile-value-type"),
        ("<integer>995</integer>", integer("70000"), "profile-port"),
        (pair("IncomingMailServerPortNumber"), String::new(), "profile-no-incoming-port"),
        (pair("OutgoingMailServerPortNumber"), String::new(), "profile-no-outgoing-port"),
        (ssl, String::new(), "profile-no-use-ssl"),
        (ssl, ssl.replace("true", "false"), "profile-ssl-port-without-ssl"),
        (ssl, [ssl, ssl].concat(), "profile-key-twice"),
        (pair("EmailAccountType"), String::new(), "profile-no-account-type"),
        ("EmailTypePOP", "POP3".into(), "profile-account-type"),
        ("EmailAuthCRAMMD5", "EmailAuthOAuth2".into(), "profile-authentication"),
        ("EmailAuthPassword", "EmailAuthNone".into(), "profile-no-sign-in"),
        (">pop.example.com<", ">Pop.Example.com<".into(), "profile-hostname-spelling"),
        (">pop.example.com<", ">pop<".into(), "profile-hostname-without-dot"),
        (">pop.example.com<", ">https://pop.example.com/<".into(), "profile-hostname"),
        (same, String::new(), "profile-asks-twice"),
        (
            same,
            [same, "<key>OutgoingPassword</key><string>x</string>"].concat(),
            "profile-password-twice",
        ),
    ] {
        let text = GOOD.replacen(from, &to, 1);
        assert_ne!(text, GOOD, "{from}");
        let Examination { config, defects, .. } = Reader::Mobileconfig.examine(&text);
        let codes: Vec<&str> = defects.iter().map(|defect| defect.code.name).collect();
        assert_eq!(codes, [code], "{to}");
        assert_eq!(config.servers.len(), 2, "{to}");
        assert_eq!(config.servers[0].server_type, ServerType::Pop3, "{to}");
    }
}

#[test]
fn what_a_management_server_fills_in_is_known() {
    for variable in [
        "$EMAIL",
        "%Email%",
        "{{mail}}",
        "{{.User \"emails_primary\"}}",
        "{EmailAddress}",
        "${userEmailAddress}",
        "$EMAIL$",
        "%_EMAILADDRESS_%",
        "$FLEET_VAR_HOST_END_USER_EMAIL_IDP",
    ] {
        assert!(is_variable(variable) && has_variable(variable), "{variable}");
    }
    for text in ["ann@example.com", "100%", "$5", "a%20b", "{}", "ann"] {
        assert!(!has_variable(text), "{text}");
    }
    assert!(has_variable("org.example.$USERNAME.mail") && has_variable("$USERNAME@example.com"));
}
