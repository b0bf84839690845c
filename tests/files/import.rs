//! Imports every client's format as a provider file, and converts it back.

use crate::support::{Ended, Run, fixture, root};

/// Everything that an autoconfig file can express and our model can hold.
const WHOLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="example.com">
    <domain>example.com</domain>
    <domain>example.net</domain>
    <displayName>Example &amp; Sons Mail</displayName>
    <displayShortName>Example</displayShortName>
    <incomingServer type="imap">
      <hostname>imap.example.com</hostname>
      <port>993</port>
      <socketType>SSL</socketType>
      <authentication>OAuth2</authentication>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </incomingServer>
    <incomingServer type="pop3">
      <hostname>pop.example.com</hostname>
      <port>110</port>
      <socketType>STARTTLS</socketType>
      <authentication>password-encrypted</authentication>
      <username>%EMAILLOCALPART%</username>
      <pop3>
        <leaveMessagesOnServer>true</leaveMessagesOnServer>
        <daysToLeaveMessagesOnServer>14</daysToLeaveMessagesOnServer>
      </pop3>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.example.com</hostname>
      <port>465</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </outgoingServer>
    <documentation url="https://example.com/help">
      <descr lang="de">Einrichten</descr>
      <descr lang="en">Set-up "step by step"</descr>
    </documentation>
    <enable visiturl="https://example.com/on">
      <instruction lang="en">Switch POP on</instruction>
    </enable>
  </emailProvider>
  <webMail><loginPage url="https://mail.example.com/"/></webMail>
  <oAuth2>
    <issuer>login.example.com</issuer>
    <scope>imap smtp</scope>
    <authURL>https://login.example.com/auth</authURL>
    <tokenURL>https://login.example.com/token</tokenURL>
  </oAuth2>
</clientConfig>
"#;

const PROVIDER: &str = r#"
[emailProvider]
id = "example.com"
displayName = "Example & Sons Mail"
displayShortName = "Example"
domains = ["example.com", "example.net"]
webMail = "https://mail.example.com/"

[[incomingServer]]
type = "imap"
hostname = "imap.example.com"
port = 993
socketType = "SSL"
authentication = ["OAuth2", "password-cleartext"]
username = "%EMAILADDRESS%"

[[incomingServer]]
type = "pop3"
hostname = "pop.example.com"
port = 110
socketType = "STARTTLS"
authentication = ["password-encrypted"]
username = "%EMAILLOCALPART%"
leaveMessagesOnServer = true
daysToLeaveMessagesOnServer = 14

[[outgoingServer]]
type = "smtp"
hostname = "smtp.example.com"
port = 465
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"

[[enable]]
visitURL = "https://example.com/on"
instruction.en = ["Switch POP on"]

[[documentation]]
url = "https://example.com/help"
descr.de = "Einrichten"
descr.en = 'Set-up "step by step"'

[oAuth2]
issuer = "login.example.com"
authURL = "https://login.example.com/auth"
tokenURL = "https://login.example.com/token"
scope.imap = ["imap", "smtp"]
"#;

/// The text without the comment that names the source.
fn body(provider: &str) -> &str {
    provider.split_once('\n').unwrap().1
}

#[track_caller]
fn import(run: &Run, source: &str) -> Ended {
    run.args(&["import", source])
}

