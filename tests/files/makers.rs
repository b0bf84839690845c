//! Files in the style of other programs, reconstructed from what is known of them: each can be
//! imported, and its known defect is reported.

use serde_json::Value;

use crate::support::Run;

/// An Autodiscover answer with these protocols.
fn autodiscover(protocols: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n\
         <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\n\
         <Account><AccountType>email</AccountType><Action>settings</Action>\n{protocols}</Account>\n\
         </Response></Autodiscover>\n"
    )
}

/// Element and text, as they follow one another.
fn protocol(fields: &[(&str, &str)]) -> String {
    let fields: String =
        fields.iter().map(|(name, text)| format!("<{name}>{text}</{name}>\n")).collect();
    format!("<Protocol>\n{fields}</Protocol>\n")
}

/// A mail payload in a profile; `keys` are beyond what every maker writes.
fn profile(uuids: [&str; 2], keys: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>PayloadType</key><string>Configuration</string>
    <key>PayloadVersion</key><integer>1</integer>
    <key>PayloadIdentifier</key><string>com.example.mail.ann</string>
    <key>PayloadUUID</key><string>{}</string>
    <key>PayloadDisplayName</key><string>Example Mail</string>
    <key>PayloadContent</key>
    <array>
        <dict>
            <key>PayloadType</key><string>com.apple.mail.managed</string>
            <key>PayloadVersion</key><integer>1</integer>
            <key>PayloadIdentifier</key><string>com.example.mail.ann.account</string>
            <key>PayloadUUID</key><string>{}</string>
            <key>PayloadDisplayName</key><string>Example Mail</string>
            <key>EmailAccountType</key><string>EmailTypeIMAP</string>
            <key>EmailAddress</key><string>ann@example.com</string>
            <key>IncomingMailServerHostName</key><string>mail.example.com</string>
            <key>IncomingMailServerUsername</key><string>ann@example.com</string>
            <key>OutgoingMailServerHostName</key><string>mail.example.com</string>
            <key>OutgoingMailServerUsername</key><string>ann@example.com</string>
{keys}
        </dict>
    </array>
</dict>
</plist>
"#,
        uuids[0], uuids[1]
    )
}

const UUIDS: [&str; 2] =
    ["0B9E3F5C-6A5D-5E0B-9B7E-2F6D1C0A4E31", "7D2C1B0A-3F4E-5A6B-8C9D-0E1F2A3B4C5D"];

const KEYS: &str = "
<key>IncomingMailServerPortNumber</key><integer>993</integer>
<key>IncomingMailServerUseSSL</key><true/>
<key>IncomingMailServerAuthentication</key><string>EmailAuthPassword</string>
<key>OutgoingMailServerPortNumber</key><integer>465</integer>
<key>OutgoingMailServerUseSSL</key><true/>
<key>OutgoingMailServerAuthentication</key><string>EmailAuthPassword</string>";

/// Asserts that the file can be imported and that `check` reports these defects.
#[track_caller]
fn known(file: &str, text: &str, codes: &[&str]) {
    known_bytes(file, text.as_bytes(), codes);
}

#[track_caller]
fn known_bytes(file: &str, bytes: &[u8], codes: &[&str]) {
    let run = Run::new();
    std::fs::write(run.path(file), bytes).unwrap();
    let ended = run.args(&["import", file, "--domain", "example.com"]).code(0);
    for words in ["[[incomingServer]]", "[[outgoingServer]]", "mail.example.com"] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    let json = run.args(&["check", "--format", "json", file]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let found: Vec<&str> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    for code in codes {
        assert!(found.contains(code), "{code} is not among {found:?}");
    }
    if codes.is_empty() {
        let errors =
            json["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error");
        assert_eq!(errors.count(), 0, "{json:#}");
    }
}

fn pair(imap: &[(&str, &str)], smtp: &[(&str, &str)]) -> String {
    let with = |own: &[(&'static str, &'static str)], more: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = own.iter().chain(more).copied().collect();
        protocol(&all)
    };
    let login = ("LoginName", "ann@example.com");
    let server = ("Server", "mail.example.com");
    let incoming = with(&[("Type", "IMAP"), server, login], imap);
    let outgoing = with(&[("Type", "SMTP"), server, login], smtp);
    autodiscover(&format!("{incoming}{outgoing}"))
}

#[test]
fn mox_says_tls_for_tls_from_the_first_byte_and_nothing_for_starttls() {
    let immediate = [("Port", "993"), ("SSL", "on"), ("Encryption", "TLS"), ("SPA", "off")];
    let starttls = [("Port", "587"), ("SSL", "on"), ("SPA", "off"), ("AuthRequired", "on")];
    let text = pair(&immediate, &starttls);
    known("mox.xml", &text, &["autodiscover-tls-on-ssl-port", "autodiscover-starttls-unsaid"]);
}

#[test]
fn stalwart_says_tls_for_every_port() {
    let all = |port| [("Port", port), ("SSL", "on"), ("Encryption", "TLS"), ("SPA", "off")];
    known("stalwart.xml", &pair(&all("993"), &all("465")), &["autodiscover-tls-on-ssl-port"]);
}

#[test]
fn automx2_has_the_words_right() {
    let all = |port, encryption| {
        [
            ("Port", port),
            ("DomainRequired", "off"),
            ("SPA", "off"),
            ("SSL", "on"),
            ("Encryption", encryption),
            ("AuthRequired", "on"),
        ]
    };
    known("automx2.xml", &pair(&all("993", "SSL"), &all("587", "TLS")), &[]);
}

