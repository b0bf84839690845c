//! Files as found in wikis and home directories: `check` reports the defects of each.

use serde_json::Value;

use crate::support::Run;

/// The codes that `check` finds, in the order of the file, and its table of clients.
fn checked(file: &str, text: &str) -> (Vec<String>, Value) {
    let run = Run::new().write(file, text);
    let json = |arguments: &[&str]| -> Value {
        let said = run.args(arguments).stdout;
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
    };
    let found = json(&["check", "--format", "json", file]);
    let codes = found["findings"].as_array().unwrap().iter();
    let codes = codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
    (codes, json(&["check", "--matrix", "--format", "json", file]))
}

#[test]
fn an_msmtprc_for_port_465_that_waits_for_starttls() {
    // tls_starttls is on by default, whatever the port.
    let text = "\
# Set default values for all following accounts.
defaults
auth           on
tls            on
tls_trust_file /etc/ssl/certs/ca-certificates.crt
logfile        ~/.msmtp.log

account        example
host           smtp.example.com
port           465
from           ann@example.com
user           ann
password       plain-text-password

account default : example
";
    let (codes, json) = checked("msmtprc", text);
    assert_eq!(codes, ["msmtp-port-against-security", "msmtp-password"]);
    let text = json.to_string();
    for words in ["msmtp 1.8 and later", "smtp smtp.example.com:465 STARTTLS, password-cleartext"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn an_msmtprc_with_yes_where_on_is_meant_and_comments_behind() {
    let text = "\
account default
host smtp.example.com
port 587   # submission
from ann@example.com
tls yes
auth on
user ann@example.com
passwordeval \"pass show mail\"
";
    let (codes, json) = checked("msmtprc", text);
    assert_eq!(codes, ["msmtp-port", "msmtp-value"]);
    assert!(json.to_string().contains("refuses the whole file"), "{json:#}");
}

#[test]
fn an_mpoprc_that_empties_the_mailbox() {
    // keep is off by default.
    let text = "\
defaults
tls on
tls_starttls off

account example
host pop.example.com
user ann@example.com
passwordeval \"gpg -q -d ~/.mpop.gpg\"
delivery maildir ~/Maildir
uidls_file ~/.mpop_uidls/%U_at_%H

account default : example
";
    let (codes, json) = checked("mpoprc", text);
    assert_eq!(codes, ["msmtp-deletes"]);
    assert!(json.to_string().contains("pop3 pop.example.com:995 SSL"), "{json:#}");
}

#[test]
fn a_program_that_only_sends_does_not_lack_a_server_to_read_from() {
    let text = "account default\nhost smtp.example.com\nport 587\ntls on\nfrom ann@example.com\n\
                auth on\nuser ann\n";
    let run = Run::new().write("msmtprc", text);
    let said = run.args(&["check", "--matrix", "msmtprc"]).code(0);
    assert!(!said.stdout.contains("there is no server"), "{}", said.stdout);
}

#[test]
fn a_getmailrc_that_checks_no_certificate_and_fetches_everything_again() {
    let text = "\
[retriever]
type = SimpleIMAPSSLRetriever
server = imap.example.com
username = ann@example.com
password = plain-text-password
mailboxes = (\"INBOX\",)

[destination]
type = Maildir
path = ~/Maildir/

[options]
delete_after = 30
";
    let (codes, json) = checked("getmailrc", text);
    let known = ["getmail-no-ca-certs", "getmail-password", "getmail-read-all"];
    for code in known {
        assert!(codes.iter().any(|found| found == code), "{code} is not among {codes:?}");
    }
    assert_eq!(codes.len(), known.len(), "{codes:?}");
    assert!(json.to_string().contains("imap imap.example.com:993 SSL"), "{json:#}");
}