#[test]
fn an_autoconfig_file_becomes_a_provider_with_everything_that_it_says() {
    let run = Run::new().write("config.xml", WHOLE);
    let ended = import(&run, "config.xml").code(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(body(&ended.stdout), PROVIDER);
    assert!(ended.stdout.starts_with("# Made by `mailwright import` from config.xml.\n"));
}

#[test]
fn import_generate_and_import_again_is_the_same() {
    let run = Run::new().write("config.xml", WHOLE);
    run.args(&["import", "config.xml", "-o", "first.toml"]).code(0);
    let generate = ["generate", "--provider", "first.toml", "--target", "thunderbird"];
    run.args(&[&generate[..], &["--protocol", "both"]].concat()).code(0);
    let again = import(&run, "out/example.com/thunderbird/config-v1.1.xml").code(0);
    // Thunderbird's file has neither web mail nor OAuth2 addresses: clients read none of them there.
    let (start, _) = PROVIDER.split_once("\n[oAuth2]").unwrap();
    let expected = start.replace("webMail = \"https://mail.example.com/\"\n", "");
    assert_eq!(body(&again.stdout), expected);
}

/// Input that clients accept.
#[track_caller]
fn passes(from: &str, to: &str, says: &str) {
    let text = WHOLE.replacen(from, to, 1);
    assert_ne!(text, WHOLE, "{from}");
    let run = Run::new().write("config.xml", &text);
    run.args(&["import", "config.xml", "-o", "imported.toml"]).code(0).says(says);
    run.args(&["generate", "--provider", "imported.toml", "--protocol", "both"]).code(0);
}

#[test]
fn what_real_clients_let_pass_is_imported_and_said() {
    let username = "      <username>%EMAILADDRESS%</username>\n    </outgoing";
    passes(username, "    </outgoing", "smtp smtp.example.com:465 has no user name");
    passes(">%EMAILADDRESS%<", ">%EMAILADDRESS<", "%EMAILADDRESS% is taken for the user name");
    passes("imap.example.com", "imap.%EMAILDOMAIN%", "");
    passes(
        "<port>465</port>\n      <socketType>SSL",
        "<port>25</port>\n      <socketType>plain",
        "",
    );
    passes(
        "    <incomingServer type=\"pop3\">",
        "    <incomingServer type=\"ews\">\n      <url>https://example.com/ews</url>\n      \
         <authentication>password-cleartext</authentication>\n      \
         <username>%EMAILADDRESS%</username>\n    </incomingServer>\n    <incomingServer type=\"pop3\">",
        "",
    );
    let second = "    <incomingServer type=\"pop3\">\n      <hostname>pop2.example.com</hostname>\n      \
                  <port>995</port>\n      <socketType>SSL</socketType>\n      \
                  <authentication>password-cleartext</authentication>\n      \
                  <username>%EMAILADDRESS%</username>\n    </incomingServer>\n";
    let first = "    <incomingServer type=\"imap\">";
    passes(first, &format!("{second}{first}"), "");
    passes("Example &amp; Sons Mail", "007", "becomes \"007 Mail\"");
    // Found by fuzzing: the shortened form of a long name must not look like a number either.
    let long = format!("{}Example Mail", "8".repeat(90));
    passes("Example &amp; Sons Mail", &long, &format!("becomes \"{}\u{2026}\"", "8".repeat(59)));
    passes("<domain>example.net<", "<domain>example.com<", "autoconfig-domain-twice");
}

#[test]
fn what_cannot_be_held_is_said() {
    let run =
        Run::new().write("config.xml", &WHOLE.replace("<issuer>login.example.com</issuer>", ""));
    let ended = import(&run, "config.xml").code(0).says("import-lost");
    assert!(!ended.stdout.contains("[oAuth2]"), "{}", ended.stdout);
    // An invalid language tag (found by fuzzing), and one in another notation.
    let text = WHOLE.replace("<descr lang=\"de\">", "<descr lang=\"%n\">");
    let text = text.replace("<instruction lang=\"en\">", "<instruction lang=\"de_AT\">");
    let run = Run::new().write("config.xml", &text);
    let ended =
        import(&run, "config.xml").code(0).says("a text at \"https://example.com/help\" in \"%n\"");
    assert!(ended.stdout.contains("instruction.de-AT = [\"Switch POP on\"]"), "{}", ended.stdout);
}

#[test]
fn sections_that_a_provider_file_has_no_place_for_are_named() {
    let more = "<addressBook type=\"carddav\"><serverURL>https://dav.example.com/</serverURL></addressBook>\n\
                <calendar type=\"caldav\"><serverURL>https://dav.example.com/</serverURL></calendar>\n\
                </clientConfig>";
    let text = WHOLE
        .replace("</clientConfig>", more)
        .replace(
            "</outgoingServer>",
            "<restriction>client-IP-address</restriction></outgoingServer>",
        )
        .replace("</webMail>", "<loginPageInfo url=\"https://mail.example.com/\"/></webMail>");
    let run = Run::new().write("config.xml", &text);
    let ended = import(&run, "config.xml").code(0);
    for words in [
        "import-lost]: the section addressBook (carddav)",
        "import-lost]: the section calendar (caldav)",
        "import-lost]: the restriction client-IP-address of a server",
        "import-lost]: loginPageInfo",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert_eq!(body(&ended.stdout), PROVIDER);
}

#[test]
fn other_clients_files_are_imported_too() {
    let golden = "tests/golden/both/both.example/ann@both.example";
    let files = [
        format!("{golden}/outlook-prf/ann@both.example.prf"),
        format!("{golden}/outlook-autodiscover/ann@both.example.xml"),
        format!("{golden}/apple-mail/ann@both.example.mobileconfig"),
        format!("{golden}/thunderbird-mobile/ann@both.example.qr.json"),
    ];
    for file in files {
        let path = root().join(&file);
        assert!(path.exists(), "{file}");
        let run = Run::new();
        let path = path.display().to_string();
        run.args(&["import", &path, "-o", "imported.toml"]).code(0);
        let ended = run.args(&["convert", &path, "--target", "thunderbird"]).code(0);
        assert!(ended.stdout.contains("config-v1.1.xml"), "{file}: {}", ended.stdout);
        let text = std::fs::read_to_string(run.path("imported.toml")).unwrap();
        assert!(text.contains("domains = [\"both.example\"]"), "{file}: {text}");
        // Ann's file, and a file for the whole provider.
        assert!(!body(&text).contains("ann") && text.contains("%EMAILADDRESS%"), "{file}: {text}");
    }
}

#[test]
fn a_source_without_domains_is_given_them() {
    let profile =
        root().join("tests/golden/pop3-only/pop3-only.example/apple-mail/mail.mobileconfig");
    let profile = profile.display().to_string();
    let run = Run::new();
    run.args(&["import", &profile]).code(1).says("does not name a domain").says("--domain");
    let ended = run.args(&["import", &profile, "--domain", "example.org"]).code(0);
    assert!(ended.stdout.contains("domains = [\"example.org\"]"), "{}", ended.stdout);
}

#[test]
fn what_is_no_clients_file_is_refused_and_nothing_is_written_over() {
    let run = Run::new().write("hello.txt", "hello").write("config.xml", WHOLE).write("there", "x");
    import(&run, "hello.txt").code(2).says("no format that can be imported");
    import(&run, "nothing.xml").code(2).says("cannot read nothing.xml");
    run.args(&["import", "config.xml", "-o", "there"]).code(2).says("--force");
    run.args(&["import", "config.xml", "-o", "there", "--force"]).code(0);
    for (name, text) in [
        ("cut.xml", &WHOLE[..WHOLE.len() / 2]),
        ("empty.xml", "<clientConfig version=\"1.1\"/>"),
        ("bomb.xml", "<!DOCTYPE a [<!ENTITY b \"bb\">]><clientConfig>&b;</clientConfig>"),
    ] {
        let run = Run::new().write(name, text);
        let ended = import(&run, name).code(1);
        assert!(ended.stdout.is_empty() && !ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
    let large = "x".repeat(9 * 1024 * 1024);
    let run = Run::new().write("large.xml", &large);
    import(&run, "large.xml").code(2).says("larger than 8 MiB");
    assert!(fixture("check").is_dir());
}

/// Files from other projects, if they exist on this machine.
#[test]
fn every_file_of_thunderbirds_database_becomes_a_provider_that_generates() {
    let folder = root().join("../shared/ispdb");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let run = Run::new();
    for entry in entries {
        let path = entry.unwrap().path().display().to_string();
        run.args(&["import", &path, "-q", "-o", "imported.toml", "--force"]).code(0);
        let generate = ["generate", "--provider", "imported.toml", "--protocol", "both", "-q"];
        run.args(&[&generate[..], &["--target", "thunderbird,apple-mail", "--dry-run"]].concat())
            .code(0);
    }
}

#[test]
fn signed_and_binary_profiles_are_opened() {
    let signed = fixture("check/profile-signed-variable/good.mobileconfig");
    let run = Run::new();
    let ended = run.args(&["import", &signed.display().to_string()]);
    assert!(!ended.stderr.contains("no format"), "{}", ended.stderr);
    let profile = root().join(
        "tests/golden/both/both.example/ann@both.example/apple-mail/ann@both.example.mobileconfig",
    );
    let xml = run.args(&["import", &profile.display().to_string()]).code(0).stdout;
    let value = plist::Value::from_file(&profile).unwrap();
    value.to_file_binary(run.path("binary.mobileconfig")).unwrap();
    let binary = run.args(&["import", "binary.mobileconfig"]).code(0).stdout;
    assert_eq!(body(&binary), body(&xml));
}

#[test]
fn a_file_for_one_way_is_completed_by_another() {
    let msmtp = "account example\nhost smtp.example.com\nport 465\nfrom ann@example.com\n\
                 tls on\ntls_starttls off\nauth on\nuser ann@example.com\n";
    let mpop = "account example\nhost pop.example.com\ntls on\ntls_starttls off\nauth on\n\
                user ann@example.com\ndelivery maildir ~/Mail\nkeep on\n";
    let run = Run::new().write("msmtprc", msmtp).write("mpoprc", mpop);
    import(&run, "msmtprc")
        .code(1)
        .says("does not name a server to read from")
        .says("--with FILE adds another file");
    import(&run, "mpoprc").code(1).says("does not name a server to send through");
    let ended = run.args(&["import", "msmtprc", "--with", "mpoprc"]).code(0);
    for words in [
        "from msmtprc and mpoprc",
        "domains = [\"example.com\"]",
        "type = \"pop3\"\nhostname = \"pop.example.com\"\nport = 995\nsocketType = \"SSL\"",
        "type = \"smtp\"\nhostname = \"smtp.example.com\"\nport = 465\nsocketType = \"SSL\"",
        "username = \"%EMAILADDRESS%\"",
        "leaveMessagesOnServer = true",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    let convert =
        ["convert", "msmtprc", "--with", "mpoprc", "ann@example.com", "--target", "thunderbird"];
    run.args(&convert).code(0).prints("config-v1.1.xml");
    run.args(&["import", "msmtprc", "--with", "nothing"]).code(2).says("cannot read nothing");
}

#[test]
fn convert_needs_no_temporary_file() {
    let run = Run::new().env("TMPDIR", "/nowhere").write("whole.xml", WHOLE);
    run.args(&["convert", "whole.xml", "ann@example.com", "--target", "thunderbird"]).code(0);
    assert!(!run.files("out").is_empty());
}