#[test]
fn mailcow_and_others_leave_the_encryption_to_guess() {
    let auto = [("Port", "143"), ("SPA", "off"), ("SSL", "on"), ("Encryption", "Auto")];
    let yes = [("Port", "587"), ("SPA", "off"), ("SSL", "yes")];
    known("auto.xml", &pair(&auto, &yes), &["autodiscover-encryption-auto", "autodiscover-on-off"]);
    let bare = [("Port", "993"), ("SSL", "on")];
    known("bare.xml", &pair(&bare, &bare), &["autodiscover-no-spa"]);
}

#[test]
fn profiles_of_others_are_imported_and_their_faults_named() {
    // mox: a UUID without version, UseSSL false for STARTTLS.
    let starttls = KEYS.replace("465", "587").replacen(
        "OutgoingMailServerUseSSL</key><true/>",
        "OutgoingMailServerUseSSL</key><false/>",
        1,
    );
    let odd = ["0B9E3F5C-6A5D-0E0B-1B7E-2F6D1C0A4E31", UUIDS[1]];
    known(
        "mox.mobileconfig",
        &profile(odd, &starttls),
        &["profile-uuid-version", "profile-use-ssl-false"],
    );
    // autodiscover-email-settings: PayloadVersion 2; go-autoconfig: one UUID for everything.
    let versions = profile(UUIDS, KEYS).replacen(
        "PayloadVersion</key><integer>1<",
        "PayloadVersion</key><integer>2<",
        1,
    );
    known("version.mobileconfig", &versions, &["profile-version"]);
    known("same.mobileconfig", &profile([UUIDS[0]; 2], KEYS), &["profile-uuid-twice"]);
    // mailcow: contains an app password, which is not needed there.
    let password = format!("{KEYS}\n<key>IncomingPassword</key><string>secret</string>");
    known("password.mobileconfig", &profile(UUIDS, &password), &["profile-password"]);
    // artonge: a misspelt key.
    let misspelt = profile(UUIDS, KEYS).replacen(
        "<key>PayloadDisplayName</key>",
        "<key>PayloadOrganisation</key><string>Example</string><key>PayloadDisplayName</key>",
        1,
    );
    let run = Run::new().write("a.mobileconfig", &misspelt);
    let ended = run.args(&["check", "a.mobileconfig"]);
    assert!(ended.stdout.contains("PayloadOrganisation"), "{}", ended.stdout);
    // automx2: no DOCTYPE.
    let bare: String = profile(UUIDS, KEYS)
        .lines()
        .filter(|line| !line.starts_with("<!DOCTYPE"))
        .fold(String::new(), |all, line| all + line + "\n");
    known("bare.mobileconfig", &bare, &["profile-doctype"]);
    known("good.mobileconfig", &profile(UUIDS, KEYS), &[]);
}

/// An account as regedit exports it from the profile of an Outlook.
const ACCOUNT: &str = "[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook\\Profiles\\Outlook\\9375CFF0413111d3B88A00104B2A6676\\00000002]
\"clsid\"=\"{ED475412-B0D6-11D2-8C3B-00104B2A6676}\"
\"Mini UID\"=dword:4f1c2a07
\"Account Name\"=\"ann@example.com\"
\"Display Name\"=\"Ännchen\"
\"Email\"=\"ann@example.com\"
\"IMAP Server\"=\"mail.example.com\"
\"IMAP User\"=\"ann@example.com\"
\"IMAP Port\"=dword:000003e1
\"IMAP Use SSL\"=dword:00000001
\"SMTP Server\"=\"mail.example.com\"
\"SMTP Use Auth\"=dword:00000001
\"SMTP Port\"=dword:0000024b
\"SMTP Secure Connection\"=dword:00000002
\"Preferences UID\"=hex:00,00,00,00,38,a1,bb,10,05,e5,10,1a,a1,bb,08,00,2b,2a,\\
  56,c2,00,00

";

#[test]
fn an_account_is_read_as_regedit_exports_it_in_every_encoding() {
    let text = |first: &str, account: &str| format!("{first}\n\n{account}").replace('\n', "\r\n");
    let new = text("Windows Registry Editor Version 5.00", ACCOUNT);
    let utf16 = |text: &str| -> Vec<u8> {
        let units = "\u{FEFF}".encode_utf16().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    // A file that creates an account works only on the PC from which it was exported.
    known_bytes("utf-16.reg", &utf16(&new), &["reg-outlook-account"]);
    known_bytes("utf-8.reg", new.as_bytes(), &["reg-outlook-account", "reg-encoding-utf8"]);
    // "Win9x/NT4" in regedit's dialogue: one byte a letter, in the code page of the PC.
    let old = text("REGEDIT4", ACCOUNT);
    let old: Vec<u8> = old.chars().map(|c| u8::try_from(c).unwrap()).collect();
    known_bytes("ansi.reg", &old, &["reg-version-4", "reg-encoding-code-page"]);
}

/// Outlook 2003 to 2010: another key, and texts stored as bytes.
#[test]
fn an_account_of_outlook_2010_is_read_and_does_not_fit_another() {
    let bytes = |text: &str| {
        let units = text.encode_utf16().chain([0]);
        let bytes: Vec<String> =
            units.flat_map(u16::to_le_bytes).map(|byte| format!("{byte:02x}")).collect();
        format!("hex:{}", bytes.join(","))
    };
    let mut account = ACCOUNT.replace(
        "Office\\16.0\\Outlook\\Profiles",
        "Windows NT\\CurrentVersion\\Windows Messaging Subsystem\\Profiles",
    );
    for name in ["mail.example.com", "ann@example.com", "Ännchen"] {
        account = account.replace(&format!("\"{name}\""), &bytes(name));
    }
    let text = format!("Windows Registry Editor Version 5.00\n\n{account}");
    known("2010.reg", &text, &["reg-outlook-old-place", "reg-outlook-old-string"]);
}
